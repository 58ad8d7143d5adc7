//! What `saltus graph` says of a network's graph.

use crate::graphs::alternatives::{Comparison, compare};
use crate::graphs::communities::{Modularity, modularity};
use crate::graphs::digraph::Digraph;
use crate::graphs::edges::{Delays, Edges};
use crate::graphs::power_law::{Fit, Tally, fit, p_value};
use crate::graphs::structure::{
    Clustering, Components, Paths, assortativity, clustering, paths, reciprocity,
};
use sim_core::rng::Key;

/// How much work an analysis may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Synthetic data sets for each power law; the p-value's standard error is at most 1/(2√n).
    pub bootstraps: u32,
    /// Nodes over which clustering is averaged; fewer where that would visit 2·10⁸ synapses.
    pub clustering_nodes: u32,
    /// Nodes from which paths are followed; fewer where that would visit 10⁹ synapses.
    pub path_sources: u32,
    /// Shuffled graphs beside which modularity is seen; fewer where they would have more than 5·10⁶ synapses together,
    /// and where not even two would do, groups are not looked for.
    pub shuffles: u32,
}

impl Default for Effort {
    /// 100 synthetic data sets (p ± 0.05), clustering of 1000 nodes, paths from 100, 20 shuffled graphs.
    fn default() -> Self {
        Effort { bootstraps: 100, clustering_nodes: 1000, path_sources: 100, shuffles: 20 }
    }
}

/// A graph in numbers. Degrees and their correlation count every synapse; clustering and reciprocity
/// count a pair of neurons once and leave out autapses.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// How many neurons.
    pub neurons: u32,
    /// How many synapses.
    pub synapses: u64,
    /// Synapses of neurons onto themselves.
    pub autapses: u64,
    /// Synapses beyond the first from one neuron to another.
    pub multapses: u64,
    /// Synapses onto each neuron.
    pub indegrees: Degrees,
    /// Synapses from each neuron.
    pub outdegrees: Degrees,
    /// Both together.
    pub degrees: Degrees,
    /// Parts joined by synapses of any direction.
    pub weak: Components,
    /// Parts within which a path leads from every neuron to every other.
    pub strong: Components,
    /// Local clustering.
    pub clustering: Clustering,
    /// Share of synapses that have one back; nothing without synapses.
    pub reciprocity: Option<f64>,
    /// Correlation of the source's out-degree and the target's in-degree, if they vary.
    pub assortativity: Option<f64>,
    /// Shortest paths, if any lead from the nodes looked at.
    pub paths: Option<Paths>,
    /// How well it falls into groups; nothing without synapses, or with too many.
    pub modularity: Option<Modularity>,
    /// Delays in ms; nothing without synapses.
    pub delays: Option<Delays>,
}

/// How the degrees of all neurons are distributed.
#[derive(Clone, Debug, PartialEq)]
pub struct Degrees {
    /// The smallest.
    pub smallest: u32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
    /// The largest.
    pub largest: u32,
    /// For each degree that occurs, ascending, the share of neurons that have it or a larger one: the
    /// complementary distribution function, a straight line of slope 1 − α on log-log axes for a
    /// power law.
    pub ccdf: Vec<(u32, f64)>,
    /// The best power law, if any tail of at least 50 neurons has one.
    pub power_law: Option<PowerLaw>,
}

/// A fitted power law, and how far to believe it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// Exponent, smallest degree, distance.
    pub fit: Fit,
    /// Share of synthetic power-law data that lie farther from their fit: above 0.1 the power law is
    /// plausible (Clauset et al. 2009). Nothing without bootstraps.
    pub p_value: Option<f64>,
    /// The bound 1/(2√n) on the standard error of the p-value, from n bootstraps.
    pub p_error: f64,
    /// The same tail by other laws.
    pub alternatives: [Comparison; 2],
}

/// Analyses a network's graph; the draws of samples and bootstraps come from `key`.
///
/// Memory: eight bytes a synapse and some arrays by neuron; the search for strong components may
/// hold another four bytes a synapse for a time.
pub fn analyse(edges: Edges, effort: Effort, key: Key) -> Analysis {
    let delays = edges.delays;
    let graph = edges.into_digraph();
    let (indegrees, outdegrees) = (graph.incoming.lengths(), graph.outgoing.lengths());
    let degrees: Vec<u32> = indegrees.iter().zip(&outdegrees).map(|(a, b)| a.saturating_add(*b)).collect();
    let (autapses, multapses) = repeated(&graph);
    let synapses = graph.edges() as f64;
    // Clustering of a node visits all neighbours' neighbours: Σ k² / N synapses on average.
    let visits =
        degrees.iter().map(|&k| f64::from(k) * f64::from(k)).sum::<f64>() / f64::from(graph.nodes().max(1));
    let clustering_nodes = affordable(effort.clustering_nodes, 2e8, visits);
    let path_sources = affordable(effort.path_sources, 1e9, synapses + f64::from(graph.nodes()));
    Analysis {
        neurons: graph.nodes(),
        synapses: graph.edges() as u64,
        autapses,
        multapses,
        indegrees: distribution(&indegrees, effort.bootstraps, key.named("indegrees")),
        outdegrees: distribution(&outdegrees, effort.bootstraps, key.named("outdegrees")),
        degrees: distribution(&degrees, effort.bootstraps, key.named("degrees")),
        weak: Components::weak(&graph),
        strong: Components::strong(&graph),
        clustering: clustering(&graph, clustering_nodes, key.named("clustering")),
        reciprocity: reciprocity(&graph),
        assortativity: assortativity(&graph),
        paths: paths(&graph, path_sources, key.named("paths")),
        modularity: grouped(&graph, effort.shuffles, GROUPED, key.named("modularity")),
        delays,
    }
}

/// Synapses of all shuffled graphs together.
const GROUPED: usize = 5_000_000;

/// Groups of a graph, beside those of at most `shuffles` shuffled ones with `most` edges together.
fn grouped(graph: &Digraph, shuffles: u32, most: usize, key: Key) -> Option<Modularity> {
    let affordable = (most / graph.edges().max(1)) as u32;
    (affordable >= 2).then(|| modularity(graph, shuffles.min(affordable), key)).flatten()
}

/// How degrees are distributed.
pub fn distribution(degrees: &[u32], bootstraps: u32, key: Key) -> Degrees {
    let mut sorted = degrees.to_vec();
    sorted.sort_unstable();
    let n = degrees.len().max(1) as f64;
    let mean = degrees.iter().map(|&k| u64::from(k)).sum::<u64>() as f64 / n;
    let squares: f64 = sorted.iter().map(|&k| (f64::from(k) - mean) * (f64::from(k) - mean)).sum();
    let mut left = degrees.len();
    let ccdf = sorted
        .chunk_by(|a, b| a == b)
        .map(|same| {
            let share = left as f64 / n;
            left -= same.len();
            (same[0], share)
        })
        .collect();
    let tally = Tally::new(sorted.iter().copied());
    Degrees {
        smallest: sorted.first().copied().unwrap_or(0),
        mean,
        sd: (squares / n).sqrt(),
        largest: sorted.last().copied().unwrap_or(0),
        ccdf,
        power_law: fit(&tally).map(|fit| PowerLaw {
            fit,
            p_value: (bootstraps > 0).then(|| p_value(&tally, &fit, bootstraps, key)),
            p_error: 0.5 / f64::from(bootstraps.max(1)).sqrt(),
            alternatives: compare(&tally, &fit),
        }),
    }
}

/// At least 10 of `wanted`, and as many as cost no more than `budget`.
fn affordable(wanted: u32, budget: f64, cost: f64) -> u32 {
    wanted.min(((budget / cost.max(1.0)) as u32).max(10))
}

/// Edges from a node to itself, and edges beyond the first between two nodes.
fn repeated(graph: &Digraph) -> (u64, u64) {
    let (mut loops, mut repeats) = (0, 0);
    for target in 0..graph.nodes() {
        let row = graph.incoming.row(target);
        loops += row.iter().filter(|&&source| source == target).count() as u64;
        repeats += row.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
    }
    (loops, repeats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphs::barabasi_albert::{Orientation, barabasi_albert};
    use crate::graphs::rows::Rows;

    fn analysed(incoming: Rows) -> Analysis {
        analyse(Edges { incoming, delays: None }, Effort::default(), Key::new(1))
    }

    #[test]
    fn a_barabasi_albert_network_is_recognised_as_scale_free() {
        let rows = barabasi_albert(20_000, 4, Orientation::Both, Key::new(6));
        let analysis = analysed(rows);
        let law = analysis.indegrees.power_law.unwrap();
        // P(k) ∝ 1 / (k(k+1)(k+2)) is a power law of exponent 3 only far out: k (1+1/k)^3 ≈ k + 1.
        assert!((law.fit.exponent - 3.0).abs() < 0.2, "{law:?}");
        assert!(law.p_value.unwrap() > 0.1, "{law:?}");
        assert!(law.alternatives[0].log_ratio > 0.0 && law.alternatives[0].p_value < 0.01);
        assert_eq!(analysis.indegrees.smallest, analysis.outdegrees.smallest);
        assert_eq!(analysis.weak.sizes, [20_000]);
        assert_eq!(analysis.strong.sizes, [20_000]);
        assert_eq!((analysis.reciprocity, analysis.autapses, analysis.multapses), (Some(1.0), 0, 0));
        assert!((analysis.degrees.mean - 4.0 * 4.0 * (1.0 - 4.0 / 20_000.0)).abs() < 1e-9);
    }

    #[test]
    fn the_complementary_distribution_starts_at_one_and_ends_with_the_largest() {
        let degrees = distribution(&[0, 2, 2, 5], 0, Key::new(1));
        assert_eq!(degrees.ccdf, [(0, 1.0), (2, 0.75), (5, 0.25)]);
        assert_eq!((degrees.smallest, degrees.largest, degrees.mean), (0, 5, 2.25));
        assert!((degrees.sd - 3.1875_f64.sqrt()).abs() < 1e-12);
        assert_eq!(degrees.power_law, None);
    }

    #[test]
    fn autapses_and_multapses_are_counted() {
        let analysis = analysed(Rows::from_edges(3, [(0, 0), (0, 0), (1, 0), (1, 0), (1, 2)].into_iter()));
        assert_eq!((analysis.synapses, analysis.autapses, analysis.multapses), (5, 2, 2));
    }

    #[test]
    fn a_large_graph_has_fewer_shuffled_ones_beside_it() {
        let graph = |edges: u32| Digraph::from_edges(4, (0..edges).map(|edge| (edge % 4, edge / 2 % 4)));
        let shuffles =
            |edges| grouped(&graph(edges), 20, 1000, Key::new(1)).map(|found| found.shuffled.graphs);
        assert_eq!([10, 100, 500, 501, 0].map(shuffles), [Some(20), Some(10), Some(2), None, None]);
    }

    #[test]
    fn a_graph_without_neurons_or_synapses_is_analysed_too() {
        assert_eq!(analysed(Rows::from_edges(0, [].into_iter())).neurons, 0);
        let lonely = analysed(Rows::from_edges(3, [].into_iter()));
        assert_eq!((lonely.reciprocity, lonely.paths, lonely.assortativity), (None, None, None));
        assert_eq!(lonely.strong.sizes, [1, 1, 1]);
    }

    #[test]
    fn the_same_key_gives_the_same_analysis() {
        let graph = || barabasi_albert(3000, 3, Orientation::Random, Key::new(2));
        assert_eq!(analysed(graph()), analysed(graph()));
    }
}
