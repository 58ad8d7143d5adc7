//! A directed graph in eight bytes an edge, on which petgraph's algorithms run.

use crate::graphs::rows::Rows;
use petgraph::Direction;
use petgraph::graph::DiGraph;
use petgraph::visit::{
    GraphBase, IntoNeighbors, IntoNeighborsDirected, IntoNodeIdentifiers, NodeCompactIndexable, NodeCount,
    NodeIndexable, Visitable,
};
use std::iter::Copied;
use std::ops::Range;
use std::slice::Iter;

/// A directed graph: the neighbours of every node, both ways. Parallel edges and loops may occur.
///
/// It has petgraph's traversal traits, so petgraph's algorithms take `&Digraph`; petgraph's own
/// [`DiGraph`] takes 24 bytes an edge and is made by `DiGraph::from(&digraph)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digraph {
    /// Sources by target.
    pub incoming: Rows,
    /// Targets by source.
    pub outgoing: Rows,
}

impl Digraph {
    /// The graph with these sources by target; every source must be below the number of targets.
    pub fn from_incoming(incoming: Rows) -> Self {
        let outgoing = incoming.transposed(incoming.rows());
        Digraph { incoming, outgoing }
    }

    /// The graph with these edges (source, target) between `nodes` nodes.
    pub fn from_edges(nodes: u32, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        Digraph::from_incoming(Rows::from_edges(nodes, edges.map(|(source, target)| (target, source))))
    }

    /// How many nodes.
    pub fn nodes(&self) -> u32 {
        self.incoming.rows()
    }

    /// How many edges.
    pub fn edges(&self) -> usize {
        self.incoming.entries()
    }

    /// The other nodes joined to a node, ascending, each once, with the ways that edges run: to the
    /// node, from it, or both.
    pub fn joined(&self, node: u32) -> impl Iterator<Item = Joined> + '_ {
        let mut sources = distinct(self.incoming.row(node), node).peekable();
        let mut targets = distinct(self.outgoing.row(node), node).peekable();
        std::iter::from_fn(move || {
            let next = match (sources.peek(), targets.peek()) {
                (None, None) => return None,
                (Some(&node), None) | (None, Some(&node)) => node,
                (Some(&source), Some(&target)) => source.min(target),
            };
            let from = sources.next_if_eq(&next).is_some();
            let to = targets.next_if_eq(&next).is_some();
            Some(Joined { node: next, mutual: from && to })
        })
    }
}

/// A node joined to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Which.
    pub node: u32,
    /// Whether edges run both ways.
    pub mutual: bool,
}

/// The entries of a sorted row, each once and without the node itself.
fn distinct(row: &[u32], node: u32) -> impl Iterator<Item = u32> + '_ {
    row.chunk_by(|a, b| a == b).map(|same| same[0]).filter(move |&other| other != node)
}

impl From<&Digraph> for DiGraph<(), ()> {
    fn from(graph: &Digraph) -> Self {
        let mut made = DiGraph::with_capacity(graph.nodes() as usize, graph.edges());
        for _ in 0..graph.nodes() {
            made.add_node(());
        }
        made.extend_with_edges(graph.outgoing.edges());
        made
    }
}

impl GraphBase for Digraph {
    type NodeId = u32;
    type EdgeId = usize;
}

impl<'a> IntoNeighbors for &'a Digraph {
    type Neighbors = Copied<Iter<'a, u32>>;

    fn neighbors(self, node: u32) -> Self::Neighbors {
        self.outgoing.row(node).iter().copied()
    }
}

impl<'a> IntoNeighborsDirected for &'a Digraph {
    type NeighborsDirected = Copied<Iter<'a, u32>>;

    fn neighbors_directed(self, node: u32, direction: Direction) -> Self::NeighborsDirected {
        match direction {
            Direction::Outgoing => self.outgoing.row(node).iter().copied(),
            Direction::Incoming => self.incoming.row(node).iter().copied(),
        }
    }
}

impl IntoNodeIdentifiers for &Digraph {
    type NodeIdentifiers = Range<u32>;

    fn node_identifiers(self) -> Range<u32> {
        0..self.nodes()
    }
}

impl NodeCount for Digraph {
    fn node_count(&self) -> usize {
        self.nodes() as usize
    }
}

impl NodeIndexable for Digraph {
    fn node_bound(&self) -> usize {
        self.nodes() as usize
    }

    fn to_index(&self, node: u32) -> usize {
        node as usize
    }

    fn from_index(&self, index: usize) -> u32 {
        index as u32
    }
}

impl NodeCompactIndexable for Digraph {}

impl Visitable for Digraph {
    type Map = <DiGraph<(), ()> as Visitable>::Map;

    fn visit_map(&self) -> Self::Map {
        Self::Map::with_capacity(self.nodes() as usize)
    }

    fn reset_map(&self, map: &mut Self::Map) {
        map.clear();
        map.grow(self.nodes() as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petgraph::algo::{is_cyclic_directed, kosaraju_scc};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn petgraphs_algorithms_see_the_same_graph_in_both_forms(
            edges in prop::collection::vec((0..12u32, 0..12u32), 0..30),
        ) {
            let compact = Digraph::from_edges(12, edges.into_iter());
            let own = DiGraph::from(&compact);
            let parts = |scc: Vec<Vec<usize>>| {
                let mut scc: Vec<Vec<usize>> = scc;
                scc.iter_mut().for_each(|part| part.sort_unstable());
                scc.sort_unstable();
                scc
            };
            let ours = kosaraju_scc(&compact).into_iter().map(|p| p.into_iter().map(|n| n as usize).collect());
            let theirs = kosaraju_scc(&own).into_iter().map(|p| p.into_iter().map(|n| n.index()).collect());
            prop_assert_eq!(parts(ours.collect()), parts(theirs.collect()));
            prop_assert_eq!(own.edge_count(), compact.edges());
            prop_assert_eq!(is_cyclic_directed(&own), petgraph::algo::toposort(&compact, None).is_err());
        }
    }

    #[test]
    fn joined_nodes_come_once_without_the_node_itself() {
        let graph = Digraph::from_edges(5, [(1, 1), (1, 0), (0, 1), (1, 3), (1, 3), (4, 1)].into_iter());
        let joined: Vec<(u32, bool)> = graph.joined(1).map(|j| (j.node, j.mutual)).collect();
        assert_eq!(joined, [(0, true), (3, false), (4, false)]);
    }
}
