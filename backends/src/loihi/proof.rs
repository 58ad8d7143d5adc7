//! The proof of a mapping: the network as placed and the same numbers as one unlimited core give the same
//! spikes.

use crate::chip::Mapped;
use sim_core::backend::Epoch;
use sim_core::spike::Spike;
use std::fmt;

/// The first spike that only one of the two has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The spike.
    pub spike: Spike,
    /// Whether it is the placed network that has it.
    pub placed: bool,
    /// Spikes before it, equal in both.
    pub equal: u64,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (has, not) = if self.placed { ("placed", "unmapped") } else { ("unmapped", "placed") };
        write!(
            f,
            "neuron {} spikes in step {} in the {has} network and not in the {not} one, after {} equal spikes",
            self.spike.neuron, self.spike.step, self.equal
        )
    }
}

/// Runs both and compares every spike of so many steps; how many were equal.
///
/// # Errors
/// The first difference.
pub fn prove(mapped: &dyn Mapped, steps: i64) -> Result<u64, Divergence> {
    let (mut placed, mut unmapped) = (mapped.placed(), mapped.unmapped());
    let (mut here, mut there) = (Epoch::default(), Epoch::default());
    let epoch = placed.epoch().min(unmapped.epoch());
    let mut equal = 0;
    while placed.now() < steps {
        let until = (placed.now() + epoch).min(steps);
        placed.advance(until, &mut here);
        unmapped.advance(until, &mut there);
        let length = here.spikes.len().max(there.spikes.len());
        for place in 0..length {
            let (own, other) = (here.spikes.get(place), there.spikes.get(place));
            if own == other {
                equal += 1;
                continue;
            }
            let time = |spike: &&Spike| (spike.step, spike.neuron);
            let first = [own, other].into_iter().flatten().min_by_key(time);
            let Some(&spike) = first else { continue };
            return Err(Divergence { spike, placed: own == Some(&spike), equal });
        }
    }
    Ok(equal)
}
