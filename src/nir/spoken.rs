//! Populations in NIR's words: which kind of node they are, with which numbers, under which choices.

use super::dialect::Threshold;
use super::neurons::Parameters;
use recordings::hdf5::nir::{Array, Field, Node};
use sim_core::math::{exp, expm1};
use sim_core::network::{Network, Population};

/// A population as a node.
#[derive(Clone, Debug)]
pub enum Spoken {
    /// It repeats its input: an `Input`.
    Input,
    /// It adds up what arrives: an `Output`.
    Readout,
    /// A node with a state.
    Neurons(Box<Neurons>),
}

/// A node with a state, and what NIR does not say of it.
#[derive(Clone, Debug)]
pub struct Neurons {
    /// The node.
    pub node: Node,
    /// Constant input of each neuron.
    pub bias: Vec<f64>,
    /// Its numbers, and the choices that they hold under.
    pub parameters: Parameters,
}

/// Says a population in NIR's words.
///
/// # Errors
/// Why it cannot be said.
pub fn spoken(network: &Network, population: &Population, threshold: Threshold) -> Result<Spoken, String> {
    let of = Of { network, population };
    let (parameters, bias) = match population.neuron.model.name {
        "Parrot" => return Ok(Spoken::Input),
        "IafPscPulse" => pulse(&of),
        "IafPscDelta" => delta(&of)?,
        "IafPscExp" => exponential(&of)?,
        "IafLinear" => linear(&of)?,
        "CubaLif" => cuba(&of)?,
        _ => return Err("NIR has perfect and leaky integrate-and-fire neurons only".into()),
    };
    let adds_up = parameters.v_th.is_none() && is(&parameters.tau_m, 0.0) && parameters.tau_syn.is_none();
    if adds_up && all(&parameters.r, 1.0) && all(&parameters.w_in, 1.0) && all(&parameters.v_leak, 0.0) {
        return Ok(Spoken::Readout);
    }
    let node = node(&parameters, threshold)?;
    Ok(Spoken::Neurons(Box::new(Neurons { node, bias, parameters })))
}

/// Looks up the numbers of a population.
struct Of<'a> {
    network: &'a Network,
    population: &'a Population,
}

impl Of<'_> {
    /// A parameter of every neuron, drawn as machines draw it.
    fn each(&self, name: &str) -> Vec<f64> {
        let quantity = self.population.neuron.arguments.quantity(name);
        let key = self.network.key("parameter").named(&self.population.name).named(name);
        (0..u64::from(self.population.size)).map(|index| quantity.draw(key, index)).collect()
    }

    /// A function of several parameters of every neuron.
    fn made<const N: usize>(&self, names: [&str; N], of: impl Fn([f64; N]) -> f64) -> Vec<f64> {
        let columns = names.map(|name| self.each(name));
        (0..self.population.size as usize)
            .map(|place| of(std::array::from_fn(|n| columns[n][place])))
            .collect()
    }

    fn word(&self, name: &str) -> &'static str {
        self.population.neuron.arguments.word(name)
    }

    /// Nothing that NIR's neurons do not have: no refractory time, no lowest V.
    fn is_plain(&self) -> Result<(), String> {
        let has = |name: &str| self.population.neuron.arguments.table().iter().any(|p| p.name == name);
        if has("t_ref") && self.each("t_ref").iter().any(|t_ref| (t_ref / self.network.dt).round() > 0.0) {
            return Err("it is refractory, which NIR's neurons are not; t_ref: ms(0) can be said".into());
        }
        if has("V_min") && self.each("V_min").iter().any(|v_min| *v_min > f64::MIN) {
            return Err("it has a lowest V, which NIR's neurons do not have".into());
        }
        Ok(())
    }
}

fn pulse(of: &Of<'_>) -> (Parameters, Vec<f64>) {
    let flag = |name: &str| of.population.neuron.arguments.flag(name);
    let (tau_m, tau_syn) = (of.each("tau_m"), of.each("tau_syn"));
    let jump = of.word("arrivals") == "Jump";
    let leaks = tau_m.iter().any(|tau| *tau != f64::MAX);
    let filters = tau_syn.iter().any(|tau| *tau != 0.0);
    let r = of.each("R_m");
    let parameters = Parameters {
        // Without a leak, mV per pA and ms.
        r: if leaks || jump { r } else { r.into_iter().map(|r| inverse(r, 1e-3)).collect() },
        tau_m: leaks.then(|| seconds(tau_m)),
        tau_syn: filters.then(|| seconds(tau_syn)),
        w_in: of.each("w_in"),
        v_leak: of.each("E_L"),
        v_th: flag("spikes").then(|| of.each("V_th")),
        v_reset: of.each("V_reset"),
        linear: of.word("reset") == "Linear",
        jump,
        euler: of.word("integration") == "Euler",
    };
    (parameters, of.each("I_e"))
}

/// An arrival moves V by w: a jump of a leaky neuron with r = 1. A constant current brings each step what it
/// has brought at its end.
fn delta(of: &Of<'_>) -> Result<(Parameters, Vec<f64>), String> {
    of.is_plain()?;
    let h = of.network.dt;
    let ones = vec![1.0; of.population.size as usize];
    let bias = of.made(["I_e", "tau_m", "C_m"], |[i_e, tau_m, c_m]| -i_e * tau_m / c_m * expm1(-h / tau_m));
    let parameters = Parameters {
        r: ones.clone(),
        tau_m: Some(seconds(of.each("tau_m"))),
        w_in: ones,
        v_leak: of.each("E_L"),
        v_th: Some(of.each("V_th")),
        v_reset: of.each("V_reset"),
        jump: true,
        ..Parameters::default()
    };
    Ok((parameters, bias))
}

/// An arrival moves the current by w, which moves V from the next step on: a jump, solved exactly.
fn exponential(of: &Of<'_>) -> Result<(Parameters, Vec<f64>), String> {
    of.is_plain()?;
    let (tau_ex, tau_in) = (of.each("tau_syn_ex"), of.each("tau_syn_in"));
    if tau_ex != tau_in {
        return Err("tau_syn_ex differs from tau_syn_in; NIR has one current".into());
    }
    let none = behind_the_filter(of)?;
    let parameters = Parameters {
        r: of.made(["tau_m", "C_m"], |[tau_m, c_m]| tau_m / c_m),
        tau_m: Some(seconds(of.each("tau_m"))),
        tau_syn: Some(seconds(tau_ex)),
        w_in: vec![1.0; none.len()],
        v_leak: of.each("E_L"),
        v_th: Some(of.each("V_th")),
        v_reset: of.each("V_reset"),
        jump: true,
        ..Parameters::default()
    };
    Ok((parameters, none))
}

fn linear(of: &Of<'_>) -> Result<(Parameters, Vec<f64>), String> {
    of.is_plain()?;
    let h = of.network.dt;
    let ones = vec![1.0; of.population.size as usize];
    let parameters = Parameters {
        r: ones.clone(),
        v_leak: vec![0.0; ones.len()],
        w_in: ones,
        v_th: Some(of.each("V_th")),
        v_reset: of.each("V_reset"),
        linear: of.word("reset") == "Linear",
        jump: true,
        ..Parameters::default()
    };
    Ok((parameters, of.made(["I_e", "C_m"], |[i_e, c_m]| i_e * (h / c_m))))
}

/// The chips' neuron takes forward steps of such a length that they keep what its decays keep.
fn cuba(of: &Of<'_>) -> Result<(Parameters, Vec<f64>), String> {
    of.is_plain()?;
    let h = of.network.dt;
    let (tau_m, tau_syn) = (of.each("tau_m"), of.each("tau_syn"));
    let leaks = tau_m.iter().any(|tau| *tau != f64::MAX);
    let filters = tau_syn.iter().any(|tau| *tau != 0.0);
    let bias = if filters { behind_the_filter(of)? } else { of.each("I_e") };
    let forward = |tau: f64| match tau {
        0.0 => h / 1e3,
        f64::MAX => f64::MAX,
        tau => h / 1e3 / (1.0 - exp(-h / tau)),
    };
    // A forward step brings r dt/tau_m of the current, a jump r of it, and the chip's neuron dt/C_m.
    let r = match filters {
        true if !leaks => return Err("it filters its current and does not leak; NIR's CubaLIF leaks".into()),
        true => of.made(["tau_m", "C_m"], |[tau_m, c_m]| forward(tau_m) * 1e3 / c_m),
        false => of.made(["C_m"], |[c_m]| h / c_m),
    };
    let parameters = Parameters {
        r,
        tau_m: leaks.then(|| tau_m.into_iter().map(forward).collect()),
        tau_syn: filters.then(|| tau_syn.into_iter().map(forward).collect()),
        w_in: vec![1.0; bias.len()],
        v_leak: of.each("E_L"),
        v_th: Some(of.each("V_th")),
        v_reset: of.each("E_L"),
        linear: false,
        jump: true,
        euler: leaks || filters,
    };
    Ok((parameters, bias))
}

/// No constant current, where NIR has room for one only before the filter.
fn behind_the_filter(of: &Of<'_>) -> Result<Vec<f64>, String> {
    let i_e = of.each("I_e");
    match i_e.iter().find(|i_e| **i_e != 0.0) {
        Some(i_e) => Err(format!("I_e is {i_e} pA; NIR's bias passes through tau_syn, this does not")),
        None => Ok(i_e),
    }
}

/// The node that has these numbers.
fn node(parameters: &Parameters, threshold: Threshold) -> Result<Node, String> {
    let Parameters { r, tau_m, tau_syn, w_in, v_leak, v_th, v_reset, linear, .. } = parameters;
    if *linear && !all(v_reset, 0.0) {
        return Err("its linear reset takes off V_th − V_reset; NIR's readers take off the threshold".into());
    }
    let mixed = |taus: &Option<Vec<f64>>, odd: f64| taus.as_ref().is_some_and(|taus| taus.contains(&odd));
    if mixed(tau_m, f64::MAX) {
        return Err("some of its neurons leak and some do not".into());
    }
    let field = |name: &'static str, values: &[f64]| (name, Field::Numbers(Array::list(values.to_vec())));
    let v_threshold = v_th.as_ref().map(|v| v.iter().map(|&v| threshold.of_reached(v)).collect::<Vec<f64>>());
    let folded: Vec<f64> =
        r.iter().zip(w_in).map(|(r, w_in)| if *w_in == 1.0 { *r } else { r * w_in }).collect();
    let ends = |mut fields: Vec<(&'static str, Field)>| {
        if let Some(v_threshold) = &v_threshold {
            fields.extend([field("v_threshold", v_threshold), field("v_reset", v_reset)]);
        }
        fields
    };
    match (tau_m, tau_syn, &v_threshold) {
        (Some(_), None, Some(v_threshold)) if is(tau_m, 0.0) => {
            let unit = all(&folded, 1.0) && all(v_leak, 0.0);
            unit.then(|| Node::new("Threshold", vec![field("threshold", v_threshold)]))
                .ok_or_else(|| "its tau_m is 0, and NIR's Threshold has neither R_m nor E_L".into())
        }
        (Some(tau), None, _) => {
            let fields = vec![field("tau", tau), field("r", &folded), field("v_leak", v_leak)];
            Ok(Node::new(if v_th.is_some() { "LIF" } else { "LI" }, ends(fields)))
        }
        (Some(tau_m), Some(tau_syn), _) => {
            let fields = vec![
                field("tau_mem", tau_m),
                field("tau_syn", tau_syn),
                field("r", r),
                field("v_leak", v_leak),
                field("w_in", w_in),
            ];
            Ok(Node::new(if v_th.is_some() { "CubaLIF" } else { "CubaLI" }, ends(fields)))
        }
        (None, None, _) if all(v_leak, 0.0) => {
            Ok(Node::new(if v_th.is_some() { "IF" } else { "I" }, ends(vec![field("r", &folded)])))
        }
        (None, None, _) => Err("nothing leaks, and V starts at E_L; NIR's IF starts at 0".into()),
        (None, Some(_), _) => Err("it filters its current and does not leak; NIR's CubaLIF leaks".into()),
    }
}

fn all(values: &[f64], one: f64) -> bool {
    values.iter().all(|value| *value == one)
}

fn is(values: &Option<Vec<f64>>, one: f64) -> bool {
    values.as_ref().is_some_and(|values| all(values, one))
}

fn seconds(ms: Vec<f64>) -> Vec<f64> {
    ms.into_iter().map(|ms| if ms == f64::MAX { ms } else { inverse(ms, 1e3) }).collect()
}

/// The number that times `factor` is `product`: of those beside each other that are, one that fits into single
/// precision, else the one that is written shortest, so that what was read is what is written.
fn inverse(product: f64, factor: f64) -> f64 {
    let near = product / factor;
    let beside =
        [near, near.next_down(), near.next_up(), near.next_down().next_down(), near.next_up().next_up()];
    let length = |value: f64| (f64::from(value as f32) != value, format!("{value:?}").len());
    // The factor 1e-3 is applied as a division on the way in.
    let back = |value: f64| if factor < 1.0 { value / (1.0 / factor) } else { value * factor };
    let fitting = beside.into_iter().filter(|value| back(*value) == product);
    fitting.min_by_key(|value| length(*value)).unwrap_or(near)
}
