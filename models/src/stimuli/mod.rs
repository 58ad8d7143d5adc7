//! All stimulus models.

use sim_core::stimulus::StimulusModel;

/// Every stimulus model, in the order in which `saltus list` shows them.
pub static ALL: &[&StimulusModel] = &[];
