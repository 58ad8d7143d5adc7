//! A gated layer (SwiGLU; Shazeer 2020, arXiv:2002.05202): down(silu(gate h) · up h), gate and up being the halves of one
//! matrix's product. No biases.

use crate::layers::matrix;
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;
use burn::tensor::activation::silu;

/// A gated layer with its weights in place, along the last dimension.
pub struct SwiGlu {
    /// `[in][gate, then up]`
    gate_up: Tensor<2>,
    /// `[inner][out]`
    down: Tensor<2>,
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

    /// With these weights.
    pub fn new(weights: &Weights, name: &str) -> Self {
        let matrix = |part: &str| weights.get::<2>(&format!("{name}.{part}.weight")).transpose();
        Self { gate_up: matrix("gate_up_proj"), down: matrix("down_proj") }
    }

    /// Of `h`, `[..][..][width]`; of the same sizes.
    pub fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let ([a, b, width], inner) = (h.dims(), self.down.dims()[0]);
        let both = h.reshape([a * b, width]).matmul(self.gate_up.clone());
        let (gate, up) = (both.clone().narrow(1, 0, inner), both.narrow(1, inner, inner));
        (silu(gate) * up).matmul(self.down.clone()).reshape([a, b, width])
    }
}
