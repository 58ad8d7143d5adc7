//! Root mean square norm without gain (Zhang and Sennrich 2019, arXiv:1910.07467): h / √(mean h² + 1e-5).

use burn::tensor::Tensor;

/// Keeps the norm of nothing finite.
const EPSILON: f32 = 1e-5;

/// With a mean square of 1 along the last dimension.
pub fn rms<const D: usize>(h: Tensor<D>) -> Tensor<D> {
    let mean = h.clone().square().mean_dim(D - 1);
    h / (mean + EPSILON).sqrt()
}
