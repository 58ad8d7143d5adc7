//! Coarsening: vertices that share heavy edges become one.

use crate::chip::hypergraph::Hypergraph;
use sim_core::rng::Stream;

/// Of a longer edge, only so many pins after a vertex count as its neighbours: all of a dense layer's
/// neurons are alike, and looking at all pairs of them would take the square of their number.
const WINDOW: usize = 48;

/// A pass leaves at least this share of the vertices, so that there are enough levels to refine on.
const SHRINK: f64 = 0.55;

/// One level: a hypergraph whose vertices are clusters of the level below it.
pub struct Coarse {
    /// The hypergraph of clusters.
    pub graph: Hypergraph,
    /// The cluster of each vertex of the level below.
    pub cluster_of: Vec<u32>,
}

/// Joins vertices that share heavy edges into clusters of at most `heaviest` neurons, where vertex v stands
/// for `sizes[v]` of them, and never two of different `groups`.
pub fn coarsen(
    graph: &Hypergraph,
    sizes: &[u32],
    groups: &[u32],
    heaviest: u32,
    least: usize,
    random: &mut Stream,
) -> Coarse {
    let vertices = graph.vertices();
    let mut clustering = Clustering {
        graph,
        groups,
        heaviest,
        root: (0..vertices as u32).collect(),
        sizes: sizes.to_vec(),
        ratings: vec![0.0; vertices],
        rated: Vec::new(),
    };
    let mut left = vertices;
    let enough = least.max((vertices as f64 * SHRINK) as usize);
    let mut alone = vec![true; vertices];
    let mut order: Vec<u32> = (0..vertices as u32).collect();
    shuffle(&mut order, random);
    for &vertex in &order {
        if left <= enough {
            break;
        }
        if !alone[vertex as usize] {
            continue;
        }
        if let Some(root) = clustering.best(vertex) {
            clustering.join(vertex, root);
            alone[vertex as usize] = false;
            alone[root as usize] = false;
            left -= 1;
        }
    }
    let cluster_of = numbered(&clustering.root);
    Coarse { graph: contract(graph, &cluster_of), cluster_of }
}

struct Clustering<'a> {
    graph: &'a Hypergraph,
    groups: &'a [u32],
    heaviest: u32,
    /// The first vertex of each vertex's cluster.
    root: Vec<u32>,
    /// How many neurons a cluster has, at its first vertex.
    sizes: Vec<u32>,
    ratings: Vec<f64>,
    rated: Vec<u32>,
}

impl Clustering<'_> {
    /// The cluster with which a vertex shares the heaviest edges, a small cluster rather than a large one.
    fn best(&mut self, vertex: u32) -> Option<u32> {
        for &edge in self.graph.edges_of(vertex) {
            let pins = self.graph.pins(edge);
            let score = self.graph.weight(edge) as f64 / (pins.len() - 1) as f64;
            let neighbours = if pins.len() <= WINDOW {
                (0, pins.len())
            } else {
                let own = pins.partition_point(|&pin| pin < vertex);
                let first = own.saturating_sub(WINDOW / 2).min(pins.len() - WINDOW);
                (first, first + WINDOW)
            };
            for &pin in &pins[neighbours.0..neighbours.1] {
                let root = self.root[pin as usize];
                let rating = &mut self.ratings[root as usize];
                if *rating == 0.0 {
                    self.rated.push(root);
                }
                *rating += score;
            }
        }
        let size = self.sizes[vertex as usize];
        let mut best = None;
        let mut best_rating = 0.0;
        for &root in &self.rated {
            let rating = std::mem::take(&mut self.ratings[root as usize]);
            let together = size + self.sizes[root as usize];
            let allowed = root != vertex
                && together <= self.heaviest
                && self.groups[root as usize] == self.groups[vertex as usize];
            let rating = rating / f64::from(self.sizes[root as usize]).sqrt();
            if allowed && (rating > best_rating || (rating == best_rating && best > Some(root))) {
                (best, best_rating) = (Some(root), rating);
            }
        }
        self.rated.clear();
        best
    }

    fn join(&mut self, vertex: u32, root: u32) {
        self.root[vertex as usize] = root;
        self.sizes[root as usize] += self.sizes[vertex as usize];
    }
}

/// The entries 0, 1, 2… in a random order.
pub fn shuffle(order: &mut [u32], random: &mut Stream) {
    for place in (1..order.len()).rev() {
        order.swap(place, random.below(place as u32 + 1) as usize);
    }
}

/// Clusters numbered in the order of their first vertices.
fn numbered(root: &[u32]) -> Vec<u32> {
    let mut numbers = vec![u32::MAX; root.len()];
    let mut clusters = 0;
    root.iter()
        .map(|&root| {
            let number = &mut numbers[root as usize];
            if *number == u32::MAX {
                *number = clusters;
                clusters += 1;
            }
            *number
        })
        .collect()
}

/// The hypergraph of clusters, numbered from 0 without gaps: edges within one cluster are gone, and edges
/// with the same pins are one with the sum of their weights.
pub fn contract(graph: &Hypergraph, cluster_of: &[u32]) -> Hypergraph {
    let clusters = cluster_of.iter().max().map_or(0, |&last| last as usize + 1);
    let mut pins: Vec<u32> = Vec::new();
    let mut edges: Vec<(u64, usize, usize, u64)> = Vec::new();
    let mut seen_by = vec![u32::MAX; clusters];
    for edge in 0..graph.edges() as u32 {
        let first = pins.len();
        for &pin in graph.pins(edge) {
            let cluster = cluster_of[pin as usize];
            if std::mem::replace(&mut seen_by[cluster as usize], edge) != edge {
                pins.push(cluster);
            }
        }
        if pins.len() - first < 2 || graph.weight(edge) == 0 {
            pins.truncate(first);
            continue;
        }
        pins[first..].sort_unstable();
        edges.push((fingerprint(&pins[first..]), first, pins.len(), graph.weight(edge)));
    }
    merged(clusters, &pins, edges)
}

/// Joins edges with equal pins: those are neighbours when sorted by fingerprint, then by place.
fn merged(vertices: usize, all: &[u32], mut edges: Vec<(u64, usize, usize, u64)>) -> Hypergraph {
    edges.sort_unstable();
    let (mut starts, mut pins, mut weights): (_, Vec<u32>, Vec<u64>) = (vec![0], Vec::new(), Vec::new());
    let mut prints: Vec<u64> = Vec::new();
    for (print, first, end, weight) in edges {
        let same = (0..weights.len())
            .rev()
            .take_while(|&edge| prints[edge] == print)
            .find(|&edge| pins[starts[edge]..starts[edge + 1]] == all[first..end]);
        if let Some(edge) = same {
            weights[edge] += weight;
        } else {
            pins.extend_from_slice(&all[first..end]);
            starts.push(pins.len());
            weights.push(weight);
            prints.push(print);
        }
    }
    Hypergraph::new(vertices, starts, pins, weights)
}

fn fingerprint(pins: &[u32]) -> u64 {
    pins.iter().fold(pins.len() as u64, |hash, &pin| {
        (hash ^ u64::from(pin)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}
