//! What weights and parameters lost on the way to integers.

use super::Quantisation;
use crate::chip::report::{ParameterLoss, WeightLoss};
use crate::truenorth::limits::{Widths, signed};
use crate::truenorth::network::Cell;
use sim_core::network::Network;

/// All synapses of one source, delay and target: what each of them lost.
struct Pair {
    key: (u32, u8, u32),
    /// An equal share of the error of their sum, in thresholds.
    error: f64,
    /// Whether their sum is more than a weight can be.
    saturated: bool,
}

/// A parameter by name, in floats and in integers; nothing if the neuron has no such thing.
type Compared = (&'static str, fn(&Cell<f64>) -> Option<f64>, fn(&Cell<i32>) -> i32);

/// Counts what was lost by the synapses of each projection, by stimuli and by parameters.
pub fn lose(network: &Network, projections: &[Vec<(u32, u8, u32)>], found: &mut Quantisation) {
    let pairs = pairs(network, found);
    for (projection, own) in network.projections.iter().zip(projections) {
        let ends = network.ends(projection);
        let of = |key: &(u32, u8, u32)| {
            let place = pairs.binary_search_by_key(key, |pair| pair.key);
            place.map_or((0.0, false), |place| (pairs[place].error, pairs[place].saturated))
        };
        let losses = own.iter().map(of);
        found.weight_losses.push(weight_loss(format!("{} → {}", ends.source, ends.target), losses));
    }
    stimuli(network, found);
    parameters(network, found);
}

fn weight_loss(projection: String, losses: impl Iterator<Item = (f64, bool)>) -> WeightLoss {
    let (mut synapses, mut saturated, mut max_error, mut squares) = (0_u64, 0, 0.0_f64, 0.0);
    for (error, beyond) in losses {
        synapses += 1;
        saturated += u64::from(beyond);
        max_error = max_error.max(error);
        squares += error * error;
    }
    WeightLoss {
        projection,
        synapses,
        max_error,
        rms_error: (squares / synapses.max(1) as f64).sqrt(),
        saturated,
        unit: "of threshold".to_owned(),
    }
}

/// What every source, delay and target lost, in that order, which is that of the synapses.
fn pairs(network: &Network, found: &Quantisation) -> Vec<Pair> {
    let most = signed(Widths::default().weight) as f64;
    let mut made = found.integers.synapses.iter().peekable();
    let same =
        found.reals.synapses.chunk_by(|a, b| (a.source, a.delay, a.target) == (b.source, b.delay, b.target));
    let pair = |same: &[crate::truenorth::network::Synapse<f64>]| {
        let key = (same[0].source, same[0].delay, same[0].target);
        let (scale, cell) = (found.scales[network.locate(key.2).0], &found.reals.cells[key.2 as usize]);
        let real: f64 = same.iter().map(|synapse| synapse.weight).sum();
        let mut sum = 0;
        while let Some(synapse) = made.next_if(|made| (made.source, made.delay, made.target) == key) {
            sum += synapse.weight;
        }
        let error = (real - f64::from(sum) / scale).abs() / cell.threshold;
        let saturated = (real * scale).round().abs() > most && f64::from(sum).abs() <= most;
        Pair { key, error: error / same.len() as f64, saturated }
    };
    same.map(pair).collect()
}

/// Weights of stimuli are rounded like others.
fn stimuli(network: &Network, found: &mut Quantisation) {
    for &(number, place, first) in &found.stimuli {
        let stimulus = &network.stimuli[number];
        let population = &network.populations[stimulus.targets[place]];
        let scale = found.scales[stimulus.targets[place]];
        let own = first..first + population.size as usize;
        let (reals, integers) = (&found.reals.inputs[own.clone()], &found.integers.inputs[own]);
        let losses = reals.iter().zip(integers).map(|(real, made)| {
            let threshold = found.reals.cells[real.target as usize].threshold;
            ((real.weight - f64::from(made.weight) / scale).abs() / threshold, false)
        });
        found
            .weight_losses
            .push(weight_loss(format!("stimulus {} → {}", stimulus.name, population.name), losses));
    }
}

fn parameters(network: &Network, found: &mut Quantisation) {
    for (number, population) in network.populations.iter().enumerate() {
        let scale = found.scales[number];
        let own = population.first as usize..(population.first + population.size) as usize;
        let pairs = || found.reals.cells[own.clone()].iter().zip(&found.integers.cells[own.clone()]);
        let parameters: [Compared; 4] = [
            ("threshold", |cell| Some(cell.threshold), |cell| cell.threshold),
            ("leak", |cell| Some(cell.leak), |cell| cell.leak),
            ("reset", |cell| Some(cell.reset.unwrap_or(0.0)), |cell| cell.reset.unwrap_or(0)),
            ("lowest V", |cell| Some(cell.floor).filter(|floor| floor.is_finite()), |cell| cell.floor),
        ];
        for (name, real, integer) in parameters {
            let off = |(a, b): &(f64, f64)| (a - b).abs();
            let all = pairs().filter_map(|(r, i)| Some((real(r)?, f64::from(integer(i)) / scale)));
            if let Some((requested, realised)) = all.max_by(|a, b| off(a).total_cmp(&off(b))) {
                found.parameter_losses.push(ParameterLoss {
                    population: population.name.clone(),
                    parameter: name.to_owned(),
                    requested,
                    realised,
                    unit: "mV".to_owned(),
                });
            }
        }
    }
}
