//! Who hears whom, as a hypergraph: a neuron is a vertex, and a source with all its targets is one edge.
//!
//! A spike goes to a core once, however many targets it has there. So what placement costs is counted in
//! edges and the cores that they touch, not in pairs of neurons.

/// Vertices `0..vertices`, and edges with weights. Both directions are kept: the pins (vertices) of an edge,
/// ascending, and the edges of a vertex, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hypergraph {
    pin_starts: Vec<usize>,
    pins: Vec<u32>,
    weights: Vec<u64>,
    edge_starts: Vec<usize>,
    edges: Vec<u32>,
}

impl Hypergraph {
    /// The hypergraph of a list of synapses `(source, target)`, in any order, with any repetition. Edge `s`
    /// is that of source `s` and weighs `spikes[s]`; there are as many edges as entries of `spikes`. Sources
    /// from `neurons` on are inputs from outside: their edges are their targets alone.
    pub fn of_synapses<I>(neurons: usize, synapses: I, spikes: &[u64]) -> Self
    where
        I: Iterator<Item = (u32, u32)> + Clone,
    {
        let sources = spikes.len();
        let own = (0..neurons.min(sources)).map(|source| (source as u32, source as u32));
        let ends = own.chain(synapses);
        let (starts, mut pins) = grouped(sources, ends);
        let mut pin_starts = Vec::with_capacity(sources + 1);
        pin_starts.push(0);
        let mut end = 0;
        for edge in 0..sources {
            pins[starts[edge]..starts[edge + 1]].sort_unstable();
            let first = end;
            for place in starts[edge]..starts[edge + 1] {
                if end == first || pins[end - 1] != pins[place] {
                    pins[end] = pins[place];
                    end += 1;
                }
            }
            pin_starts.push(end);
        }
        pins.truncate(end);
        Self::new(neurons, pin_starts, pins, spikes.to_vec())
    }

    /// A hypergraph whose edge `e` has the pins `pins[pin_starts[e]..pin_starts[e + 1]]`, ascending without
    /// repetition, and the weight `weights[e]`.
    pub fn new(vertices: usize, pin_starts: Vec<usize>, pins: Vec<u32>, weights: Vec<u64>) -> Self {
        let ends = (0..weights.len()).flat_map(|edge| {
            pins[pin_starts[edge]..pin_starts[edge + 1]].iter().map(move |&vertex| (vertex, edge as u32))
        });
        let (edge_starts, edges) = grouped(vertices, ends);
        Self { pin_starts, pins, weights, edge_starts, edges }
    }

    /// How many vertices there are.
    pub fn vertices(&self) -> usize {
        self.edge_starts.len() - 1
    }

    /// How many edges there are.
    pub fn edges(&self) -> usize {
        self.weights.len()
    }

    /// How many pins all edges have together.
    pub fn all_pins(&self) -> usize {
        self.pins.len()
    }

    /// The vertices of an edge, ascending.
    pub fn pins(&self, edge: u32) -> &[u32] {
        &self.pins[self.pin_starts[edge as usize]..self.pin_starts[edge as usize + 1]]
    }

    /// What an edge weighs: the spikes of its source.
    pub fn weight(&self, edge: u32) -> u64 {
        self.weights[edge as usize]
    }

    /// The edges that a vertex is a pin of, ascending.
    pub fn edges_of(&self, vertex: u32) -> &[u32] {
        &self.edges[self.edge_starts[vertex as usize]..self.edge_starts[vertex as usize + 1]]
    }

    /// Messages between cores, Σ w (λ − 1), where λ is how many cores an edge touches and `cores[v]` is the
    /// core of vertex v.
    pub fn messages(&self, cores: &[u32]) -> u64 {
        let mut seen_by = vec![u32::MAX; cores.iter().max().map_or(0, |&core| core as usize + 1)];
        let mut messages = 0;
        for edge in 0..self.edges() as u32 {
            let mut touched = 0;
            for &vertex in self.pins(edge) {
                let seen = &mut seen_by[cores[vertex as usize] as usize];
                touched += u64::from(*seen != edge);
                *seen = edge;
            }
            messages += self.weight(edge) * touched.saturating_sub(1);
        }
        messages
    }
}

/// Pairs (group, member) sorted by group, in their order within a group: where each group starts, and all
/// members.
fn grouped<I>(groups: usize, pairs: I) -> (Vec<usize>, Vec<u32>)
where
    I: Iterator<Item = (u32, u32)> + Clone,
{
    let mut starts = vec![0; groups + 1];
    for (group, _) in pairs.clone() {
        starts[group as usize + 1] += 1;
    }
    for group in 0..groups {
        starts[group + 1] += starts[group];
    }
    let mut next = starts.clone();
    let mut members = vec![0; starts[groups]];
    for (group, member) in pairs {
        members[next[group as usize]] = member;
        next[group as usize] += 1;
    }
    (starts, members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_a_source_with_its_targets_once_each() {
        let synapses = [(1, 2), (0, 2), (1, 0), (1, 2), (3, 1), (2, 2)];
        let graph = Hypergraph::of_synapses(3, synapses.iter().copied(), &[5, 7, 1, 9]);
        assert_eq!((graph.vertices(), graph.edges(), graph.all_pins()), (3, 4, 7));
        assert_eq!(graph.pins(0), [0, 2]);
        assert_eq!(graph.pins(1), [0, 1, 2]);
        assert_eq!(graph.pins(2), [2]);
        assert_eq!(graph.pins(3), [1], "an input from outside is no vertex");
        assert_eq!(graph.edges_of(2), [0, 1, 2]);
        assert_eq!(graph.weight(1), 7);
    }

    #[test]
    fn messages_are_spikes_times_foreign_cores_touched() {
        let graph = Hypergraph::of_synapses(4, [(0, 1), (0, 2), (0, 3), (3, 0)].into_iter(), &[10, 1, 1, 3]);
        assert_eq!(graph.messages(&[0, 0, 0, 0]), 0);
        assert_eq!(graph.messages(&[0, 0, 1, 1]), 13);
        assert_eq!(graph.messages(&[0, 1, 2, 3]), 33);
    }
}
