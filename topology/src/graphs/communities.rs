//! Communities: groups of neurons with more synapses among themselves than their degrees would bring about.
//!
//! Modularity of a directed graph with m edges, divided into groups g
//! (Leicht & Newman 2008, doi:10.1103/PhysRevLett.100.118703):
//!
//! ```text
//! Q = 1/m Σᵢⱼ [Aᵢⱼ − kᵢᵒᵘᵗ kⱼⁱⁿ / m] δ(gᵢ, gⱼ)
//! ```
//!
//! Groups that make it large are looked for as in Blondel et al. (2008), doi:10.1088/1742-5468/2008/10/P10008: node by
//! node to the best neighbouring group, then group by group. Since chance alone gives any sparse graph groups, Q
//! says something only beside the Q of graphs with the same degrees.

use crate::graphs::digraph::Digraph;
use crate::graphs::rewiring::{Allowed, shuffle};
use rayon::prelude::*;
use sim_core::rng::Key;

/// How well a graph falls into groups, beside shuffled ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Modularity {
    /// Q of the groups that were found.
    pub modularity: f64,
    /// Nodes of each group, the largest first.
    pub sizes: Vec<u32>,
    /// The same search in graphs with the same in- and out-degrees.
    pub shuffled: Shuffled,
}

/// Q of shuffled graphs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shuffled {
    /// How many.
    pub graphs: u32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, 0 of less than two.
    pub sd: f64,
}

/// Looks for groups in a graph and in `shuffles` shuffled ones. Nothing without edges.
pub fn modularity(graph: &Digraph, shuffles: u32, key: Key) -> Option<Modularity> {
    if graph.edges() == 0 {
        return None;
    }
    let groups = find(graph, key.named("groups"));
    let allowed = contained(graph);
    let control = |number: u32| {
        let key = key.named("shuffled").numbered(number.into());
        let mut incoming = graph.incoming.clone();
        shuffle(&mut incoming, graph.nodes(), allowed, key.named("edges"));
        let shuffled = Digraph::from_incoming(incoming);
        quality(&shuffled, &find(&shuffled, key.named("groups")))
    };
    let controls: Vec<f64> = (0..shuffles).into_par_iter().map(control).collect();
    let n = f64::from(shuffles);
    let mean = controls.iter().sum::<f64>() / n.max(1.0);
    let squares: f64 = controls.iter().map(|q| (q - mean) * (q - mean)).sum();
    let sd = (squares / (n - 1.0).max(1.0)).sqrt();
    Some(Modularity {
        modularity: quality(graph, &groups),
        sizes: sizes(&groups),
        shuffled: Shuffled { graphs: shuffles, mean, sd },
    })
}

/// What a graph has, and shuffled ones may have too.
fn contained(graph: &Digraph) -> Allowed {
    let rows = || (0..graph.nodes()).map(|target| (target, graph.incoming.row(target)));
    Allowed {
        autapses: rows().any(|(target, row)| row.binary_search(&target).is_ok()),
        multapses: rows().any(|(_, row)| row.windows(2).any(|pair| pair[0] == pair[1])),
    }
}

/// Q of these groups, one number a node.
pub fn quality(graph: &Digraph, groups: &[u32]) -> f64 {
    let count = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let (mut within, mut sums) = (0_u64, vec![(0_u64, 0_u64); count]);
    for (target, source) in graph.incoming.edges() {
        let (source, target) = (groups[source as usize], groups[target as usize]);
        within += u64::from(source == target);
        sums[source as usize].0 += 1;
        sums[target as usize].1 += 1;
    }
    let m = graph.edges().max(1) as f64;
    let expected: f64 = sums.iter().map(|(out, into)| (*out as f64 / m) * (*into as f64 / m)).sum();
    within as f64 / m - expected
}

fn sizes(groups: &[u32]) -> Vec<u32> {
    let mut sizes = vec![0; groups.iter().max().map_or(0, |last| *last as usize + 1)];
    groups.iter().for_each(|group| sizes[*group as usize] += 1);
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

/// Groups with a large Q, numbered from 0, one number a node.
pub fn find(graph: &Digraph, key: Key) -> Vec<u32> {
    let mut level = Level::of(graph);
    let mut groups: Vec<u32> = (0..graph.nodes()).collect();
    for round in 0.. {
        let Some(joined) = level.join(key.numbered(round)) else { break };
        groups.iter_mut().for_each(|group| *group = joined[*group as usize]);
        level = level.merged(&joined);
    }
    groups
}

/// A graph whose nodes are groups found so far. Whole numbers throughout, so that no order of sums matters.
struct Level {
    /// Other nodes that a node is joined to, and by how many edges of both directions.
    joined: Vec<Vec<(u32, i64)>>,
    /// Edges from each node and onto it, those within it among them.
    degrees: Vec<[i64; 2]>,
    /// All edges.
    edges: i64,
}

impl Level {
    fn of(graph: &Digraph) -> Self {
        let lengths = graph.outgoing.lengths().into_iter().zip(graph.incoming.lengths());
        let mut pairs: Vec<(u32, u32, i64)> = Vec::with_capacity(2 * graph.edges());
        for (target, source) in graph.incoming.edges().filter(|(target, source)| target != source) {
            pairs.extend([(source, target, 1), (target, source, 1)]);
        }
        Self {
            joined: gathered(graph.nodes() as usize, pairs),
            degrees: lengths.map(|(out, into)| [out.into(), into.into()]).collect(),
            edges: graph.edges() as i64,
        }
    }

    /// Moves nodes between groups, each at first its own, until no single move makes Q larger; the group of
    /// each, numbered from 0. Nothing if none moved.
    fn join(&self, key: Key) -> Option<Vec<u32>> {
        let nodes = self.joined.len();
        let mut groups: Vec<u32> = (0..nodes as u32).collect();
        let mut sums = self.degrees.clone();
        // Edges between the node in hand and each group.
        let mut shared = vec![0_i64; nodes];
        let order = shuffled_order(nodes as u32, key);
        let mut moved_ever = false;
        loop {
            let mut moved = false;
            for &node in &order {
                let [out, into] = self.degrees[node as usize];
                let home = groups[node as usize];
                take(&mut sums[home as usize], [out, into], -1);
                let near = &self.joined[node as usize];
                near.iter().for_each(|(other, edges)| shared[groups[*other as usize] as usize] += edges);
                // Q·m² that the node brings to a group.
                let gain = |group: u32| {
                    let [sum_out, sum_into] = sums[group as usize];
                    shared[group as usize] * self.edges - out * sum_into - into * sum_out
                };
                let mut best = (gain(home), home);
                for (other, _) in near {
                    let group = groups[*other as usize];
                    let gain = gain(group);
                    if gain > best.0 {
                        best = (gain, group);
                    }
                }
                near.iter().for_each(|(other, _)| shared[groups[*other as usize] as usize] = 0);
                take(&mut sums[best.1 as usize], [out, into], 1);
                groups[node as usize] = best.1;
                moved |= best.1 != home;
            }
            moved_ever |= moved;
            if !moved {
                break;
            }
        }
        moved_ever.then(|| renumbered(groups))
    }

    /// The graph of these groups.
    fn merged(&self, groups: &[u32]) -> Self {
        let count = groups.iter().max().map_or(0, |last| *last as usize + 1);
        let mut degrees = vec![[0; 2]; count];
        let mut pairs = Vec::new();
        for (node, group) in groups.iter().enumerate() {
            take(&mut degrees[*group as usize], self.degrees[node], 1);
            let others = self.joined[node].iter().map(|(other, edges)| (groups[*other as usize], *edges));
            pairs.extend(others.filter(|(other, _)| other != group).map(|(other, n)| (*group, other, n)));
        }
        Self { joined: gathered(count, pairs), degrees, edges: self.edges }
    }
}

fn take(sums: &mut [i64; 2], degrees: [i64; 2], sign: i64) {
    sums[0] += sign * degrees[0];
    sums[1] += sign * degrees[1];
}

/// (node, other, edges) by node, each pair once.
fn gathered(nodes: usize, mut pairs: Vec<(u32, u32, i64)>) -> Vec<Vec<(u32, i64)>> {
    pairs.sort_unstable_by_key(|(node, other, _)| (*node, *other));
    let mut joined = vec![Vec::new(); nodes];
    for same in pairs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        joined[same[0].0 as usize].push((same[0].1, same.iter().map(|pair| pair.2).sum()));
    }
    joined
}

/// The same groups with numbers from 0, in order of their first nodes.
fn renumbered(mut groups: Vec<u32>) -> Vec<u32> {
    let mut numbers = vec![u32::MAX; groups.len()];
    let mut next = 0;
    for group in &mut groups {
        let number = &mut numbers[*group as usize];
        if *number == u32::MAX {
            (*number, next) = (next, next + 1);
        }
        *group = *number;
    }
    groups
}

fn shuffled_order(nodes: u32, key: Key) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> =
        (0..nodes).map(|node| (key.uniform(node.into()).to_bits(), node)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cliques of `size`, every edge both ways.
    fn cliques(count: u32, size: u32) -> impl Iterator<Item = (u32, u32)> + Clone {
        (0..count).flat_map(move |c| {
            let nodes = c * size..(c + 1) * size;
            nodes.clone().flat_map(move |a| nodes.clone().filter(move |b| a != *b).map(move |b| (a, b)))
        })
    }

    #[test]
    fn a_graph_that_is_one_group_has_no_modularity() {
        let graph = Digraph::from_edges(5, [(0, 1), (1, 2), (2, 2), (3, 0), (4, 0)].into_iter());
        assert!(quality(&graph, &[0; 5]).abs() < 1e-15);
    }

    #[test]
    fn the_halves_of_a_directed_cycle_have_their_closed_form() {
        for n in [8_u32, 20, 100] {
            let graph = Digraph::from_edges(n, (0..n).map(|node| (node, (node + 1) % n)));
            let halves: Vec<u32> = (0..n).map(|node| node / (n / 2)).collect();
            let wanted = 1.0 - 2.0 / f64::from(n) - 0.5;
            assert!((quality(&graph, &halves) - wanted).abs() < 1e-12);
        }
    }

    #[test]
    fn direction_matters_as_in_leicht_and_newman() {
        // 0 → 1 and 0 → 2: with 0 and 1 in a group, 1/2 − (1 · 1/2); alone each, 0.
        let graph = Digraph::from_edges(3, [(0, 1), (0, 2)].into_iter());
        assert_eq!(quality(&graph, &[0, 0, 1]), 0.0);
        assert_eq!(quality(&graph, &[0, 1, 2]), 0.0);
        // 0 → 1, 2 → 3: 1 − 2 · (1/2 · 1/2).
        let graph = Digraph::from_edges(4, [(0, 1), (2, 3)].into_iter());
        assert_eq!(quality(&graph, &[0, 0, 1, 1]), 0.5);
    }

    #[test]
    fn a_ring_of_cliques_falls_into_its_cliques() {
        let (count, size) = (8_u32, 6_u32);
        let bridges = (0..count).map(|c| (c * size, ((c + 1) % count) * size + 1));
        let graph = Digraph::from_edges(count * size, cliques(count, size).chain(bridges));
        let groups = find(&graph, Key::new(1));
        let wanted: Vec<u32> = (0..count * size).map(|node| node / size).collect();
        assert_eq!(renumbered(groups), wanted);
        let (within, m) = (f64::from(size * (size - 1)), f64::from(count * (size * (size - 1) + 1)));
        let closed = f64::from(count) * (within / m - ((within + 1.0) / m) * ((within + 1.0) / m));
        assert!((quality(&graph, &wanted) - closed).abs() < 1e-12);
    }

    #[test]
    fn a_planted_partition_is_found_and_its_shuffled_graphs_have_much_less() {
        let key = Key::new(4);
        let nodes = 200_u32;
        let edges: Vec<(u32, u32)> = (0..nodes * nodes)
            .map(|pair| (pair / nodes, pair % nodes))
            .filter(|(a, b)| {
                let likely = if a % 4 == b % 4 { 0.3 } else { 0.02 };
                a != b && key.uniform(u64::from(a * nodes + b)) < likely
            })
            .collect();
        let graph = Digraph::from_edges(nodes, edges.into_iter());
        let found = find(&graph, Key::new(2));
        assert_eq!(found, (0..nodes).map(|node| node % 4).collect::<Vec<_>>());
        let measured = modularity(&graph, 5, Key::new(2)).unwrap();
        assert_eq!(measured.sizes, [50; 4]);
        // Of a node's edges 49 · 0.3 lie within and 150 · 0.02 without.
        let wanted = 14.7 / 17.7 - 0.25;
        assert!((measured.modularity - wanted).abs() < 0.02, "{measured:?}");
        let Shuffled { graphs, mean, sd } = measured.shuffled;
        assert_eq!(graphs, 5);
        assert!(mean > 0.0 && mean < 0.5 * wanted && sd > 0.0 && sd < 0.02, "{measured:?}");
    }

    #[test]
    fn a_random_graph_is_no_more_modular_than_its_shuffled_ones() {
        let mut draws = Key::new(5).stream(0);
        let edges: Vec<(u32, u32)> = (0..3000).map(|_| (draws.below(200), draws.below(200))).collect();
        let measured = modularity(&Digraph::from_edges(200, edges.into_iter()), 10, Key::new(1)).unwrap();
        let Shuffled { mean, sd, .. } = measured.shuffled;
        assert!((measured.modularity - mean).abs() < 4.0 * sd, "{measured:?}");
    }

    #[test]
    fn the_same_key_finds_the_same_groups_and_no_edges_have_none() {
        let graph = Digraph::from_edges(30, cliques(5, 6));
        assert_eq!(modularity(&graph, 2, Key::new(3)), modularity(&graph, 2, Key::new(3)));
        assert_eq!(modularity(&Digraph::from_edges(4, [].into_iter()), 2, Key::new(3)), None);
    }
}
