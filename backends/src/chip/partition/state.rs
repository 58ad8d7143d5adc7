//! A partition that changes move by move, and what every move would gain.

use super::capacity::Capacity;
use crate::chip::hypergraph::Hypergraph;

/// The core of a vertex that is on none.
pub const NOWHERE: u32 = u32::MAX;

/// A move is looked for in at most so many cores.
const LOOKS: usize = 4;

/// Clusters of neurons: which neurons each vertex of a level stands for.
pub struct Members {
    starts: Vec<usize>,
    neurons: Vec<u32>,
}

impl Members {
    /// Every neuron a vertex.
    pub fn single(neurons: usize) -> Self {
        Self { starts: (0..=neurons).collect(), neurons: (0..neurons as u32).collect() }
    }

    /// The members of clusters of clusters.
    pub fn joined(&self, cluster_of: &[u32], clusters: usize) -> Self {
        let mut starts = vec![0; clusters + 1];
        for (vertex, &cluster) in cluster_of.iter().enumerate() {
            starts[cluster as usize + 1] += self.of(vertex as u32).len();
        }
        for cluster in 0..clusters {
            starts[cluster + 1] += starts[cluster];
        }
        let mut next = starts.clone();
        let mut neurons = vec![0; self.neurons.len()];
        for (vertex, &cluster) in cluster_of.iter().enumerate() {
            let members = self.of(vertex as u32);
            let first = next[cluster as usize];
            neurons[first..first + members.len()].copy_from_slice(members);
            next[cluster as usize] += members.len();
        }
        Self { starts, neurons }
    }

    /// The neurons of a vertex.
    pub fn of(&self, vertex: u32) -> &[u32] {
        &self.neurons[self.starts[vertex as usize]..self.starts[vertex as usize + 1]]
    }

    /// How many neurons each vertex stands for.
    pub fn sizes(&self) -> Vec<u32> {
        self.starts.windows(2).map(|ends| (ends[1] - ends[0]) as u32).collect()
    }
}

/// An assignment of the vertices of a level to cores, with the tables that make a move cheap to judge.
pub struct State<'a, C> {
    /// The level's hypergraph.
    pub graph: &'a Hypergraph,
    /// The core of each vertex.
    pub cores: Vec<u32>,
    /// Σ w (λ − 1) over the vertices that are on a core.
    pub messages: i64,
    members: &'a Members,
    capacity: C,
    count: usize,
    /// How many pins of an edge are on a core, [edge × cores + core].
    pins_on: Vec<u32>,
    /// The weight of a vertex's edges that touch a core, [vertex × cores + core].
    touching: Vec<i64>,
    /// The weight of a vertex's edges of which it is the only pin on its core.
    leaving: Vec<i64>,
    /// The weight of a vertex's edges.
    all: Vec<i64>,
    changed: Vec<u32>,
    changed_in: Vec<u32>,
    round: u32,
}

impl<'a, C: Capacity> State<'a, C> {
    /// The state of an assignment to cores `0..count` that fits into `capacity`, all of whose cores are empty.
    /// Vertices may be [`NOWHERE`].
    pub fn new(
        graph: &'a Hypergraph,
        members: &'a Members,
        capacity: &C,
        count: usize,
        cores: Vec<u32>,
    ) -> Self {
        let vertices = graph.vertices();
        let all = |vertex| graph.edges_of(vertex).iter().map(|&edge| graph.weight(edge) as i64).sum();
        let mut state = Self {
            graph,
            cores,
            messages: 0,
            members,
            capacity: capacity.clone(),
            count,
            pins_on: vec![0; graph.edges() * count],
            touching: vec![0; vertices * count],
            leaving: vec![0; vertices],
            all: (0..vertices as u32).map(all).collect(),
            changed: Vec::new(),
            changed_in: vec![0; vertices],
            round: 0,
        };
        state.fill_tables();
        state
    }

    fn fill_tables(&mut self) {
        for vertex in 0..self.graph.vertices() as u32 {
            let core = self.cores[vertex as usize];
            if core != NOWHERE {
                self.capacity.put(self.members.of(vertex), core);
            }
        }
        for edge in 0..self.graph.edges() as u32 {
            let weight = self.graph.weight(edge) as i64;
            let on = &mut self.pins_on[edge as usize * self.count..][..self.count];
            for &pin in self.graph.pins(edge) {
                if let Some(on) = on.get_mut(self.cores[pin as usize] as usize) {
                    *on += 1;
                }
            }
            let touched: Vec<usize> = (0..self.count).filter(|&core| on[core] > 0).collect();
            self.messages += weight * (touched.len() as i64 - 1).max(0);
            for &pin in self.graph.pins(edge) {
                let row = &mut self.touching[pin as usize * self.count..][..self.count];
                touched.iter().for_each(|&core| row[core] += weight);
                let core = self.cores[pin as usize] as usize;
                if on.get(core) == Some(&1) {
                    self.leaving[pin as usize] += weight;
                }
            }
        }
    }

    /// The cores of all vertices.
    pub fn into_cores(self) -> Vec<u32> {
        self.cores
    }

    /// Whether some edge of the vertex touches another core.
    pub fn on_boundary(&self, vertex: u32) -> bool {
        let row = &self.touching[vertex as usize * self.count..][..self.count];
        let own = self.cores[vertex as usize] as usize;
        row.iter().enumerate().any(|(core, &weight)| core != own && weight > 0)
    }

    /// The best move of a vertex by the quick look at rooms; `turn` settles which of equals comes first.
    pub fn best_by_room(&self, vertex: u32, turn: u32) -> Option<(i64, u32)> {
        let size = self.members.of(vertex).len();
        self.best(vertex, turn, |core| self.capacity.room(core) >= size)
    }

    /// The best move of a vertex that all limits allow, among its few best.
    pub fn best_that_fits(&mut self, vertex: u32, turn: u32) -> Option<(i64, u32)> {
        let own = self.cores[vertex as usize];
        let members = self.members.of(vertex);
        let first = self.best_by_room(vertex, turn)?;
        if own != NOWHERE {
            self.capacity.take(members, own);
        }
        let (mut best, mut refused) = (Some(first), Vec::new());
        while let Some((_, core)) = best
            && !self.capacity.fits(members, core)
        {
            refused.push(core);
            // Who has a place need not look into every core for a better one.
            let go_on = own == NOWHERE || refused.len() < LOOKS;
            let open = |core| self.capacity.room(core) >= members.len() && !refused.contains(&core);
            best = if go_on { self.best(vertex, turn, open) } else { None };
        }
        if own != NOWHERE {
            self.capacity.put(members, own);
        }
        best
    }

    fn best(&self, vertex: u32, turn: u32, allowed: impl Fn(u32) -> bool) -> Option<(i64, u32)> {
        let row = &self.touching[vertex as usize * self.count..][..self.count];
        let own = self.cores[vertex as usize];
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

    /// Moves a vertex to another core, or from nowhere to its first. The vertices whose gains changed are
    /// then in [`State::changed`].
    pub fn shift(&mut self, vertex: u32, to: u32) {
        let from = std::mem::replace(&mut self.cores[vertex as usize], to);
        let members = self.members.of(vertex);
        if from != NOWHERE {
            self.capacity.take(members, from);
        }
        self.capacity.put(members, to);
        self.changed.clear();
        self.round += 1;
        self.changed_in[vertex as usize] = self.round;
        self.leaving[vertex as usize] = 0;
        let graph = self.graph;
        for &edge in graph.edges_of(vertex) {
            self.shift_pin(edge, vertex, from, to);
        }
    }

    fn shift_pin(&mut self, edge: u32, vertex: u32, from: u32, to: u32) {
        let weight = self.graph.weight(edge) as i64;
        let row = edge as usize * self.count;
        let arrived = &mut self.pins_on[row + to as usize];
        *arrived += 1;
        match *arrived {
            1 => {
                self.leaving[vertex as usize] += weight;
                self.touch(edge, to, weight);
                self.messages += weight;
            }
            2 => self.tie(edge, vertex, to, -weight),
            _ => (),
        }
        if from == NOWHERE {
            let others =
                self.graph.pins(edge).iter().any(|&pin| pin != vertex && self.cores[pin as usize] != NOWHERE);
            // The first core that an edge touches costs nothing.
            self.messages -= if others { 0 } else { weight };
            return;
        }
        let stayed = &mut self.pins_on[row + from as usize];
        *stayed -= 1;
        match *stayed {
            0 => {
                self.touch(edge, from, -weight);
                self.messages -= weight;
            }
            1 => self.tie(edge, vertex, from, weight),
            _ => (),
        }
    }

    /// An edge begins or ceases to touch a core.
    fn touch(&mut self, edge: u32, core: u32, weight: i64) {
        let graph = self.graph;
        for &pin in graph.pins(edge) {
            self.touching[pin as usize * self.count + core as usize] += weight;
            self.change(pin);
        }
    }

    /// The one other pin of an edge on a core becomes the only one, or ceases to be it.
    fn tie(&mut self, edge: u32, vertex: u32, core: u32, weight: i64) {
        let graph = self.graph;
        let other = graph.pins(edge).iter().find(|&&pin| pin != vertex && self.cores[pin as usize] == core);
        if let Some(&pin) = other {
            self.leaving[pin as usize] += weight;
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

    /// Puts vertices that are nowhere where they fit best; false if some fit nowhere.
    pub fn place_rest(&mut self) -> bool {
        let mut all = true;
        for vertex in 0..self.graph.vertices() as u32 {
            if self.cores[vertex as usize] == NOWHERE {
                match self.best_that_fits(vertex, vertex) {
                    Some((_, core)) => self.shift(vertex, core),
                    None => all = false,
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::partition::NeuronCount;
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
            let mut state = State::new(&graph, &members, &capacity, 4, start);
            for (vertex, core) in moves {
                if state.cores[vertex as usize] != core {
                    state.shift(vertex, core);
                }
            }
            let fresh = State::new(&graph, &members, &capacity, 4, state.cores.clone());
            prop_assert_eq!(state.messages, fresh.messages);
            prop_assert_eq!(&state.touching, &fresh.touching);
            prop_assert_eq!(&state.pins_on, &fresh.pins_on);
            for vertex in (0..12).filter(|&vertex| state.cores[vertex] != NOWHERE) {
                prop_assert_eq!(state.leaving[vertex], fresh.leaving[vertex]);
            }
            if !state.cores.contains(&NOWHERE) {
                prop_assert_eq!(state.messages as u64, graph.messages(&state.cores));
            }
        }
    }
}
