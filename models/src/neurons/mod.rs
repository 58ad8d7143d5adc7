//! All neuron models.

mod aeif;
pub mod aeif_cond_alpha;
pub mod aeif_cond_exp;
mod kinetics;
mod runge_kutta;

use sim_core::neuron::NeuronModel;

/// Every neuron model, in the order in which `saltus list` shows them.
pub static ALL: &[&NeuronModel] = &[&aeif_cond_exp::MODEL, &aeif_cond_alpha::MODEL];
