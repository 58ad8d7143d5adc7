//! Vertices on cores: what that costs and which limits it leaves, move by move.

use super::capacity::Capacity;
use super::members::Members;
use crate::chip::hypergraph::Hypergraph;

/// The core of a vertex that is on none.
pub const NOWHERE: u32 = u32::MAX;

/// A move is looked for in at most so many cores.
const LOOKS: usize = 4;

/// An assignment of the vertices of a level to cores.
pub struct Assignment<'a, C> {
    /// The level's hypergraph.
    pub graph: &'a Hypergraph,
    /// The core of each vertex.
    pub cores: Vec<u32>,
    /// Σ w (λ − 1) over the vertices that are on a core.
    pub messages: i64,
    /// Which neurons each vertex stands for.
    pub members: &'a Members,
    /// Cores `0..count` are used.
    pub count: usize,
    /// The limits, and what the cores hold.
    pub capacity: C,
    /// How many pins of an edge are on a core, [edge × cores + core].
    pins_on: Vec<u32>,
}

/// What a move changes for one edge and one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The edge.
    pub edge: u32,
    /// The core that was left or entered.
    pub core: u32,
    /// What changed there.
    pub what: What,
}

/// What a move changes on a core for an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The edge begins to touch the core: the vertex that moved is its only pin there.
    Touched,
    /// The edge touches the core no longer.
    Left,
    /// One pin is left on the core.
    Alone,
    /// The one pin that was on the core is no longer alone.
    Joined,
}

impl<'a, C: Capacity> Assignment<'a, C> {
    /// An assignment that fits into `capacity`, all of whose cores are empty. Vertices may be [`NOWHERE`].
    pub fn new(
        graph: &'a Hypergraph,
        members: &'a Members,
        capacity: &C,
        count: usize,
        cores: Vec<u32>,
    ) -> Self {
        let (mut capacity, mut messages) = (capacity.clone(), 0);
        for (vertex, &core) in (0..).zip(&cores).filter(|&(_, &core)| core != NOWHERE) {
            capacity.put(members.of(vertex), core);
        }
        let mut pins_on = vec![0; graph.edges() * count];
        for edge in 0..graph.edges() as u32 {
            let on: &mut [u32] = &mut pins_on[edge as usize * count..][..count];
            for &pin in graph.pins(edge) {
                if let Some(on) = on.get_mut(cores[pin as usize] as usize) {
                    *on += 1;
                }
            }
            let touched = on.iter().filter(|&&pins| pins > 0).count() as i64;
            messages += graph.weight(edge) as i64 * (touched - 1).max(0);
        }
        Self { graph, cores, messages, members, count, capacity, pins_on }
    }

    /// How many pins of an edge are on each core.
    pub fn pins_on(&self, edge: u32) -> &[u32] {
        &self.pins_on[edge as usize * self.count..][..self.count]
    }

    /// The best move of a vertex that all limits allow, among its few best. `best(capacity, refused)` is the
    /// best of all, with its gain, that the quick look at rooms allows and that goes to none of `refused`.
    pub fn legal(
        &mut self,
        vertex: u32,
        best: impl Fn(&C, &[u32]) -> Option<(i64, u32)>,
    ) -> Option<(i64, u32)> {
        let own = self.cores[vertex as usize];
        let members = self.members.of(vertex);
        let first = best(&self.capacity, &[])?;
        // What fits while the vertex is still elsewhere fits all the more when it is not.
        if self.capacity.fits(members, first.1) {
            return Some(first);
        }
        if own != NOWHERE {
            self.capacity.take(members, own);
        }
        let (mut found, mut refused) = (Some(first), Vec::new());
        while let Some((_, core)) = found
            && !self.capacity.fits(members, core)
        {
            refused.push(core);
            // Who has a place need not look into every core for a better one.
            let go_on = own == NOWHERE || refused.len() < LOOKS;
            found = if go_on { best(&self.capacity, &refused) } else { None };
        }
        if own != NOWHERE {
            self.capacity.put(members, own);
        }
        found
    }

    /// Moves a vertex to another core, or from nowhere to its first, and adds what changes to `changes`.
    pub fn shift(&mut self, vertex: u32, to: u32, changes: &mut Vec<Change>) {
        let from = std::mem::replace(&mut self.cores[vertex as usize], to);
        let members = self.members.of(vertex);
        if from != NOWHERE {
            self.capacity.take(members, from);
        }
        self.capacity.put(members, to);
        let graph = self.graph;
        for &edge in graph.edges_of(vertex) {
            let weight = graph.weight(edge) as i64;
            let row = edge as usize * self.count;
            let arrived = &mut self.pins_on[row + to as usize];
            *arrived += 1;
            match *arrived {
                1 => {
                    changes.push(Change { edge, core: to, what: What::Touched });
                    self.messages += weight;
                }
                2 => changes.push(Change { edge, core: to, what: What::Joined }),
                _ => (),
            }
            if from == NOWHERE {
                let on_a_core = |&pin: &u32| pin != vertex && self.cores[pin as usize] != NOWHERE;
                // The first core that an edge touches costs nothing.
                self.messages -= if graph.pins(edge).iter().any(on_a_core) { 0 } else { weight };
                continue;
            }
            let stayed = &mut self.pins_on[row + from as usize];
            *stayed -= 1;
            match *stayed {
                0 => {
                    changes.push(Change { edge, core: from, what: What::Left });
                    self.messages -= weight;
                }
                1 => changes.push(Change { edge, core: from, what: What::Alone }),
                _ => (),
            }
        }
    }

    /// Whether every vertex is on a core.
    pub fn is_whole(&self) -> bool {
        !self.cores.contains(&NOWHERE)
    }
}
