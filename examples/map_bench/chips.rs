//! The same networks with all limits of the chips' cores.

use super::recipes::Recipe;
use backends::chip::hypergraph::Hypergraph;
use backends::chip::mesh::{Flows, Mesh, place};
use backends::chip::partition::{partition, sequential};
use backends::loihi::axons::Axons;
use backends::loihi::capacity::CoreCapacity;
use backends::loihi::compartment::Compartment;
use backends::loihi::limits::{LOIHI1, excesses, uses};
use backends::loihi::semantics::NENGO;
use backends::loihi::weights::{Signs, WeightFormat};
use backends::loihi::{network as loihi, place::place as loihi_place};
use backends::truenorth::core::Target;
use backends::truenorth::place::{Names, Placed, place as truenorth_place};
use backends::truenorth::{limits, network as truenorth};
use saltus::bench::clock::Clock;
use std::collections::BTreeSet;

/// The head of the table of Loihi.
pub const LOIHI_HEAD: &str = "| net | Mt-KaHyPar, 1,024 neurons a core or fewer and no other limit | cores | sequential | cores | Saltus | cores | began as | hops | s |\n|---|---|---|---|---|---|---|---|---|---|";

/// The head of the table of TrueNorth.
pub const TRUENORTH_HEAD: &str = "| net | Mt-KaHyPar, 256 neurons a core and no other limit | cores | Saltus | cores | copies | splitters | hops | s |\n|---|---|---|---|---|---|---|---|---|";

/// Ticks from a spike to its arrival on TrueNorth: enough for sources to be counted on their way, and for
/// splitters of splitters.
const DELAY: u8 = 5;

/// A network, its row begun with `head`, on one Loihi chip: every synapse has a weight of 8 bits and a delay of one step.
///
/// # Errors
/// The partition breaks a limit.
pub fn on_loihi(head: &str, recipe: &Recipe, graph: &Hypergraph, seed: u64) -> Result<String, String> {
    let synapse = |target| loihi::Synapse { target, mantissa: 1, delay: 1, format: 0 };
    let synapses: Vec<_> = recipe.synapses().map(|(source, target)| (source, synapse(target))).collect();
    let format = WeightFormat { bits: 8, signs: Signs::Excitatory, exponent: 0 };
    let neurons = recipe.targets.len();
    let compartments = vec![Compartment::default(); neurons];
    let network = loihi::Quantised::new(&NENGO, compartments, 0, vec![format], &synapses);
    let mesh = Mesh::LOIHI;
    let axons = Axons::of(&network, &LOIHI1);
    let capacity = CoreCapacity::new(&network, &LOIHI1, axons.clone(), mesh.cores());
    let used = |cores: &[u32]| cores.iter().collect::<BTreeSet<_>>().len();
    let in_order = sequential(graph, &capacity).ok();
    let in_order =
        in_order.map_or("– | –".into(), |cores| format!("{} | {}", graph.messages(&cores), used(&cores)));
    let mut clock = Clock::start();
    let before = clock.read();
    let Ok(found) = partition(graph, &capacity, seed) else {
        let why = loihi_place(&network, &LOIHI1, 1, seed).err().unwrap_or_default();
        return Ok(format!("{head} | {in_order} | refused: {why} | – | – | – | – |"));
    };
    let spent = clock.since(&before);
    if let Some(excess) = excesses(&LOIHI1, &uses(&network, &axons, &found.cores, mesh.cores())).first() {
        return Err(format!("{head}: {excess}"));
    }
    let hops = place(&Flows::of_partition(graph, &found.cores), &mesh, seed).hops;
    Ok(format!(
        "{head} | {in_order} | {} | {} | {} | {hops} | {:.1} |",
        found.messages,
        used(&found.cores),
        found.start,
        spent.cpu_s.unwrap_or(spent.wall_s),
    ))
}

/// Neurons by number.
struct Numbers;

impl Names for Numbers {
    fn neuron(&self, number: u32) -> String {
        format!("neuron {number} of the network")
    }
}

/// A network, its row begun with `head`, on one TrueNorth chip: every synapse has the weight 1 and a delay of [`DELAY`].
pub fn on_truenorth(head: &str, recipe: &Recipe, seed: u64) -> String {
    let synapse = |(source, target)| truenorth::Synapse { source, target, delay: DELAY, weight: 1 };
    let cell = truenorth::Cell { threshold: 1, reset: Some(0), ..truenorth::Cell::default() };
    let network = truenorth::Quantised {
        cells: vec![cell; recipe.targets.len()],
        synapses: recipe.synapses().map(synapse).collect(),
        inputs: Vec::new(),
    };
    let mut clock = Clock::start();
    let before = clock.read();
    let placed = match truenorth_place(&network, 1, &Numbers) {
        Ok(placed) => placed,
        Err(why) => return format!("{head} | refused: {} | – | – | – | – | – |", why.join(" ")),
    };
    let spent = clock.since(&before);
    let (graph, cores) = packets(&placed, &recipe.spikes);
    let hops = place(&Flows::of_partition(&graph, &cores), &Mesh::TRUENORTH, seed).hops;
    format!(
        "{head} | {}{} | {} | {} | {} | {hops} | {:.1} |",
        // How often gates fire depends on which spikes come together.
        if placed.counted.is_some() { "at least " } else { "" },
        graph.messages(&cores),
        placed.cores.len(),
        placed.copies,
        placed.splitters,
        spent.cpu_s.unwrap_or(spent.wall_s),
    )
}

/// Who sends to which core how often: every place is a vertex, and its edge leads to the first place of the
/// core that it sends to. With the core of every place.
fn packets(placed: &Placed, spikes: &[u64]) -> (Hypergraph, Vec<u32>) {
    let places = placed.cores.len() * limits::NEURONS;
    let mut fired = vec![0; places];
    for (place, neuron) in placed.lives.iter().enumerate() {
        fired[place] = spikes.get(*neuron as usize).copied().unwrap_or(0);
    }
    let mut ends = Vec::new();
    let mut waiting: Vec<usize> = (0..places).filter(|&place| fired[place] > 0).collect();
    while let Some(place) = waiting.pop() {
        let (core, number) = (place / limits::NEURONS, place % limits::NEURONS);
        let Some(&Target::Axon { core: to, axon, .. }) = placed.cores[core].targets.get(number) else {
            continue;
        };
        let first = to as usize * limits::NEURONS;
        ends.push((place as u32, first as u32));
        // Cores of splitters come after those of neurons; what they are sent they repeat.
        if to as usize >= placed.feeds.len() {
            for splitter in placed.cores[to as usize].rows[usize::from(axon)].ones() {
                fired[first + splitter] = fired[place];
                waiting.push(first + splitter);
            }
        }
    }
    let cores = (0..places).map(|place| (place / limits::NEURONS) as u32).collect();
    (Hypergraph::of_synapses(places, ends.into_iter(), &fired), cores)
}
