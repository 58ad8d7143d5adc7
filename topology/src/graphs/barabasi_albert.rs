//! Growth by preferential attachment (Barabási & Albert 1999).

use crate::graphs::rows::Rows;
use sim_core::rng::Key;

/// Which way the edges between a newer and an older node run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// One edge each way.
    Both,
    /// One edge, either way with probability 1/2.
    Random,
    /// From the newer node to the older: hubs receive.
    ToOlder,
    /// From the older node to the newer: hubs send.
    ToNewer,
}

/// The edges of a Barabási–Albert graph of `nodes` nodes, as sources by target.
///
/// It begins as a star: node 0 and nodes 1 to m. Every later node is joined to m different earlier
/// ones, each drawn with a probability proportional to its degree. Nodes are numbered by age, so the
/// hubs have the lowest numbers. There are m (nodes − m) undirected edges, and no node is joined to
/// itself or twice to another. For large graphs P(k) = 2m(m+1) / (k(k+1)(k+2)), k ≥ m.
///
/// A node's degree is how often it stands in the list of all ends of edges, so a uniform draw from
/// that list is a draw by degree, in constant time (Batagelj & Brandes 2005,
/// doi:10.1103/PhysRevE.71.036113); a node that was already drawn is drawn again.
///
/// # Panics
/// Unless 1 ≤ m < nodes and m (nodes − m) < 2³¹.
pub fn barabasi_albert(nodes: u32, m: u32, orientation: Orientation, key: Key) -> Rows {
    assert!(1 <= m && m < nodes, "m = {m} with {nodes} nodes");
    let edges = u64::from(m) * u64::from(nodes - m);
    assert!(edges < 1 << 31, "{edges} edges are too many");
    let mut ends = attachment(nodes, m, edges as usize * 2, key);
    if orientation == Orientation::Random {
        let mut coin = key.named("orientation").stream(0);
        for edge in ends.chunks_exact_mut(2) {
            if coin.next_u32() >> 31 == 1 {
                edge.swap(0, 1);
            }
        }
    }
    let to_older = ends.chunks_exact(2).map(|edge| (edge[1], edge[0]));
    let to_newer = ends.chunks_exact(2).map(|edge| (edge[0], edge[1]));
    match orientation {
        Orientation::Both => Rows::from_edges(nodes, to_older.chain(to_newer)),
        Orientation::ToOlder | Orientation::Random => Rows::from_edges(nodes, to_older),
        Orientation::ToNewer => Rows::from_edges(nodes, to_newer),
    }
}

/// The ends of all edges: newer, older, newer, older, …
fn attachment(nodes: u32, m: u32, ends: usize, key: Key) -> Vec<u32> {
    let mut draws = key.named("attachment").stream(0);
    let mut list = Vec::with_capacity(ends);
    list.extend((1..=m).flat_map(|leaf| [leaf, 0]));
    // By whom each node was drawn last, to see at once whether it is drawn a second time.
    let mut drawn_by = vec![u32::MAX; nodes as usize];
    for node in m + 1..nodes {
        let earlier = list.len() as u32;
        for _ in 0..m {
            let older = loop {
                let older = list[draws.below(earlier) as usize];
                if drawn_by[older as usize] != node {
                    break older;
                }
            };
            drawn_by[older as usize] = node;
            list.extend([node, older]);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(nodes: u32, m: u32, orientation: Orientation) -> Rows {
        barabasi_albert(nodes, m, orientation, Key::new(11).named("ba"))
    }

    #[test]
    fn the_graph_is_simple_and_has_m_times_n_minus_m_edges() {
        for (nodes, m) in [(2, 1), (50, 1), (300, 7), (40, 39)] {
            let one_way = graph(nodes, m, Orientation::ToOlder);
            assert_eq!(one_way.entries() as u32, m * (nodes - m));
            for (target, source) in one_way.edges() {
                assert!(source > target, "the newer node {target} is reached by the older {source}");
            }
            for target in 0..nodes {
                assert!(one_way.row(target).windows(2).all(|pair| pair[0] < pair[1]));
            }
        }
    }

    #[test]
    fn the_orientations_are_views_of_one_undirected_graph() {
        let (nodes, m) = (400, 5);
        let older = graph(nodes, m, Orientation::ToOlder);
        assert_eq!(graph(nodes, m, Orientation::ToNewer), older.transposed(nodes));
        let both = graph(nodes, m, Orientation::Both);
        assert_eq!(both, both.transposed(nodes));
        assert_eq!(both.entries(), 2 * older.entries());
        let random = graph(nodes, m, Orientation::Random);
        let back = random.transposed(nodes);
        let joined = Rows::from_edges(nodes, random.edges().chain(back.edges()));
        assert_eq!(joined, both);
        let forward = random.edges().filter(|(target, source)| source > target).count() as f64;
        let edges = random.entries() as f64;
        assert!((forward - edges / 2.0).abs() < 4.0 * (edges / 4.0).sqrt());
    }

    #[test]
    fn degrees_follow_the_law_of_preferential_attachment() {
        let (nodes, m) = (40_000u32, 4u32);
        let degrees = graph(nodes, m, Orientation::Both).lengths();
        let (m, total) = (f64::from(m), f64::from(nodes));
        let law = |k: f64| 2.0 * m * (m + 1.0) / (k * (k + 1.0) * (k + 2.0));
        // Degrees 4 to 23 one by one, and all above, whose share is m(m+1)/(k(k+1)) from k = 24.
        let mut chi2 = 0.0;
        for k in 4..24u32 {
            let observed = degrees.iter().filter(|&&degree| degree == k).count() as f64;
            let expected = total * law(f64::from(k));
            chi2 += (observed - expected) * (observed - expected) / expected;
        }
        let above = degrees.iter().filter(|&&degree| degree >= 24).count() as f64;
        let expected = total * m * (m + 1.0) / (24.0 * 25.0);
        chi2 += (above - expected) * (above - expected) / expected;
        // 20 degrees of freedom: P(χ² > 45.3) = 0.001.
        assert!(chi2 < 45.3, "χ² = {chi2}");
    }
}
