//! The table of the adaptive exponential models, and the mistakes that can be made in it.

use sim_core::neuron::{Initial, State};
use sim_core::parameter::{Arguments, Complaint, Parameter, Range};
use sim_core::units::Dimension;

/// The adaptation current.
pub(super) const W: State = State {
    name: "w",
    dimension: Dimension::Current,
    initial: Initial::Value(0.0),
    meaning: "adaptation current",
};

// The parameters; a model with synaptic currents leaves the two reversal potentials out.

pub(super) const C_M: Parameter =
    Parameter::quantity("C_m", Dimension::Capacitance, 281.0, Range::Positive, "membrane capacitance");
pub(super) const T_REF: Parameter =
    Parameter::quantity("t_ref", Dimension::Time, 0.0, Range::NotNegative, "refractory time");
pub(super) const V_RESET: Parameter =
    Parameter::quantity("V_reset", Dimension::Voltage, -60.0, Range::Any, "potential after a spike");
pub(super) const E_L: Parameter =
    Parameter::quantity("E_L", Dimension::Voltage, -70.6, Range::Any, "resting potential");
pub(super) const G_L: Parameter =
    Parameter::quantity("g_L", Dimension::Conductance, 30.0, Range::Positive, "leak conductance");
pub(super) const I_E: Parameter =
    Parameter::quantity("I_e", Dimension::Current, 0.0, Range::Any, "constant input current");
pub(super) const A: Parameter =
    Parameter::quantity("a", Dimension::Conductance, 4.0, Range::Any, "subthreshold adaptation");
pub(super) const B: Parameter =
    Parameter::quantity("b", Dimension::Current, 80.5, Range::Any, "adaptation added by a spike");
pub(super) const DELTA_T: Parameter = Parameter::quantity(
    "Delta_T",
    Dimension::Voltage,
    2.0,
    Range::NotNegative,
    "slope factor; 0 for a hard threshold at V_th",
);
pub(super) const TAU_W: Parameter =
    Parameter::quantity("tau_w", Dimension::Time, 144.0, Range::Positive, "adaptation time constant");
pub(super) const V_TH: Parameter =
    Parameter::quantity("V_th", Dimension::Voltage, -50.4, Range::Any, "where a spike initiates");
pub(super) const V_PEAK: Parameter =
    Parameter::quantity("V_peak", Dimension::Voltage, 0.0, Range::Any, "where a spike is detected");
pub(super) const E_EX: Parameter =
    Parameter::quantity("E_ex", Dimension::Voltage, 0.0, Range::Any, "excitatory reversal potential");
pub(super) const E_IN: Parameter =
    Parameter::quantity("E_in", Dimension::Voltage, -85.0, Range::Any, "inhibitory reversal potential");
pub(super) const TAU_SYN_EX: Parameter = Parameter::quantity(
    "tau_syn_ex",
    Dimension::Time,
    0.2,
    Range::Positive,
    "time constant of excitatory synapses",
);
pub(super) const TAU_SYN_IN: Parameter = Parameter::quantity(
    "tau_syn_in",
    Dimension::Time,
    2.0,
    Range::Positive,
    "time constant of inhibitory synapses",
);
pub(super) const TOLERANCE: Parameter = Parameter::value(
    "gsl_error_tol",
    Dimension::Number,
    1e-6,
    Range::Between(1e-13, 1e-2),
    "error of V in mV plus error of w in pA tolerated in a sub-step",
);

/// Mistakes between parameters that the adaptive exponential models share.
pub(super) fn check(arguments: &Arguments) -> Vec<Complaint> {
    let bounds = |name: &str| arguments.quantity(name).bounds();
    let mut complaints = Vec::new();
    if bounds("V_peak").0 < bounds("V_th").1 {
        complaints.push(
            Complaint::about("V_peak", "V_peak is below V_th")
                .help("a spike initiates at V_th and ends at V_peak; raise V_peak (0 mV is usual)"),
        );
    }
    let (spike, meaning) = if bounds("Delta_T").0 > 0.0 {
        ("V_peak", "a spike ends at V_peak")
    } else {
        ("V_th", "V_th is the threshold when Delta_T is 0")
    };
    if bounds("V_reset").1 >= bounds(spike).0 {
        complaints.push(
            Complaint::about("V_reset", format!("V_reset is not below {spike}"))
                .help(format!("{meaning}, and V is then put to V_reset; lower V_reset")),
        );
    }
    complaints
}
