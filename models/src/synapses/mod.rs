//! All synapse models.

pub mod archive;
pub mod digest;
pub mod nearest;
pub mod pairs;
pub mod stdp;
pub mod stdp_power_law;
pub mod sums;
pub mod triplet_stdp;
pub mod tsodyks_markram;
pub mod vogels_sprekeler;
pub mod weight_dependence;

use sim_core::synapse::SynapseModel;

/// Every synapse model, in the order in which `saltus list` shows them.
pub static ALL: &[&SynapseModel] = &[
    &stdp::MODEL,
    &stdp_power_law::MODEL,
    &triplet_stdp::MODEL,
    &vogels_sprekeler::MODEL,
    &tsodyks_markram::MODEL,
];
