//! The same file and seed give the same bits: for any number of threads, any cut into epochs, any
//! order of what is listed, and across a checkpoint.

mod common;

use common::{live, load, network, resumed, shipped, table};
use sim_core::network::Network;
use sim_core::spike::Spike;
use std::sync::Arc;

/// The shipped networks, made short enough to be run many times.
const SHIPPED: [(&str, &[&str]); 8] = [
    ("first", &["simulation.duration=ms(300)"]),
    ("brunel", &["simulation.duration=ms(150)"]),
    ("brunel_stdp", &["simulation.duration=ms(120)"]),
    ("cuba", &["simulation.duration=ms(600)"]),
    ("coba", &["simulation.duration=ms(600)"]),
    ("microcircuit", &["simulation.duration=ms(600)", "scale=0.1"]),
    ("scale_free", &["simulation.duration=ms(200)"]),
    ("sparse", &["simulation.duration=ms(200)"]),
];

fn spikes(network: &Arc<Network>, threads: usize, most: i64) -> Vec<Spike> {
    live(&mut *load(network, threads), network.duration, most)
}

#[test]
fn shipped_networks_spike_alike_on_1_2_3_and_8_threads() {
    for (name, settings) in SHIPPED {
        let network = network(&shipped(name), settings);
        let alone = spikes(&network, 1, i64::MAX);
        assert!(alone.len() > 100, "{name} fired {} spikes only", alone.len());
        for threads in [2, 3, 8] {
            assert!(alone == spikes(&network, threads, i64::MAX), "{name} differs on {threads} threads");
        }
    }
}

#[test]
fn the_order_of_populations_projections_and_stimuli_does_not_matter() {
    for (name, settings) in SHIPPED {
        let text = shipped(name);
        let forward = network(&text, settings);
        let turned =
            ["populations", "projections", "stimuli"].iter().fold(text, |text, list| reversed(&text, list));
        let backward = network(&turned, settings);
        assert_ne!(forward.listed(), backward.listed(), "{name} was not turned round");
        let (a, b) = (spikes(&forward, 2, i64::MAX), spikes(&backward, 2, i64::MAX));
        assert!(table(&forward, &a) == table(&backward, &b), "{name} depends on the order of its lists");
    }
}

#[test]
fn a_run_resumed_from_a_checkpoint_on_other_threads_ends_with_the_same_bits() {
    for (name, settings) in SHIPPED {
        let network = network(&shipped(name), settings);
        let whole = spikes(&network, 2, i64::MAX);
        let parts = resumed(&network, [2, 3], network.duration / 2 + 7, i64::MAX);
        assert!(whole == parts, "{name} went on differently");
    }
}

#[test]
fn the_cut_into_epochs_does_not_matter() {
    for (name, settings) in &SHIPPED[..3] {
        let network = network(&shipped(name), settings);
        assert!(spikes(&network, 2, i64::MAX) == spikes(&network, 2, 4), "{name} depends on its epochs");
    }
}

#[test]
fn plastic_weights_are_alike_on_any_thread_count() {
    let network =
        network(&shipped("brunel_stdp"), &["simulation.duration=ms(60)", "simulation.warm_up=ms(0)"]);
    let plastic = network.projections.iter().position(|projection| projection.plasticity.is_some()).unwrap();
    let weights = |threads: usize| {
        let mut machine = load(&network, threads);
        live(&mut *machine, network.duration, i64::MAX);
        let mut all = Vec::new();
        machine.weights(plastic, &mut |source, target, weight, delay| {
            all.push((source, target, weight.to_bits(), delay))
        });
        all
    };
    let alone = weights(1);
    assert_eq!(alone.len(), 10_000_000);
    assert!(alone == weights(3));
}

/// Digests of the first spikes of the shipped networks. They hold for debug and release builds and
/// for every processor; a change that moves them has to say why.
const DIGESTS: [(&str, &[&str], u64); 5] = [
    (
        "brunel",
        &[
            "simulation.duration=ms(30)",
            "simulation.warm_up=ms(0)",
            "populations.E.size=2000",
            "populations.I.size=500",
        ],
        0x060e_8a85_0bc8_5da9,
    ),
    (
        "brunel_stdp",
        &[
            "simulation.duration=ms(30)",
            "simulation.warm_up=ms(0)",
            "populations.E.size=2000",
            "populations.I.size=500",
        ],
        0xccd8_6791_5a21_f3d4,
    ),
    ("cuba", &["simulation.duration=ms(50)", "simulation.warm_up=ms(0)"], 0x15f9_f7f8_1160_c963),
    ("coba", &["simulation.duration=ms(50)", "simulation.warm_up=ms(0)"], 0xead1_68e5_7c1e_cebe),
    (
        "microcircuit",
        &["simulation.duration=ms(50)", "simulation.warm_up=ms(0)", "scale=0.1"],
        0x0d02_98f6_1439_cf35,
    ),
];

#[test]
fn spikes_have_the_same_bits_in_debug_and_release_builds_and_on_every_processor() {
    let mut moved = Vec::new();
    for (name, settings, expected) in DIGESTS {
        let network = network(&shipped(name), settings);
        let rows = table(&network, &spikes(&network, 2, i64::MAX));
        assert!(rows.len() > 50, "{name} fired {} spikes only", rows.len());
        let text: String =
            rows.iter().map(|(population, index, time)| format!("{population} {index} {time};")).collect();
        let digest = saltus::checkpoint::digest(text.as_bytes());
        if digest != expected {
            moved.push(format!("{name}: {digest:#x}"));
        }
    }
    assert!(moved.is_empty(), "the spikes have moved: {}", moved.join(", "));
}

/// The text with the items of one of its lists in reverse order.
fn reversed(text: &str, list: &str) -> String {
    let Some(start) = text.find(&format!("\n    {list}: [")).map(|at| at + list.len() + 8) else {
        return text.to_owned();
    };
    let (mut depth, mut items, mut item_start, mut end) = (0, Vec::new(), None, start);
    for (at, letter) in text[start..].char_indices() {
        match letter {
            '(' | '[' | '{' => {
                if depth == 0 {
                    item_start = Some(start + at);
                }
                depth += 1;
            }
            ')' | ']' | '}' if depth == 0 => {
                end = start + at;
                break;
            }
            ')' | ']' | '}' => {
                depth -= 1;
                if let (0, Some(from)) = (depth, item_start) {
                    items.push(&text[from..=start + at]);
                }
            }
            _ => {}
        }
    }
    let turned: Vec<&str> = items.into_iter().rev().collect();
    format!("{}\n{}\n    {}", &text[..start], turned.join(",\n"), &text[end..])
}
