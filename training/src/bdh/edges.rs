//! BDH on an explicit graph of its neurons: what it costs to keep only the strongest edges.
//!
//! What z brings about in the next layer passes through D numbers. Put into neurons it is an edge for each pair,
//! Gₓ = Dec Eₓ onto x and G_y = Dec E_y onto y, and LN is a mean and a gain for all:
//!
//! ```text
//! u = v Eₓ, w = v E_y                          what neurons get from the token, at first
//! L times:
//!     x = relu(u),  y = relu(g (Σ_{τ<t} (q_t · q_τ) w_τ − m 1E_y)),  z = x·y
//!     u ← g₂ (u + g₁ (z Gₓ − m₁ 1Eₓ) − m₂ 1Eₓ)   and w the same with G_y and E_y
//! ```
//!
//! With all edges this is the released form. Of each of the two graphs the strongest share of pairs is kept here. The
//! means and gains (m, g of a; m₁, g₁ of z Dec; m₂, g₂ of the sum) are those of the D numbers, and so are the logits.

use crate::bdh::reference::{EPSILON, Sizes, Turns, Views, past};
use crate::weights::{Weights, numbers};
use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};

/// Logits `[text][place][token]` for tokens `[text][place]`, with the strongest `share` of the edges of each graph.
pub fn forward(sizes: &Sizes, weights: &Weights, tokens: Tensor<2, Int>, share: f64) -> Tensor<3> {
    let [texts, places] = tokens.dims();
    let &Sizes { width, heads, neurons, vocabulary, .. } = sizes;
    let (rows, all) = (texts * places, sizes.all_neurons());
    let views = Views::new(sizes, weights);
    let turns = Turns::new(neurons, places).tables(&tokens.device());
    let decoder = views.decoder.clone().reshape([all, width]);
    let graph = |encoder: &Tensor<3>| Graph::new(encoder.clone(), &decoder, share);
    let (onto_x, onto_y) = (graph(&views.encoder), graph(&views.encoder_v));
    let by_head = |of: Tensor<2>| of.reshape([texts, places, heads, neurons]).permute([2, 0, 1, 3]);
    let mut v = views.embedded(tokens, width).reshape([rows, width]);
    let (mut u, mut w) = (v.clone().matmul(onto_x.encoder.clone()), v.clone().matmul(onto_y.encoder.clone()));
    for _ in 0..sizes.layers {
        let x = by_head(relu(u.clone()));
        let past = past(x.clone(), &turns);
        let (mean, gain) = moments(past.clone().matmul(v.clone().reshape([1, texts, places, width])));
        let shift = onto_y.shift.clone().reshape([heads, 1, 1, neurons]);
        let y = relu((past.matmul(by_head(w.clone())) - mean * shift) * gain);
        let z = (x * y).permute([1, 2, 0, 3]).reshape([rows, all]);
        let sent = z.clone().matmul(decoder.clone());
        let first = moments(sent.clone());
        let sum = v + (sent - first.0.clone()) * first.1.clone();
        let second = moments(sum.clone());
        v = (sum - second.0.clone()) * second.1.clone();
        u = onto_x.passed(u, &z, [&first, &second]);
        w = onto_y.passed(w, &z, [&first, &second]);
    }
    v.matmul(weights.get::<2>("lm_head")).reshape([texts, places, vocabulary])
}

/// Edges from all neurons onto what all neurons see.
struct Graph {
    /// What a token brings, `[D][neuron]`.
    encoder: Tensor<2>,
    /// What a mean of 1 brings, `[1][neuron]`.
    shift: Tensor<2>,
    /// `[source][target]`
    edges: Tensor<2>,
}

impl Graph {
    fn new(encoder: Tensor<3>, decoder: &Tensor<2>, share: f64) -> Self {
        let [heads, width, neurons] = encoder.dims();
        let encoder = encoder.swap_dims(0, 1).reshape([width, heads * neurons]);
        let edges = decoder.clone().matmul(encoder.clone());
        let weakest = weakest_kept(&numbers(edges.clone()), share);
        let weak = edges.clone().abs().lower_elem(weakest);
        Self { shift: encoder.clone().sum_dim(0), edges: edges.mask_fill(weak, 0.0), encoder }
    }

    /// What neurons see after a layer, from what they saw before it and z; with the moments of what it sent and of the sum.
    fn passed(&self, seen: Tensor<2>, z: &Tensor<2>, [first, second]: [&Moments<2>; 2]) -> Tensor<2> {
        let shifted = |values: Tensor<2>, (mean, gain): &Moments<2>| {
            (values - mean.clone() * self.shift.clone()) * gain.clone()
        };
        shifted(seen + shifted(z.clone().matmul(self.edges.clone()), first), second)
    }
}

/// The mean of the last dimension, and what gives it variance 1.
type Moments<const D: usize> = (Tensor<D>, Tensor<D>);

fn moments<const D: usize>(x: Tensor<D>) -> Moments<D> {
    let mean = x.clone().mean_dim(D - 1);
    let x = x - mean.clone();
    let gain = ((x.clone() * x).mean_dim(D - 1) + EPSILON).sqrt().recip();
    (mean, gain)
}

/// The size of the weakest of the strongest `share` of all edges.
fn weakest_kept(edges: &[f32], share: f64) -> f32 {
    let count = ((edges.len() as f64 * share).round() as usize).clamp(1, edges.len());
    let mut sizes: Vec<f32> = edges.iter().map(|edge| edge.abs()).collect();
    *sizes.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1
}
