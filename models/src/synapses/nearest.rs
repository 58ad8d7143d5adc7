//! Nearest-neighbour pairs for `Stdp`: three ways to choose which spikes pair.

use crate::synapses::archive::Decay;
use crate::synapses::pairs::{Pairs, Row};
use crate::synapses::weight_dependence::WeightDependence;
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::PreSpike;

/// Numbers per run: those of [`Pairs`], and the number of the run's train.
pub const PRE: usize = 3;

/// A presynaptic spike counts for nothing more when less than this of its trace is left: it no
/// longer changes the last bit of a sum that is at least 1.
const INVISIBLE: f64 = 1.0 / (1u64 << 55) as f64;

/// The pairs of nearest neighbours.
#[derive(Debug)]
pub struct Nearest {
    scheme: Scheme,
    /// For `PresynCentered`, the trains of the runs, numbered from 1 by the third number of a run.
    trains: Vec<Train>,
}

#[derive(Clone, Copy, Debug)]
enum Scheme {
    Symmetric,
    PresynCentered,
    Restricted,
}

/// Presynaptic spikes of one run with K₊ just after each, over all spikes before.
///
/// With `PresynCentered` a postsynaptic spike ends all pairs that began before it, so K₊ is a sum
/// over the presynaptic spikes since the last postsynaptic one, other for every synapse of a run.
/// It is the sum over all of them less what the sum was before that postsynaptic spike.
#[derive(Debug, Default)]
struct Train(Vec<(f64, f64)>);

impl Train {
    /// K₊ just after the last spike, of spikes at `since` and later only.
    fn trace_since(&self, since: f64, decay: &Decay) -> f64 {
        let Some(&(last, all)) = self.0.last() else { return 0.0 };
        match self.0.partition_point(|&(time, _)| time < since).checked_sub(1) {
            Some(before) => all - self.0[before].1 * decay.over(last - self.0[before].0),
            None => all,
        }
    }

    fn push(&mut self, time: f64, decay: &Decay) {
        let faded = |&(spike, trace): &(f64, f64)| trace * decay.over(time - spike);
        let gone = self.0.partition_point(|spike| faded(spike) < INVISIBLE);
        let trace = self.0.last().map_or(0.0, faded) + 1.0;
        self.0.drain(..gone);
        self.0.push((time, trace));
    }
}

impl Nearest {
    /// The scheme that a word of `neighbours` names, if it is one of these.
    pub fn named(word: &str) -> Option<Self> {
        let scheme = match word {
            "Symmetric" => Scheme::Symmetric,
            "PresynCentered" => Scheme::PresynCentered,
            "Restricted" => Scheme::Restricted,
            _ => return None,
        };
        Some(Nearest { scheme, trains: Vec::new() })
    }

    /// Delivers a spike, with the postsynaptic spikes and the decays of `pairs`.
    pub fn deliver<R: Real>(
        &mut self,
        pairs: &mut Pairs,
        spike: PreSpike,
        pre: &mut [f64],
        row: Row<'_, R>,
        rule: WeightDependence,
    ) {
        let window = Window {
            pairs,
            delay: spike.delay,
            after: pre[0] - spike.delay,
            until: spike.time - spike.delay,
        };
        match self.scheme {
            Scheme::Symmetric => row.change(&pairs.archive, window.after, |n, count, weight| {
                window.symmetric(n, count, weight, rule)
            }),
            Scheme::Restricted => row.change(&pairs.archive, window.after, |n, count, weight| {
                window.restricted(n, count, weight, rule)
            }),
            Scheme::PresynCentered => {
                let train = self.train(pre);
                row.change(&pairs.archive, window.after, |n, count, weight| {
                    window.presyn_centered(n, count, weight, rule, train)
                });
                train.push(spike.time, &pairs.plus);
            }
        }
        pre[0] = spike.time;
        pre[1] = 1.0;
        pairs.archive.hear(spike.time + spike.delay);
    }

    /// The run's train. Its number is given at the first spike, and kept with the run.
    fn train(&mut self, pre: &mut [f64]) -> &mut Train {
        let mut number = pre[2] as usize;
        if number == 0 || number > self.trains.len() {
            self.trains.push(Train::default());
            number = self.trains.len();
            pre[2] = number as f64;
        }
        &mut self.trains[number - 1]
    }

    /// From when on a run needs postsynaptic spikes. The schemes without K₊ count a spike at time 0.
    pub fn needed_from(&self, pairs: &Pairs, pre: &[f64], delay: f64) -> f64 {
        match self.scheme {
            Scheme::PresynCentered => pairs.needed_from(pre, delay),
            Scheme::Symmetric | Scheme::Restricted => pre[0] - delay,
        }
    }

    /// Writes the trains.
    pub fn save(&self, out: &mut Saver) {
        out.u64(self.trains.len() as u64);
        for Train(spikes) in &self.trains {
            let numbers: Vec<f64> = spikes.iter().flat_map(|&(time, trace)| [time, trace]).collect();
            out.list(&numbers);
        }
    }

    /// Reads what [`Nearest::save`] wrote.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.trains.clear();
        for _ in 0..from.u64()? {
            let numbers = from.list::<f64>()?;
            self.trains.push(Train(numbers.chunks_exact(2).map(|spike| (spike[0], spike[1])).collect()));
        }
        Ok(())
    }
}

/// The postsynaptic spikes of a neuron since the run's last spike, in `(after, until]`.
struct Window<'a> {
    pairs: &'a Pairs,
    delay: f64,
    after: f64,
    until: f64,
}

impl Window<'_> {
    fn symmetric(&self, neuron: usize, count: usize, mut weight: f64, rule: WeightDependence) -> f64 {
        self.pairs.archive.between(neuron, count, self.after, self.until, |post| {
            weight = rule.facilitate(weight, self.pairs.plus.over(post.time - self.after));
        });
        rule.depress(weight, self.nearest_before(neuron))
    }

    fn restricted(&self, neuron: usize, count: usize, weight: f64, rule: WeightDependence) -> f64 {
        match self.first(neuron, count) {
            Some(first) => {
                let weight = rule.facilitate(weight, self.pairs.plus.over(first - self.after));
                rule.depress(weight, self.nearest_before(neuron))
            }
            None => weight,
        }
    }

    fn presyn_centered(
        &self,
        neuron: usize,
        count: usize,
        mut weight: f64,
        rule: WeightDependence,
        train: &Train,
    ) -> f64 {
        let (archive, plus) = (&self.pairs.archive, &self.pairs.plus);
        if let Some(first) = self.first(neuron, count) {
            let ended = archive.last(neuron, |spiked| spiked <= self.after).time + self.delay;
            weight = rule.facilitate(weight, train.trace_since(ended, plus) * plus.over(first - self.after));
        }
        rule.depress(weight, self.nearest_before(neuron))
    }

    fn first(&self, neuron: usize, count: usize) -> Option<f64> {
        let mut first = None;
        self.pairs
            .archive
            .between(neuron, count, self.after, self.until, |post| first = first.or(Some(post.time)));
        first
    }

    /// What is left of the last postsynaptic spike before the end.
    fn nearest_before(&self, neuron: usize) -> f64 {
        let last = self.pairs.archive.last(neuron, |spiked| spiked < self.until);
        self.pairs.archive.decay(0).over(self.until - last.time)
    }
}
