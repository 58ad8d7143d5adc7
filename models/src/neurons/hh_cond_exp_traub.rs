//! Hodgkin–Huxley neuron after Traub and Miles with exponentially decaying conductances.
//!
//! # Equations
//! ```text
//! C_m dV/dt = −g_Na m³h (V − E_Na) − g_K n⁴ (V − E_K) − g_L (V − E_L)
//!             − g_ex (V − E_ex) − g_in (V − E_in) + I_e + I
//! dx/dt     = α_x (1 − x) − β_x x, for the gates m, n, h, with v = V − V_T in mV and rates per ms:
//! α_m = 0.32 (13 − v)/(e^((13−v)/4) − 1)      β_m = 0.28 (v − 40)/(e^((v−40)/5) − 1)
//! α_n = 0.032 (15 − v)/(e^((15−v)/5) − 1)     β_n = 0.5 e^((10−v)/40)
//! α_h = 0.128 e^((17−v)/18)                   β_h = 4/(1 + e^((40−v)/5))
//! dg/dt     = −g/τ_syn, for g_ex and g_in
//! ```
//! Where α_m, β_m and α_n are 0/0 they have their limits. An arrival adds its weight in nS to g_ex,
//! or without its sign, if it is negative, to g_in.
//!
//! # Threshold and reset
//! A spike is a maximum of V above V_T + 30 mV: it is stamped with the end of the first step in
//! which V falls while it is still above. There is no reset. For t_ref, rounded up to the grid, after
//! a spike no maximum counts; nothing else is refractory.
//!
//! # Integration
//! Dormand and Prince's pair of orders 5 and 4 with sub-steps (see `runge_kutta.rs`), conductances in
//! closed form; the error per sub-step is held below 1e-5 mV, where 1 of a gate counts 100 mV.
//! Measured against a fine integration: below 3e-4 mV rms over firing traces (5e-4 mV in single
//! precision), all spikes in the same step of 0.1 ms.
//! V is held within ±10 V, and the rates are those at no less than −250 and no more than 250 mV from
//! V_T, so that everything stays finite.
//!
//! # Parameters
//! | name | default | meaning |
//! |---|---|---|
//! | C_m | 200 pF | membrane capacitance |
//! | t_ref | 2 ms | time after a spike without spikes |
//! | E_L, E_Na, E_K | −60, 50, −90 mV | reversal potentials |
//! | g_L, g_Na, g_K | 10, 20000, 6000 nS | leak, largest sodium, largest potassium conductance |
//! | V_T | −63 mV | shifts all rates |
//! | I_e | 0 pA | constant input current |
//! | E_ex, E_in | 0, −80 mV | reversal potentials of synapses |
//! | tau_syn_ex, tau_syn_in | 5, 10 ms | time constants of the conductances |
//!
//! V_m starts at E_L. The gates start, as in NEST, in the steady state for v = E_L instead of
//! v = E_L − V_T, that is nearly closed (m, n) and open (h); so with the defaults the neuron spikes once
//! in the beginning. `initial` can give others.
//!
//! # References
//! Traub and Miles (1991), Neuronal Networks of the Hippocampus, doi:10.1017/CBO9780511895401.
//! Brette et al. (2007), J. Comput. Neurosci. 23:349, doi:10.1007/s10827-007-0038-6.

use super::hh_membrane::{Channels, HodgkinHuxley, Rates, linoid};
use super::hh_psc_alpha::gate;
use super::kinetics::Exponential;
use super::membrane::{V_M, synaptic};
use sim_core::neuron::{GridBuild, Initial, NeuronModel, Ports, State};
use sim_core::parameter::{Parameter, Range};
use sim_core::real::Real;
use sim_core::units::Dimension;

/// hh_cond_exp_traub.
pub static MODEL: NeuronModel = NeuronModel {
    name: "HhCondExpTraub",
    nest: "hh_cond_exp_traub",
    summary: "Hodgkin-Huxley after Traub and Miles, exponentially decaying conductances.",
    parameters: PARAMETERS,
    states: STATES,
    weight: Dimension::Conductance,
    ports: Ports::BySign,
    check: |_| Vec::new(),
    charge: None,
    grid: Some(GridBuild {
        f32: HodgkinHuxley::<f32, Hippocampus, Exponential<f32>, 1>::build,
        f64: HodgkinHuxley::<f64, Hippocampus, Exponential<f64>, 1>::build,
    }),
    exact: None,
    lazy: None,
    primitive: None,
};

const PARAMETERS: &[Parameter] = {
    use Dimension::{Capacitance, Conductance, Current, Time, Voltage};
    &[
        Parameter::quantity("C_m", Capacitance, 200.0, Range::Positive, "membrane capacitance"),
        Parameter::quantity("t_ref", Time, 2.0, Range::NotNegative, "time after a spike without spikes"),
        Parameter::quantity("E_L", Voltage, -60.0, Range::Any, "leak reversal potential"),
        Parameter::quantity("E_Na", Voltage, 50.0, Range::Any, "sodium reversal potential"),
        Parameter::quantity("E_K", Voltage, -90.0, Range::Any, "potassium reversal potential"),
        Parameter::quantity("g_L", Conductance, 10.0, Range::Positive, "leak conductance"),
        Parameter::quantity("g_Na", Conductance, 20000.0, Range::NotNegative, "largest sodium conductance"),
        Parameter::quantity("g_K", Conductance, 6000.0, Range::NotNegative, "largest potassium conductance"),
        Parameter::quantity("V_T", Voltage, -63.0, Range::Any, "shifts all rates"),
        Parameter::quantity("I_e", Current, 0.0, Range::Any, "constant input current"),
        Parameter::quantity("E_ex", Voltage, 0.0, Range::Any, "excitatory reversal potential"),
        Parameter::quantity("E_in", Voltage, -80.0, Range::Any, "inhibitory reversal potential"),
        Parameter::quantity("tau_syn_ex", Time, 5.0, Range::Positive, "time constant of g_ex"),
        Parameter::quantity("tau_syn_in", Time, 10.0, Range::Positive, "time constant of g_in"),
    ]
};

const STATES: &[State] = &[
    V_M,
    gate("Act_m", Initial::Formula(|of| open(of("E_L"), 0)), "activation of sodium"),
    gate("Act_n", Initial::Formula(|of| open(of("E_L"), 1)), "activation of potassium"),
    gate("Inact_h", Initial::Formula(|of| open(of("E_L"), 2)), "inactivation of sodium (1: none)"),
    synaptic("g_ex", Dimension::Conductance, "excitatory conductance"),
    synaptic("g_in", Dimension::Conductance, "inhibitory conductance"),
];

/// The steady state of gate m, n or h.
fn open(v: f64, gate: usize) -> f64 {
    let Rates { alpha, beta } = Hippocampus::rates(v);
    alpha[gate] / (alpha[gate] + beta[gate])
}

/// The channels of a hippocampal pyramidal cell.
struct Hippocampus;

impl<R: Real> Channels<R> for Hippocampus {
    const CONDUCTANCE: bool = true;
    const ORIGIN: Option<&'static str> = Some("V_T");
    const THRESHOLD: f64 = 30.0;

    #[inline]
    fn rates(v: R) -> Rates<R> {
        let v = v.max(R::of(-250.0)).min(R::of(250.0));
        // All exponentials but one are powers of x = e^((10−v)/40).
        let x = ((R::of(10.0) - v) * R::of(1.0 / 40.0)).exp();
        let x2 = x * x;
        let x4 = x2 * x2;
        let x8 = x4 * x4;
        let y = ((R::of(17.0) - v) * R::of(1.0 / 18.0)).exp();
        let fifth = R::of(0.2);
        // e^((40−v)/5)
        let far = x8 * R::of(E_6);
        Rates {
            alpha: [
                // 0.32·4, e^(−(v−13)/4) = x¹⁰ e^0.75
                R::of(1.28) * linoid((v - R::of(13.0)) * R::of(0.25), x8 * x2 * R::of(E_0_75)),
                // 0.032·5, e^(−(v−15)/5) = x⁸ e
                R::of(0.16) * linoid((v - R::of(15.0)) * fifth, x8 * R::of(std::f64::consts::E)),
                R::of(0.128) * y,
            ],
            beta: [
                R::of(1.4) * linoid((R::of(40.0) - v) * fifth, R::ONE / far),
                R::of(0.5) * x,
                R::of(4.0) / (R::ONE + far),
            ],
        }
    }
}

/// e^0.75 and e^6.
const E_0_75: f64 = 2.117_000_016_612_675;
const E_6: f64 = 403.428_793_492_735_1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_the_formulas() {
        use sim_core::math::exp;
        for v in [-80.0, -3.0, 12.9, 15.3, 39.0, 90.0] {
            let Rates { alpha, beta } = Hippocampus::rates(v);
            let formulas = [
                (alpha[0], 0.32 * (13.0 - v) / (exp((13.0 - v) / 4.0) - 1.0)),
                (alpha[1], 0.032 * (15.0 - v) / (exp((15.0 - v) / 5.0) - 1.0)),
                (alpha[2], 0.128 * exp((17.0 - v) / 18.0)),
                (beta[0], 0.28 * (v - 40.0) / (exp((v - 40.0) / 5.0) - 1.0)),
                (beta[1], 0.5 * exp((10.0 - v) / 40.0)),
                (beta[2], 4.0 / (1.0 + exp((40.0 - v) / 5.0))),
            ];
            for (ours, formula) in formulas {
                assert!((ours / formula - 1.0).abs() < 1e-12, "at {v}: {ours} and {formula}");
            }
        }
    }

    #[test]
    fn rates_have_their_limits_where_the_formulas_are_0_over_0() {
        assert_eq!(Hippocampus::rates(13.0).alpha[0], 1.28);
        assert_eq!(Hippocampus::rates(15.0).alpha[1], 0.16);
        assert_eq!(Hippocampus::rates(40.0).beta[0], 1.4);
    }

    #[test]
    fn rates_are_finite_everywhere() {
        for v in (-10_000..10_000).step_by(7) {
            let Rates { alpha, beta } = Hippocampus::rates(v as f32);
            assert!(alpha.iter().chain(&beta).all(|rate| rate.is_finite() && *rate >= 0.0), "{v}");
        }
    }

    #[test]
    fn gates_start_where_nest_starts_them() {
        let nest = [9.895_563_096_746_586e-9, 2.551_577_051_602_551e-7, 0.999_999_999_106_396];
        for (gate, value) in nest.into_iter().enumerate() {
            assert!((open(-60.0, gate) / value - 1.0).abs() < 1e-12, "{gate}");
        }
    }
}
