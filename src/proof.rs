//! When a mapping onto a chip is proved, and what is said if it does not hold.

use backends::chip::proof::{Divergence, Proof};
use clap::ValueEnum;
use sim_core::backend::{Epoch, Machine};
use sim_core::network::Network;
use sim_core::observer::{Observer, ObserverError};
use std::sync::Arc;

/// Neuron-steps up to which a run is small enough to be run twice without being asked to.
const SMALL: f64 = 2e8;

/// When a mapping is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// If the run is small
    Auto,
    /// In any case
    Always,
    /// Not at all
    Never,
}

impl When {
    /// Whether a run of this network is to be proved.
    pub fn holds(self, network: &Network) -> bool {
        match self {
            Self::Auto => f64::from(network.neurons()) * network.duration as f64 <= SMALL,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Proves a run while it lasts.
pub struct Proving {
    /// The unmapped network.
    pub proof: Proof,
    /// The network, for its names.
    pub network: Arc<Network>,
}

impl Observer for Proving {
    fn see(&mut self, epoch: &Epoch, _: &dyn Machine) -> Result<(), ObserverError> {
        self.proof.compare(epoch).map_err(|divergence| ObserverError::new(defect(divergence, &self.network)))
    }
}

/// A difference in words.
pub fn defect(Divergence { spike, placed }: Divergence, network: &Network) -> String {
    let (has, not) = if placed { ("placed", "unmapped") } else { ("unmapped", "placed") };
    let (population, index) = network.locate(spike.neuron);
    format!(
        "the mapping changes the spikes, which is a defect of Saltus: neuron {index} of {} fires at {} ms in the \
         {has} network and not in the {not} one",
        network.populations[population].name,
        spike.time(network.dt)
    )
}
