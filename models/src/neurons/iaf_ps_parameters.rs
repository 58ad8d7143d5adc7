//! The leaky membrane of the models in continuous time: its constants, its table, and the mistakes
//! that can be made in it.

use sim_core::parameter::{Arguments, Complaint, Parameter, Range};
use sim_core::units::Dimension;

/// V∞ = E_L + (I_e + I + I_syn)·τ_m/C_m with C_m and τ_m of a leaky membrane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membrane {
    pub(super) tau_m: f64,
    pub(super) c_m: f64,
    pub(super) e_l: f64,
}

impl Membrane {
    pub(super) fn new(of: &dyn Fn(&str) -> f64) -> Self {
        Membrane { tau_m: of("tau_m"), c_m: of("C_m"), e_l: of("E_L") }
    }

    /// Where V goes under a constant current in pA.
    #[inline]
    pub(super) fn asymptote(&self, current: f64) -> f64 {
        self.e_l + current * self.tau_m / self.c_m
    }
}

const fn voltage(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::quantity(name, Dimension::Voltage, default, Range::Any, meaning)
}

const fn time(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::quantity(name, Dimension::Time, default, Range::Positive, meaning)
}

pub(super) const C_M: Parameter =
    Parameter::quantity("C_m", Dimension::Capacitance, 250.0, Range::Positive, "membrane capacitance");
pub(super) const TAU_M: Parameter = time("tau_m", 10.0, "membrane time constant");
pub(super) const T_REF: Parameter =
    Parameter::quantity("t_ref", Dimension::Time, 2.0, Range::NotNegative, "refractory time, exact");
pub(super) const E_L: Parameter = voltage("E_L", -70.0, "resting potential");
pub(super) const V_TH: Parameter = voltage("V_th", -55.0, "threshold");
pub(super) const V_RESET: Parameter = voltage("V_reset", -70.0, "potential after a spike");
pub(super) const V_MIN: Parameter = voltage("V_min", f64::MIN, "lowest V_m; by default none");
pub(super) const I_E: Parameter =
    Parameter::quantity("I_e", Dimension::Current, 0.0, Range::Any, "constant input current");
pub(super) const TAU_SYN_EX: Parameter = time("tau_syn_ex", 2.0, "time constant of excitatory currents");
pub(super) const TAU_SYN_IN: Parameter = time("tau_syn_in", 2.0, "time constant of inhibitory currents");

/// Mistakes between parameters that the models in continuous time share.
pub(super) fn check(arguments: &Arguments) -> Vec<Complaint> {
    let threshold = arguments.quantity("V_th").bounds().0;
    let below = |name: &'static str, help: &str| {
        let wrong = arguments.quantity(name).bounds().1 >= threshold;
        wrong.then(|| Complaint::about(name, format!("{name} is not below V_th")).help(help))
    };
    [
        below(
            "V_reset",
            "a neuron reset to V_th or above would spike without end; lower V_reset or raise V_th",
        ),
        below("V_min", "V_m cannot be below V_min, so it could never be below V_th; lower V_min"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
