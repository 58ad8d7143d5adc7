//! The neurons of a trained BDH as a signed graph: who excites and who inhibits whom.
//!
//! A neuron that fires sends its row of the decoder to all, and the encoder says who is moved by it: neuron i moves
//! neuron j by G(i, j) = Dec_i · Eₓ_j, the excitatory minus the inhibitory graph of the paper. All pairs are connected;
//! the strongest share of them is kept.
//!
//! Reference: Kosowski et al. (2025), arXiv:2509.26507, observation 4.

use crate::bdh::reference::Sizes;
use crate::nets::export::{EDGES, Exported, Synapses, Trials};
use crate::weights::{Weights, numbers};

/// The strongest `share` of all pairs of neurons, as a network file of neurons that do nothing by themselves.
pub fn export(sizes: &Sizes, weights: &Weights, share: f64) -> Exported {
    let neurons = sizes.all_neurons();
    let encoder = weights.get::<3>("encoder").swap_dims(0, 1).reshape([sizes.width, neurons]);
    let all = numbers(weights.get::<2>("decoder").matmul(encoder));
    let kept = strongest(&all, (all.len() as f64 * share).round() as usize);
    let synapses = Synapses {
        name: "neurons_neurons".into(),
        source: "neurons".into(),
        target: "neurons".into(),
        sources: kept.iter().map(|at| (at / neurons) as u32).collect(),
        targets: kept.iter().map(|at| (at % neurons) as u32).collect(),
        weights: kept.iter().map(|at| f64::from(all[*at])).collect(),
        delays: Vec::new(),
    };
    let network = format!(
        "// The neurons of a trained BDH: neuron i moves neuron j by its row of the decoder times j's column of the encoder.\n\
         // Of {} pairs the strongest {} are kept.\n\
         (\n    format: 1,\n    title: \"The neurons of a trained BDH\",\n    populations: [\n        \
         (name: \"neurons\", size: {neurons}, model: IafLinear(V_th: mV(1), V_min: mV(0))),\n    ],\n    projections: [\n        \
         (from: [\"neurons\"], to: [\"neurons\"], rule: EdgeFile(path: {EDGES:?}, population: \"neurons_neurons\"), \
         delay: ms(1)),\n    ],\n    recordings: [\n        (what: Spikes, from: [\"neurons\"]),\n    ],\n    \
         simulation: (duration: ms(100), dt: ms(1), seed: 1),\n)\n",
        all.len(),
        kept.len(),
    );
    let trials = Trials { samples: 0, window: 1, period: 1 };
    Exported { network, edges: vec![synapses], spikes: Vec::new(), trials, layers: vec!["neurons".into()] }
}

/// The places of the `count` numbers that are farthest from 0, in order; of equals the first.
fn strongest(all: &[f32], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by(|a, b| all[*b].abs().total_cmp(&all[*a].abs()));
    places.truncate(count);
    places.sort_unstable();
    places
}
