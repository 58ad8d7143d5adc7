//! Root mean square norm without gain (Zhang and Sennrich 2019, arXiv:1910.07467): h / √(mean h² + 1e-5).
//!
//! On numbers in slices it is by row, or by column of a matrix; sums are taken in eight lanes, so that they have one order
//! for every instruction set.

use burn::tensor::Tensor;
use multiversion::multiversion;

/// Keeps the norm of nothing finite.
const EPSILON: f32 = 1e-5;

/// With a mean square of 1 along the last dimension.
pub fn rms<const D: usize>(h: Tensor<D>) -> Tensor<D> {
    let mean = h.clone().square().mean_dim(D - 1);
    h / (mean + EPSILON).sqrt()
}

const LANES: usize = 8;

/// Σ a b
#[inline(always)]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>();
    lanes.iter().sum::<f32>() + rest
}

/// A row with a mean square of 1; what it was multiplied by.
#[multiversion(targets("x86_64+avx2"))]
pub fn normalise(row: &mut [f32]) -> f32 {
    let gain = 1.0 / (dot(row, row) / row.len() as f32 + EPSILON).sqrt();
    row.iter_mut().for_each(|value| *value *= gain);
    gain
}

/// The gradient of what [`normalise`] made becomes that of what it got.
#[multiversion(targets("x86_64+avx2"))]
pub fn back_through_norm(gradient: &mut [f32], made: &[f32], gain: f32) {
    let along = dot(gradient, made) / made.len() as f32;
    let pairs = gradient.iter_mut().zip(made);
    pairs.for_each(|(gradient, made)| *gradient = gain * (*gradient - along * made));
}

/// Columns of a matrix, as many as `gains`, with a mean square of 1 each; what they were multiplied by.
#[multiversion(targets("x86_64+avx2"))]
pub fn normalise_columns(matrix: &mut [f32], gains: &mut [f32]) {
    let columns = gains.len();
    let rows = (matrix.len() / columns) as f32;
    gains.fill(0.0);
    for row in matrix.chunks_exact(columns) {
        gains.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * value);
    }
    gains.iter_mut().for_each(|gain| *gain = 1.0 / (*gain / rows + EPSILON).sqrt());
    for row in matrix.chunks_exact_mut(columns) {
        row.iter_mut().zip(&*gains).for_each(|(value, gain)| *value *= gain);
    }
}

/// The gradient of what [`normalise_columns`] made becomes that of what it got.
#[multiversion(targets("x86_64+avx2"))]
pub fn back_through_norm_of_columns(gradient: &mut [f32], made: &[f32], gains: &[f32]) {
    let columns = gains.len();
    let rows = (made.len() / columns) as f32;
    let mut along = vec![0.0; columns];
    for (gradient, made) in gradient.chunks_exact(columns).zip(made.chunks_exact(columns)) {
        along
            .iter_mut()
            .zip(gradient)
            .zip(made)
            .for_each(|((along, gradient), made)| *along += gradient * made);
    }
    along.iter_mut().for_each(|along| *along /= rows);
    for (gradient, made) in gradient.chunks_exact_mut(columns).zip(made.chunks_exact(columns)) {
        for (((gradient, made), gain), along) in gradient.iter_mut().zip(made).zip(gains).zip(&along) {
            *gradient = gain * (*gradient - along * made);
        }
    }
}
