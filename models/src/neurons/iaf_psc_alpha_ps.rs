//! Leaky integrate-and-fire neuron with alpha-shaped currents, in continuous time.
//!
//! # Equations
//! ```text
//! dV/dt = −(V − E_L)/τ_m + (I_syn_ex + I_syn_in + I_e + I)/C_m
//! dI/dt = z − I/τ_syn,  dz/dt = −z/τ_syn, for I_syn_ex and I_syn_in
//! ```
//! An arrival of weight J in pA adds e·J/τ_syn to z, at its own time, so that the current rises to
//! J after τ_syn; negative weights go to the z of I_syn_in. z is called dI_syn_ex and dI_syn_in.
//!
//! # Threshold, reset and integration
//! As in [`iaf_psc_exp_ps`](super::iaf_psc_exp_ps): spikes at the moment of the crossing, none missed,
//! within 1e-9 ms of NEST's; exact between events for all τ_m and τ_syn.
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
//! | tau_syn_ex, tau_syn_in | 2, 2 ms | rise times of the currents |
//!
//! # References
//! Rotter and Diesmann (1999), Biol. Cybern. 81:381, doi:10.1007/s004220050570.
//! Morrison, Straube, Plesser and Diesmann (2007), Neural Comput. 19:47, doi:10.1162/neco.2007.19.1.47.

use super::iaf_ps_parameters::{
    C_M, E_L, I_E, Membrane, T_REF, TAU_M, TAU_SYN_EX, TAU_SYN_IN, V_MIN, V_RESET, V_TH, check,
};
use super::iaf_psc_exp_ps::{mean_decay, response};
use super::kinetics::alpha_charge;
use super::linear_ps::{Linear, Precise, bounded};
use super::membrane::{V_M, synaptic};
use sim_core::math::{exp, expm1};
use sim_core::neuron::{NeuronModel, Ports, State};
use sim_core::units::Dimension;
use std::f64::consts::E;

/// iaf_psc_alpha_ps.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscAlphaPs",
    nest: "iaf_psc_alpha_ps",
    summary: "Leaky integrate-and-fire, alpha-shaped currents, spikes in continuous time.",
    parameters: &[C_M, TAU_M, T_REF, E_L, V_TH, V_RESET, V_MIN, I_E, TAU_SYN_EX, TAU_SYN_IN],
    states: STATES,
    weight: Dimension::Current,
    ports: Ports::BySign,
    check,
    charge: Some(alpha_charge),
    grid: None,
    exact: Some(|cells| Precise::<Alpha, 5>::build(cells, NAMES)),
    lazy: None,
    primitive: None,
};

const NAMES: &[&str] =
    &["C_m", "tau_m", "t_ref", "E_L", "V_th", "V_reset", "V_min", "I_e", "tau_syn_ex", "tau_syn_in"];

const STATES: &[State] = &[
    V_M,
    synaptic("I_syn_ex", Dimension::Current, "excitatory synaptic current"),
    // In pA/ms, for which there is no unit.
    synaptic("dI_syn_ex", Dimension::Number, "rise of the excitatory current in pA/ms"),
    synaptic("I_syn_in", Dimension::Current, "inhibitory synaptic current"),
    synaptic("dI_syn_in", Dimension::Number, "rise of the inhibitory current in pA/ms"),
];

#[derive(Clone, Copy, Debug)]
struct Alpha {
    membrane: Membrane,
    tau_syn: [f64; 2],
}

#[derive(Clone, Copy, Debug)]
struct Propagator {
    relaxation: f64,
    span: f64,
    decay: [f64; 2],
    /// V in mV that a current of 1 pA in the beginning makes until the end.
    response: [f64; 2],
    /// V in mV that a z of 1 pA/ms in the beginning makes until the end.
    rise_response: [f64; 2],
}

impl Linear<5> for Alpha {
    type Propagator = Propagator;

    fn new(of: &dyn Fn(&str) -> f64) -> Self {
        Alpha { membrane: Membrane::new(of), tau_syn: [of("tau_syn_ex"), of("tau_syn_in")] }
    }

    fn propagator(&self, span: f64) -> Propagator {
        let Membrane { tau_m, c_m, .. } = self.membrane;
        Propagator {
            relaxation: -expm1(-span / tau_m),
            span,
            decay: self.tau_syn.map(|tau| exp(-span / tau)),
            response: self.tau_syn.map(|tau| response(tau_m, tau, span) / c_m),
            rise_response: self.tau_syn.map(|tau| rise_response(tau_m, tau, span) / c_m),
        }
    }

    fn propagate(&self, factors: &Propagator, y: &[f64; 5], current: f64) -> [f64; 5] {
        let Propagator { relaxation, span, decay, response, rise_response } = factors;
        let [v, ex, rise_ex, inh, rise_in] = *y;
        let driven = (self.membrane.asymptote(current) - v) * relaxation;
        let from_ex = response[0] * ex + rise_response[0] * rise_ex;
        let from_in = response[1] * inh + rise_response[1] * rise_in;
        [
            v + (driven + (from_ex + from_in)),
            (ex + rise_ex * span) * decay[0],
            rise_ex * decay[0],
            (inh + rise_in * span) * decay[1],
            rise_in * decay[1],
        ]
    }

    fn asymptote(&self, y: &[f64; 5], end: &[f64; 5], span: f64, current: f64) -> (f64, f64) {
        // A current has one extremum at most: above its ends if z > 0, below them if z < 0.
        let high = |i: usize| {
            let peak = if y[i + 1] > 0.0 { y[i].max(0.0) + y[i + 1] * span } else { y[i] };
            peak.max(end[i])
        };
        let low = |i: usize| {
            let dip = if y[i + 1] < 0.0 { y[i].min(0.0) + y[i + 1] * span } else { y[i] };
            dip.min(end[i])
        };
        let asymptote = |synaptic: f64| self.membrane.asymptote(current + synaptic);
        (asymptote(low(1) + low(3)), asymptote(high(1) + high(3)))
    }

    fn relaxation(factors: &Propagator) -> f64 {
        factors.relaxation
    }

    fn tau_m(&self) -> f64 {
        self.membrane.tau_m
    }

    fn arrive(&self, y: &mut [f64; 5], weight: f64, _: bool) {
        let port = Ports::BySign.of(weight);
        let rise = 2 + 2 * port;
        y[rise] = bounded(y[rise] + weight * E / self.tau_syn[port]);
    }
}

/// ∫₀ᵗ e^(−(t−u)/τ_m) u e^(−u/τ_s) du in ms², without the cancellation of τ_m and τ_s.
fn rise_response(tau_m: f64, tau_s: f64, t: f64) -> f64 {
    let (slow, fast) = (tau_m.max(tau_s), tau_m.min(tau_s));
    let x = (1.0 / fast - 1.0 / slow) * t;
    let late = if tau_s <= tau_m { mean_ramp(x) } else { mean_decay(x) - mean_ramp(x) };
    t * t * exp(-t / slow) * late
}

/// ∫₀¹ s e^(−xs) ds = (1 − (1 + x) e^(−x))/x² for x ≥ 0.
fn mean_ramp(x: f64) -> f64 {
    if x > 0.25 {
        return (-expm1(-x) - x * exp(-x)) / (x * x);
    }
    // Its power series, the sum of (−x)^k/(k! (k + 2)).
    let (mut power, mut sum) = (1.0, 0.0);
    for k in 0..14 {
        sum += power / f64::from(k + 2);
        power *= -x / f64::from(k + 1);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integral by Simpson's rule.
    fn integral(tau_m: f64, tau_s: f64, t: f64) -> f64 {
        let f = |u: f64| exp(-(t - u) / tau_m) * u * exp(-u / tau_s);
        let n = 4000;
        let h = t / f64::from(n);
        let weights = |i: i32| if i == 0 || i == n { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
        (0..=n).map(|i| weights(i) * f(f64::from(i) * h)).sum::<f64>() * h / 3.0
    }

    #[test]
    fn the_response_to_a_rise_is_its_integral_on_both_sides_of_equal_time_constants() {
        for (tau_m, tau_s, t) in
            [(10.0, 0.5, 0.1), (10.0, 20.0, 3.0), (10.0, 10.0, 1.0), (10.0, 9.999, 2.0), (0.5, 0.3, 0.9)]
        {
            let (ours, theirs) = (rise_response(tau_m, tau_s, t), integral(tau_m, tau_s, t));
            assert!((ours / theirs - 1.0).abs() < 1e-11, "{tau_m} {tau_s} {t}: {ours} {theirs}");
        }
    }

    #[test]
    fn the_ramp_is_smooth_where_its_series_begins() {
        let (series, formula) = (mean_ramp(0.25), mean_ramp(0.25 + 1e-12));
        assert!((series - formula).abs() < 1e-12);
    }
}
