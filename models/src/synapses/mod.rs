//! All synapse models.

use sim_core::synapse::SynapseModel;

/// Every synapse model, in the order in which `saltus list` shows them.
pub static ALL: &[&SynapseModel] = &[];
