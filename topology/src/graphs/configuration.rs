//! The directed configuration model: a random graph with power laws for in- and out-degrees.

use crate::graphs::degree_law::DegreeLaw;
use crate::graphs::rows::Rows;
use sim_core::rng::{Key, Stream};

/// Laws of the two degrees; in- and out-degree of a neuron are independent.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Law of the in-degrees of the targets.
    pub incoming: DegreeLaw,
    /// Law of the out-degrees of the sources.
    pub outgoing: DegreeLaw,
    /// How many sources.
    pub sources: u32,
    /// How many targets.
    pub targets: u32,
}

/// One of the two degree laws, as asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// Exponent, above 1.
    pub exponent: f64,
    /// Largest degree.
    pub largest: u32,
    /// How many nodes have such a degree.
    pub nodes: u32,
}

impl Configuration {
    /// Laws from the smallest degree on that give as many in- as out-stubs: the side that would have
    /// fewer begins at a higher degree. Nothing if even its largest degree is too small for that.
    pub fn new(incoming: Side, outgoing: Side, smallest: u32) -> Option<Self> {
        let plain = |side: Side| DegreeLaw::new(side.exponent, smallest, side.largest);
        let (mut laws_in, mut laws_out) = (plain(incoming), plain(outgoing));
        let stubs = |law: &DegreeLaw, side: Side| law.mean() * f64::from(side.nodes);
        let (in_stubs, out_stubs) = (stubs(&laws_in, incoming), stubs(&laws_out, outgoing));
        let raised = |side: Side, stubs: f64| {
            DegreeLaw::with_mean(side.exponent, stubs / f64::from(side.nodes), smallest, side.largest)
        };
        if in_stubs < out_stubs {
            laws_in = raised(incoming, out_stubs)?;
        } else if out_stubs < in_stubs {
            laws_out = raised(outgoing, in_stubs)?;
        }
        let (sources, targets) = (outgoing.nodes, incoming.nodes);
        Some(Configuration { incoming: laws_in, outgoing: laws_out, sources, targets })
    }

    /// Mean number of edges.
    pub fn expected_edges(&self) -> f64 {
        f64::from(self.targets) * self.incoming.mean()
    }

    /// Draws degrees and joins the stubs at random, as sources by target. Autapses and multapses
    /// occur (Newman, Strogatz & Watts 2001, doi:10.1103/PhysRevE.64.026118).
    pub fn generate(&self, key: Key) -> Rows {
        let (indegrees, outdegrees) = self.degrees(key);
        let mut stubs = Vec::with_capacity(outdegrees.iter().map(|&k| k as usize).sum());
        for (source, &degree) in outdegrees.iter().enumerate() {
            stubs.extend(std::iter::repeat_n(source as u32, degree as usize));
        }
        let mut draws = key.named("stubs").stream(0);
        for last in (1..stubs.len()).rev() {
            stubs.swap(last, draws.below(last as u32 + 1) as usize);
        }
        Rows::from_lengths(&indegrees, stubs)
    }

    /// In- and out-degrees with the same sum. What chance leaves between the two sums is made up by
    /// drawing degrees of random nodes anew where that brings the sums closer, which touches about
    /// as many nodes as the difference has mean degrees.
    fn degrees(&self, key: Key) -> (Vec<u32>, Vec<u32>) {
        let drawn = |law: &DegreeLaw, nodes: u32, name: &str| -> Vec<u32> {
            let mut draws = key.named(name).stream(0);
            (0..nodes).map(|_| law.draw(&mut draws)).collect()
        };
        let mut indegrees = drawn(&self.incoming, self.targets, "indegrees");
        let mut outdegrees = drawn(&self.outgoing, self.sources, "outdegrees");
        let sum = |degrees: &[u32]| degrees.iter().map(|&k| i64::from(k)).sum::<i64>();
        let mut excess = sum(&indegrees) - sum(&outdegrees);
        let mut draws = key.named("agree").stream(0);
        for _ in 0..20 * (u64::from(self.sources) + u64::from(self.targets)) {
            if excess == 0 {
                break;
            }
            if draws.next_u32() >> 31 == 0 {
                redraw(&self.incoming, &mut indegrees, &mut excess, 1, &mut draws);
            } else {
                redraw(&self.outgoing, &mut outdegrees, &mut excess, -1, &mut draws);
            }
        }
        level(&mut indegrees, self.incoming.bounds(), &mut outdegrees, self.outgoing.bounds(), excess);
        (indegrees, outdegrees)
    }
}

/// Draws one node's degree anew and keeps it if the excess gets smaller; `sign` is the side's in it.
fn redraw(law: &DegreeLaw, degrees: &mut [u32], excess: &mut i64, sign: i64, draws: &mut Stream) {
    let node = draws.below(degrees.len() as u32) as usize;
    let degree = law.draw(draws);
    let after = *excess + sign * (i64::from(degree) - i64::from(degrees[node]));
    if after.abs() < excess.abs() {
        *excess = after;
        degrees[node] = degree;
    }
}

/// Takes away what excess is left, one stub a node, within the bounds: laws so narrow that no draw
/// fits are met exactly too. The bounds leave room because the two laws agree on the mean.
fn level(
    indegrees: &mut [u32],
    (in_low, in_high): (u32, u32),
    outdegrees: &mut [u32],
    (out_low, out_high): (u32, u32),
    mut excess: i64,
) {
    while excess != 0 {
        let before = excess;
        for degree in indegrees.iter_mut() {
            if excess > 0 && *degree > in_low {
                (*degree, excess) = (*degree - 1, excess - 1);
            } else if excess < 0 && *degree < in_high {
                (*degree, excess) = (*degree + 1, excess + 1);
            }
        }
        for degree in outdegrees.iter_mut() {
            if excess > 0 && *degree < out_high {
                (*degree, excess) = (*degree + 1, excess - 1);
            } else if excess < 0 && *degree > out_low {
                (*degree, excess) = (*degree - 1, excess + 1);
            }
        }
        assert_ne!(before, excess, "the bounds of the degrees leave no room");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn stubs_always_match_and_degrees_stay_within_their_bounds(
            exponents in (1.1..6.0, 1.1..6.0),
            nodes in (1..200u32, 1..200u32),
            smallest in 1..5u32,
            largest in 5..60u32,
        ) {
            let incoming = Side { exponent: exponents.0, largest, nodes: nodes.0 };
            let outgoing = Side { exponent: exponents.1, largest, nodes: nodes.1 };
            if let Some(model) = Configuration::new(incoming, outgoing, smallest) {
                let rows = model.generate(Key::new(1));
                let within = |degrees: Vec<u32>, law: &DegreeLaw| {
                    degrees.iter().all(|&k| law.bounds().0 <= k && k <= law.bounds().1)
                };
                prop_assert!(within(rows.lengths(), &model.incoming));
                prop_assert!(within(rows.transposed(nodes.1).lengths(), &model.outgoing));
            }
        }
    }

    #[test]
    fn the_lighter_side_begins_higher() {
        let incoming = Side { exponent: 2.2, largest: 999, nodes: 1000 };
        let outgoing = Side { exponent: 3.5, largest: 999, nodes: 1000 };
        let model = Configuration::new(incoming, outgoing, 4).unwrap();
        assert_eq!(model.incoming.bounds().0, 4);
        assert!(model.outgoing.bounds().0 > 4);
        assert!((model.incoming.mean() - model.outgoing.mean()).abs() < 1e-9);
    }

    #[test]
    fn equal_degrees_make_a_regular_graph() {
        let side = Side { exponent: 2.0, largest: 6, nodes: 50 };
        let rows = Configuration::new(side, side, 6).unwrap().generate(Key::new(9));
        assert_eq!(rows.lengths(), [6; 50]);
        assert_eq!(rows.transposed(50).lengths(), [6; 50]);
    }
}
