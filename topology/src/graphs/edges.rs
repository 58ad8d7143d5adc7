//! All synapses of a network as one graph.

use crate::graphs::digraph::Digraph;
use crate::graphs::rows::Rows;
use sim_core::connect::Connectivity;
use sim_core::network::{Network, Projection};
use sim_core::quantity::{Quantity, Sampler};
use sim_core::rng::Key;
use sim_core::rule::{Synapse, Wiring};
use std::ops::Range;

/// A network's synapses between its neurons, and how long their delays are.
#[derive(Clone, Debug, PartialEq)]
pub struct Edges {
    /// Sources by target, by number in the network.
    pub incoming: Rows,
    /// The delays; nothing if there is no synapse.
    pub delays: Option<Delays>,
}

/// Delays in ms, as whole steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delays {
    /// The shortest.
    pub shortest: f64,
    /// Their mean.
    pub mean: f64,
    /// The longest.
    pub longest: f64,
}

/// Draws all synapses of a network, with their delays as a machine draws them: in whole steps, at
/// least one.
///
/// Memory: four bytes a synapse, eight bytes a neuron, and while drawing eight bytes for each of the
/// synapses onto one block of neurons, of which there are about 16 million at most.
pub fn edges_of(network: &Network, connectivity: &Connectivity) -> Edges {
    let sizes: Vec<u32> = network.populations.iter().map(|population| population.size).collect();
    let inflow = |(number, projection): (usize, &Projection)| {
        let wiring = connectivity.wiring(number);
        let own = || wiring.delays().map_or(Quantity::Constant(0.0), Quantity::List);
        Inflow {
            wiring,
            target: projection.target,
            first_source: network.populations[projection.source].first,
            delay: projection.delay.clone().unwrap_or_else(own).sampler(),
            key: projection.key.named("delay"),
        }
    };
    let inflows: Vec<Inflow<'_>> = network.projections.iter().enumerate().map(inflow).collect();
    gather(&sizes, &inflows, network.dt)
}

/// Synapses onto a population.
struct Inflow<'a> {
    wiring: &'a dyn Wiring,
    /// Number of the target population.
    target: usize,
    /// Number in the network of the first source.
    first_source: u32,
    delay: Sampler,
    key: Key,
}

/// Synapses onto a block of targets that are drawn at once.
const BLOCK: f64 = (1 << 24) as f64;

fn gather(sizes: &[u32], inflows: &[Inflow<'_>], dt: f64) -> Edges {
    let expected: f64 = inflows.iter().map(|inflow| inflow.wiring.count()).sum();
    let mut incoming = Rows::with_capacity(sizes.iter().sum(), expected as usize);
    let mut steps = Steps::default();
    for (population, &size) in sizes.iter().enumerate() {
        let onto: Vec<&Inflow<'_>> = inflows.iter().filter(|inflow| inflow.target == population).collect();
        let synapses: f64 = onto.iter().map(|inflow| inflow.wiring.count()).sum();
        let neurons = f64::from(size) * (BLOCK / synapses.max(BLOCK));
        let block = (neurons as u32).max(1024);
        let mut first = 0;
        while first < size {
            let targets = first..size.min(first.saturating_add(block));
            first = targets.end;
            incoming.append(&onto_block(&onto, targets, dt, &mut steps));
        }
    }
    Edges { incoming, delays: steps.delays(dt) }
}

/// The sources of a block of targets, by network number, from all projections.
fn onto_block(onto: &[&Inflow<'_>], targets: Range<u32>, dt: f64, steps: &mut Steps) -> Rows {
    let mut edges: Vec<(u32, u32)> = Vec::new();
    for inflow in onto {
        inflow.wiring.onto(targets.clone(), &mut |synapses: &[Synapse]| {
            edges.extend(synapses.iter().map(|s| (s.target - targets.start, inflow.first_source + s.source)));
            match inflow.delay {
                Sampler::Constant(delay) => steps.take(delay / dt, synapses.len() as u64),
                _ => {
                    for synapse in synapses {
                        steps.take(inflow.delay.draw(inflow.key, synapse.number) / dt, 1);
                    }
                }
            }
        });
    }
    Rows::from_edges(targets.len() as u32, edges.iter().copied())
}

/// Delays in whole steps, so that their sum does not depend on its order.
#[derive(Default)]
struct Steps {
    count: u64,
    sum: u128,
    shortest: u64,
    longest: u64,
}

impl Steps {
    fn take(&mut self, steps: f64, count: u64) {
        let steps = steps.round().max(1.0) as u64;
        if count > 0 {
            self.shortest = if self.count == 0 { steps } else { self.shortest.min(steps) };
            self.longest = self.longest.max(steps);
            self.sum += u128::from(steps) * u128::from(count);
            self.count += count;
        }
    }

    fn delays(&self, dt: f64) -> Option<Delays> {
        let ms = |steps: f64| steps * dt;
        (self.count > 0).then(|| Delays {
            shortest: ms(self.shortest as f64),
            mean: ms(self.sum as f64 / self.count as f64),
            longest: ms(self.longest as f64),
        })
    }
}

impl Edges {
    /// The graph of the synapses; takes another four bytes a synapse.
    pub fn into_digraph(self) -> Digraph {
        Digraph::from_incoming(self.incoming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::quantity::Quantity;

    #[test]
    fn synapses_of_all_projections_meet_at_their_neurons_network_numbers() {
        // Populations of 2 and 3 neurons: numbers 0, 1 and 2, 3, 4.
        let within = Rows::from_edges(2, [(0, 1), (1, 0)].into_iter());
        let across = Rows::from_edges(3, [(0, 1), (2, 0), (2, 1)].into_iter());
        let back = Rows::from_edges(2, [(1, 2)].into_iter());
        let inflow = |wiring, target, first_source, ms: f64| {
            let delay = Quantity::Constant(ms).sampler();
            Inflow { wiring, target, first_source, delay, key: Key::new(1) }
        };
        let inflows = [inflow(&within, 0, 0, 1.0), inflow(&across, 1, 0, 2.52), inflow(&back, 0, 2, 0.01)];
        let edges = gather(&[2, 3], &inflows, 0.1);
        let wanted = [(0, 1), (1, 0), (1, 4), (2, 1), (4, 0), (4, 1)];
        assert_eq!(edges.incoming.edges().collect::<Vec<_>>(), wanted);
        let delays = edges.delays.unwrap();
        let close = |got: f64, wanted: f64| assert!((got - wanted).abs() < 1e-12, "{got} {wanted}");
        close(delays.shortest, 0.1);
        close(delays.longest, 2.5);
        close(delays.mean, (2.0 * 1.0 + 3.0 * 2.5 + 0.1) / 6.0);
    }

    #[test]
    fn a_population_larger_than_a_block_is_gathered_whole() {
        let ring = Rows::from_edges(5000, (0..5000).map(|target| (target, (target + 1) % 5000)));
        let delay = Quantity::Uniform { low: 1.0, high: 3.0 }.sampler();
        let pieces = Pieces(ring.clone());
        let inflow = Inflow { wiring: &pieces, target: 0, first_source: 0, delay, key: Key::new(4) };
        let edges = gather(&[5000], &[inflow], 0.1);
        assert_eq!(edges.incoming, ring);
        let delays = edges.delays.unwrap();
        assert!((delays.mean - 2.0).abs() < 0.05 && delays.shortest == 1.0 && delays.longest == 3.0);
    }

    /// A wiring that claims so many synapses that its targets are cut into blocks.
    struct Pieces(Rows);

    impl Wiring for Pieces {
        fn count(&self) -> f64 {
            4.0 * BLOCK
        }

        fn onto(&self, targets: Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
            assert!(targets.len() <= 1250);
            self.0.onto(targets, take);
        }
    }

    #[test]
    fn a_network_without_synapses_has_no_delays() {
        let edges = gather(&[3], &[], 0.1);
        assert_eq!((edges.incoming.rows(), edges.incoming.entries()), (3, 0));
        assert_eq!(edges.delays, None);
    }
}
