//! The contract of plastic synapses. A static synapse is a weight and needs no model.
//!
//! # Delay
//! As in NEST the whole delay is *dendritic*: a presynaptic spike of time `t` is at the synapse at
//! `t`, and a postsynaptic spike reaches it one delay later. So the weight that a spike of time `t`
//! carries depends on the postsynaptic spikes up to `t - delay`; it is computed when the spike
//! arrives at the neuron (`t + delay`), when all of them are known.
//!
//! # Who keeps what
//! The machine keeps one weight per synapse. What depends on the presynaptic spike train alone
//! (a trace, the time of the last spike, resources) is the same for all synapses of one source with
//! one delay: the machine keeps [`Plasticity::pre_len`] numbers for each such *run* and lends them.
//! What depends on the postsynaptic train is kept by the [`Plasticity`] per neuron.

use crate::network::Clock;
use crate::parameter::{Arguments, Complaint, Parameter};
use crate::primitive::PairRule;
use crate::real::Real;
use crate::snapshot::{Loader, Saver, SnapshotError};

/// A synapse model's row in the list of models.
#[derive(Debug)]
pub struct SynapseModel {
    /// The word in a network file: `Stdp`.
    pub name: &'static str,
    /// NEST's name: `stdp_synapse`.
    pub nest: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the file may set; [`crate::parameter::Kind::Weight`] is in the unit of the projection's weight.
    pub parameters: &'static [Parameter],
    /// Mistakes between parameters.
    pub check: fn(&Arguments) -> Vec<Complaint>,
    /// Builds it in single precision.
    pub f32: fn(&PlasticSite) -> Box<dyn Plasticity<f32>>,
    /// Builds it in double precision.
    pub f64: fn(&PlasticSite) -> Box<dyn Plasticity<f64>>,
    /// Puts it in the vocabulary of chips, if it can be put that way.
    pub primitive: Option<ToPairRule>,
}

/// Puts a plastic synapse in the vocabulary of chips, given the length of a step in ms; the error says what
/// stands in the way: "neighbours: Symmetric pairs some spikes only".
pub type ToPairRule = fn(&Arguments, dt: f64) -> Result<PairRule, String>;

/// What the plasticity of one projection onto one slice of neurons is built from.
#[derive(Debug)]
pub struct PlasticSite {
    /// The checked arguments.
    pub arguments: Arguments,
    /// How many neurons the slice has.
    pub neurons: usize,
    /// Length of a step in ms.
    pub dt: f64,
    /// Whether spikes fall on whole steps.
    pub clock: Clock,
}

/// A presynaptic spike that arrives through one run of synapses of equal delay.
///
/// Times are in steps; on the grid they are whole numbers, in continuous time they are not.
#[derive(Clone, Copy, Debug)]
pub struct PreSpike {
    /// When the spike was emitted, in steps.
    pub time: f64,
    /// Delay of the run, in steps.
    pub delay: f64,
}

/// The living plasticity of one projection onto one slice of neurons.
pub trait Plasticity<R: Real>: Send {
    /// How many numbers the rule keeps for a run of synapses that share source and delay.
    fn pre_len(&self) -> usize;
    /// Sets those numbers to what they are before the first spike.
    fn pre_start(&self, pre: &mut [f64]);
    /// A neuron of the slice spiked at `time` (in steps). Called in order of time.
    fn post_spike(&mut self, neuron: u32, time: f64);
    /// A presynaptic spike arrives: updates `pre` and `weights`, and appends to `sent` what each
    /// synapse transmits, in order. `neurons[i]` is the target of `weights[i]`.
    fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        neurons: &[u16],
        weights: &mut [R],
        sent: &mut Vec<R>,
    );
    /// Forgets postsynaptic spikes that no synapse can need any more: `oldest(pre)` of no run onto
    /// the neuron lies before them. `needed_from[neuron]` is in steps.
    fn forget(&mut self, needed_from: &[f64]);
    /// The time in steps from which on a run needs postsynaptic spikes (its last spike minus delay).
    fn needed_from(&self, pre: &[f64], delay: f64) -> f64;
    /// How many postsynaptic spikes are kept, to tell when forgetting pays.
    fn kept(&self) -> usize;
    /// Writes what is kept per neuron.
    fn save(&self, out: &mut Saver);
    /// Reads what [`Plasticity::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}
