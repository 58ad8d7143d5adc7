//! Self-attention in which every place sees all, its queries and keys turned by their place or not, added to what passes by
//! it, and normalised: rms(h + attention(h)).
//!
//! Attention is softmax(q kᵀ / √size) v for each head, then one matrix over the channels of all heads. No biases.

use crate::layers::attending::Plan;
use crate::layers::attending_operation::attended_norm;
use crate::layers::matrix;
use crate::layers::rope::{Turning, Turns};
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;
use std::sync::Arc;

/// Self-attention with its weights in place.
pub struct Attention {
    heads: usize,
    /// `[queries of all heads, keys, values][D]`
    qkv: Tensor<2>,
    /// `[D][D]`
    out: Tensor<2>,
    turns: Option<Arc<Turns>>,
}

impl Attention {
    /// Its matrices over `width` channels.
    pub fn declarations(name: &str, width: usize) -> [Declaration; 2] {
        [
            matrix(format!("{name}.qkv_proj.weight"), [3 * width, width]),
            matrix(format!("{name}.o_proj.weight"), [width, width]),
        ]
    }

    /// With these weights; `heads` share the width among them, an even number of channels each if they are turned by
    /// their place, of so many.
    pub fn new(weights: &Weights, name: &str, heads: usize, turning: Option<(Turning, usize)>) -> Self {
        let matrix = |part: &str| weights.get::<2>(&format!("{name}.{part}.weight"));
        let (qkv, out) = (matrix("qkv_proj"), matrix("o_proj"));
        let pairs = out.dims()[0] / heads / 2;
        let turns = turning.map(|(turning, places)| Arc::new(Turns::by(turning, places, pairs)));
        Self { heads, qkv, out, turns }
    }

    /// rms(h + attention(h)) of places `[sample][place][D]`; of the same sizes.
    pub fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let ([samples, places, width], turns) = (h.dims(), self.turns.clone());
        let plan = Plan { samples, places, width, heads: self.heads, turns };
        attended_norm(h, self.qkv.clone(), self.out.clone(), plan)
    }
}
