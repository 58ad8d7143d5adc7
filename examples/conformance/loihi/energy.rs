//! Counts and energy of SANA-FE's description of the chip.

use super::super::case::{Case, Outcome, first_difference, number, numbers, tuples};
use super::list;
use super::nets::{Listed, network, run};
use backends::loihi::compartment::Compartment;
use backends::loihi::energy::{Counts, SynapseKind, Term, hops, sana_fe};
use backends::loihi::semantics::NENGO;
use serde_json::Value;
use std::collections::BTreeSet;

/// All cases of a file.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    let run = |case: &Value| {
        let outcome = Outcome::of(differs(case)?);
        let name = case["id"].as_str().unwrap_or_default().to_owned();
        Ok(Case { name, semantics: "SANA-FE".into(), outcome })
    };
    list(file, "cases")?.iter().map(run).collect()
}

/// Synapses of neurons and of inputs.
fn connections(case: &Value) -> Result<(Vec<Listed>, Vec<Listed>), String> {
    let (mut own, mut from_inputs) = (Vec::new(), Vec::new());
    for connection in list(case, "connections")? {
        let at = |place: usize| connection.get(place).and_then(Value::as_f64).map(|value| value as i64);
        let synapse = match (at(1), at(2), at(3)) {
            (Some(source), Some(target), Some(weight)) => [source, target, weight],
            _ => return Err("a connection is not a kind, a source, a target and a weight".into()),
        };
        let list = if connection[0] == "i" { &mut from_inputs } else { &mut own };
        list.push(synapse);
    }
    Ok((own, from_inputs))
}

/// What each source does with a spike: its core, the cores it goes to, its synapses' targets.
struct Source {
    core: u32,
    to: BTreeSet<u32>,
    targets: Vec<usize>,
}

fn sources(cores: &[i64], count: usize, of: &[i64], synapses: &[Listed]) -> Vec<Source> {
    let source = |source: usize| {
        let own = synapses.iter().filter(|synapse| synapse[0] == source as i64);
        let targets: Vec<usize> = own.map(|synapse| synapse[1] as usize).collect();
        let to = targets.iter().map(|&target| cores[target] as u32).collect();
        Source { core: of[source] as u32, to, targets }
    };
    (0..count).map(source).collect()
}

fn differs(case: &Value) -> Result<Option<String>, String> {
    let (neurons, inputs) = (number(case, "n")? as usize, number(case, "n_in")? as usize);
    let steps = number(case, "steps")?;
    let (own, from_inputs) = connections(case)?;
    let threshold = case["threshold"].as_f64().unwrap_or_default() as u32;
    let compartment = Compartment { threshold, ..Compartment::default() };
    let network = network(&NENGO, vec![compartment; neurons], 0, (&own, &from_inputs, inputs));
    let in_spikes: Vec<[i64; 2]> = tuples(case, "input_spikes")?;
    let arrivals: Vec<[i64; 2]> = in_spikes.iter().map(|&[step, input]| [step + 1, input]).collect();
    let trace = run(&network, steps, &arrivals)?;
    let (cores, of_inputs) = (numbers(case, "core_of_neuron")?, numbers(case, "core_of_input")?);
    let neuron_sources = sources(&cores, neurons, &cores, &own);
    let input_sources = sources(&cores, inputs, &of_inputs, &from_inputs);

    let mut counts = Counts { neuron_steps: neurons as u64 * steps as u64, ..Counts::default() };
    counts.spikes = trace.spikes.len() as u64;
    let mut per_step: [Vec<i64>; 4] = std::array::from_fn(|_| vec![0; steps as usize]);
    let mut arriving = vec![vec![false; neurons]; steps as usize + 1];
    let inputs = in_spikes.iter().map(|&[step, input]| (step, &input_sources[input as usize]));
    let all = trace.spikes.iter().map(|&[step, neuron]| (step, &neuron_sources[neuron as usize]));
    for (step, source) in inputs.chain(all) {
        let place = step as usize - 1;
        counts.send(source.core, source.to.iter().copied(), source.targets.len() as u64);
        let far = source.to.iter().map(|&to| hops(source.core, to)).map(|(x, y)| (x + y) as i64);
        let [fired, _, hops, events] = &mut per_step;
        fired[place] += 1;
        hops[place] += far.sum::<i64>();
        events[place] += source.targets.len() as i64;
        source.targets.iter().for_each(|&target| arriving[place + 1][target] = true);
    }
    for place in 0..steps as usize {
        let was = |neuron: usize| place > 0 && trace.v[place - 1][neuron] != 0;
        let updated = (0..neurons).filter(|&neuron| was(neuron) || arriving[place][neuron]).count();
        counts.updates += updated as u64;
        let firing = in_spikes.iter().filter(|[step, _]| *step as usize == place + 1).count();
        per_step[1][place] = (updated + firing) as i64;
    }
    compare(case, &trace.spikes, &per_step, &counts)
}

fn compare(
    case: &Value,
    spikes: &[[i64; 2]],
    per_step: &[Vec<i64>; 4],
    counts: &Counts,
) -> Result<Option<String>, String> {
    let expected = &case["expected"];
    let mut listed = tuples::<2>(expected, "spikes")?;
    listed.sort_unstable();
    if listed != spikes {
        return Ok(Some(format!("{} spikes, expected {}, or others", spikes.len(), listed.len())));
    }
    let names = ["fired", "updated", "hops", "synaptic_events"];
    for (name, found) in names.into_iter().zip(per_step) {
        if let Some(difference) = first_difference(name, 1, &numbers(expected, name)?, found) {
            return Ok(Some(difference));
        }
    }
    let totals = [("packets", counts.messages), ("hops_x", counts.hops_x), ("hops_y", counts.hops_y)];
    for (name, found) in totals {
        if expected[name].as_u64() != Some(found) {
            return Ok(Some(format!("{name} is {found}, expected {}", expected[name])));
        }
    }
    let kind = match case["synapse_unit"].as_str().unwrap_or_default() {
        unit if unit.contains("dense") => SynapseKind::Dense,
        unit if unit.contains("conv") => SynapseKind::Convolution,
        _ => SynapseKind::Sparse,
    };
    let bill = sana_fe(kind).bill(counts);
    let sum = |names: &[&str]| -> f64 {
        bill.iter().filter(|term| names.contains(&term.name)).map(Term::energy).sum()
    };
    let found = [
        ("soma", sum(&["neuron access", "neuron update", "spike out"])),
        ("synapse", sum(&["synaptic event"])),
        ("network", sum(&["message out", "hop east or west", "hop north or south"])),
        ("total", bill.iter().map(Term::energy).sum()),
    ];
    for (name, found) in found {
        let expected = expected["energy_pJ"][name].as_f64().unwrap_or(f64::NAN);
        if !((found - expected).abs() <= 1e-9 * expected.abs()) {
            return Ok(Some(format!("{name} energy is {found} pJ, expected {expected}")));
        }
    }
    Ok(None)
}
