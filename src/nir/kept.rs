//! What an import leaves beside the weights: the graph without its neurons.
//!
//! A network has edges where a graph had convolutions and pools. The graph that it came from is kept, with an
//! `Input` of its shape in the place of every node with a state, whose numbers are in the network. An export
//! uses it only if it still means the edges, delays and constant inputs that the network has.

use super::flat::Flat;
use super::lower::{Lowered, Role};
use recordings::hdf5::nir::{Array, Field, Graph, Node};

/// The group in the file of edges.
pub const KEPT: &str = "nir";

/// A graph without its neurons.
pub fn kept(flat: &Flat, lowered: &Lowered) -> Graph {
    let mut graph = flat.graph();
    for population in lowered.populations.iter().filter(|population| population.role == Role::Neurons) {
        let shape = population.shape.iter().map(|&length| length as f64).collect();
        graph.nodes[population.node].1 =
            Node::new("Input", vec![("shape", Field::Numbers(Array::list(shape)))]);
    }
    graph
}

/// The graph with its neurons again, each in the shape it had; nothing if one has gone or changed its size.
pub fn restored(mut kept: Graph, neurons: &[(String, Node)]) -> Option<Graph> {
    for (name, node) in neurons {
        let place = kept.nodes.iter_mut().find(|(own, _)| own == name)?;
        let shape: Vec<usize> =
            place.1.numbers("shape")?.values.iter().map(|&length| length as usize).collect();
        place.1 = shaped(node, &shape)?;
    }
    Some(kept)
}

/// The node with its lists in a shape; a list of another length has none.
fn shaped(node: &Node, shape: &[usize]) -> Option<Node> {
    let mut node = node.clone();
    let whole = node.kind.fields.iter().filter(|row| row.whole).map(|row| row.name);
    let whole: Vec<&str> = whole.collect();
    for (name, field) in &mut node.fields {
        let Field::Numbers(array) = field else { continue };
        if whole.contains(name) {
            continue;
        }
        if shape.iter().product::<usize>() != array.values.len() {
            return None;
        }
        array.shape = shape.to_vec();
    }
    Some(node)
}
