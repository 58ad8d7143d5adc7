//! The proof of a mapping: the network as placed and the same numbers as one unlimited core give the same
//! spikes.

use super::Mapped;
use sim_core::backend::{Epoch, Machine};
use sim_core::spike::Spike;

/// The first spike that only one of the two has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The spike.
    pub spike: Spike,
    /// Whether it is the placed network that has it.
    pub placed: bool,
}

/// Runs both side by side for so many steps and compares every spike; `see` is shown each epoch of the
/// placed one. Returns how many spikes were equal.
///
/// # Errors
/// The first difference.
pub fn prove(
    mapped: &dyn Mapped,
    steps: i64,
    mut see: impl FnMut(&Epoch, &dyn Machine),
) -> Result<u64, Divergence> {
    let (mut placed, mut unmapped) = (mapped.placed(), mapped.unmapped());
    let (mut here, mut there) = (Epoch::default(), Epoch::default());
    let epoch = placed.epoch().min(unmapped.epoch());
    let mut equal = 0;
    while placed.now() < steps {
        let until = (placed.now() + epoch).min(steps);
        placed.advance(until, &mut here);
        unmapped.advance(until, &mut there);
        match first_difference(&here.spikes, &there.spikes) {
            Some(divergence) => return Err(divergence),
            None => equal += here.spikes.len() as u64,
        }
        see(&here, &*placed);
    }
    Ok(equal)
}

fn first_difference(placed: &[Spike], unmapped: &[Spike]) -> Option<Divergence> {
    let most = placed.len().max(unmapped.len());
    let place = (0..most).find(|&place| placed.get(place) != unmapped.get(place))?;
    let both = [placed.get(place), unmapped.get(place)];
    let spike = *both.into_iter().flatten().min_by_key(|spike| (spike.step, spike.neuron))?;
    Some(Divergence { spike, placed: both[0] == Some(&spike) })
}
