//! Hodgkin–Huxley neuron of the squid axon with alpha-shaped synaptic currents.
//!
//! # Equations
//! ```text
//! C_m dV/dt = −g_Na m³h (V − E_Na) − g_K n⁴ (V − E_K) − g_L (V − E_L) + I_syn_ex + I_syn_in + I_e + I
//! dx/dt     = α_x (1 − x) − β_x x, for the gates m, n, h
//! α_m = 0.1 (V + 40)/(1 − e^(−(V+40)/10))     β_m = 4 e^(−(V+65)/18)
//! α_n = 0.01 (V + 55)/(1 − e^(−(V+55)/10))    β_n = 0.125 e^(−(V+65)/80)
//! α_h = 0.07 e^(−(V+65)/20)                   β_h = 1/(1 + e^(−(V+35)/10))
//! dI/dt = z − I/τ_syn,  dz/dt = −z/τ_syn, for I_syn_ex and I_syn_in
//! ```
//! with V in mV and rates per ms. Where α_m and α_n are 0/0 they have their limits. An arrival of
//! weight J in pA adds e·J/τ_syn to z, so that the current rises to J after τ_syn; negative weights
//! go, with their sign, to I_syn_in. z is called dI_syn_ex and dI_syn_in.
//!
//! # Threshold and reset
//! A spike is a maximum of V above 0 mV: it is stamped with the end of the first step in which V
//! falls while it is still above 0 mV. There is no reset. For t_ref, rounded up to the grid, after a
//! spike no maximum counts; nothing else is refractory.
//!
//! # Integration
//! Dormand and Prince's pair of orders 5 and 4 with sub-steps (see `runge_kutta.rs`), synaptic
//! currents in closed form; the error per sub-step is held below 1e-5 mV, where 1 of a gate counts
//! 100 mV. Measured against a fine integration: below 2e-4 mV rms over firing traces (1.2e-3 mV in
//! single precision), all spikes in the same step of 0.1 ms. NEURON's squid axon, whose rates come
//! from a table, fires at intervals 0.07 % shorter; with `rate_table` the difference is gone.
//! V is held within ±10 V, and the rates are those at no less than −250 and no more than 250 mV, so
//! that everything stays finite.
//!
//! # Parameters
//! | name | default | meaning |
//! |---|---|---|
//! | C_m | 100 pF | membrane capacitance |
//! | t_ref | 2 ms | time after a spike without spikes |
//! | E_L, E_Na, E_K | −54.402, 50, −77 mV | reversal potentials |
//! | g_L, g_Na, g_K | 30, 12000, 3600 nS | leak, largest sodium, largest potassium conductance |
//! | I_e | 0 pA | constant input current |
//! | tau_syn_ex, tau_syn_in | 0.2, 2 ms | rise times of the synaptic currents |
//! | rate_table | false | rates from a table with a row for each mV, as in NEURON |
//!
//! V_m starts at −65 mV, the gates in the steady state at V_m.
//!
//! # References
//! Hodgkin and Huxley (1952), J. Physiol. 117:500, doi:10.1113/jphysiol.1952.sp004764.
//! Gerstner and Kistler (2002), Spiking Neuron Models, doi:10.1017/CBO9780511815706 (rates).

use super::hh_membrane::{Channels, HodgkinHuxley, Rates, linoid};
use super::hh_rate_table::TabulatedSquid;
use super::kinetics::{Alpha, alpha_charge};
use super::membrane::synaptic;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, NeuronModel, Ports, State};
use sim_core::parameter::{Parameter, Range};
use sim_core::real::Real;
use sim_core::units::Dimension;

/// hh_psc_alpha.
pub static MODEL: NeuronModel = NeuronModel {
    name: "HhPscAlpha",
    nest: "hh_psc_alpha",
    summary: "Hodgkin-Huxley squid axon, alpha-shaped currents.",
    parameters: PARAMETERS,
    states: STATES,
    weight: Dimension::Current,
    ports: Ports::BySign,
    check: |_| Vec::new(),
    charge: Some(alpha_charge),
    grid: Some(GridBuild { f32: build, f64: build }),
    exact: None,
    lazy: None,
    primitive: None,
};

const PARAMETERS: &[Parameter] = {
    use Dimension::{Capacitance, Conductance, Current, Time, Voltage};
    &[
        Parameter::quantity("C_m", Capacitance, 100.0, Range::Positive, "membrane capacitance"),
        Parameter::quantity("t_ref", Time, 2.0, Range::NotNegative, "time after a spike without spikes"),
        Parameter::quantity("E_L", Voltage, -54.402, Range::Any, "leak reversal potential"),
        Parameter::quantity("E_Na", Voltage, 50.0, Range::Any, "sodium reversal potential"),
        Parameter::quantity("E_K", Voltage, -77.0, Range::Any, "potassium reversal potential"),
        Parameter::quantity("g_L", Conductance, 30.0, Range::Positive, "leak conductance"),
        Parameter::quantity("g_Na", Conductance, 12000.0, Range::NotNegative, "largest sodium conductance"),
        Parameter::quantity("g_K", Conductance, 3600.0, Range::NotNegative, "largest potassium conductance"),
        Parameter::quantity("I_e", Current, 0.0, Range::Any, "constant input current"),
        Parameter::quantity("tau_syn_ex", Time, 0.2, Range::Positive, "rise time of excitatory currents"),
        Parameter::quantity("tau_syn_in", Time, 2.0, Range::Positive, "rise time of inhibitory currents"),
        Parameter::flag("rate_table", false, "rates from a table with a row for each mV, as in NEURON"),
    ]
};

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    if cells.arguments.flag("rate_table") {
        HodgkinHuxley::<R, TabulatedSquid, Alpha<R>, 2>::build(cells)
    } else {
        HodgkinHuxley::<R, Squid, Alpha<R>, 2>::build(cells)
    }
}

const STATES: &[State] = &[
    State {
        name: "V_m",
        dimension: Dimension::Voltage,
        initial: Initial::Value(-65.0),
        meaning: "membrane potential",
    },
    gate("Act_m", Initial::Formula(|of| open(of("V_m"), 0)), "activation of sodium"),
    gate("Act_n", Initial::Formula(|of| open(of("V_m"), 1)), "activation of potassium"),
    gate("Inact_h", Initial::Formula(|of| open(of("V_m"), 2)), "inactivation of sodium (1: none)"),
    synaptic("I_syn_ex", Dimension::Current, "excitatory synaptic current"),
    // In pA/ms, for which there is no unit.
    synaptic("dI_syn_ex", Dimension::Number, "rise of the excitatory current in pA/ms"),
    synaptic("I_syn_in", Dimension::Current, "inhibitory synaptic current"),
    synaptic("dI_syn_in", Dimension::Number, "rise of the inhibitory current in pA/ms"),
];

/// A gate, between 0 and 1.
pub(super) const fn gate(name: &'static str, initial: Initial, meaning: &'static str) -> State {
    State { name, dimension: Dimension::Number, initial, meaning }
}

/// The steady state of gate m, n or h.
fn open(v: f64, gate: usize) -> f64 {
    let Rates { alpha, beta } = Squid::rates(v);
    alpha[gate] / (alpha[gate] + beta[gate])
}

/// The channels of the squid axon at 6.3 °C.
pub(super) struct Squid;

impl<R: Real> Channels<R> for Squid {
    const CONDUCTANCE: bool = false;
    const ORIGIN: Option<&'static str> = None;
    const THRESHOLD: f64 = 0.0;

    #[inline]
    fn rates(v: R) -> Rates<R> {
        let v = v.max(R::of(-250.0)).min(R::of(250.0));
        // All exponentials but one are powers of x = e^(−(V+65)/80).
        let x = ((v + R::of(65.0)) * R::of(-1.0 / 80.0)).exp();
        let x2 = x * x;
        let x4 = x2 * x2;
        let x8 = x4 * x4;
        let y = ((v + R::of(65.0)) * R::of(-1.0 / 18.0)).exp();
        let tenth = R::of(0.1);
        let m = linoid((v + R::of(40.0)) * tenth, x8 * R::of(E_2_5));
        let n = linoid((v + R::of(55.0)) * tenth, x8 * R::of(std::f64::consts::E));
        Rates {
            alpha: [m, tenth * n, R::of(0.07) * x4],
            beta: [R::of(4.0) * y, R::of(0.125) * x, R::ONE / (R::ONE + x8 * R::of(E_3))],
        }
    }
}

/// e^2.5 and e^3.
const E_2_5: f64 = 12.182_493_960_703_473;
const E_3: f64 = 20.085_536_923_187_668;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_smooth_where_their_formulas_are_0_over_0() {
        for v in [-40.0, -55.0] {
            let at = |v: f64| Squid::rates(v).alpha;
            for gate in [0, 1] {
                let middle = 0.5 * (at(v - 1e-3)[gate] + at(v + 1e-3)[gate]);
                assert!((at(v)[gate] - middle).abs() < 1e-9, "{v} {gate}");
            }
        }
        assert_eq!(Squid::rates(-40.0).alpha[0], 1.0);
        assert_eq!(Squid::rates(-55.0).alpha[1], 0.1);
    }

    #[test]
    fn gates_start_in_the_steady_state_at_rest() {
        for (gate, value) in [0.052_932_485_257_249_58, 0.317_676_914_060_697_4, 0.596_120_753_508_460_3]
            .into_iter()
            .enumerate()
        {
            assert!((open(-65.0, gate) - value).abs() < 1e-14);
        }
    }

    #[test]
    fn rates_are_finite_everywhere() {
        for v in (-10_000..10_000).step_by(7) {
            let Rates { alpha, beta } = Squid::rates(v as f32);
            assert!(alpha.iter().chain(&beta).all(|rate| rate.is_finite() && *rate >= 0.0), "{v}");
        }
    }
}
