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
use std::fmt::Write;

/// The strongest `share` of all pairs of neurons, as a network file that runs: those that excite are Hebbian synapses,
/// which grow where one neuron fires before another, and those that inhibit stay as they are.
///
/// Neurons are driven one by one at random. Weights are in thresholds, scaled so that all that excite a neuron bring it
/// to its threshold together, on average.
pub fn export(sizes: &Sizes, weights: &Weights, share: f64) -> Exported {
    let neurons = sizes.all_neurons();
    let encoder = weights.get::<3>("encoder").swap_dims(0, 1).reshape([sizes.width, neurons]);
    let all = numbers(weights.get::<2>("decoder").matmul(encoder));
    let kept = strongest(&all, (all.len() as f64 * share).round() as usize);
    let exciting: f64 = kept.iter().map(|at| f64::from(all[*at].max(0.0))).sum();
    let scale = if exciting > 0.0 { neurons as f64 / exciting } else { 1.0 };
    let edges: Vec<Synapses> = [("excitatory", 1.0), ("inhibitory", -1.0)]
        .map(|(name, sign)| {
            let of_sign = kept.iter().copied().filter(|at| all[*at] * sign > 0.0).collect::<Vec<_>>();
            Synapses {
                name: name.into(),
                source: "neurons".into(),
                target: "neurons".into(),
                sources: of_sign.iter().map(|at| (at / neurons) as u32).collect(),
                targets: of_sign.iter().map(|at| (at % neurons) as u32).collect(),
                weights: of_sign.iter().map(|at| f64::from(all[*at]) * scale).collect(),
                delays: Vec::new(),
            }
        })
        .into_iter()
        .filter(|edges| !edges.weights.is_empty())
        .collect();
    let network = text(neurons, &edges, all.len());
    let trials = Trials { samples: 0, window: 1, period: 1 };
    Exported { network, edges, spikes: Vec::new(), trials, layers: vec!["neurons".into()] }
}

/// The network file.
fn text(neurons: usize, edges: &[Synapses], pairs: usize) -> String {
    let mut projections = String::new();
    let mut recordings = String::new();
    for Synapses { name, weights, .. } in edges {
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let grows = largest > 0.0;
        let plasticity = format!(
            ", plasticity: Stdp(lambda: 0.01, alpha: 0, weight_dependence: Multiplicative, w_max: mV({}))",
            2.0 * largest
        );
        let _ = writeln!(
            projections,
            "        (name: {name:?}, from: [\"neurons\"], to: [\"neurons\"], rule: EdgeFile(path: {EDGES:?}, \
             population: {name:?}), delay: ms(1){}),",
            if grows { plasticity.as_str() } else { "" }
        );
        if grows {
            let _ = writeln!(
                recordings,
                "        (what: Weights(projection: {name:?}, every: ms(500)), from: [\"neurons\"]),"
            );
        }
    }
    format!(
        "// The neurons of a trained BDH: neuron i moves neuron j by its row of the decoder times j's column of the encoder.\n\
         // Of {pairs} pairs the strongest {} are kept; those that excite learn: alpha 0 leaves growth by pairs only.\n\
         (\n    format: 1,\n    title: \"The neurons of a trained BDH\",\n    populations: [\n        \
         (name: \"neurons\", size: {neurons}, model: IafPscDelta(tau_m: ms(20), t_ref: ms(2), E_L: mV(0), V_reset: mV(0), \
         V_th: mV(1), V_min: mV(-1))),\n    ],\n    projections: [\n{projections}    ],\n    stimuli: [\n        \
         (name: \"drive\", source: Poisson(rate: Hz(20)), to: [\"neurons\"], weight: mV(1)),\n    ],\n    recordings: [\n        \
         (what: Spikes, from: [\"neurons\"]),\n{recordings}    ],\n    \
         simulation: (duration: s(1), dt: ms(1), seed: 1),\n)\n",
        edges.iter().map(|edges| edges.weights.len()).sum::<usize>(),
    )
}

/// The places of the `count` numbers that are farthest from 0, in order; of equals the first.
fn strongest(all: &[f32], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    places.sort_by(|a, b| all[*b].abs().total_cmp(&all[*a].abs()));
    places.truncate(count);
    places.sort_unstable();
    places
}
