//! The rules of a network at work: in the chip's integers, and in floats.

use super::super::network::Learned;
use super::super::plastic::{Engine, Wires};
use super::super::semantics::Rounding;
use super::super::weights::WeightFormat;
use super::epoch::{Epochs, Synapse};
use super::{Draw, Random};
use sim_core::primitive::{Change, PairRule};
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::sync::Arc;

/// Epochs of the chip, whose chances belong to neurons and synapses, wherever these are.
#[derive(Clone)]
pub struct Integral {
    epochs: Epochs,
    chances: Chances,
    format: WeightFormat,
    rounding: Rounding,
}

/// Random numbers by purpose, neuron or synapse, and step.
#[derive(Clone)]
struct Chances {
    key: Key,
    wires: Arc<Wires>,
}

impl Random for Chances {
    fn uniform(&mut self, draw: Draw, which: usize, step: i64) -> f64 {
        let (purpose, number) = match draw {
            Draw::Pre => (0, self.wires.sources[which]),
            Draw::Post => (1, self.wires.targets[which]),
            Draw::Round(_) => (2, self.wires.synapses[which].2),
        };
        self.key.numbered(purpose).numbered(step as u64).uniform(u64::from(number))
    }
}

impl Integral {
    /// The synapses of a rule with these first weights.
    pub fn new(
        learned: &Learned,
        (format, rounding): (WeightFormat, Rounding),
        wires: &Wires,
        weights: impl Iterator<Item = i32>,
    ) -> Self {
        let synapse = |(&(pre, post, _), weight): (&(u32, u32, u32), i32)| Synapse {
            pre,
            post,
            weight,
            delay: i32::from(learned.delay) - 1,
            tag: 0,
        };
        let synapses = wires.synapses.iter().zip(weights).map(synapse).collect();
        let (pre, post) = (wires.sources.len(), wires.targets.len());
        Integral {
            epochs: Epochs::new(learned.profile.clone(), pre, post, synapses),
            chances: Chances { key: learned.key, wires: Arc::new(wires.clone()) },
            format,
            rounding,
        }
    }
}

impl Engine<i16> for Integral {
    fn hear(&mut self, step: i64, sources: &[u32], targets: &[u32]) {
        sources.iter().for_each(|&source| self.epochs.pre_spike(source as usize, step));
        targets.iter().for_each(|&target| self.epochs.post_spike(target as usize, step));
        self.epochs.end_of_step(step, &mut self.chances);
    }

    fn weight(&self, synapse: usize) -> i16 {
        self.format.effective(self.epochs.synapses()[synapse].weight, self.rounding) as i16
    }

    fn number(&self, synapse: usize) -> f64 {
        f64::from(self.weight(synapse))
    }

    fn updates(&self) -> u64 {
        self.epochs.updates()
    }

    fn fork(&self) -> Box<dyn Engine<i16>> {
        Box::new(self.clone())
    }

    fn save(&self, out: &mut Saver) {
        self.epochs.save(out);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.epochs.restore(from)
    }
}

/// The same rule in floats, in epochs of one step.
#[derive(Clone)]
pub struct Real {
    rule: PairRule,
    wires: Arc<Wires>,
    /// Traces of sources and of targets.
    x: Vec<f64>,
    y: Vec<f64>,
    weights: Vec<f64>,
    updates: u64,
}

impl Real {
    /// The synapses of a rule with these first weights.
    pub fn new(rule: PairRule, wires: &Wires, weights: impl Iterator<Item = f64>) -> Self {
        Real {
            rule,
            x: vec![0.0; wires.sources.len()],
            y: vec![0.0; wires.targets.len()],
            weights: weights.collect(),
            wires: Arc::new(wires.clone()),
            updates: 0,
        }
    }
}

/// Lets traces decay and raises those that spiked; returns who did.
fn pass(traces: &mut [f64], keep: f64, fired: &[u32]) -> Vec<bool> {
    traces.iter_mut().for_each(|trace| *trace *= keep);
    let mut spiked = vec![false; traces.len()];
    for &end in fired {
        traces[end as usize] += 1.0;
        spiked[end as usize] = true;
    }
    spiked
}

impl Engine<f64> for Real {
    fn hear(&mut self, _: i64, sources: &[u32], targets: &[u32]) {
        let pre = pass(&mut self.x, self.rule.keep_pre, sources);
        let post = pass(&mut self.y, self.rule.keep_post, targets);
        if sources.is_empty() && targets.is_empty() {
            return;
        }
        let sign = if self.rule.negative { -1.0 } else { 1.0 };
        for (weight, &(source, target, _)) in self.weights.iter_mut().zip(&self.wires.synapses) {
            let (source, target) = (source as usize, target as usize);
            if !pre[source] && !post[target] {
                continue;
            }
            self.updates += 1;
            let size = *weight * sign;
            let change = |of: &Change, trace: f64| of.fixed + (of.trace + of.share * size) * trace;
            let up = if post[target] { change(&self.rule.at_post, self.x[source]) } else { 0.0 };
            let down = if pre[source] { change(&self.rule.at_pre, self.y[target]) } else { 0.0 };
            *weight = (size + up + down).min(self.rule.high).max(self.rule.low) * sign;
        }
    }

    fn weight(&self, synapse: usize) -> f64 {
        self.weights[synapse]
    }

    fn number(&self, synapse: usize) -> f64 {
        self.weights[synapse]
    }

    fn updates(&self) -> u64 {
        self.updates
    }

    fn fork(&self) -> Box<dyn Engine<f64>> {
        Box::new(self.clone())
    }

    fn save(&self, out: &mut Saver) {
        [&self.x, &self.y, &self.weights].into_iter().for_each(|values| out.list(values));
        out.u64(self.updates);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.x, &mut self.y, &mut self.weights].into_iter().try_for_each(|v| from.list_into(v))?;
        self.updates = from.u64()?;
        Ok(())
    }
}
