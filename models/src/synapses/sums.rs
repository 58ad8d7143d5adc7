//! All pairs, for rules under which facilitations of a weight add up.
//!
//! Then the postsynaptic spikes since the last presynaptic one act through the sum of their K₊, and
//! a bound holds for the sum as it would for one after the other.

use crate::synapses::digest::Digests;
use crate::synapses::pairs::{Pairs, Row};
use sim_core::network::Clock;
use sim_core::real::Real;
use sim_core::snapshot::{Loader, SnapshotError};
use sim_core::synapse::{PlasticSite, PreSpike};

/// The traces of pair rules, with digests of them where spikes fall on whole steps.
#[derive(Debug)]
pub struct Sums<R> {
    /// Traces and spikes.
    pub pairs: Pairs,
    digests: Option<Digests<R>>,
}

impl<R: Real> Sums<R> {
    /// Traces with these time constants in ms.
    pub fn new(site: &PlasticSite, tau_plus: f64, tau_minus: f64) -> Self {
        let pairs = Pairs::new(site.neurons, tau_plus, tau_minus, site.dt);
        let digests = match site.clock {
            Clock::Grid => Some(Digests::new(site.neurons, &pairs.plus, pairs.archive.decay(0))),
            Clock::Exact => None,
        };
        Sums { pairs, digests }
    }

    /// A neuron spiked.
    pub fn post_spike(&mut self, neuron: u32, time: f64) {
        let Pairs { archive, plus } = &mut self.pairs;
        let post = archive.spike(neuron, time);
        if let Some(digests) = &mut self.digests {
            digests.spike(neuron, &post, plus, archive.decay(0));
        }
    }

    /// Delivers a spike: `change` makes a new weight of the old one, the sum of K₊ over the
    /// postsynaptic spikes since the last one, and K₋.
    pub fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        row: Row<'_, R>,
        change: impl Fn(R, R, R) -> R + Copy,
    ) {
        let Row { neurons, weights, sent } = row;
        let window = self.pairs.window(spike, pre);
        if let Some(digests) = &mut self.digests {
            digests.move_to(spike.time + spike.delay, &self.pairs.archive, &self.pairs.plus);
        }
        let pairs = &self.pairs;
        let asked = |neuron| pairs.ask(neuron, window).map(R::of);
        let decays = [&pairs.plus, pairs.archive.decay(0)];
        let seen = self
            .digests
            .as_ref()
            .and_then(|digests| digests.change(window, decays, (neurons, &mut *weights), asked, change));
        if seen.is_none() {
            for (&neuron, weight) in neurons.iter().zip(&mut *weights) {
                let [sum, trace] = asked(usize::from(neuron));
                *weight = change(*weight, sum, trace);
            }
        }
        sent.extend_from_slice(weights);
        self.pairs.arrived(spike, pre);
    }

    /// Reads what the archive saved.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.digests.iter_mut().for_each(Digests::forget);
        self.pairs.archive.restore(from)
    }
}
