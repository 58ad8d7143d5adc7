//! Self-attention in which every place sees all, its queries and keys turned by their place.
//!
//! softmax(q kᵀ / √size) v for each head, then one matrix over the channels of all heads. No biases.

use crate::layers::matrix;
use crate::layers::rope::{turned, turns};
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

/// The slowest pair of channels turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 10_000.0;

/// Self-attention with its weights in place.
pub struct Attention {
    heads: usize,
    /// `[D][queries of all heads, keys, values]`
    qkv: Tensor<2>,
    /// `[D][D]`
    out: Tensor<2>,
    turns: (Tensor<4>, Tensor<4>),
}

impl Attention {
    /// Its matrices over `width` channels.
    pub fn declarations(name: &str, width: usize) -> [Declaration; 2] {
        [
            matrix(format!("{name}.qkv_proj.weight"), [3 * width, width]),
            matrix(format!("{name}.o_proj.weight"), [width, width]),
        ]
    }

    /// With these weights; `heads` share the width among them, an even number of channels each.
    pub fn new(weights: &Weights, name: &str, heads: usize, places: usize) -> Self {
        let matrix = |part: &str| weights.get::<2>(&format!("{name}.{part}.weight")).transpose();
        let (qkv, out) = (matrix("qkv_proj"), matrix("o_proj"));
        let turns = turns(places, out.dims()[0] / heads / 2, SLOWEST, &out.device());
        Self { heads, qkv, out, turns }
    }

    /// What each place gets, for places `[sample][place][D]`; of the same sizes.
    pub fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let ([samples, places, width], heads) = (h.dims(), self.heads);
        let size = width / heads;
        let all = h.reshape([samples * places, width]).matmul(self.qkv.clone());
        let all = all.reshape([samples, places, 3 * heads, size]).swap_dims(1, 2);
        let [q, k, v] = [0, 1, 2].map(|which| all.clone().narrow(1, which * heads, heads));
        let (q, k) = (turned(q, &self.turns), turned(k, &self.turns));
        let seen = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3);
        let mixed = seen.matmul(v).swap_dims(1, 2).reshape([samples * places, width]);
        mixed.matmul(self.out.clone()).reshape([samples, places, width])
    }
}
