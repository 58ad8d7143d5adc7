//! BDH in the form that was released, in parallel over all characters of a text.
//!
//! ```text
//! v = LN(embed[token])                        D numbers; LN without gain, ε = 1e-5
//! L times, with the same weights, for each head:
//!     x = relu(v Eₓ)                          N neurons
//!     q = x, each pair (2k, 2k+1) turned by t·f_k turns, f_k = 65536^(−2k/N) / 2π
//!     a = Σ_{τ<t} (q_t · q_τ) v_τ             the strictly past, no scale
//!     y = relu(LN(a) E_y),  z = x·y
//!     v = LN(v + LN(Σ_heads z Dec))
//! logits = v Head
//! ```
//!
//! The neurons of a head are held with the first of all pairs before the second of all pairs, so that a turn is a
//! product of halves; the saved weights are in the order of the release.
//!
//! Reference: Kosowski et al. (2025), arXiv:2509.26507, and the code released with it.

use crate::layers::rope::turned;
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::ops::Range;

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Different tokens.
    pub vocabulary: usize,
    /// Width D of what passes from layer to layer.
    pub width: usize,
    /// Heads.
    pub heads: usize,
    /// Neurons N of a head; an even number.
    pub neurons: usize,
    /// How often the layer is applied, L.
    pub layers: usize,
}

/// Standard deviation of all weights before training.
const SPREAD: f32 = 0.02;

/// Keeps the norm of nothing finite.
pub const EPSILON: f64 = 1e-5;

/// The slowest pair turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 65536.0;

/// What a layer did, head by head.
pub struct Layer {
    /// What its neurons see of the token, `[head][text][place][neuron]`.
    pub x: Tensor<4>,
    /// What they see of the past.
    pub y: Tensor<4>,
    /// What leaves it, `[text][place][D]`.
    pub v: Tensor<3>,
}

impl Sizes {
    /// All neurons.
    pub fn all_neurons(&self) -> usize {
        self.heads * self.neurons
    }

    /// The tensors, as they are called in the release.
    pub fn declarations(&self) -> Vec<Declaration> {
        let &Self { vocabulary, width, heads, neurons, .. } = self;
        let draw = |name: &str, shape: Vec<usize>| Declaration::new(name, shape, Start::Normal(SPREAD));
        vec![
            draw("embed.weight", vec![vocabulary, width]),
            draw("encoder", vec![heads, width, neurons]),
            draw("encoder_v", vec![heads, width, neurons]),
            draw("decoder", vec![heads * neurons, width]),
            draw("lm_head", vec![width, vocabulary]),
        ]
    }

    /// Logits `[text][place][token]` for tokens `[text][place]`, and what every layer did.
    pub fn forward(&self, weights: &Weights, tokens: Tensor<2, Int>) -> (Tensor<3>, Vec<Layer>) {
        let [texts, places] = tokens.dims();
        let &Self { width, heads, neurons, .. } = self;
        let views = Views::new(self, weights);
        let turns = Turns::new(neurons, places).tables(&tokens.device());
        let mut v = views.embedded(tokens, width);
        let mut layers = Vec::with_capacity(self.layers);
        let rows = texts * places;
        for _ in 0..self.layers {
            let x = relu(v.clone().reshape([1, rows, width]).matmul(views.encoder.clone()));
            let x = x.reshape([heads, texts, places, neurons]);
            let past = past(x.clone(), &turns);
            let a = normed(past.matmul(v.clone().reshape([1, texts, places, width])));
            let y = relu(a.reshape([heads, rows, width]).matmul(views.encoder_v.clone()));
            let y = y.reshape([heads, texts, places, neurons]);
            let z = (x.clone() * y.clone()).reshape([heads, rows, neurons]);
            let sent = z.matmul(views.decoder.clone()).sum_dim(0).reshape([texts, places, width]);
            v = normed(v + normed(sent));
            layers.push(Layer { x, y, v: v.clone() });
        }
        let logits = v.reshape([rows, width]).matmul(weights.get::<2>("lm_head"));
        (logits.reshape([texts, places, self.vocabulary]), layers)
    }
}

/// The tensors of a network with the neurons of each head in halves.
pub struct Views {
    /// `[head][D][neuron]`
    pub encoder: Tensor<3>,
    /// `[head][D][neuron]`
    pub encoder_v: Tensor<3>,
    /// `[head][neuron][D]`
    pub decoder: Tensor<3>,
    embed: Tensor<2>,
}

impl Views {
    /// Of these weights.
    pub fn new(sizes: &Sizes, weights: &Weights) -> Self {
        let &Sizes { width, heads, neurons, .. } = sizes;
        let encoder = |name: &str| {
            let pairs = weights.get::<3>(name).reshape([heads, width, neurons / 2, 2]);
            pairs.swap_dims(2, 3).reshape([heads, width, neurons])
        };
        let decoder = weights.get::<2>("decoder").reshape([heads, neurons / 2, 2, width]);
        Self {
            encoder: encoder("encoder"),
            encoder_v: encoder("encoder_v"),
            decoder: decoder.swap_dims(1, 2).reshape([heads, neurons, width]),
            embed: weights.get::<2>("embed.weight"),
        }
    }

    /// What tokens `[text][place]` begin with, `[text][place][D]`.
    pub fn embedded(&self, tokens: Tensor<2, Int>, width: usize) -> Tensor<3> {
        let [texts, places] = tokens.dims();
        let rows = self.embed.clone().select(0, tokens.flatten::<1>(0, 1));
        normed(rows.reshape([texts, places, width]))
    }
}

/// How much each place sees of those before it, `[head][text][place][place]`, by x `[head][text][place][neuron]`.
pub fn past(x: Tensor<4>, turns: &(Tensor<4>, Tensor<4>)) -> Tensor<4> {
    let q = turned(x, turns);
    q.clone().matmul(q.transpose()).tril(-1)
}

/// Cosines and sines by which pairs are turned, `[place][pair]`.
#[derive(Clone, Debug)]
pub struct Turns {
    /// Cosines.
    pub cos: Vec<f32>,
    /// Sines.
    pub sin: Vec<f32>,
    pairs: usize,
}

impl Turns {
    /// Of the pairs of `neurons` neurons at the first `places` places.
    pub fn new(neurons: usize, places: usize) -> Self {
        Self::of(neurons, 0..places)
    }

    /// At one place.
    pub fn at(neurons: usize, place: usize) -> Self {
        Self::of(neurons, place..place + 1)
    }

    fn of(neurons: usize, places: Range<usize>) -> Self {
        let pairs = neurons / 2;
        // In radians: frequencies are given in turns, over 2π.
        let frequency = |pair: usize| libm::pow(SLOWEST, -2.0 * pair as f64 / neurons as f64);
        let frequencies: Vec<f64> = (0..pairs).map(frequency).collect();
        let turn = |place: usize| {
            frequencies.iter().map(move |frequency| {
                let (sin, cos) = libm::sincos(place as f64 * frequency);
                (cos as f32, sin as f32)
            })
        };
        let (cos, sin) = places.flat_map(turn).unzip();
        Self { cos, sin, pairs }
    }

    /// Tables of cosines and sines, one row `[place][pair]` for all heads and texts.
    pub fn tables(self, device: &Device) -> (Tensor<4>, Tensor<4>) {
        let table = |values: Vec<f32>| {
            let shape = [1, 1, values.len() / self.pairs, self.pairs];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        (table(self.cos), table(self.sin))
    }
}

/// With mean 0 and variance 1 along the last dimension.
pub fn normed<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let middle = x.clone().mean_dim(D - 1);
    let x = x - middle;
    let variance = (x.clone() * x.clone()).mean_dim(D - 1);
    x / (variance + EPSILON).sqrt()
}

/// Mean cross-entropy, in nats, of logits `[text][place][token]` and the tokens that were to come.
pub fn loss(logits: Tensor<3>, targets: Tensor<2, Int>) -> Tensor<1> {
    let [texts, places, tokens] = logits.dims();
    let logits = logits.reshape([texts * places, tokens]);
    -log_softmax(logits, 1).gather(1, targets.reshape([texts * places, 1])).mean()
}
