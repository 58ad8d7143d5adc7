//! The first partition of the coarsest hypergraph: cores that grow from random vertices.

use super::capacity::Capacity;
use super::heap::Heap;
use super::refine::refine;
use super::state::{Members, NOWHERE, State};
use crate::chip::hypergraph::Hypergraph;
use sim_core::rng::Stream;

/// The best of so many tries.
const TRIES: usize = 16;

/// Passes of refinement of a try.
const PASSES: usize = 3;

/// A partition of `graph` into cores `0..count`, as good as some tries make it. Vertices that fit nowhere are
/// [`NOWHERE`].
pub fn initial<C: Capacity>(
    graph: &Hypergraph,
    members: &Members,
    capacity: &C,
    count: usize,
    random: &mut Stream,
) -> Vec<u32> {
    let mut best: Option<(usize, i64, Vec<u32>)> = None;
    for turn in 0..TRIES {
        // Half of the tries fill the cores evenly, half as far as they go.
        let grown = grow(graph, members, capacity, count, turn % 2 == 0, random);
        let mut state = State::new(graph, members, capacity, count, grown);
        state.place_rest();
        refine(&mut state, PASSES, random);
        let left = state.cores.iter().filter(|&&core| core == NOWHERE).count();
        if best.as_ref().is_none_or(|best| (left, state.messages) < (best.0, best.1)) {
            best = Some((left, state.messages, state.into_cores()));
        }
    }
    best.map_or_else(Vec::new, |(_, _, cores)| cores)
}

/// Cores filled one after the other, each from a random vertex on with the vertex that shares most with it.
fn grow<C: Capacity>(
    graph: &Hypergraph,
    members: &Members,
    capacity: &C,
    count: usize,
    evenly: bool,
    random: &mut Stream,
) -> Vec<u32> {
    let vertices = graph.vertices();
    let mut capacity = capacity.clone();
    let mut cores = vec![NOWHERE; vertices];
    let mut heard_by = vec![u32::MAX; graph.edges()];
    let mut heap = Heap::new(vertices);
    let neurons: usize = (0..vertices as u32).map(|vertex| members.of(vertex).len()).sum();
    let share = if evenly { neurons.div_ceil(count) } else { neurons };
    let mut free: Vec<u32> = (0..vertices as u32).collect();
    super::coarsen::shuffle(&mut free, random);
    for core in 0..count as u32 {
        heap.clear();
        let mut size = 0;
        while size < share {
            let next = heap.pop().map(|(vertex, _)| vertex);
            let Some(vertex) = next.or_else(|| last_free(&mut free, &cores)) else { break };
            if !capacity.fits(members.of(vertex), core) {
                if next.is_none() {
                    free.push(vertex);
                    break;
                }
                continue;
            }
            capacity.put(members.of(vertex), core);
            cores[vertex as usize] = core;
            size += members.of(vertex).len();
            for &edge in graph.edges_of(vertex) {
                if std::mem::replace(&mut heard_by[edge as usize], core) == core {
                    continue;
                }
                // A short edge says more about who belongs together than a long one.
                let pins = graph.pins(edge);
                let score = (graph.weight(edge) as i64).saturating_mul(1 << 12) / (pins.len() as i64 - 1);
                for &pin in pins.iter().filter(|&&pin| cores[pin as usize] == NOWHERE) {
                    heap.set(pin, heap.key(pin).unwrap_or(0) + score);
                }
            }
        }
    }
    cores
}

fn last_free(free: &mut Vec<u32>, cores: &[u32]) -> Option<u32> {
    while let Some(vertex) = free.pop() {
        if cores[vertex as usize] == NOWHERE {
            return Some(vertex);
        }
    }
    None
}
