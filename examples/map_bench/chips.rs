//! The same networks with the limits of the chips' cores.

use super::recipes::Recipe;
use backends::chip::hypergraph::Hypergraph;
use backends::chip::mesh::{Flows, Mesh, place};
use backends::chip::partition::{CoreLedger, CoreLimits, Fanin, Misfit, partition};
use backends::loihi::limits::words;
use std::sync::Arc;

/// The head of the table.
pub const HEAD: &str = "| net | Loihi: cores | messages | hops | TrueNorth crossbars: cores | messages | hops |\n|---|---|---|---|---|---|---|";

/// Loihi's core (Davies 2018).
const LOIHI: CoreLimits = CoreLimits { neurons: 1024, input_axons: 4096, words: 16_384, output_edges: 4096 };

/// Bits of a synapse there: a weight of 8 and the index of a compartment.
const SYNAPSE_BITS: u64 = 18;

/// TrueNorth's crossbar (Merolla 2014). What a neuron with several targets costs is the mapper's business.
const CROSSBAR: CoreLimits =
    CoreLimits { neurons: 256, input_axons: 256, words: u64::MAX, output_edges: usize::MAX };

/// A network on both.
pub fn row(name: &str, recipe: &Recipe, graph: &Hypergraph, seed: u64) -> String {
    let fanin = Arc::new(Fanin::of_synapses(recipe.targets.len(), recipe.synapses()));
    let memory = |_: u32, synapses: u32| words(u64::from(synapses), SYNAPSE_BITS);
    let loihi = CoreLedger::new(Mesh::LOIHI.cores(), LOIHI, Arc::clone(&fanin), memory);
    let crossbar = CoreLedger::new(Mesh::TRUENORTH.cores(), CROSSBAR, fanin, |_, _| 0);
    let mut cells = format!("| {name} |");
    for (mesh, found) in
        [(Mesh::LOIHI, partition(graph, &loihi, seed)), (Mesh::TRUENORTH, partition(graph, &crossbar, seed))]
    {
        match found {
            Ok(found) => {
                let flows = Flows::of_partition(graph, &found.cores);
                let hops = place(&flows, &mesh, seed).hops;
                cells += &format!(" {} | {} | {hops} |", flows.cores(), found.messages);
            }
            Err(misfit) => cells += &format!(" {} | – | – |", reason(misfit, recipe, &mesh)),
        }
    }
    cells
}

fn reason(misfit: Misfit, recipe: &Recipe, mesh: &Mesh) -> String {
    match misfit {
        Misfit::Alone { neuron } => {
            let sources = recipe.synapses().filter(|&(_, target)| target == neuron).count();
            format!("refused: neuron {neuron} hears {sources} sources, more than a core has axons")
        }
        Misfit::Full { placed, .. } => format!("refused: {} cores hold {placed} neurons only", mesh.cores()),
    }
}
