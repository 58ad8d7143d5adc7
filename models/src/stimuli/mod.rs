//! All stimulus models.

pub mod ac;
pub mod currents;
pub mod dc;
pub mod inhomogeneous_poisson;
pub mod lanes;
pub mod listed;
pub mod per_neuron;
pub mod poisson;
pub mod poisson_law;
pub mod poisson_per_target;
pub mod schedule;
pub mod sinusoidal_poisson;
pub mod spike_file;
pub mod spike_list;
pub mod step_current;
pub mod trains;
pub mod white_noise;
pub mod window;

use sim_core::stimulus::StimulusModel;

/// Every stimulus model, in the order in which `saltus list` shows them.
pub static ALL: &[&StimulusModel] = &[
    &poisson::MODEL,
    &poisson_per_target::MODEL,
    &inhomogeneous_poisson::MODEL,
    &sinusoidal_poisson::MODEL,
    &spike_list::MODEL,
    &spike_file::MODEL,
    &dc::MODEL,
    &ac::MODEL,
    &step_current::MODEL,
    &white_noise::MODEL,
];
