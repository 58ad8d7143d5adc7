//! Leaky integrate-and-fire neuron with exponentially decaying currents, in continuous time.
//!
//! # Equations
//! ```text
//! dV/dt = −(V − E_L)/τ_m + (I_syn_ex + I_syn_in + I_e + I)/C_m
//! dI/dt = −I/τ_syn, for I_syn_ex and I_syn_in
//! ```
//! An arrival adds its weight in pA, at its own time, to I_syn_ex or, if it is negative, to I_syn_in.
//! V is not below V_min at the end of a step and at arrivals.
//!
//! # Threshold and reset
//! When V reaches V_th the neuron spikes at that moment, and V is V_reset for exactly t_ref, while
//! the currents go on.
//!
//! # Integration
//! Exact between events, for all τ_m and τ_syn, equal ones included. The crossing is found by
//! Newton's method in a bracket, to the rounding of V. None is missed: where V could have been
//! above V_th between two events, the stretch is searched (see `linear_ps.rs`); NEST looks at V at
//! the events only. Spikes agree with NEST's within 1e-9 ms, where t_ref is a multiple of its step
//! (NEST rounds it up). A neuron whose drive would make it spike more than 1000 times in a step is
//! refractory for the rest of the step.
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
//! | tau_syn_ex, tau_syn_in | 2, 2 ms | time constants of the currents |
//!
//! # References
//! Rotter and Diesmann (1999), Biol. Cybern. 81:381, doi:10.1007/s004220050570.
//! Hanuschkin, Kunkel, Helias, Morrison and Diesmann (2010), Front. Neuroinform. 4:113,
//! doi:10.3389/fninf.2010.00113.

use super::iaf_ps_parameters::{
    C_M, E_L, I_E, Membrane, T_REF, TAU_M, TAU_SYN_EX, TAU_SYN_IN, V_MIN, V_RESET, V_TH, check,
};
use super::kinetics::exponential_charge;
use super::linear_ps::{Linear, Precise, bounded};
use super::membrane::{V_M, synaptic};
use sim_core::math::{exp, expm1};
use sim_core::neuron::{NeuronModel, Ports};
use sim_core::units::Dimension;

/// iaf_psc_exp_ps.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscExpPs",
    nest: "iaf_psc_exp_ps",
    summary: "Leaky integrate-and-fire, exponentially decaying currents, spikes in continuous time.",
    parameters: &[C_M, TAU_M, T_REF, E_L, V_TH, V_RESET, V_MIN, I_E, TAU_SYN_EX, TAU_SYN_IN],
    states: &[
        V_M,
        synaptic("I_syn_ex", Dimension::Current, "excitatory synaptic current"),
        synaptic("I_syn_in", Dimension::Current, "inhibitory synaptic current"),
    ],
    weight: Dimension::Current,
    ports: Ports::BySign,
    check,
    charge: Some(exponential_charge),
    grid: None,
    exact: Some(|cells| Precise::<Exponential, 3>::build(cells, NAMES)),
    lazy: None,
    primitive: None,
};

const NAMES: &[&str] =
    &["C_m", "tau_m", "t_ref", "E_L", "V_th", "V_reset", "V_min", "I_e", "tau_syn_ex", "tau_syn_in"];

#[derive(Clone, Copy, Debug)]
struct Exponential {
    membrane: Membrane,
    tau_syn: [f64; 2],
}

#[derive(Clone, Copy, Debug)]
struct Propagator {
    relaxation: f64,
    /// What is left of the currents.
    decay: [f64; 2],
    /// V in mV that a current of 1 pA in the beginning makes until the end.
    response: [f64; 2],
}

impl Linear<3> for Exponential {
    type Propagator = Propagator;

    fn new(of: &dyn Fn(&str) -> f64) -> Self {
        Exponential { membrane: Membrane::new(of), tau_syn: [of("tau_syn_ex"), of("tau_syn_in")] }
    }

    fn propagator(&self, span: f64) -> Propagator {
        let Membrane { tau_m, c_m, .. } = self.membrane;
        Propagator {
            relaxation: -expm1(-span / tau_m),
            decay: self.tau_syn.map(|tau| exp(-span / tau)),
            response: self.tau_syn.map(|tau| response(tau_m, tau, span) / c_m),
        }
    }

    fn propagate(&self, factors: &Propagator, y: &[f64; 3], current: f64) -> [f64; 3] {
        let Propagator { relaxation, decay, response } = factors;
        let driven = (self.membrane.asymptote(current) - y[0]) * relaxation;
        [y[0] + (driven + (response[0] * y[1] + response[1] * y[2])), y[1] * decay[0], y[2] * decay[1]]
    }

    fn asymptote(&self, y: &[f64; 3], end: &[f64; 3], _: f64, current: f64) -> (f64, f64) {
        // Both currents are monotone.
        let low = current + y[1].min(end[1]) + y[2].min(end[2]);
        let high = current + y[1].max(end[1]) + y[2].max(end[2]);
        (self.membrane.asymptote(low), self.membrane.asymptote(high))
    }

    fn relaxation(factors: &Propagator) -> f64 {
        factors.relaxation
    }

    fn tau_m(&self) -> f64 {
        self.membrane.tau_m
    }

    fn arrive(&self, y: &mut [f64; 3], weight: f64, _: bool) {
        let port = 1 + Ports::BySign.of(weight);
        y[port] = bounded(y[port] + weight);
    }
}

/// ∫₀ᵗ e^(−(t−u)/τ_m) e^(−u/τ_s) du in ms, without the cancellation of τ_m and τ_s.
pub(super) fn response(tau_m: f64, tau_s: f64, t: f64) -> f64 {
    let (slow, fast) = (tau_m.max(tau_s), tau_m.min(tau_s));
    t * exp(-t / slow) * mean_decay((1.0 / fast - 1.0 / slow) * t)
}

/// (1 − e^(−x))/x, 1 at 0.
pub(super) fn mean_decay(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { -expm1(-x) / x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_is_the_textbook_one_away_from_equal_time_constants() {
        for (tau_m, tau_s, t) in [(10.0, 0.5, 0.1), (10.0, 20.0, 3.0), (2.0, 2.5, 0.01)] {
            let textbook = (exp(-t / tau_m) - exp(-t / tau_s)) / (1.0 / tau_s - 1.0 / tau_m);
            assert!((response(tau_m, tau_s, t) / textbook - 1.0_f64).abs() < 1e-12, "{tau_m} {tau_s}");
        }
    }

    #[test]
    fn the_response_is_accurate_where_time_constants_are_nearly_equal() {
        let at = |tau_s: f64| response(10.0, tau_s, 1.0);
        assert_eq!(at(10.0), exp(-0.1));
        for apart in [1e-15, 1e-12, 1e-9, 1e-6] {
            // To first order in the difference: t e^(-t/tau) (1 + t apart/(2 tau)).
            let expansion = exp(-0.1) * (1.0 + 0.05 * apart);
            assert!((at(10.0 * (1.0 + apart)) / expansion - 1.0).abs() < 1e-12, "{apart}");
        }
    }

    #[test]
    fn the_response_stays_finite_for_extreme_time_constants() {
        assert!(response(1e-9, 10.0, 0.1).is_finite() && response(1e9, 1e-9, 0.1).is_finite());
    }
}
