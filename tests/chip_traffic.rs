//! Traffic and energy of chips against an independent tool's counts.

use backends::chip::energy::{Activity, Bill, Event, LOIHI_SANAFE};
use backends::chip::mesh::Mesh;
use backends::chip::traffic::{Deliveries, Traffic};
use serde_json::Value;
use sim_core::spike::Spike;

fn numbers(list: &Value) -> Vec<i64> {
    list.as_array().expect("a list").iter().map(|entry| entry.as_i64().expect("a whole number")).collect()
}

/// The case's run: its packets, sites and spikes, inputs being the sources after the neurons.
fn traffic(case: &Value) -> Traffic {
    let neurons = case["n"].as_i64().expect("a count");
    let mut home = numbers(&case["core_of_neuron"]);
    home.extend(numbers(&case["core_of_input"]));
    let home: Vec<u32> = home.into_iter().map(|core| core as u32).collect();
    let synapses = case["connections"].as_array().expect("a list").iter().map(|row| {
        let source = row[1].as_i64().expect("a source") + if row[0] == "i" { neurons } else { 0 };
        (source as u32, row[2].as_u64().expect("a target") as u32)
    });
    let spike = |row: &Value, first: i64| {
        let row = numbers(row);
        Spike { step: row[0], lead: 0.0, neuron: (row[1] + first) as u32 }
    };
    let list =
        |list: &Value, first| list.as_array().expect("a list").iter().map(|row| spike(row, first)).collect();
    let mut spikes: Vec<Spike> = list(&case["expected"]["spikes"], 0);
    spikes.extend::<Vec<Spike>>(list(&case["input_spikes"], neurons));
    spikes.sort_by_key(|spike| (spike.step, spike.neuron));
    let sites: Vec<u32> = (0..Mesh::LOIHI.cores() as u32).collect();
    let deliveries = Deliveries::of_synapses(synapses, &home);
    Traffic::measure(&deliveries, &Mesh::LOIHI, &sites, &spikes, case["steps"].as_i64().expect("a count"))
}

#[test]
fn packets_hops_events_and_energy_are_those_of_sanafe() {
    let Some(shared) = std::env::var_os("SALTUS_SHARED") else {
        println!("skipped: SALTUS_SHARED is not set");
        return;
    };
    let path = std::path::Path::new(&shared).join("golden/open/loihi_energy_sanafe.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the file")).expect("JSON");
    for case in file["cases"].as_array().expect("cases") {
        let (traffic, expected) = (traffic(case), &case["expected"]);
        let figure = |name: &str| expected[name].as_u64().expect("a count");
        assert_eq!(traffic.total.packets(), figure("packets"), "{}", case["id"]);
        assert_eq!((traffic.total.hops_x, traffic.total.hops_y), (figure("hops_x"), figure("hops_y")));
        let steps = case["steps"].as_i64().expect("a count");
        let at = |step| {
            traffic
                .by_step
                .iter()
                .find(|counts| counts.step == step)
                .map(|found| found.counts)
                .unwrap_or_default()
        };
        let by_step = |of: fn(&backends::chip::traffic::Counts) -> u64| -> Vec<i64> {
            (1..=steps).map(|step| of(&at(step)) as i64).collect()
        };
        assert_eq!(by_step(|counts| counts.synaptic_events), numbers(&expected["synaptic_events"]));
        assert_eq!(by_step(|counts| counts.hops()), numbers(&expected["hops"]));
        assert_eq!(by_step(|counts| counts.spikes), numbers(&expected["fired"]));
        let (spikes, inputs) =
            (figure("n_spikes"), case["input_spikes"].as_array().expect("a list").len() as u64);
        let updated: i64 = numbers(&expected["updated"]).iter().sum();
        let activity = Activity {
            counts: traffic.total,
            neuron_steps: case["n"].as_u64().expect("a count") * steps as u64,
            active_updates: updated as u64 - inputs,
            neuron_spikes: spikes,
            ..Activity::default()
        };
        let bill = Bill::of(&LOIHI_SANAFE, &activity);
        let part = |events: &[Event]| -> f64 {
            bill.terms
                .iter()
                .filter(|term| events.contains(&term.price.event))
                .map(|term| term.picojoules())
                .sum()
        };
        let energy = |name: &str| expected["energy_pJ"][name].as_f64().expect("an energy");
        let near =
            |found: f64, name: &str| assert!((found / energy(name) - 1.0).abs() < 1e-9, "{name}: {found}");
        near(part(&[Event::NeuronStep, Event::ActiveUpdate, Event::Spike]), "soma");
        near(part(&[Event::Packet, Event::HopX, Event::HopY]), "network");
        if case["synapse_unit"] == "loihi_sparse_synapse" {
            near(bill.dynamic(), "total");
        }
    }
}
