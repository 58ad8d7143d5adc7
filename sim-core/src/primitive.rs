//! What a chip may be asked to hold: neurons of a small closed vocabulary, in discrete time.
//!
//! A neuron model that can be put this way says so in its row ([`NeuronModel::primitive`]), for one
//! neuron with its parameters and a length of step. A chip takes the primitives it has circuits for and
//! refuses other models by name. So no model knows a chip, and no chip knows a model.
//!
//! V counts from rest. A chip with integers only chooses the scale. Synapse models that can be put this way
//! do so too ([`SynapseModel::primitive`]).
//!
//! [`NeuronModel::primitive`]: crate::neuron::NeuronModel::primitive
//! [`SynapseModel::primitive`]: crate::synapse::SynapseModel::primitive

/// A neuron in discrete time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Primitive {
    /// A leaky integrator of a decaying current.
    CurrentLif(CurrentLif),
    /// An integrator whose leak is a constant.
    Integrator(Integrator),
}

/// Current-based leaky integrate-and-fire neuron with two decays.
///
/// ```text
/// u ← keep_u·u + (weights that arrive)
/// v ← keep_v·v + gain·u + drive
/// spike if v ≥ threshold; then v ← 0 for the `refractory` steps that follow as well
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurrentLif {
    /// Part of u that is left after a step, 0 to 1; 0 for a neuron whose voltage jumps.
    pub keep_u: f64,
    /// Part of v that is left after a step, 0 to 1.
    pub keep_v: f64,
    /// What one unit of u, which is the unit of weights, adds to v in a step.
    pub gain: f64,
    /// What a constant current adds to v in a step.
    pub drive: f64,
    /// Above 0, in the unit of v.
    pub threshold: f64,
    /// Steps after that of the spike in which v stays 0; u goes on.
    pub refractory: i64,
    /// Lowest v, below 0, if there is one.
    pub floor: Option<f64>,
    /// Steps by which an arrival reaches u later than the step it is due in: 1 for models that move v
    /// before they add arrivals, else 0.
    pub lag: i64,
    /// v and u at the start.
    pub start: (f64, f64),
}

/// Integrator with a constant leak.
///
/// ```text
/// v ← v + (weights that arrive) + leak
/// spike if v ≥ threshold; then v ← reset, or v − threshold
/// otherwise v ← max(v, floor)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Integrator {
    /// What every step adds, of either sign.
    pub leak: f64,
    /// Above 0.
    pub threshold: f64,
    /// v after a spike; absent if the threshold is subtracted.
    pub reset: Option<f64>,
    /// Lowest v, at most 0, if there is one.
    pub floor: Option<f64>,
    /// v at the start.
    pub start: f64,
}

/// Plasticity by all pairs of spikes, through one trace on either side. With s, the size of the weight:
///
/// ```text
/// x ← keep_pre·x, + 1 at a presynaptic spike;   y ← keep_post·y, + 1 at a postsynaptic spike
/// at a presynaptic spike:   s ← max(low, min(high, s + fixed + (trace + share·s)·y))   of `at_pre`
/// at a postsynaptic spike:  s ← max(low, min(high, s + fixed + (trace + share·s)·x))   of `at_post`
/// ```
///
/// A postsynaptic spike reaches the synapse one delay after it was fired; one that gets there together
/// with a presynaptic spike sees it in x and is not seen by it in y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairRule {
    /// Part of x that is left after a step, 0 to 1.
    pub keep_pre: f64,
    /// Part of y that is left after a step, 0 to 1.
    pub keep_post: f64,
    /// What a presynaptic spike changes.
    pub at_pre: Change,
    /// What a postsynaptic spike changes.
    pub at_post: Change,
    /// The least s, at least 0, in the unit of weights.
    pub low: f64,
    /// The largest s.
    pub high: f64,
    /// Whether weights are −s.
    pub negative: bool,
}

/// What a spike adds to the size of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Change {
    /// Whatever the trace is, in the unit of weights.
    pub fixed: f64,
    /// For each 1 of the other side's trace, in the unit of weights.
    pub trace: f64,
    /// For each 1 of the trace and each 1 of s.
    pub share: f64,
}
