//! What the integrate-and-fire models share: rows of their parameter tables, and the check that a
//! reset gets below threshold.

use crate::neurons::blocks::full_count;
use sim_core::parameter::{Arguments, Complaint, Default, Parameter, Range};
use sim_core::quantity::Quantity;
use sim_core::units::Dimension;

/// Membrane capacitance.
pub const C_M: Parameter =
    Parameter::quantity("C_m", Dimension::Capacitance, 250.0, Range::Positive, "membrane capacitance");
/// Membrane time constant.
pub const TAU_M: Parameter =
    Parameter::quantity("tau_m", Dimension::Time, 10.0, Range::Positive, "membrane time constant");
/// Refractory time.
pub const T_REF: Parameter = Parameter::quantity(
    "t_ref",
    Dimension::Time,
    2.0,
    Range::NotNegative,
    "time V_m stays at V_reset after a spike",
);
/// Resting potential.
pub const E_L: Parameter =
    Parameter::quantity("E_L", Dimension::Voltage, -70.0, Range::Any, "leak reversal potential");
/// Threshold.
pub const V_TH: Parameter =
    Parameter::quantity("V_th", Dimension::Voltage, -55.0, Range::Any, "spike threshold");
/// Reset at rest.
pub const V_RESET: Parameter =
    Parameter::quantity("V_reset", Dimension::Voltage, -70.0, Range::Any, "V_m after a spike");
/// Constant current.
pub const I_E: Parameter =
    Parameter::quantity("I_e", Dimension::Current, 0.0, Range::Any, "constant input current");
/// Lower bound of V; the default is the lowest number there is, which is no bound.
pub const V_MIN: Parameter =
    Parameter::quantity("V_min", Dimension::Voltage, f64::MIN, Range::Any, "lowest V_m; by default none");
/// Time constant of excitatory currents.
pub const TAU_SYN_EX: Parameter =
    Parameter::quantity("tau_syn_ex", Dimension::Time, 2.0, Range::Positive, "excitatory time constant");
/// Time constant of inhibitory currents.
pub const TAU_SYN_IN: Parameter =
    Parameter::quantity("tau_syn_in", Dimension::Time, 2.0, Range::Positive, "inhibitory time constant");

/// Leak conductance.
pub const G_L: Parameter =
    Parameter::quantity("g_L", Dimension::Conductance, 16.6667, Range::Positive, "leak conductance");
/// Reversal potential of excitatory conductances.
pub const E_EX: Parameter =
    Parameter::quantity("E_ex", Dimension::Voltage, 0.0, Range::Any, "excitatory reversal potential");
/// Reversal potential of inhibitory conductances.
pub const E_IN: Parameter =
    Parameter::quantity("E_in", Dimension::Voltage, -85.0, Range::Any, "inhibitory reversal potential");
/// [`V_RESET`] of the conductance-based models.
pub const V_RESET_HIGH: Parameter = Parameter { default: Default::Number(-60.0), ..V_RESET };
/// [`TAU_SYN_EX`] of the conductance-based models.
pub const TAU_SYN_EX_SHORT: Parameter = Parameter { default: Default::Number(0.2), ..TAU_SYN_EX };

/// Refuses a `low` parameter (a reset, a floor) that does not lie below the `high` one (a threshold).
pub fn below(arguments: &Arguments, low: &'static str, high: &'static str) -> Option<Complaint> {
    let (low_quantity, high_quantity) = (arguments.quantity(low), arguments.quantity(high));
    let (a, b) = match (&low_quantity, &high_quantity) {
        // Two lists are paired neuron by neuron.
        (Quantity::List(lows), Quantity::List(highs)) => {
            lows.iter().copied().zip(highs.iter().copied()).find(|(a, b)| a >= b)?
        }
        _ => (highest(&low_quantity), lowest(&high_quantity)),
    };
    if a < b {
        return None;
    }
    let constant = low_quantity.constant().is_some() && high_quantity.constant().is_some();
    let message = if constant {
        format!("{low} = {a} mV is not below {high} = {b} mV; the neuron would fire at every step")
    } else {
        format!(
            "{low} can be {a} mV, not below {high}, which can be {b} mV; such a neuron would fire at every step"
        )
    };
    Some(Complaint::about(low, message))
}

/// [`below`] for the parameters of most models.
pub fn reset_below_threshold(arguments: &Arguments) -> Vec<Complaint> {
    below(arguments, "V_reset", "V_th").into_iter().collect()
}

/// [`reset_below_threshold`], and the same for the floor V_min.
pub fn floor_and_reset_below_threshold(arguments: &Arguments) -> Vec<Complaint> {
    [below(arguments, "V_reset", "V_th"), below(arguments, "V_min", "V_th")].into_iter().flatten().collect()
}

/// The condition under which a leaky neuron is one that chips compute, which reset to where V leaks to.
pub fn reset_at_rest(of: &dyn Fn(&str) -> f64) -> Result<(), String> {
    let (v_reset, e_l) = (of("V_reset"), of("E_L"));
    if v_reset == e_l {
        return Ok(());
    }
    Err(format!("V_reset = {v_reset} mV differs from E_L = {e_l} mV; chips reset to rest"))
}

/// Steps in which V stays where it is after that of the spike.
pub fn refractory_steps(t_ref: f64, dt: f64) -> i64 {
    (full_count(t_ref, dt) - 1.0) as i64
}

/// The largest value that is drawn; where the tail is endless, the mean stands for it.
fn highest(quantity: &Quantity) -> f64 {
    let high = quantity.bounds().1;
    if high.is_finite() { high } else { quantity.mean() }
}

fn lowest(quantity: &Quantity) -> f64 {
    let low = quantity.bounds().0;
    if low.is_finite() { low } else { quantity.mean() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::parameter::Argument;

    static TABLE: &[Parameter] = &[V_TH, V_RESET];

    fn complaint(reset: Quantity, threshold: Quantity) -> Option<String> {
        let arguments = Arguments::defaults(TABLE)
            .with("V_reset", Argument::Quantity(reset))
            .with("V_th", Argument::Quantity(threshold));
        below(&arguments, "V_reset", "V_th").map(|complaint| complaint.message)
    }

    #[test]
    fn a_reset_at_or_above_threshold_is_refused_with_both_numbers() {
        let message = complaint(Quantity::Constant(21.0), Quantity::Constant(20.0)).unwrap();
        assert_eq!(message, "V_reset = 21 mV is not below V_th = 20 mV; the neuron would fire at every step");
        assert!(complaint(Quantity::Constant(20.0), Quantity::Constant(20.0)).is_some());
        assert!(complaint(Quantity::Constant(19.9), Quantity::Constant(20.0)).is_none());
    }

    #[test]
    fn distributions_are_compared_by_their_ends_and_endless_ones_by_their_means() {
        let uniform = |low, high| Quantity::Uniform { low, high };
        let normal = |mean| Quantity::Normal { mean, sd: 2.0, min: f64::NEG_INFINITY, max: f64::INFINITY };
        assert!(complaint(uniform(-70.0, -54.0), Quantity::Constant(-55.0)).is_some());
        assert!(complaint(uniform(-70.0, -56.0), Quantity::Constant(-55.0)).is_none());
        assert!(complaint(normal(-70.0), normal(-55.0)).is_none());
        assert!(complaint(normal(-50.0), normal(-55.0)).is_some());
    }

    #[test]
    fn lists_are_compared_neuron_by_neuron() {
        let list = |values: &[f64]| Quantity::List(values.into());
        assert!(complaint(list(&[-70.0, -40.0]), list(&[-55.0, -30.0])).is_none());
        assert!(complaint(list(&[-70.0, -30.0]), list(&[-55.0, -30.0])).is_some());
    }
}
