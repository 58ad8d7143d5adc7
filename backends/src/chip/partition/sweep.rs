//! Refinement of dense hypergraphs: vertex after vertex goes where it gains most.
//!
//! Where an edge has pins on most cores, nearly every move changes what nearly all others would gain. It is
//! cheaper then to find the gains of a vertex anew when its turn comes than to keep a table of them.

use super::assignment::{Assignment, Change, NOWHERE};
use super::capacity::Capacity;
use super::coarsen::shuffle;
use super::refine::WORTH;
use multiversion::multiversion;
use sim_core::rng::Stream;

/// Lowers the messages of an assignment until no pass is worth it, and puts vertices that are nowhere where
/// they fit best, if anywhere. Never raises the messages of vertices that had a core.
pub fn sweep<C: Capacity>(at: &mut Assignment<C>, passes: usize, random: &mut Stream) {
    let mut order: Vec<u32> = (0..at.graph.vertices() as u32).collect();
    let mut visitor = Visitor { touching: vec![0; at.count], changes: Vec::new() };
    for _ in 0..passes {
        settle(at);
        shuffle(&mut order, random);
        let before = at.messages;
        order.iter().for_each(|&vertex| visitor.visit(at, vertex));
        if ((before - at.messages) as f64) < WORTH * before as f64 || before == 0 {
            break;
        }
    }
}

/// Puts vertices that are nowhere where they fit best, if anywhere.
pub fn settle<C: Capacity>(at: &mut Assignment<C>) {
    let mut visitor = Visitor { touching: vec![0; at.count], changes: Vec::new() };
    let homeless = |&vertex: &u32| at.cores[vertex as usize] == NOWHERE;
    let homeless: Vec<u32> = (0..at.graph.vertices() as u32).filter(homeless).collect();
    homeless.into_iter().for_each(|vertex| visitor.visit(at, vertex));
}

struct Visitor {
    /// The weight of a vertex's edges that touch each core.
    touching: Vec<i64>,
    changes: Vec<Change>,
}

impl Visitor {
    /// Moves a vertex to the core where it gains most, if it gains; from nowhere in any case.
    fn visit<C: Capacity>(&mut self, at: &mut Assignment<C>, vertex: u32) {
        let (own, size) = (at.cores[vertex as usize], at.members.of(vertex).len());
        let (mut all, mut leaving) = (0, 0);
        self.touching.fill(0);
        for &edge in at.graph.edges_of(vertex) {
            let (weight, on) = (at.graph.weight(edge) as i64, at.pins_on(edge));
            add_where_any(&mut self.touching, on, weight);
            all += weight;
            leaving += if on.get(own as usize) == Some(&1) { weight } else { 0 };
        }
        let touching = &self.touching;
        let found = at.legal(vertex, |capacity, refused| {
            let mut best = (if own == NOWHERE { i64::MIN } else { all - leaving }, None);
            for (core, &weight) in (0..).zip(touching) {
                let open = || core != own && capacity.room(core) >= size && !refused.contains(&core);
                if weight > best.0 && open() {
                    best = (weight, Some(core));
                }
            }
            best.1.map(|core| (best.0 + leaving - all, core))
        });
        if let Some((_, core)) = found {
            at.shift(vertex, core, &mut self.changes);
            self.changes.clear();
        }
    }
}

/// Adds a weight wherever there is any pin.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq", "x86_64+avx2"))]
fn add_where_any(sums: &mut [i64], pins: &[u32], weight: i64) {
    for (sum, &pins) in sums.iter_mut().zip(pins) {
        *sum += if pins > 0 { weight } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::hypergraph::Hypergraph;
    use crate::chip::partition::NeuronCount;
    use crate::chip::partition::members::Members;
    use proptest::prelude::*;
    use sim_core::rng::Key;

    proptest! {
        #[test]
        fn sweeps_place_everyone_and_never_raise_the_messages(
            synapses in proptest::collection::vec((0..20_u32, 0..20_u32), 0..120),
            weights in proptest::collection::vec(0..50_u64, 20),
            start in proptest::collection::vec(0..5_u32, 20),
            seed: u64,
        ) {
            let graph = Hypergraph::of_synapses(20, synapses.into_iter(), &weights);
            let members = Members::single(20);
            let mut random = Key::new(seed).stream(0);
            let mut at = Assignment::new(&graph, &members, &NeuronCount::new(5, 20), 5, start.clone());
            sweep(&mut at, 4, &mut random);
            prop_assert_eq!(at.messages as u64, graph.messages(&at.cores));
            prop_assert!(graph.messages(&at.cores) <= graph.messages(&start));
            let nobody = vec![NOWHERE; 20];
            let mut at = Assignment::new(&graph, &members, &NeuronCount::new(5, 4), 5, nobody);
            sweep(&mut at, 4, &mut random);
            prop_assert!(at.is_whole());
            prop_assert_eq!(at.messages as u64, graph.messages(&at.cores));
        }
    }
}
