//! All pairs, for rules under which several facilitations come to one that can be told without the
//! weight: a sum of K₊, or a product of what each leaves of the way to the bound. A bound holds for
//! all of them together as it would for one after the other.

use crate::synapses::archive::RECENT;
use crate::synapses::digest::Digests;
use crate::synapses::pairs::{Pairs, Row};
use sim_core::network::Clock;
use sim_core::real::Real;
use sim_core::snapshot::{Loader, SnapshotError};
use sim_core::synapse::{PlasticSite, PreSpike};
use std::ops::Range;

/// A rule whose facilitations come to one: to their sum, unless it says otherwise.
pub trait Facilitation<R: Real>: Copy {
    /// What no facilitation comes to.
    const NONE: R = R::ZERO;

    /// What facilitations come to with one more.
    #[inline(always)]
    fn and(self, facilitation: R, k_plus: R) -> R {
        facilitation + k_plus
    }

    /// What some spikes of a digest come to, numbered from the newest. The difference of two sums
    /// times `factor` is the K₊ of the spikes between.
    #[inline(always)]
    fn of(self, sums: &[R; RECENT], newest: Range<usize>, factor: R) -> R {
        (sums[newest.end % RECENT] - sums[newest.start % RECENT]) * factor
    }

    /// The weight after facilitation and then depression by K₋.
    fn change(self, weight: R, facilitation: R, k_minus: R) -> R;
}

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

    /// Delivers a spike.
    pub fn deliver(&mut self, spike: PreSpike, pre: &mut [f64], row: Row<'_, R>, rule: impl Facilitation<R>) {
        let Row { neurons, weights, sent } = row;
        let Pairs { archive, plus } = &self.pairs;
        let window = self.pairs.window(spike, pre);
        let ask = |neuron| self.pairs.ask(neuron, window, rule);
        let seen = self.digests.as_mut().and_then(|digests| {
            digests.move_to(spike.time + spike.delay, archive, plus);
            digests.change(window, [plus, archive.decay(0)], (neurons, &mut *weights), rule, ask)
        });
        if seen.is_none() {
            for (&neuron, weight) in neurons.iter().zip(&mut *weights) {
                let [facilitation, k_minus] = ask(usize::from(neuron));
                *weight = rule.change(*weight, facilitation, k_minus);
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
