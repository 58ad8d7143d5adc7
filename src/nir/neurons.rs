//! Nodes with a state ↔ parameters of `IafPscPulse`.
//!
//! NIR's volts, amperes and ohms have no unit in practice; here 1 V of the file is 1 mV, 1 A is 1 pA, and 1 s
//! is 1 s. So numbers stay as they are, but for an r without a leak, V per A and s in a file and mV per pA and
//! ms in a network.

use super::dialect::{Dialect, Discretisation, Reset};
use super::linear::{size, spread, words};
use recordings::hdf5::nir::Node;

/// The parameters of a population, one number of each for every neuron.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Membrane resistance, or for kinds without a leak V per A and s.
    pub r: Vec<f64>,
    /// In s; absent where nothing leaks.
    pub tau_m: Option<Vec<f64>>,
    /// In s; absent where the current lasts one step.
    pub tau_syn: Option<Vec<f64>>,
    /// Multiplies the input.
    pub w_in: Vec<f64>,
    /// Where V leaks to.
    pub v_leak: Vec<f64>,
    /// What V has to reach; absent for neurons that do not spike.
    pub v_th: Option<Vec<f64>>,
    /// V after a spike.
    pub v_reset: Vec<f64>,
    /// Whether the threshold is taken off instead.
    pub linear: bool,
    /// Whether arrivals move the state by their whole weight.
    pub jump: bool,
    /// Whether a step is a forward step.
    pub euler: bool,
}

/// Whether a node has a state, and becomes a population.
pub fn is_neuron(kind: &str) -> bool {
    matches!(kind, "I" | "IF" | "LI" | "LIF" | "CubaLI" | "CubaLIF" | "Threshold")
}

/// Whether a node has a state but does not spike.
pub fn is_silent(kind: &str) -> bool {
    matches!(kind, "I" | "LI" | "CubaLI")
}

/// The shape of a node with a state: that of its arrays, if not all are single numbers.
///
/// # Errors
/// When two of them differ.
pub fn shape(node: &Node) -> Result<Option<&[usize]>, String> {
    let mut found: Option<(&str, &[usize])> = None;
    for row in node.kind.fields {
        let Some(array) = node.numbers(row.name) else { continue };
        match found {
            _ if array.shape.is_empty() => {}
            Some((first, shape)) if shape != array.shape => {
                // A single number is for all.
                if array.values.len() == 1 {
                    continue;
                }
                if size(shape)? != 1 {
                    let (a, b) = (words(shape), words(&array.shape));
                    return Err(format!("{first} is {a} and {} is {b}", row.name));
                }
                found = Some((row.name, &array.shape));
            }
            Some(_) => {}
            None => found = Some((row.name, &array.shape)),
        }
    }
    Ok(found.map(|(_, shape)| shape))
}

/// The parameters of the neurons of a node.
///
/// # Errors
/// A negative time constant, or a reset that is not below the threshold.
pub fn parameters(node: &Node, count: usize, dialect: &Dialect) -> Result<Parameters, String> {
    let kind = node.kind.name;
    let each = |name: &str| match node.numbers(name) {
        Some(array) => spread(array, count)
            .map(Some)
            .ok_or_else(|| format!("{name} is {}, for {count} neurons", words(&array.shape))),
        None => Ok(None),
    };
    let time = |name: &str| {
        let found = each(name)?;
        match found.iter().flatten().find(|tau| **tau < 0.0) {
            Some(tau) => Err(format!("{name} holds {tau}; a time constant is not negative")),
            None => Ok(found),
        }
    };
    let or = |found: Option<Vec<f64>>, default: f64| found.unwrap_or_else(|| vec![default; count]);
    let (jump, euler) = (dialect.jumps(kind), dialect.discretisation == Discretisation::Euler);
    let mut parameters = Parameters {
        r: or(each("r")?, 1.0),
        tau_m: time("tau")?.or(time("tau_mem")?),
        tau_syn: time("tau_syn")?,
        w_in: or(each("w_in")?, 1.0),
        v_leak: or(each("v_leak")?, 0.0),
        v_reset: vec![0.0; count],
        jump,
        euler,
        ..Parameters::default()
    };
    if is_silent(kind) {
        return Ok(parameters);
    }
    let threshold = each(if kind == "Threshold" { "threshold" } else { "v_threshold" })?;
    let v_th: Vec<f64> = or(threshold, 1.0).into_iter().map(|v| dialect.threshold.reached(v)).collect();
    if kind == "Threshold" {
        // It forgets V, so that any reset below the threshold will do.
        parameters.v_reset = v_th.iter().map(|v_th| (v_th - 1.0).min(0.0)).collect();
        return Ok(Parameters { tau_m: Some(vec![0.0; count]), v_th: Some(v_th), jump: false, ..parameters });
    }
    if dialect.reset == Reset::Value {
        parameters.v_reset = or(each("v_reset")?, 0.0);
    }
    parameters.linear = dialect.reset == Reset::Subtract;
    if let Some(place) = (0..count).find(|&place| parameters.v_reset[place] >= v_th[place]) {
        return Err(format!(
            "neuron {place} is reset to {}, which is not below its threshold {}",
            parameters.v_reset[place],
            dialect.threshold.of_reached(v_th[place])
        ));
    }
    Ok(Parameters { v_th: Some(v_th), ..parameters })
}
