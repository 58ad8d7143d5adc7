//! A core that grows: who shares most with what is on it already comes next.

use super::assignment::NOWHERE;
use super::heap::Heap;
use crate::chip::hypergraph::Hypergraph;

/// The vertices that share edges with a growing core, by how much they share.
pub struct Growth<'a> {
    graph: &'a Hypergraph,
    /// The last core that an edge was found to touch.
    touched_by: Vec<u32>,
    heap: Heap,
    /// What the last vertex adds to others, 0 between uses, and to whom.
    more: Vec<i64>,
    nearer: Vec<u32>,
}

impl<'a> Growth<'a> {
    /// No core has grown yet.
    pub fn new(graph: &'a Hypergraph) -> Self {
        Self {
            graph,
            touched_by: vec![NOWHERE; graph.edges()],
            heap: Heap::new(graph.vertices()),
            more: vec![0; graph.vertices()],
            nearer: Vec::new(),
        }
    }

    /// The next core begins.
    pub fn begin(&mut self) {
        self.heap.clear();
    }

    /// Whether nobody shares anything with the core.
    pub fn is_alone(&self) -> bool {
        self.heap.is_empty()
    }

    /// Takes the vertex that shares most with the core, of equals the first.
    pub fn next(&mut self) -> Option<u32> {
        self.heap.pop().map(|(vertex, _)| vertex)
    }

    /// A vertex has come to the core. An edge counts `score`; `cores` says who is somewhere already.
    pub fn add(&mut self, vertex: u32, core: u32, cores: &[u32], score: impl Fn(u32) -> i64) {
        for &edge in self.graph.edges_of(vertex) {
            if std::mem::replace(&mut self.touched_by[edge as usize], core) == core {
                continue;
            }
            let score = score(edge);
            for &pin in self.graph.pins(edge).iter().filter(|&&pin| cores[pin as usize] == NOWHERE) {
                let more = &mut self.more[pin as usize];
                if *more == 0 {
                    self.nearer.push(pin);
                }
                *more += score;
            }
        }
        for vertex in self.nearer.drain(..) {
            let more = std::mem::take(&mut self.more[vertex as usize]);
            self.heap.set(vertex, self.heap.key(vertex).unwrap_or(0) + more);
        }
    }
}
