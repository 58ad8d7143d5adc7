//! The first partition of the coarsest hypergraph: cores that grow from random vertices.

use super::assignment::{Assignment, NOWHERE};
use super::capacity::Capacity;
use super::growth::Growth;
use super::members::Members;
use super::refine::{is_dense, refined};
use crate::chip::hypergraph::Hypergraph;
use sim_core::rng::Stream;

/// The best of so many tries, of a dense hypergraph of fewer.
const TRIES: usize = 16;
const DENSE_TRIES: usize = 2;

/// So many vertices that would fit by their number but break another limit are passed over before a core is
/// closed.
const PASSED_OVER: usize = 24;

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
    for turn in 0..if is_dense(graph, count) { DENSE_TRIES } else { TRIES } {
        // Half of the tries fill the cores evenly, half as far as they go.
        let grown = grow(graph, members, capacity, count, turn % 2 == 0, random);
        let grown = Assignment::new(graph, members, capacity, count, grown);
        let made = refined(grown, PASSES, random);
        let left = made.cores.iter().filter(|&&core| core == NOWHERE).count();
        if best.as_ref().is_none_or(|best| (left, made.messages) < (best.0, best.1)) {
            best = Some((left, made.messages, made.cores));
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
    let mut growth = Growth::new(graph);
    let neurons: usize = (0..vertices as u32).map(|vertex| members.of(vertex).len()).sum();
    let share = if evenly { neurons.div_ceil(count) } else { neurons };
    let mut free: Vec<u32> = (0..vertices as u32).collect();
    super::coarsen::shuffle(&mut free, random);
    for core in 0..count as u32 {
        growth.begin();
        let (mut size, mut passed_over) = (0, 0);
        while size < share && passed_over < PASSED_OVER {
            let next = growth.next();
            let Some(vertex) = next.or_else(|| last_free(&mut free, &cores)) else { break };
            if !capacity.fits(members.of(vertex), core) {
                if next.is_none() {
                    free.push(vertex);
                    break;
                }
                passed_over += usize::from(members.of(vertex).len() <= capacity.room(core));
                continue;
            }
            capacity.put(members.of(vertex), core);
            cores[vertex as usize] = core;
            size += members.of(vertex).len();
            // A short edge says more about who belongs together than a long one.
            growth.add(vertex, core, &cores, |edge| {
                (graph.weight(edge) as i64).saturating_mul(1 << 12) / (graph.pins(edge).len() as i64 - 1)
            });
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
