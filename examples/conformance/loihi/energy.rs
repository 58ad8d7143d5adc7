//! Counts and energy of SANA-FE's description of the chip.

use super::super::case::{Case, Outcome, first_difference, number, numbers, tuples};
use super::list;
use super::nets::{Listed, network, run};
use backends::chip::energy::{Activity, Bill, Event, LOIHI_SANAFE, Term};
use backends::chip::mesh::Mesh;
use backends::chip::traffic::{Deliveries, Traffic};
use backends::loihi::compartment::Compartment;
use backends::loihi::semantics::NENGO;
use serde_json::Value;
use sim_core::spike::Spike;

/// All cases of a file.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    let run = |case: &Value| {
        let outcome = Outcome::of(differs(file, case)?);
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

fn differs(file: &Value, case: &Value) -> Result<Option<String>, String> {
    let (neurons, inputs) = (number(case, "n")? as usize, number(case, "n_in")? as usize);
    let steps = number(case, "steps")?;
    let (own, from_inputs) = connections(case)?;
    let threshold = case["threshold"].as_f64().unwrap_or_default() as u32;
    let compartment = Compartment { threshold, ..Compartment::default() };
    let network = network(&NENGO, vec![compartment; neurons], 0, (&own, &from_inputs, inputs));
    let in_spikes: Vec<[i64; 2]> = tuples(case, "input_spikes")?;
    let arrivals: Vec<[i64; 2]> = in_spikes.iter().map(|&[step, input]| [step + 1, input]).collect();
    let trace = run(&network, steps, &arrivals)?;

    let first = neurons as i64;
    let inputs = in_spikes.iter().map(|&[step, input]| [step, first + input]);
    let mut all: Vec<[i64; 2]> = trace.spikes.iter().copied().chain(inputs).collect();
    all.sort_unstable();
    let targets = |source: i64| {
        network.synapses[network.row(source as usize)].iter().map(|synapse| synapse.target as usize)
    };
    let mut arriving = vec![vec![false; neurons]; steps as usize + 1];
    for &[step, source] in &all {
        targets(source).for_each(|target| arriving[step as usize][target] = true);
    }
    let mut updates = Vec::new();
    for (place, arriving) in arriving.iter().enumerate().take(steps as usize) {
        let was = |neuron: usize| place > 0 && trace.v[place - 1][neuron] != 0;
        updates.push((0..neurons).filter(|&neuron| was(neuron) || arriving[neuron]).count() as i64);
    }

    let cores: Vec<u32> = [numbers(case, "core_of_neuron")?, numbers(case, "core_of_input")?]
        .concat()
        .into_iter()
        .map(|core| core as u32)
        .collect();
    let pairs = (0..network.sources()).flat_map(|source| {
        network.synapses[network.row(source)].iter().map(move |synapse| (source as u32, synapse.target))
    });
    let deliveries = Deliveries::of_synapses(pairs, &cores);
    let sites: Vec<u32> = (0..Mesh::LOIHI.cores() as u32).collect();
    let spike = |&[step, source]: &[i64; 2]| Spike { step, lead: 0.0, neuron: source as u32 };
    let spikes: Vec<Spike> = all.iter().map(spike).collect();
    let traffic = Traffic::measure(&deliveries, &Mesh::LOIHI, &sites, &spikes, steps);
    let activity = Activity {
        counts: traffic.total,
        neuron_steps: neurons as u64 * steps as u64,
        active_updates: updates.iter().sum::<i64>() as u64,
        neuron_spikes: trace.spikes.len() as u64,
        ..Activity::default()
    };
    if let Some(difference) = counts_differ(case, &trace.spikes, &in_spikes, &updates, &traffic)? {
        return Ok(Some(difference));
    }
    Ok(energy_differs(file, case, &activity))
}

fn counts_differ(
    case: &Value,
    spikes: &[[i64; 2]],
    in_spikes: &[[i64; 2]],
    updates: &[i64],
    traffic: &Traffic,
) -> Result<Option<String>, String> {
    let expected = &case["expected"];
    let mut listed = tuples::<2>(expected, "spikes")?;
    listed.sort_unstable();
    if listed != spikes {
        return Ok(Some(format!("{} spikes, expected {}, or others", spikes.len(), listed.len())));
    }
    let mut per_step = [(); 3].map(|()| vec![0; updates.len()]);
    for step in &traffic.by_step {
        let found = [step.counts.spikes, step.counts.hops(), step.counts.synaptic_events];
        per_step.iter_mut().zip(found).for_each(|(all, found)| all[step.step as usize - 1] = found as i64);
    }
    let [fired, hops, events] = per_step;
    let firing = |step: i64| in_spikes.iter().filter(|spike| spike[0] == step).count() as i64;
    let updated = (1..).zip(updates).map(|(step, updates)| updates + firing(step)).collect();
    let lists = [("fired", fired), ("updated", updated), ("hops", hops), ("synaptic_events", events)];
    for (name, found) in lists {
        if let Some(difference) = first_difference(name, 1, &numbers(expected, name)?, &found) {
            return Ok(Some(difference));
        }
    }
    let total = &traffic.total;
    let totals = [("packets", total.packets()), ("hops_x", total.hops_x), ("hops_y", total.hops_y)];
    let wrong = totals.into_iter().find(|(name, found)| expected[name].as_u64() != Some(*found));
    Ok(wrong.map(|(name, found)| format!("{name} is {found}, expected {}", expected[name])))
}

/// The file prices the kinds of synapses apart; our set has the price of sparse ones.
fn energy_differs(file: &Value, case: &Value, activity: &Activity) -> Option<String> {
    let unit = case["synapse_unit"].as_str().unwrap_or_default();
    let kind = ["dense", "conv"].into_iter().find(|kind| unit.contains(kind)).unwrap_or("sparse");
    let synapse = file["price_pJ"][format!("synapse_{kind}")].as_f64().unwrap_or(f64::NAN);
    let bill = Bill::of(&LOIHI_SANAFE, activity);
    let energy = |term: &Term| match term.price.event {
        Event::SynapticEvent => term.count as f64 * synapse,
        _ => term.picojoules(),
    };
    let sum = |events: &[Event]| -> f64 {
        bill.terms.iter().filter(|term| events.contains(&term.price.event)).map(energy).sum()
    };
    let found = [
        ("soma", sum(&[Event::NeuronStep, Event::ActiveUpdate, Event::Spike])),
        ("synapse", sum(&[Event::SynapticEvent])),
        ("network", sum(&[Event::Packet, Event::HopX, Event::HopY])),
        ("total", bill.terms.iter().map(energy).sum()),
    ];
    let expected = |name: &str| case["expected"]["energy_pJ"][name].as_f64().unwrap_or(f64::NAN);
    let off = |(name, found): &(&str, f64)| {
        let expected = expected(name);
        (found - expected).abs() > 1e-9 * expected.abs() || expected.is_nan()
    };
    let wrong = found.into_iter().find(off);
    wrong.map(|(name, found)| format!("{name} energy is {found} pJ, expected {}", expected(name)))
}
