//! A partition that changes move by move, and a table of what every move would gain.

use super::assignment::{Assignment, Change, NOWHERE, What};
use super::capacity::Capacity;
use crate::chip::hypergraph::Hypergraph;

/// An assignment of the vertices of a level to cores, with the tables that make a move cheap to judge.
pub struct State<'a, C> {
    /// Who is where.
    pub at: Assignment<'a, C>,
    gains: Gains,
    changes: Vec<Change>,
    changed: Vec<u32>,
    changed_in: Vec<u32>,
    round: u32,
}

/// What the gain of a move is made of: the edges that touch its core, and those that leave the present one.
struct Gains {
    count: usize,
    /// The weight of a vertex's edges that touch a core, [vertex × cores + core].
    touching: Vec<i64>,
    /// The weight of a vertex's edges of which it is the only pin on its core.
    leaving: Vec<i64>,
    /// The weight of a vertex's edges.
    all: Vec<i64>,
}

impl Gains {
    fn new<C: Capacity>(at: &Assignment<C>) -> Self {
        let (graph, count) = (at.graph, at.count);
        let vertices = graph.vertices();
        let all = |vertex| graph.edges_of(vertex).iter().map(|&edge| graph.weight(edge) as i64).sum();
        let all = (0..vertices as u32).map(all).collect();
        let mut gains = Self { count, touching: vec![0; vertices * count], leaving: vec![0; vertices], all };
        for edge in 0..graph.edges() as u32 {
            let (weight, on) = (graph.weight(edge) as i64, at.pins_on(edge));
            let touched: Vec<usize> = (0..count).filter(|&core| on[core] > 0).collect();
            for &pin in graph.pins(edge) {
                let row = &mut gains.touching[pin as usize * count..][..count];
                touched.iter().for_each(|&core| row[core] += weight);
                if on.get(at.cores[pin as usize] as usize) == Some(&1) {
                    gains.leaving[pin as usize] += weight;
                }
            }
        }
        gains
    }

    fn row(&self, vertex: u32) -> &[i64] {
        &self.touching[vertex as usize * self.count..][..self.count]
    }

    /// The best move of a vertex on core `own` to one that is allowed; `turn` settles which of equals comes
    /// first.
    fn best(&self, vertex: u32, own: u32, turn: u32, allowed: impl Fn(u32) -> bool) -> Option<(i64, u32)> {
        let row = self.row(vertex);
        let mut best: Option<(i64, u32)> = None;
        let first = turn as usize % self.count;
        for core in (first..self.count).chain(0..first) {
            let better = best.is_none_or(|(weight, _)| row[core] > weight);
            if better && core as u32 != own && allowed(core as u32) {
                best = Some((row[core], core as u32));
            }
        }
        best.map(|(weight, core)| (weight + self.leaving[vertex as usize] - self.all[vertex as usize], core))
    }
}

impl<'a, C: Capacity> State<'a, C> {
    /// The state of an assignment.
    pub fn new(at: Assignment<'a, C>) -> Self {
        let vertices = at.graph.vertices();
        let gains = Gains::new(&at);
        Self { at, gains, changes: Vec::new(), changed: Vec::new(), changed_in: vec![0; vertices], round: 0 }
    }

    /// Whether some edge of the vertex touches another core.
    pub fn on_boundary(&self, vertex: u32) -> bool {
        let own = self.at.cores[vertex as usize] as usize;
        self.gains.row(vertex).iter().enumerate().any(|(core, &weight)| core != own && weight > 0)
    }

    /// The best move of a vertex by the quick look at rooms; `turn` settles which of equals comes first.
    pub fn best_by_room(&self, vertex: u32, turn: u32) -> Option<(i64, u32)> {
        let (own, size) = (self.at.cores[vertex as usize], self.at.members.of(vertex).len());
        self.gains.best(vertex, own, turn, |core| self.at.capacity.room(core) >= size)
    }

    /// The best move of a vertex that all limits allow, among its few best.
    pub fn best_that_fits(&mut self, vertex: u32, turn: u32) -> Option<(i64, u32)> {
        let (own, size) = (self.at.cores[vertex as usize], self.at.members.of(vertex).len());
        let gains = &self.gains;
        self.at.legal(vertex, |capacity, refused| {
            let allowed = |core| capacity.room(core) >= size && !refused.contains(&core);
            gains.best(vertex, own, turn, allowed)
        })
    }

    /// Moves a vertex to another core, or from nowhere to its first. The vertices whose gains changed are
    /// then in [`State::changed`].
    pub fn shift(&mut self, vertex: u32, to: u32) {
        let mut changes = std::mem::take(&mut self.changes);
        self.at.shift(vertex, to, &mut changes);
        self.changed.clear();
        self.round += 1;
        self.changed_in[vertex as usize] = self.round;
        self.gains.leaving[vertex as usize] = 0;
        for Change { edge, core, what } in changes.drain(..) {
            let weight = self.at.graph.weight(edge) as i64;
            match what {
                What::Touched => {
                    self.gains.leaving[vertex as usize] += weight;
                    self.touch(edge, core, weight);
                }
                What::Left => self.touch(edge, core, -weight),
                What::Alone => self.tie(edge, vertex, core, weight),
                What::Joined => self.tie(edge, vertex, core, -weight),
            }
        }
        self.changes = changes;
    }

    /// An edge begins or ceases to touch a core.
    fn touch(&mut self, edge: u32, core: u32, weight: i64) {
        let graph: &Hypergraph = self.at.graph;
        for &pin in graph.pins(edge) {
            self.gains.touching[pin as usize * self.gains.count + core as usize] += weight;
            self.change(pin);
        }
    }

    /// The one other pin of an edge on a core becomes the only one, or ceases to be it.
    fn tie(&mut self, edge: u32, vertex: u32, core: u32, weight: i64) {
        let there = |&&pin: &&u32| pin != vertex && self.at.cores[pin as usize] == core;
        if let Some(&pin) = self.at.graph.pins(edge).iter().find(there) {
            self.gains.leaving[pin as usize] += weight;
            self.change(pin);
        }
    }

    fn change(&mut self, vertex: u32) {
        if self.changed_in[vertex as usize] != self.round {
            self.changed_in[vertex as usize] = self.round;
            self.changed.push(vertex);
        }
    }

    /// The vertices whose gains the last move changed, without the one that moved.
    pub fn changed(&self) -> &[u32] {
        &self.changed
    }

    /// Puts vertices that are nowhere where they fit best, if anywhere.
    pub fn place_rest(&mut self) {
        for vertex in 0..self.at.graph.vertices() as u32 {
            if self.at.cores[vertex as usize] == NOWHERE
                && let Some((_, core)) = self.best_that_fits(vertex, vertex)
            {
                self.shift(vertex, core);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::partition::NeuronCount;
    use crate::chip::partition::members::Members;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_up_move_by_move_is_what_a_fresh_state_finds(
            synapses in proptest::collection::vec((0..12_u32, 0..12_u32), 0..60),
            weights in proptest::collection::vec(0..50_u64, 12),
            start in proptest::collection::vec(0..5_u32, 12),
            moves in proptest::collection::vec((0..12_u32, 0..4_u32), 0..40),
        ) {
            let graph = Hypergraph::of_synapses(12, synapses.into_iter(), &weights);
            let members = Members::single(12);
            let capacity = NeuronCount::new(4, 12);
            // Core 4 stands for nowhere.
            let start = start.into_iter().map(|core| if core == 4 { NOWHERE } else { core }).collect();
            let state = |cores| State::new(Assignment::new(&graph, &members, &capacity, 4, cores));
            let mut kept = state(start);
            for (vertex, core) in moves {
                if kept.at.cores[vertex as usize] != core {
                    kept.shift(vertex, core);
                }
            }
            let fresh = state(kept.at.cores.clone());
            prop_assert_eq!(kept.at.messages, fresh.at.messages);
            prop_assert_eq!(&kept.gains.touching, &fresh.gains.touching);
            (0..graph.edges() as u32).for_each(|edge| assert_eq!(kept.at.pins_on(edge), fresh.at.pins_on(edge)));
            for vertex in (0..12).filter(|&vertex| kept.at.cores[vertex] != NOWHERE) {
                prop_assert_eq!(kept.gains.leaving[vertex], fresh.gains.leaving[vertex]);
            }
            if kept.at.is_whole() {
                prop_assert_eq!(kept.at.messages as u64, graph.messages(&kept.at.cores));
            }
        }
    }
}
