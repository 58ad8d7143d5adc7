//! All neuron models.

use sim_core::neuron::NeuronModel;

/// Every neuron model, in the order in which `saltus list` shows them.
pub static ALL: &[&NeuronModel] = &[];
