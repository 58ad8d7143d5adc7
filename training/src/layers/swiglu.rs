//! A gated layer (SwiGLU; Shazeer 2020, arXiv:2002.05202) added to what passes by it, and normalised:
//! rms(h + down(silu(gate h) · up h)), gate and up being the halves of one matrix's product. No biases.
//!
//! Where values are rounded it is what matrices weigh, what gates and their products; not what passes by the layer.

use crate::layers::gated::Along;
use crate::layers::matrix;
use crate::layers::norm::rms;
use crate::layers::operation::gated_norm;
use crate::layers::quantise::quantised;
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;
use burn::tensor::activation::silu;

/// A gated layer with its weights in place.
pub struct SwiGlu {
    along: Along,
    /// `[gate, then up][in]`
    gate_up: Tensor<2>,
    /// `[out][inner]`
    down: Tensor<2>,
    bits: Option<u32>,
}

/// The inner width of a SwiGLU over `width` numbers that is as large as an ordinary layer `expansion` times wider inside:
/// two thirds of that to the nearest, as its three matrices stand for two, then up to a multiple of `rounding`.
pub fn inner(width: usize, expansion: usize, rounding: usize) -> usize {
    ((2 * expansion * width + 1) / 3).next_multiple_of(rounding)
}

impl SwiGlu {
    /// Its matrices, from `width` numbers over `inner` ones to as many.
    pub fn declarations(name: &str, width: usize, inner: usize) -> [Declaration; 2] {
        [
            matrix(format!("{name}.gate_up_proj.weight"), [2 * inner, width]),
            matrix(format!("{name}.down_proj.weight"), [width, inner]),
        ]
    }

    /// With these weights, along a dimension, values rounded to so many bits or not.
    pub fn new(weights: &Weights, name: &str, along: Along, bits: Option<u32>) -> Self {
        let matrix = |part: &str| weights.get::<2>(&format!("{name}.{part}.weight"));
        Self { along, gate_up: matrix("gate_up_proj"), down: matrix("down_proj"), bits }
    }

    /// rms(h + swiglu(h)) of places `[sample][place][D]`; of the same sizes.
    pub fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        match self.bits {
            Some(bits) => self.rounded(h, bits),
            None => gated_norm(h, self.gate_up.clone(), self.down.clone(), self.along),
        }
    }

    fn rounded(&self, h: Tensor<3>, bits: u32) -> Tensor<3> {
        let lines = |x: Tensor<3>| if self.along == Along::Places { x.swap_dims(1, 2) } else { x };
        let h = lines(h);
        let ([a, b, length], inner) = (h.dims(), self.down.dims()[1]);
        let both =
            quantised(h.clone(), bits).reshape([a * b, length]).matmul(self.gate_up.clone().transpose());
        let [gate, up] = [0, inner].map(|from| both.clone().narrow(1, from, inner));
        let passed = quantised(quantised(silu(gate), bits) * up, bits);
        lines(rms(h + passed.matmul(self.down.clone().transpose()).reshape([a, b, length])))
    }
}
