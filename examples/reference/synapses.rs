//! Plastic synapses: the weight that every presynaptic spike carries.
//!
//! `synapses/<id>.json` with `<id>.csv` (windows), `<id>.weights.csv` and, for short-term
//! plasticity, `<id>.trace.csv`.

use crate::case::{Case, Compared, Csv, Findings, Problem, files, json};
use crate::neurons::numbers;
use crate::road::{Road, list, synapse, with_unit};
use crate::tolerance::Precision;
use serde_json::Value;
use sim_core::parameter::Kind;
use sim_core::synapse::SynapseModel;
use std::path::{Path, PathBuf};

/// A weight that no postsynaptic potential of a case comes near: it makes the target fire at will.
const FORCE: f64 = 1e7;

/// A synapse model, and what has to be said to choose it.
type Model = (&'static SynapseModel, &'static str);

/// All synapse cases of a folder.
pub fn cases(folder: &Path) -> Vec<Case> {
    let case = |path: PathBuf| {
        let name = format!("synapses/{}", path.file_stem().unwrap_or_default().to_string_lossy());
        Case::new(name, move |precision| compare(&path, precision))
    };
    files(&folder.join("synapses"), ".json").into_iter().map(case).collect()
}

fn compare(path: &Path, precision: Precision) -> Findings {
    let case = json(path)?;
    let stem = path.with_extension("");
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", stem.display()));
    let nest = case["nest_model"].as_str().unwrap_or_default();
    let model = synapse(nest)?;
    let mut given = case["parameters"].clone();
    given["tau_minus"] = case["tau_minus_ms"].clone();
    // Of the postsynaptic neuron, and not in the files: Pfister and Gerstner's 125 ms.
    if given["tau_minus_triplet"].is_null() {
        given["tau_minus_triplet"] = 125.0.into();
    }
    let (difference, count) = if beside(".trace.csv").exists() || !case["target"].is_null() {
        short_term(&case, model, &Csv::read(&beside(".weights.csv"))?, precision)?
    } else if beside(".csv").exists() {
        window(&case, model, &given, &Csv::read(&beside(".csv"))?, precision)?
    } else {
        let weights = Csv::read(&beside(".weights.csv"))?;
        let (pre, post) = (numbers(&case["pre_spikes_ms"])?, numbers(&case["post_spikes_ms"])?);
        let sent = weights_sent(&case, model, &given, (&pre, &post), precision)?;
        let expected = weights.column("weight_sent").ok_or("no weight_sent")?;
        (largest(&sent, &expected), expected.len())
    };
    let allowed = match precision {
        Precision::F64 => 1e-9,
        // A weight is kept in 24 bits, and some hundred updates round it.
        Precision::F32 => 2e-5,
    };
    Ok(Compared { difference, allowed, matched: count, expected: count, spikes_right: true })
}

/// The pair window: two presynaptic spikes, one postsynaptic spike at each of many distances.
fn window(
    case: &Value,
    model: Model,
    given: &Value,
    table: &Csv,
    precision: Precision,
) -> Result<(f64, usize), Problem> {
    let mut worst = 0.0f64;
    for row in &table.rows {
        let sent = weights_sent(case, model, given, (&[100.0, 900.0], &[100.0 + row[0]]), precision)?;
        worst = worst.max(largest(&sent, &row[1..3]));
    }
    Ok((worst, table.rows.len()))
}

/// The weight carried by each presynaptic spike.
fn weights_sent(
    case: &Value,
    model: Model,
    given: &Value,
    (pre, post): (&[f64], &[f64]),
    precision: Precision,
) -> Result<Vec<f64>, Problem> {
    let dt = 0.1;
    let early = |times: &[f64]| times.iter().map(|time| time - dt).collect::<Vec<f64>>();
    let end = pre.iter().chain(post).fold(0.0, |a: f64, b| a.max(*b)) + 10.0;
    let text = format!(
        "(format: 1,\n populations: [\n  (name: \"pre\", size: 1, model: Parrot()),\n  \
         (name: \"post\", size: 1, model: IafPscDelta(tau_m: ms(0.01), t_ref: ms(0.0), E_L: mV(0.0), V_reset: mV(0.0), V_th: mV({:?}))),\n ],\n \
         projections: [(name: \"plastic\", from: [\"pre\"], to: [\"post\"], rule: OneToOne, weight: mV({:?}), delay: ms({:?}), plasticity: {})],\n \
         stimuli: [\n  (name: \"pre spikes\", source: SpikeList(times: {}), to: [\"pre\"], weight: 1.0, delay: ms({dt:?})),\n  \
         (name: \"post spikes\", source: SpikeList(times: {}), to: [\"post\"], weight: mV({FORCE:?}), delay: ms({dt:?})),\n ],\n \
         simulation: (duration: ms({end:?}), dt: ms({dt:?}), seed: 1, precision: {}),\n)",
        FORCE / 10.0,
        given["weight"].as_f64().ok_or("no weight")?,
        case["delay_ms"].as_f64().unwrap_or(1.0),
        word(model, given, "mV")?,
        list("ms", &early(pre)),
        list("ms", &early(post)),
        precision.word(),
    );
    let mut road = Road::new(&text)?;
    let mut sent = Vec::new();
    for time in pre {
        road.live((time / dt).round() as i64);
        road.machine.weights(0, &mut |_, _, weight, _| sent.push(weight));
    }
    road.live((end / dt).round() as i64);
    let fired = road.spikes.len();
    if fired != pre.len() + post.len() {
        return Err(Problem::Broken(format!("{fired} spikes were made of {} and {}", pre.len(), post.len())));
    }
    Ok(sent)
}

/// Short-term plasticity: the jump of the synaptic current at each arrival.
fn short_term(
    case: &Value,
    model: Model,
    table: &Csv,
    precision: Precision,
) -> Result<(f64, usize), Problem> {
    let (dt, tau, delay) = (0.1, 3.0, case["delay_ms"].as_f64().unwrap_or(1.0));
    let pre = numbers(&case["pre_spikes_ms"])?;
    let early: Vec<f64> = pre.iter().map(|time| time - dt).collect();
    let end = pre.iter().fold(0.0, |a: f64, b| a.max(*b)) + 10.0;
    let text = format!(
        "(format: 1,\n populations: [\n  (name: \"pre\", size: 1, model: Parrot()),\n  \
         (name: \"post\", size: 1, model: IafPscExp(C_m: pF(250.0), tau_m: ms(10.0), E_L: mV(-70.0), V_reset: mV(-70.0), V_th: mV(1e6), tau_syn_ex: ms({tau:?}))),\n ],\n \
         projections: [(from: [\"pre\"], to: [\"post\"], rule: OneToOne, weight: pA({:?}), delay: ms({delay:?}), plasticity: {})],\n \
         stimuli: [(name: \"pre spikes\", source: SpikeList(times: {}), to: [\"pre\"], weight: 1.0, delay: ms({dt:?}))],\n \
         simulation: (duration: ms({end:?}), dt: ms({dt:?}), seed: 1, precision: {}),\n)",
        case["weight_pA"].as_f64().ok_or("no weight_pA")?,
        word(model, &case["parameters"], "pA")?,
        list("ms", &early),
        precision.word(),
    );
    let mut road = Road::new(&text)?;
    road.probe("post", &["I_syn_ex"], &[0])?;
    road.live((end / dt).round() as i64);
    let current = road.trace(0, 0);
    let decay = sim_core::math::exp(-dt / tau);
    let jump = |time: &f64| {
        let step = ((time + delay) / dt).round() as usize;
        current[step - 1] - current[step - 2] * decay
    };
    let found: Vec<f64> = pre.iter().map(jump).collect();
    let expected = table.column("effective_weight_pA").ok_or("no effective_weight_pA")?;
    Ok((largest(&found, &expected), expected.len()))
}

/// A synapse model as it stands in a network file, from NEST's parameters.
pub fn word((model, choice): Model, given: &Value, unit: &str) -> Result<String, Problem> {
    let mut out = String::new();
    let chosen = |name: &str| choice.starts_with(&format!("{name}:"));
    for parameter in model.parameters.iter().filter(|parameter| !chosen(parameter.name)) {
        // NEST's Wmax is the file's w_max, in the unit of the weight.
        let value = match parameter.name {
            "w_max" => &given["Wmax"],
            name => &given[name],
        };
        let said = match (value.as_f64(), parameter.kind) {
            (Some(value), Kind::Weight) => with_unit(unit, value),
            (Some(value), Kind::Quantity(dimension) | Kind::Value(dimension)) => {
                with_unit(dimension.base(), value)
            }
            _ => continue,
        };
        out += &format!("{}: {said}, ", parameter.name);
    }
    Ok(format!("{}({out}{choice})", model.name))
}

fn largest(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let relative = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(1e-12);
    found
        .iter()
        .zip(expected)
        .map(relative)
        .fold(0.0, |largest, d| if d.is_nan() { f64::INFINITY } else { f64::max(largest, d) })
}
