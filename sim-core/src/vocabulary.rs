//! The words a network file may use: the roof's one list of all plug-ins.

use crate::backend::Backend;
use crate::neuron::NeuronModel;
use crate::rule::ConnectionRule;
use crate::stimulus::StimulusModel;
use crate::synapse::SynapseModel;

/// Every plug-in, by kind.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary {
    /// Neuron models.
    pub neurons: &'static [&'static NeuronModel],
    /// Plastic synapse models.
    pub synapses: &'static [&'static SynapseModel],
    /// Connection rules.
    pub rules: &'static [&'static ConnectionRule],
    /// Stimuli.
    pub stimuli: &'static [&'static StimulusModel],
    /// Machines.
    pub backends: &'static [&'static Backend],
}
