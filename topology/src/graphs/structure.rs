//! Components, clustering, reciprocity, assortativity and path lengths of a directed graph.

use crate::graphs::digraph::Digraph;
use petgraph::algo::kosaraju_scc;
use petgraph::unionfind::UnionFind;
use rayon::prelude::*;
use sim_core::rng::Key;

/// The parts into which a graph falls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Components {
    /// Nodes in each part, the largest first.
    pub sizes: Vec<u32>,
}

/// Local clustering coefficients, averaged over nodes. Parallel edges count once, loops not at all;
/// a node with fewer than two neighbours counts as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clustering {
    /// Watts & Strogatz (1998): the share of pairs of neighbours that are joined, whatever the
    /// direction of edges.
    pub undirected: f64,
    /// Fagiolo (2007), doi:10.1103/PhysRevE.76.026107: directed triangles of all kinds over all that
    /// the node's edges could form.
    pub directed: f64,
    /// Nodes averaged over: all, or a random sample.
    pub nodes: u32,
    /// Standard errors of the two means by sampling; 0 if all nodes were taken.
    pub standard_errors: [f64; 2],
}

/// Lengths of shortest directed paths from some nodes to all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paths {
    /// Nodes from which paths were followed: all, or a random sample.
    pub sources: u32,
    /// Mean number of edges on a shortest path, over the pairs that are joined by one.
    pub mean: f64,
    /// The longest shortest path seen: the diameter if all nodes were sources, else at most that.
    pub longest: u32,
    /// Share of other nodes that a path leads to.
    pub reached: f64,
}

impl Components {
    /// Parts joined by edges of any direction.
    pub fn weak(graph: &Digraph) -> Self {
        let mut parts: UnionFind<u32> = UnionFind::new(graph.nodes() as usize);
        for (target, source) in graph.incoming.edges() {
            parts.union(target, source);
        }
        let mut sizes = vec![0; graph.nodes() as usize];
        for root in parts.into_labeling() {
            sizes[root as usize] += 1;
        }
        sizes.retain(|&size| size > 0);
        Components::sorted(sizes)
    }

    /// Parts within which there is a directed path from every node to every other.
    pub fn strong(graph: &Digraph) -> Self {
        Components::sorted(kosaraju_scc(graph).iter().map(|part| part.len() as u32).collect())
    }

    /// Share of nodes in the largest part.
    pub fn giant_share(&self) -> f64 {
        let nodes: f64 = self.sizes.iter().map(|&size| f64::from(size)).sum();
        self.sizes.first().map_or(0.0, |&size| f64::from(size) / nodes)
    }

    fn sorted(mut sizes: Vec<u32>) -> Self {
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        Components { sizes }
    }
}

/// The share of edges that have one the other way; parallel edges count once, loops not at all.
/// Nothing without edges.
pub fn reciprocity(graph: &Digraph) -> Option<f64> {
    let (mutual, one_way) = (0..graph.nodes())
        .into_par_iter()
        .map(|node| {
            let mutual = graph.joined(node).filter(|joined| joined.mutual).count() as u64;
            (mutual, graph.joined(node).count() as u64 - mutual)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    // Every mutual pair was seen as two edges, every other edge from both its ends.
    let edges = mutual + one_way / 2;
    (edges > 0).then(|| mutual as f64 / edges as f64)
}

/// Degree assortativity (Newman 2003, doi:10.1103/PhysRevE.67.026126): the correlation, over edges,
/// of the out-degree of the source and the in-degree of the target. Nothing if one of them is the
/// same everywhere.
pub fn assortativity(graph: &Digraph) -> Option<f64> {
    let outdegree = |node: u32| graph.outgoing.row(node).len() as f64;
    let n = graph.edges() as f64;
    let mut means = [0.0; 2];
    for (source, target) in graph.outgoing.edges() {
        means[0] += outdegree(source) / n;
        means[1] += graph.incoming.row(target).len() as f64 / n;
    }
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (source, target) in graph.outgoing.edges() {
        let x = outdegree(source) - means[0];
        let y = graph.incoming.row(target).len() as f64 - means[1];
        (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
    }
    // What rounding leaves of equal degrees is not a spread.
    let spread = |squares: f64, mean: f64| squares > 1e-18 * n * mean * mean;
    (spread(xx, means[0]) && spread(yy, means[1])).then(|| xy / (xx * yy).sqrt())
}

/// Clustering of at most `most` nodes.
pub fn clustering(graph: &Digraph, most: u32, key: Key) -> Clustering {
    let nodes = sample(graph.nodes(), most, key);
    let unmarked = || vec![0_u8; graph.nodes() as usize];
    let local: Vec<[f64; 2]> =
        nodes.par_iter().map_init(unmarked, |marks, &node| local_clustering(graph, node, marks)).collect();
    let n = local.len().max(1) as f64;
    let means = [0, 1].map(|kind| local.iter().map(|c| c[kind]).sum::<f64>() / n);
    let standard_errors = [0, 1].map(|kind| {
        let squares: f64 = local.iter().map(|c| (c[kind] - means[kind]) * (c[kind] - means[kind])).sum();
        // Sampling without replacement: no error is left when all nodes are taken.
        let left = 1.0 - n / f64::from(graph.nodes().max(1));
        (left.max(0.0) * squares / (n * (n - 1.0).max(1.0))).sqrt()
    });
    let [undirected, directed] = means;
    Clustering { undirected, directed, nodes: nodes.len() as u32, standard_errors }
}

/// Undirected and directed coefficient of one node; `marks` is all 0 before and after.
fn local_clustering(graph: &Digraph, node: u32, marks: &mut [u8]) -> [f64; 2] {
    let weight = |mutual: bool| if mutual { 2_u8 } else { 1 };
    let (mut neighbours, mut mutual) = (0.0, 0.0);
    for joined in graph.joined(node) {
        marks[joined.node as usize] = weight(joined.mutual);
        neighbours += 1.0;
        mutual += f64::from(u8::from(joined.mutual));
    }
    let (mut pairs, mut triangles) = (0_u64, 0_u64);
    for first in graph.joined(node) {
        for second in graph.joined(first.node) {
            let mark = marks[second.node as usize];
            if mark > 0 {
                pairs += 1;
                triangles += u64::from(weight(first.mutual) * weight(second.mutual) * mark);
            }
        }
    }
    for joined in graph.joined(node) {
        marks[joined.node as usize] = 0;
    }
    if neighbours < 2.0 {
        return [0.0; 2];
    }
    let degree = neighbours + mutual;
    let possible = 2.0 * (degree * (degree - 1.0) - 2.0 * mutual);
    [pairs as f64 / (neighbours * (neighbours - 1.0)), triangles as f64 / possible]
}

/// Shortest paths from at most `most` nodes, by breadth-first search along the edges. Nothing if no
/// path leads from any of them.
pub fn paths(graph: &Digraph, most: u32, key: Key) -> Option<Paths> {
    let sources = sample(graph.nodes(), most, key);
    let unseen = || (vec![u32::MAX; graph.nodes() as usize], Vec::new());
    let searches: Vec<(u64, u64, u32)> = sources
        .par_iter()
        .map_init(unseen, |(distances, queue), &source| search(graph, source, distances, queue))
        .collect();
    let reached: u64 = searches.iter().map(|search| search.0).sum();
    let total: u64 = searches.iter().map(|search| search.1).sum();
    let pairs = sources.len() as f64 * (f64::from(graph.nodes()) - 1.0);
    (reached > 0).then(|| Paths {
        sources: sources.len() as u32,
        mean: total as f64 / reached as f64,
        longest: searches.iter().map(|search| search.2).max().unwrap_or(0),
        reached: reached as f64 / pairs,
    })
}

/// How many nodes are reached, the sum of their distances, and the largest.
fn search(graph: &Digraph, source: u32, distances: &mut [u32], queue: &mut Vec<u32>) -> (u64, u64, u32) {
    distances.fill(u32::MAX);
    queue.clear();
    queue.push(source);
    distances[source as usize] = 0;
    let (mut next, mut total, mut longest) = (0, 0, 0);
    while let Some(&node) = queue.get(next) {
        next += 1;
        let distance = distances[node as usize];
        total += u64::from(distance);
        longest = distance;
        for &target in graph.outgoing.row(node) {
            if distances[target as usize] == u32::MAX {
                distances[target as usize] = distance + 1;
                queue.push(target);
            }
        }
    }
    (next as u64 - 1, total, longest)
}

/// At most `most` of the nodes, drawn without replacement, ascending.
fn sample(nodes: u32, most: u32, key: Key) -> Vec<u32> {
    if most >= nodes {
        return (0..nodes).collect();
    }
    let mut ranked: Vec<(u64, u32)> =
        (0..nodes).map(|node| (key.uniform(u64::from(node)).to_bits(), node)).collect();
    ranked.select_nth_unstable(most as usize);
    let mut picked: Vec<u32> = ranked[..most as usize].iter().map(|&(_, node)| node).collect();
    picked.sort_unstable();
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both_ways(
        edges: impl Iterator<Item = (u32, u32)> + Clone,
    ) -> impl Iterator<Item = (u32, u32)> + Clone {
        edges.clone().chain(edges.map(|(a, b)| (b, a)))
    }

    /// Every node joined with its k/2 nearest on either side.
    fn ring_lattice(nodes: u32, k: u32) -> Digraph {
        let forward = (0..nodes).flat_map(move |node| (1..=k / 2).map(move |d| (node, (node + d) % nodes)));
        Digraph::from_edges(nodes, both_ways(forward))
    }

    fn clustering_of(graph: &Digraph) -> [f64; 2] {
        let clustering = clustering(graph, u32::MAX, Key::new(1));
        assert_eq!(clustering.standard_errors, [0.0; 2]);
        [clustering.undirected, clustering.directed]
    }

    #[test]
    fn clustering_of_a_ring_lattice_is_its_closed_form() {
        for k in [2, 4, 6, 10] {
            let wanted = 3.0 * (f64::from(k) - 2.0) / (4.0 * (f64::from(k) - 1.0));
            for got in clustering_of(&ring_lattice(60, k)) {
                assert!((got - wanted).abs() < 1e-12, "k = {k}: {got} instead of {wanted}");
            }
        }
    }

    #[test]
    fn complete_graphs_cluster_fully_and_trees_not_at_all() {
        let complete = (0..7).flat_map(|a| (0..7).filter(move |&b| a != b).map(move |b| (a, b)));
        assert_eq!(clustering_of(&Digraph::from_edges(7, complete)), [1.0, 1.0]);
        assert_eq!(clustering_of(&Digraph::from_edges(7, (1..7).map(|node| (node, node / 2)))), [0.0, 0.0]);
    }

    #[test]
    fn one_directed_triangle_is_half_of_what_its_edges_could_form() {
        // Each node has one edge in and one out: of the two triangles through them one is there.
        let triangle = [(0, 1), (1, 2), (2, 0)];
        assert_eq!(clustering_of(&Digraph::from_edges(3, triangle.into_iter())), [1.0, 0.5]);
        // Loops and parallel edges change nothing.
        let untidy = triangle.into_iter().chain([(1, 1), (0, 1), (0, 1)]);
        assert_eq!(clustering_of(&Digraph::from_edges(3, untidy)), [1.0, 0.5]);
    }

    #[test]
    fn a_sample_of_nodes_gives_the_clustering_within_its_error() {
        // Fully clustered cliques of three, and as many nodes that are not joined.
        let cliques = both_ways(
            (0..500).flat_map(|c| [(3 * c, 3 * c + 1), (3 * c + 1, 3 * c + 2), (3 * c, 3 * c + 2)]),
        );
        let graph = Digraph::from_edges(3000, cliques);
        let sampled = clustering(&graph, 400, Key::new(5));
        assert_eq!(sampled.nodes, 400);
        assert!((sampled.undirected - 0.5).abs() < 3.0 * sampled.standard_errors[0]);
        // √(p(1−p)/n (1 − n/N)) with n = 400 of 3000.
        assert!((sampled.standard_errors[0] - 0.02327).abs() < 0.0005, "{sampled:?}");
    }

    #[test]
    fn components_are_counted_by_edges_of_any_direction_and_by_paths_there_and_back() {
        // A cycle of 4, a tail leading out of it, a pair, and a lone node.
        let edges = [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5), (6, 7)];
        let graph = Digraph::from_edges(9, edges.into_iter());
        assert_eq!(Components::weak(&graph).sizes, [6, 2, 1]);
        assert_eq!(Components::strong(&graph).sizes, [4, 1, 1, 1, 1, 1]);
        assert!((Components::weak(&graph).giant_share() - 6.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn a_long_path_does_not_exhaust_the_stack() {
        let nodes = 300_000;
        let graph = Digraph::from_edges(nodes, (1..nodes).map(|node| (node - 1, node)));
        assert_eq!(Components::strong(&graph).sizes.len(), nodes as usize);
        assert_eq!(Components::weak(&graph).sizes, [nodes]);
    }

    #[test]
    fn reciprocity_is_the_share_of_edges_with_one_back() {
        let graph = Digraph::from_edges(4, [(0, 1), (1, 0), (1, 2), (2, 3), (2, 3), (3, 3)].into_iter());
        assert_eq!(reciprocity(&graph), Some(0.5));
        assert_eq!(reciprocity(&Digraph::from_edges(3, [].into_iter())), None);
    }

    #[test]
    fn a_star_is_as_disassortative_as_can_be() {
        let graph = Digraph::from_edges(6, both_ways((1..6).map(|leaf| (0, leaf))));
        assert!((assortativity(&graph).unwrap() + 1.0).abs() < 1e-12);
        assert_eq!(assortativity(&ring_lattice(20, 4)), None);
    }

    #[test]
    fn paths_of_a_directed_cycle_have_their_known_lengths() {
        let cycle = Digraph::from_edges(10, (0..10).map(|node| (node, (node + 1) % 10)));
        let wanted = Paths { sources: 10, mean: 5.0, longest: 9, reached: 1.0 };
        assert_eq!(paths(&cycle, 100, Key::new(1)), Some(wanted));
        let sampled = paths(&cycle, 3, Key::new(1)).unwrap();
        assert_eq!(sampled, Paths { sources: 3, ..wanted });
        assert_eq!(paths(&Digraph::from_edges(4, [].into_iter()), 4, Key::new(1)), None);
    }
}
