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

/// The unmapped network, run beside the placed one.
pub struct Proof {
    unmapped: Box<dyn Machine>,
    epoch: Epoch,
    spikes: Vec<Spike>,
    equal: u64,
}

impl Proof {
    /// Of a mapping, from the start of a run.
    pub fn of(mapped: &dyn Mapped) -> Self {
        Self { unmapped: mapped.unmapped(), epoch: Epoch::default(), spikes: Vec::new(), equal: 0 }
    }

    /// Runs the unmapped network through an epoch that the placed one has run, and compares every spike.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&mut self, placed: &Epoch) -> Result<(), Divergence> {
        self.spikes.clear();
        while self.unmapped.now() < placed.until {
            let until = (self.unmapped.now() + self.unmapped.epoch()).min(placed.until);
            self.unmapped.advance(until, &mut self.epoch);
            self.spikes.extend_from_slice(&self.epoch.spikes);
        }
        if let Some(divergence) = first_difference(&placed.spikes, &self.spikes) {
            return Err(divergence);
        }
        self.equal += placed.spikes.len() as u64;
        Ok(())
    }

    /// How many spikes were equal.
    pub fn equal(&self) -> u64 {
        self.equal
    }
}

/// Runs both side by side for so many steps; `see` is shown each epoch of the placed one. Returns how many
/// spikes were equal.
///
/// # Errors
/// The first difference.
pub fn prove(
    mapped: &dyn Mapped,
    steps: i64,
    mut see: impl FnMut(&Epoch, &dyn Machine),
) -> Result<u64, Divergence> {
    let (mut placed, mut proof, mut epoch) = (mapped.placed(), Proof::of(mapped), Epoch::default());
    while placed.now() < steps {
        let until = (placed.now() + placed.epoch()).min(steps);
        placed.advance(until, &mut epoch);
        proof.compare(&epoch)?;
        see(&epoch, &*placed);
    }
    Ok(proof.equal())
}

fn first_difference(placed: &[Spike], unmapped: &[Spike]) -> Option<Divergence> {
    let most = placed.len().max(unmapped.len());
    let place = (0..most).find(|&place| placed.get(place) != unmapped.get(place))?;
    let both = [placed.get(place), unmapped.get(place)];
    let spike = *both.into_iter().flatten().min_by_key(|spike| (spike.step, spike.neuron))?;
    Some(Divergence { spike, placed: both[0] == Some(&spike) })
}
