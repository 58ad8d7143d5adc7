//! Leaky integrate-and-fire neuron with voltage jumps, in continuous time.
//!
//! # Equations
//! ```text
//! dV/dt = −(V − E_L)/τ_m + (I_e + I)/C_m
//! ```
//! An arrival of weight J in mV adds J to V at its own time. Arrivals at the same time are added
//! together before V is compared with the threshold. V is not below V_min.
//!
//! # Threshold and reset
//! When V reaches V_th, on its way or by an arrival, the neuron spikes at that moment, and V is
//! V_reset for exactly t_ref. Arrivals in that time are lost; one at its very end counts.
//!
//! # Integration
//! Exact. The time of a crossing has a closed form, τ_m ln(1 + (V_th − V)/(V∞ − V_th)); spikes
//! agree with NEST's within 1e-9 ms, where t_ref is a multiple of its step (NEST rounds it up).
//! Unlike there, V_min also holds at once when an arrival lowers V. A neuron whose drive would make it
//! spike more than 1000 times in a step is refractory for the rest of the step.
//!
//! # Parameters
//! | name | default | meaning |
//! |---|---|---|
//! | C_m | 250 pF | membrane capacitance |
//! | tau_m | 10 ms | membrane time constant |
//! | t_ref | 2 ms | refractory time |
//! | E_L | −70 mV | resting potential |
//! | V_th | −55 mV | threshold |
//! | V_reset | −70 mV | potential after a spike |
//! | V_min | none | lowest V |
//! | I_e | 0 pA | constant input current |
//!
//! # References
//! Rotter and Diesmann (1999), Biol. Cybern. 81:381, doi:10.1007/s004220050570.
//! Morrison, Straube, Plesser and Diesmann (2007), Neural Comput. 19:47, doi:10.1162/neco.2007.19.1.47.

use super::iaf_ps_parameters::{C_M, E_L, I_E, Membrane, T_REF, TAU_M, V_MIN, V_RESET, V_TH, check};
use super::linear_ps::{Linear, Precise, bounded};
use super::membrane::V_M;
use sim_core::math::{expm1, log1p};
use sim_core::neuron::{NeuronModel, Ports};
use sim_core::units::Dimension;

/// iaf_psc_delta_ps.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscDeltaPs",
    nest: "iaf_psc_delta_ps",
    summary: "Leaky integrate-and-fire, voltage jumps, spikes in continuous time.",
    parameters: &[C_M, TAU_M, T_REF, E_L, V_TH, V_RESET, V_MIN, I_E],
    states: &[V_M],
    weight: Dimension::Voltage,
    ports: Ports::One,
    check,
    charge: Some(|arguments, weight| weight * arguments.number("C_m")),
    grid: None,
    exact: Some(|cells| Precise::<Delta, 1>::build(cells, NAMES)),
    lazy: None,
    primitive: None,
};

const NAMES: &[&str] = &["C_m", "tau_m", "t_ref", "E_L", "V_th", "V_reset", "V_min", "I_e"];

#[derive(Clone, Copy, Debug)]
struct Delta(Membrane);

impl Linear<1> for Delta {
    /// 1 − e^(−span/τ_m).
    type Propagator = f64;

    fn new(of: &dyn Fn(&str) -> f64) -> Self {
        Delta(Membrane::new(of))
    }

    fn propagator(&self, span: f64) -> f64 {
        -expm1(-span / self.0.tau_m)
    }

    fn propagate(&self, relaxation: &f64, y: &[f64; 1], current: f64) -> [f64; 1] {
        [y[0] + (self.0.asymptote(current) - y[0]) * relaxation]
    }

    fn asymptote(&self, _: &[f64; 1], _: &[f64; 1], _: f64, current: f64) -> (f64, f64) {
        let target = self.0.asymptote(current);
        (target, target)
    }

    fn relaxation(relaxation: &f64) -> f64 {
        *relaxation
    }

    fn tau_m(&self) -> f64 {
        self.0.tau_m
    }

    fn closed_form(&self, y: &[f64; 1], v_th: f64, current: f64) -> Option<f64> {
        Some(self.0.tau_m * log1p((v_th - y[0]) / (self.0.asymptote(current) - v_th)))
    }

    fn arrive(&self, y: &mut [f64; 1], weight: f64, refractory: bool) {
        if !refractory {
            y[0] = bounded(y[0] + weight);
        }
    }
}
