//! Explicit networks: `networks/<id>/{network.json,nodes.csv,edges.csv,spikes.csv,vm.csv}`.

use crate::case::{Case, Compared, Csv, Findings, Problem, json};
use crate::neurons::parameters;
use crate::road::{Road, list, neuron, synapse, with_unit};
use crate::tolerance::{Precision, of_neuron};
use serde_json::Value;
use sim_core::neuron::NeuronModel;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// For this long, in ms, networks whose models are not linear have to be identical.
const IDENTICAL_FOR: f64 = 100.0;

/// All networks of a folder.
pub fn cases(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder.join("networks")).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.retain(|folder| folder.join("network.json").exists());
    folders.sort();
    let case = |folder: PathBuf| {
        let name = format!("networks/{}", folder.file_name().unwrap_or_default().to_string_lossy());
        Case::new(name, move |precision| compare(&folder, precision))
    };
    folders.into_iter().map(case).collect()
}

fn compare(folder: &Path, precision: Precision) -> Findings {
    let case = json(&folder.join("network.json"))?;
    let nest = case["nest_model"].as_str().unwrap_or_default();
    let model = neuron(nest)?;
    let dt = case["dt_ms"].as_f64().ok_or("no dt_ms")?;
    let stop = case["t_stop_ms"].as_f64().ok_or("no t_stop_ms")?;
    let edges = Csv::read(&folder.join("edges.csv"))?;
    let mut road = Road::new(&text(&case, folder, &edges, model, precision)?)?;
    let vm = Csv::read(&folder.join("vm.csv"))?;
    let nodes: Vec<u32> = vm.names[1..]
        .iter()
        .filter_map(|name| name.trim_start_matches("V_m_node").trim_end_matches("_mV").parse().ok())
        .collect();
    road.probe("n", &["V_m"], &nodes)?;

    // NEST has delivered all spikes but those of the last slice, one shortest delay long.
    let last_slice = (stop / dt).round() as i64 - road.machine.epoch();
    road.live(last_slice);
    let weights = folder.join("final_weights.csv");
    let weights =
        if weights.exists() { Some(weight_difference(&road, &Csv::read(&weights)?)?) } else { None };
    road.live((stop / dt).round() as i64);

    let linear = nest.starts_with("iaf_psc") && precision == Precision::F64;
    let horizon = if linear { stop } else { IDENTICAL_FOR };
    let spikes = Csv::read(&folder.join("spikes.csv"))?;
    let until_horizon = |spikes: Vec<(u32, f64)>| -> Vec<(u32, f64)> {
        let mut early: Vec<_> = spikes.into_iter().filter(|spike| spike.1 <= horizon).collect();
        early.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        early
    };
    let expected = until_horizon(spikes.rows.iter().map(|row| (row[1] as u32, row[0])).collect());
    let found = until_horizon(road.spikes.iter().map(|spike| (spike.neuron, spike.time(dt))).collect());
    let tolerance = of_neuron(nest, precision);
    let off_grid = nest.ends_with("_ps");
    let allowed = if off_grid { tolerance.off_grid } else { 1e-6 * dt };
    let same = |(a, b): &(&(u32, f64), &(u32, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= allowed;
    let matched = found.iter().zip(&expected).filter(same).count();
    let identical = found.len() == expected.len() && matched == expected.len();
    let spikes_right = match precision {
        Precision::F64 => identical,
        // Rounding to 24 bits moves single spikes by a step, and each moves others.
        Precision::F32 => {
            (found.len() as f64 - expected.len() as f64).abs() <= 0.05 * expected.len() as f64 + 2.0
        }
    };
    let voltage = match precision {
        Precision::F64 => vm_difference(&road, &vm, &tolerance, horizon, dt),
        Precision::F32 => 0.0,
    };
    let (difference, allowed) = match weights {
        Some(weight) if precision == Precision::F64 => (weight.max(voltage / tolerance.voltage * 1e-9), 1e-9),
        _ => (voltage, tolerance.voltage),
    };
    Ok(Compared { difference, allowed, matched, expected: expected.len(), spikes_right })
}

fn vm_difference(
    road: &Road,
    vm: &Csv,
    tolerance: &crate::tolerance::Tolerance,
    horizon: f64,
    dt: f64,
) -> f64 {
    let mut largest = 0.0f64;
    for node in 0..vm.names.len() - 1 {
        let trace = road.trace(0, node);
        for row in vm.rows.iter().filter(|row| row[0] <= horizon && row[node + 1] <= tolerance.below) {
            let step = (row[0] / dt).round() as usize;
            if let Some(value) = step.checked_sub(1).and_then(|step| trace.get(step)) {
                largest = largest.max((value - row[node + 1]).abs());
            }
        }
    }
    largest
}

/// Largest relative difference of the plastic weights.
fn weight_difference(road: &Road, reference: &Csv) -> Result<f64, Problem> {
    let plastic = road.network.projections.iter().position(|projection| projection.plasticity.is_some());
    let mut found = HashMap::new();
    road.machine.weights(plastic.ok_or("nothing is plastic")?, &mut |source, target, weight, _| {
        found.insert((source, target), weight);
    });
    let mut largest = 0.0f64;
    for row in &reference.rows {
        let weight = found.get(&(row[0] as u32, row[1] as u32)).ok_or("a plastic synapse is missing")?;
        largest = largest.max((weight - row[2]).abs() / row[2].abs().max(1e-12));
    }
    Ok(largest)
}

fn text(
    case: &Value,
    folder: &Path,
    edges: &Csv,
    model: &NeuronModel,
    precision: Precision,
) -> Result<String, Problem> {
    let nodes = Csv::read(&folder.join("nodes.csv"))?;
    let excitatory = case["n_exc"].as_f64().unwrap_or(f64::INFINITY);
    let unit = model.weight.base();
    let mut projections = String::new();
    if !case["plasticity"].is_null() {
        let rule = plasticity(&case["plasticity"], &case["parameters"], unit)?;
        projections += &projection(
            "plastic",
            edges,
            unit,
            |source| source < excitatory,
            &format!(", plasticity: {rule}"),
        );
        projections += &projection("static", edges, unit, |source| source >= excitatory, "");
    } else {
        projections += &projection("static", edges, unit, |_| true, "");
    }
    let mut given = case["parameters"].clone();
    if let Some(map) = given.as_object_mut() {
        map.remove("I_e");
    }
    let column =
        |name: &str| nodes.column(name).ok_or_else(|| Problem::Broken(format!("nodes.csv has no {name}")));
    let mut initial = format!("V_m: {}", list("mV", &column("V_m_initial_mV")?));
    // NEST starts U_m at b times its default of -65 mV, whatever V_m is set to.
    if let (true, Some(b)) = (model.states.iter().any(|state| state.name == "U_m"), given["b"].as_f64()) {
        let u =
            model.states.iter().find(|state| state.name == "U_m").map_or("", |state| state.dimension.base());
        initial += &format!(", U_m: {}", with_unit(u, b * -65.0));
    }
    Ok(format!(
        "(format: 1,\n populations: [(name: \"n\", size: {}, model: {}({}I_e: {}), initial: ({initial}))],\n \
         projections: [\n{projections}],\n \
         simulation: (duration: ms({:?}), dt: ms({:?}), seed: 1, precision: {}),\n)",
        nodes.rows.len(),
        model.name,
        parameters(&given, model),
        list("pA", &column("I_e_pA")?),
        case["t_stop_ms"].as_f64().unwrap_or(0.0),
        case["dt_ms"].as_f64().unwrap_or(0.1),
        precision.word(),
    ))
}

fn projection(name: &str, edges: &Csv, unit: &str, wanted: impl Fn(f64) -> bool, more: &str) -> String {
    let rows: Vec<&Vec<f64>> = edges.rows.iter().filter(|row| wanted(row[0])).collect();
    let pairs: Vec<String> = rows.iter().map(|row| format!("({}, {})", row[0], row[1])).collect();
    let column = |place: usize| rows.iter().map(|row| row[place]).collect::<Vec<f64>>();
    format!(
        "(name: \"{name}\", from: [\"n\"], to: [\"n\"], rule: List(pairs: [{}]), weight: {}, delay: {}{more}),\n",
        pairs.join(", "),
        list(unit, &column(2)),
        list("ms", &column(3)),
    )
}

/// A plastic synapse as it stands in a network file, from NEST's parameters.
fn plasticity(given: &Value, neuron: &Value, unit: &str) -> Result<String, Problem> {
    let nest = given["model"].as_str().unwrap_or_default();
    let mut all = given["parameters"].clone();
    all["tau_minus"] = neuron["tau_minus"].clone();
    all["tau_minus_triplet"] = neuron["tau_minus_triplet"].clone();
    crate::synapses::word(synapse(nest)?, &all, unit)
}
