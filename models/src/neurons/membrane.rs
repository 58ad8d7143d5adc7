//! What the models with sub-steps and those in continuous time have in common in their tables.

use sim_core::neuron::{Initial, State};
use sim_core::units::Dimension;

/// Whole steps of refractoriness: t_ref, rounded up to the grid as NEST does.
pub(super) fn refractory_steps(t_ref: f64, dt: f64) -> u32 {
    // Room for the rounding of t_ref/dt, when t_ref is a multiple of dt.
    (t_ref / dt - 1e-6).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The membrane potential, which starts at rest.
pub(super) const V_M: State = State {
    name: "V_m",
    dimension: Dimension::Voltage,
    initial: Initial::Parameter("E_L"),
    meaning: "membrane potential",
};

/// A synaptic variable that starts at 0.
pub(super) const fn synaptic(name: &'static str, dimension: Dimension, meaning: &'static str) -> State {
    State { name, dimension, initial: Initial::Value(0.0), meaning }
}
