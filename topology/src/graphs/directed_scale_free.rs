//! Directed scale-free growth (Bollobás, Borgs, Chayes & Riordan 2003).

use crate::graphs::rows::Rows;
use sim_core::rng::{Key, Stream};

/// What the growth of a directed scale-free graph is made of; alpha + beta + gamma = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Probability of a new node with an edge to an old one, drawn by in-degree.
    pub alpha: f64,
    /// Probability of an edge between two old nodes, drawn by out-degree and by in-degree.
    pub beta: f64,
    /// Probability of a new node with an edge from an old one, drawn by out-degree.
    pub gamma: f64,
    /// Added to every in-degree when a node is drawn by it.
    pub delta_in: f64,
    /// Added to every out-degree when a node is drawn by it.
    pub delta_out: f64,
}

/// Nodes of the cycle from which the graph grows.
pub const FIRST_NODES: u32 = 3;

impl Growth {
    /// Exponent of the in-degree law: 1 + (1 + δ_in(α+γ)) / (α+β); infinite when α + β = 0.
    pub fn exponent_in(&self) -> f64 {
        1.0 + (1.0 + self.delta_in * (self.alpha + self.gamma)) / (self.alpha + self.beta)
    }

    /// Exponent of the out-degree law: 1 + (1 + δ_out(α+γ)) / (β+γ); infinite when β + γ = 0.
    pub fn exponent_out(&self) -> f64 {
        1.0 + (1.0 + self.delta_out * (self.alpha + self.gamma)) / (self.beta + self.gamma)
    }

    /// Mean number of edges when there are `nodes` nodes: every step makes an edge, and with
    /// probability α + γ a node.
    pub fn expected_edges(&self, nodes: u32) -> f64 {
        f64::from(FIRST_NODES) + f64::from(nodes.saturating_sub(FIRST_NODES)) / (self.alpha + self.gamma)
    }

    /// Grows a graph of `nodes` nodes, as sources by target. It begins as the cycle 0 → 1 → 2 → 0;
    /// nodes are numbered by age. Autapses and multapses occur, as in the paper.
    ///
    /// # Panics
    /// When there are fewer than three nodes, or α + γ is not above 0.
    pub fn grow(&self, nodes: u32, key: Key) -> Rows {
        assert!(nodes >= FIRST_NODES && self.alpha + self.gamma > 0.0);
        let mut draws = key.named("growth").stream(0);
        let (mut sources, mut targets) = (vec![0, 1, 2], vec![1, 2, 0]);
        let mut grown = FIRST_NODES;
        while grown < nodes {
            let step = draws.uniform() * (self.alpha + self.beta + self.gamma);
            let (source, target);
            if step < self.alpha {
                (source, target) = (grown, by_degree(&targets, self.delta_in, grown, &mut draws));
                grown += 1;
            } else if step < self.alpha + self.gamma {
                (source, target) = (by_degree(&sources, self.delta_out, grown, &mut draws), grown);
                grown += 1;
            } else {
                source = by_degree(&sources, self.delta_out, grown, &mut draws);
                target = by_degree(&targets, self.delta_in, grown, &mut draws);
            }
            sources.push(source);
            targets.push(target);
        }
        Rows::from_edges(nodes, targets.iter().copied().zip(sources.iter().copied()))
    }
}

/// A node drawn with a probability proportional to its degree + `delta`: an end of a random edge, or
/// a random node, in the ratio in which the edges and the deltas make up the sum of all.
fn by_degree(ends: &[u32], delta: f64, nodes: u32, draws: &mut Stream) -> u32 {
    let edges = ends.len() as f64;
    if draws.uniform() * (edges + delta * f64::from(nodes)) < edges {
        ends[draws.below(ends.len() as u32) as usize]
    } else {
        draws.below(nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROWTH: Growth = Growth { alpha: 0.3, beta: 0.5, gamma: 0.2, delta_in: 0.5, delta_out: 0.25 };

    #[test]
    fn there_are_as_many_edges_as_steps_on_average() {
        let nodes = 20_000;
        let edges = GROWTH.grow(nodes, Key::new(5)).entries() as f64;
        // The number of steps is negative binomial: variance n (1-p) / p² with p = α + γ.
        let sd = (f64::from(nodes) * 0.5 / 0.25).sqrt();
        assert!((edges - GROWTH.expected_edges(nodes)).abs() < 4.0 * sd);
    }

    #[test]
    fn shares_of_small_degrees_follow_the_recurrence_of_the_paper() {
        // f₀ = α / (1 + c δ), fᵢ = (c (i-1+δ) fᵢ₋₁ + γ [i = 1]) / (1 + c (i+δ)),
        // c = (α+β) / (1 + δ(α+γ)), all in nodes per step (equation 4 of the paper).
        let nodes = 60_000u32;
        let rows = GROWTH.grow(nodes, Key::new(8));
        let laws = [
            (rows.lengths(), GROWTH.alpha, GROWTH.gamma, GROWTH.alpha + GROWTH.beta, GROWTH.delta_in),
            (
                rows.transposed(nodes).lengths(),
                GROWTH.gamma,
                GROWTH.alpha,
                GROWTH.beta + GROWTH.gamma,
                GROWTH.delta_out,
            ),
        ];
        for (degrees, born_without, born_with, share, delta) in laws {
            let births = GROWTH.alpha + GROWTH.gamma;
            let c = share / (1.0 + delta * births);
            let mut f = born_without / (1.0 + c * delta);
            let mut chi2 = 0.0;
            for degree in 0..15u32 {
                if degree > 0 {
                    let i = f64::from(degree);
                    f = (c * (i - 1.0 + delta) * f + if degree == 1 { born_with } else { 0.0 })
                        / (1.0 + c * (i + delta));
                }
                let expected = f / births * f64::from(nodes);
                let observed = degrees.iter().filter(|&&d| d == degree).count() as f64;
                chi2 += (observed - expected) * (observed - expected) / expected;
            }
            // 15 degrees of freedom: P(χ² > 37.7) = 0.001.
            assert!(chi2 < 37.7, "χ² = {chi2}");
        }
    }
}
