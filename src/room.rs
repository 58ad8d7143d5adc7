//! Whether the graph of a network fits into memory, asked before rules make their recipes: some grow
//! their whole graph for it.

use backends::cpu::memory::shortage_of;
use sim_core::network::{Network, Projection};

/// Bytes that a synapse and a neuron take at the least in every form of a graph.
const SYNAPSE: f64 = 2.0;
const NEURON: f64 = 8.0;

/// Why the graph of a network cannot be held here, if so.
pub fn shortage(network: &Network) -> Option<String> {
    let expected = |projection: &Projection| {
        (projection.rule.expected)(&projection.arguments, &network.ends(projection))
    };
    let synapses: f64 = network.projections.iter().filter_map(expected).sum();
    let neurons = f64::from(network.neurons());
    let shortage = shortage_of(synapses * SYNAPSE + neurons * NEURON)?;
    Some(format!("a network of {neurons} neurons and {synapses:.3e} synapses is too large: {shortage}"))
}
