//! The partitioner and the placement beside the baselines of a file of networks.
//!
//! `cargo run --release --example map_bench -- FILE`

mod recipes;

use backends::chip::hypergraph::Hypergraph;
use backends::chip::partition::{NeuronCount, partition, sequential};
use serde_json::Value;
use std::time::Instant;

fn main() -> Result<(), String> {
    let path = std::env::args().nth(1).ok_or("usage: map_bench FILE")?;
    let only = std::env::args().nth(2);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    for net in file["nets"].as_array().ok_or("`nets` is no list")? {
        if only.as_ref().is_some_and(|only| net["name"].as_str() != Some(only)) {
            continue;
        }
        let recipe = recipes::build(net)?;
        let name = net["name"].as_str().unwrap_or("?");
        if format!("{:016x}", recipe.checksum()) != net["checksum"] {
            return Err(format!("{name}: the checksum is {:016x}", recipe.checksum()));
        }
        let graph = Hypergraph::of_synapses(recipe.targets.len(), recipe.synapses(), &recipe.spikes);
        for run in net["runs"].as_array().ok_or("`runs` is no list")? {
            let (limit, cores) =
                (run["core_capacity"].as_u64().unwrap() as usize, run["cores"].as_u64().unwrap() as usize);
            let capacity = NeuronCount::new(cores, limit);
            let seq = graph.messages(&sequential(&graph, &capacity).unwrap());
            let before = Instant::now();
            let found = partition(&graph, &capacity, 1).map_err(|misfit| format!("{name}: {misfit:?}"))?;
            let theirs = run["messages_mtkahypar"].as_f64().unwrap();
            println!(
                "{name:20} {limit:5} {cores:3} seq {seq} ({}) ours {} ({}) theirs {theirs} ratio {:.3} {:.2} s (theirs {})",
                run["messages_sequential"],
                found.messages,
                found.start,
                found.messages as f64 / theirs,
                before.elapsed().as_secs_f64(),
                run["mtkahypar_seconds"]
            );
        }
    }
    Ok(())
}
