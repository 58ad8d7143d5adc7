//! The one list of all plug-ins.

use sim_core::vocabulary::Vocabulary;

/// Every word that a network file may use.
pub static VOCABULARY: Vocabulary = Vocabulary {
    neurons: models::neurons::ALL,
    synapses: models::synapses::ALL,
    rules: topology::rules::ALL,
    stimuli: models::stimuli::ALL,
    backends: backends::ALL,
};
