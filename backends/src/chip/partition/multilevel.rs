//! Multilevel partitions: coarsen, partition what is left, and refine on the way back.

use super::assignment::{Assignment, NOWHERE};
use super::capacity::Capacity;
use super::coarsen::{Coarse, coarsen};
use super::initial::initial;
use super::members::Members;
use super::refine::refined;
use super::sweep::settle;
use crate::chip::hypergraph::Hypergraph;
use sim_core::rng::Stream;

/// The coarsest hypergraph has about so many vertices a core.
const PER_CORE: usize = 10;

/// And no fewer than this.
const FEWEST: usize = 400;

/// A cluster has at most so many times the neurons that a vertex of the coarsest hypergraph has on average.
const HEAVIEST: usize = 3;

/// Passes of refinement on each level.
const PASSES: usize = 6;

/// What every cycle works on.
pub struct Task<'a, C> {
    /// The neurons and who hears whom, without edges of one pin.
    pub graph: &'a Hypergraph,
    /// The limits, all cores empty.
    pub capacity: &'a C,
    /// How many cores are used.
    pub count: usize,
}

impl<C: Capacity> Task<'_, C> {
    /// A partition from nothing, with its messages; `None` if some neuron found no place.
    pub fn fresh(&self, random: &mut Stream) -> Option<(i64, Vec<u32>)> {
        self.cycle(&vec![0; self.graph.vertices()], None, random)
    }

    /// A partition no worse than `better`, by coarsening only within what `better` and `other` both keep
    /// together. With twice the same this is a V-cycle.
    pub fn combined(&self, better: &[u32], other: &[u32], random: &mut Stream) -> Option<(i64, Vec<u32>)> {
        let pairs: Vec<u32> =
            better.iter().zip(other).map(|(&a, &b)| a * self.capacity.cores() as u32 + b).collect();
        self.cycle(&pairs, Some(better), random)
    }

    fn cycle(&self, groups: &[u32], start: Option<&[u32]>, random: &mut Stream) -> Option<(i64, Vec<u32>)> {
        let (levels, members, start) = self.coarsened(groups, start, random);
        let coarsest = levels.last().map_or(self.graph, |level| &level.graph);
        let last = &members[levels.len()];
        let mut cores = match start {
            Some(cores) => cores,
            None => initial(coarsest, last, self.capacity, self.count, random),
        };
        for depth in (0..=levels.len()).rev() {
            if depth < levels.len() {
                cores = levels[depth].cluster_of.iter().map(|&cluster| cores[cluster as usize]).collect();
            }
            let graph = depth.checked_sub(1).map_or(self.graph, |above| &levels[above].graph);
            let start = Assignment::new(graph, &members[depth], self.capacity, self.count, cores);
            let mut made = refined(start, PASSES, random);
            if depth == 0 {
                settle(&mut made);
                return made.is_whole().then_some((made.messages, made.cores));
            }
            cores = made.cores;
        }
        None
    }

    /// The levels above the finest, the members of every level, and the start on the coarsest.
    fn coarsened(
        &self,
        groups: &[u32],
        start: Option<&[u32]>,
        random: &mut Stream,
    ) -> (Vec<Coarse>, Vec<Members>, Option<Vec<u32>>) {
        let neurons = self.graph.vertices();
        let least = (PER_CORE * self.count).max(FEWEST);
        let heaviest = (HEAVIEST * neurons / least).max(1) as u32;
        let mut levels: Vec<Coarse> = Vec::new();
        let mut members = vec![Members::single(neurons)];
        let mut groups = groups.to_vec();
        let mut start = start.map(<[u32]>::to_vec);
        loop {
            let graph = levels.last().map_or(self.graph, |level| &level.graph);
            let before = graph.vertices();
            if before <= least {
                break;
            }
            let finer = &members[levels.len()];
            let level = coarsen(graph, &finer.sizes(), &groups, heaviest, least, random);
            let clusters = level.graph.vertices();
            if clusters * 50 > before * 49 {
                break;
            }
            let joined = finer.joined(&level.cluster_of, clusters);
            groups = lifted(&groups, &level.cluster_of, clusters);
            start = start.map(|cores| lifted(&cores, &level.cluster_of, clusters));
            members.push(joined);
            levels.push(level);
        }
        (levels, members, start)
    }
}

/// What all members of a cluster have in common, by cluster.
fn lifted(of_vertices: &[u32], cluster_of: &[u32], clusters: usize) -> Vec<u32> {
    let mut of_clusters = vec![NOWHERE; clusters];
    for (&value, &cluster) in of_vertices.iter().zip(cluster_of) {
        of_clusters[cluster as usize] = value;
    }
    of_clusters
}
