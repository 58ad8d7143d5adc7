//! Partition and placement beside the baselines of a file of networks, as the tables of `docs/mapping.md`.
//!
//! `cargo run --release --example map_bench -- FILE` (or `FILE NETWORK` for one network)

mod chips;
mod recipes;

use backends::chip::hypergraph::Hypergraph;
use backends::chip::mesh::{Flows, Mesh, place, row_major};
use backends::chip::partition::{Misfit, NeuronCount, Partition, partition, sequential};
use saltus::bench::clock::Clock;
use serde_json::Value;

/// The seeds of partitions; what is placed is the first's.
const SEEDS: [u64; 3] = [1, 2, 3];

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: map_bench FILE [NETWORK]")?;
    let only = arguments.next();
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let file: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
    let nets: Vec<&Value> = file["nets"]
        .as_array()
        .ok_or("`nets` is no list")?
        .iter()
        .filter(|net| only.as_ref().is_none_or(|only| net["name"] == only.as_str()))
        .collect();
    println!(
        "| net | limit → cores | sequential | Mt-KaHyPar | Saltus, seeds 1, 2, 3 | worst ratio | hops Mt-KaHyPar + SA | hops Saltus | s Mt-KaHyPar | s Saltus |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut built = Vec::new();
    for net in nets {
        let recipe = recipes::build(net)?;
        let name = net["name"].as_str().ok_or("a network without `name`")?;
        let checksum = format!("{:016x}", recipe.checksum());
        if net["checksum"] != checksum.as_str() {
            return Err(format!("{name}: the checksum is {checksum}, the file says {}", net["checksum"]));
        }
        let graph = Hypergraph::of_synapses(recipe.targets.len(), recipe.synapses(), &recipe.spikes);
        for run in net["runs"].as_array().ok_or("`runs` is no list")? {
            println!("{}", row(name, &graph, run)?);
        }
        built.push((net, recipe, graph));
    }
    println!("\n{}", chips::LOIHI_HEAD);
    for (net, recipe, graph) in &built {
        println!("{}", chips::on_loihi(&head(net, 1024), recipe, graph, SEEDS[0])?);
    }
    println!("\n{}", chips::TRUENORTH_HEAD);
    for (net, recipe, _) in &built {
        println!("{}", chips::on_truenorth(&head(net, 256), recipe, SEEDS[0]));
    }
    Ok(())
}

/// The name of a network and the baseline whose limit is nearest to this many neurons a core.
fn head(net: &Value, limit: u64) -> String {
    let off = |run: &&Value| run["core_capacity"].as_u64().map(|of| of.abs_diff(limit));
    let run = net["runs"].as_array().and_then(|runs| runs.iter().min_by_key(off)).unwrap_or(&Value::Null);
    let name = net["name"].as_str().unwrap_or_default();
    format!("| {name} | {} | {}", run["messages_mtkahypar"], run["cores"])
}

/// A network with so many neurons a core and no other limit.
fn row(name: &str, graph: &Hypergraph, run: &Value) -> Result<String, String> {
    let figure = |what: &str| run[what].as_f64().ok_or_else(|| format!("{name}: `{what}` is no number"));
    let (limit, cores) = (figure("core_capacity")? as usize, figure("cores")? as usize);
    let capacity = NeuronCount::new(cores, limit);
    let mut clock = Clock::start();
    let before = clock.read();
    let found: Result<Vec<Partition>, Misfit> =
        SEEDS.iter().map(|&seed| partition(graph, &capacity, seed)).collect();
    let found = found.map_err(|misfit| format!("{name}: {misfit:?}"))?;
    let spent = clock.since(&before);
    let seconds = spent.cpu_s.unwrap_or(spent.wall_s) / SEEDS.len() as f64;
    let in_order = sequential(graph, &capacity).map_err(|misfit| format!("{name}: {misfit:?}"))?;
    let in_order = graph.messages(&in_order);
    if figure("messages_sequential")? != in_order as f64 {
        return Err(format!(
            "{name}: {in_order} messages in order, the file says {}",
            run["messages_sequential"]
        ));
    }
    let shape =
        |axis: usize| run["mesh"][axis].as_u64().ok_or_else(|| format!("{name}: `mesh` has no shape"));
    let mesh = Mesh::plain(shape(0)? as u32, shape(1)? as u32);
    let flows = Flows::of_partition(graph, &found[0].cores);
    let placed = place(&flows, &mesh, SEEDS[0]);
    debug_assert!(placed.hops <= row_major(&flows, &mesh).hops);
    let theirs = figure("messages_mtkahypar")?;
    let messages: Vec<String> = found.iter().map(|found| found.messages.to_string()).collect();
    let worst = found.iter().map(|found| found.messages).max().unwrap_or(0);
    Ok(format!(
        "| {name} | {limit} → {cores} | {in_order} | {theirs} | {} | {:.3} | {} | {} | {} | {seconds:.2} |",
        messages.join(", "),
        worst as f64 / theirs,
        run["hops_mtkahypar_sa"],
        placed.hops,
        run["mtkahypar_seconds"],
    ))
}
