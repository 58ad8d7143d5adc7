//! From floats to integers.

use super::Quantisation;
use crate::truenorth::limits::{HIGHEST, Widths, signed, unsigned};
use crate::truenorth::network::{Cell, Input, Number, Synapse};
use crate::truenorth::types::{Basis, basis, nearest, parts};
use sim_core::network::Network;

/// Puts everything into integers.
pub fn round(network: &Network, found: &mut Quantisation) {
    let widths = Widths::default();
    let scales: Vec<f64> = network
        .populations
        .iter()
        .zip(&found.scales)
        .flat_map(|(population, &scale)| std::iter::repeat_n(scale, population.size as usize))
        .collect();
    let whole = |value: f64, scale: f64, most: i64| -> i32 {
        (value * scale).round().clamp(-(most as f64), most as f64) as i32
    };
    let cell = |(cell, &scale): (&Cell<f64>, &f64)| Cell {
        leak: whole(cell.leak, scale, signed(widths.leak)),
        reversal: cell.reversal,
        threshold: whole(cell.threshold, scale, unsigned(widths.alpha)).max(1),
        reset: cell.reset.map(|reset| whole(reset, scale, signed(widths.reset))),
        floor: whole(cell.floor, scale, unsigned(widths.beta)).min(0),
        start: whole(cell.start, scale, i64::from(HIGHEST)),
    };
    let weight = |weight: f64, target: u32| whole(weight, scales[target as usize], signed(widths.weight));
    found.integers.cells = found.reals.cells.iter().zip(&scales).map(cell).collect();
    let apart: Vec<Synapse<i32>> = found
        .reals
        .synapses
        .iter()
        .map(|real| Synapse {
            source: real.source,
            target: real.target,
            delay: real.delay,
            weight: weight(real.weight, real.target),
        })
        .collect();
    let together = merged(apart.clone());
    let inputs: Vec<Input<i32>> = found
        .reals
        .inputs
        .iter()
        .map(|real| Input { target: real.target, weight: weight(real.weight, real.target), most: real.most })
        .collect();
    // Several synapses of one pair and delay are one, unless only apart they are made of four numbers.
    let [once, each] = [&together, &apart].map(|synapses| onto(found.reals.cells.len(), synapses, &inputs));
    let (onces, eachs): (Vec<Basis>, Vec<Basis>) =
        once.iter().zip(&each).map(|(once, each)| (basis(once), basis(each))).unzip();
    let exact = |basis: &Basis, weights: &[i16]| weights.iter().all(|&weight| parts(basis, weight).is_some());
    let split: Vec<bool> = (0..found.reals.cells.len())
        .map(|target| !exact(&onces[target], &once[target]) && exact(&eachs[target], &each[target]))
        .collect();
    found.bases = (0..split.len()).map(|t| if split[t] { eachs[t] } else { onces[t] }).collect();
    let whole: Vec<Synapse<i32>> = together
        .into_iter()
        .filter(|synapse| !split[synapse.target as usize])
        .chain(apart.into_iter().filter(|synapse| split[synapse.target as usize]))
        .collect();
    let made = |weight: i32, target: u32| -> i32 {
        nearest(&found.bases[target as usize], weight.clamp(-255, 255) as i16).into()
    };
    let synapse =
        |synapse: &Synapse<i32>| Synapse { weight: made(synapse.weight, synapse.target), ..*synapse };
    found.integers.synapses = whole.iter().map(synapse).filter(|synapse| synapse.weight != 0).collect();
    found.integers.synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
    let input = |input: &Input<i32>| Input { weight: made(input.weight, input.target), ..*input };
    found.integers.inputs = inputs.iter().map(input).collect();
}

/// The weights onto each neuron.
fn onto(neurons: usize, synapses: &[Synapse<i32>], inputs: &[Input<i32>]) -> Vec<Vec<i16>> {
    let mut onto: Vec<Vec<i16>> = vec![Vec::new(); neurons];
    let synapses = synapses.iter().map(|synapse| (synapse.target, synapse.weight));
    for (target, weight) in synapses.chain(inputs.iter().map(|input| (input.target, input.weight))) {
        // Beyond nine bits no basis holds it: it is rounded like those that four numbers cannot make.
        onto[target as usize].push(weight.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
    }
    onto
}

impl Quantisation {
    /// A weight of a projection as the chip has it, in the file's unit; that of a synapse alone in its pair.
    pub fn realised(&self, network: &Network, target: u32, weight: f64) -> f64 {
        let scale = self.scales[network.locate(target).0];
        let most = signed(Widths::default().weight) as f64;
        let whole = (weight * scale).round().clamp(-most, most) as i16;
        f64::from(nearest(&self.bases[target as usize], whole)) / scale
    }
}

/// Synapses of one source, delay and target as one.
fn merged<N: Number>(all: Vec<Synapse<N>>) -> Vec<Synapse<N>> {
    let mut merged: Vec<Synapse<N>> = Vec::with_capacity(all.len());
    for synapse in all {
        let same = |last: &&mut Synapse<N>| {
            (last.source, last.delay, last.target) == (synapse.source, synapse.delay, synapse.target)
        };
        match merged.last_mut().filter(same) {
            Some(last) => last.weight = last.weight.plus(synapse.weight),
            None => merged.push(synapse),
        }
    }
    merged
}
