//! Layer norm (Ba et al. 2016, arXiv:1607.06450), with a gain and a shift that may differ from group to group of rows:
//!
//! ```text
//! y = gain · (x − mean x) / √(var x + 1e-5) + shift
//! ```

use crate::layers::fused::rows::{Cut, add, dot, sum};
use crate::layers::fused::{Fused, of_three};
use crate::spiking::flex::{tensor, values};
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;

/// Keeps the norm of nothing finite.
const EPSILON: f32 = 1e-5;

/// Rows `[row][D]` with mean 0 and variance 1, times `gain` and plus `shift`, both `[group][D]`: the rows belong to that
/// many groups of equal size, one after another.
pub fn normed(x: Tensor<2>, gain: Tensor<2>, shift: Tensor<2>) -> Tensor<2> {
    of_three([x, gain, shift], Norm)
}

#[derive(Debug)]
struct Norm;

impl Fused for Norm {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [rows, width] = inputs[0].shape().dims();
        let cut = Cut::new(rows, inputs[1].shape()[0]);
        let [x, gain, shift] = [0, 1, 2].map(|k| values(&inputs[k]));
        let (mut y, mut moments) = (vec![0.0; rows * width], vec![0.0; 2 * rows]);
        let pieces = y
            .par_chunks_mut(cut.rows * width)
            .zip(x.par_chunks(cut.rows * width))
            .zip(moments.par_chunks_mut(2 * cut.rows));
        pieces.enumerate().for_each(|(piece, ((y, x), moments))| {
            let group = piece / cut.pieces * width..(piece / cut.pieces + 1) * width;
            forward(x, &gain[group.clone()], &shift[group], y, moments);
        });
        (tensor(y, [rows, width]), vec![tensor(moments, [rows, 2])])
    }

    fn back(&self, of_y: FlexTensor, inputs: &[FlexTensor], kept: &[FlexTensor]) -> Vec<FlexTensor> {
        let ([rows, width], groups) = (inputs[0].shape().dims(), inputs[1].shape()[0]);
        let cut = Cut::new(rows, groups);
        let (x, gain) = (values(&inputs[0]), values(&inputs[1]));
        let mut of_x = vec![0.0; rows * width];
        let pieces = of_x
            .par_chunks_mut(cut.rows * width)
            .zip(values(&of_y).par_chunks(cut.rows * width))
            .zip(x.par_chunks(cut.rows * width))
            .zip(values(&kept[0]).par_chunks(2 * cut.rows));
        let sums = cut.sums(pieces, |group, (((of_x, of_y), x), moments)| {
            let mut sums = vec![0.0; 2 * width];
            back(of_y, x, moments, &gain[group * width..][..width], of_x, &mut sums);
            sums
        });
        let half = |k: usize| {
            let of_group = sums.chunks_exact(2 * width).flat_map(|sums| &sums[k * width..][..width]);
            tensor(of_group.copied().collect(), [groups, width])
        };
        vec![tensor(of_x, [rows, width]), half(0), half(1)]
    }
}

/// Some rows of one group; notes mean and 1/deviation of each in `moments`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward(x: &[f32], gain: &[f32], shift: &[f32], y: &mut [f32], moments: &mut [f32]) {
    let width = gain.len();
    let rows = x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(moments.chunks_exact_mut(2));
    for ((x, y), moments) in rows {
        let mean = sum(x) / width as f32;
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x - mean);
        let scale = 1.0 / (dot(y, y) / width as f32 + EPSILON).sqrt();
        let each = y.iter_mut().zip(gain).zip(shift);
        each.for_each(|((y, gain), shift)| *y = *y * scale * gain + shift);
        moments.copy_from_slice(&[mean, scale]);
    }
}

/// Some rows of one group; adds the gradients of gain and shift to `sums`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn back(of_y: &[f32], x: &[f32], moments: &[f32], gain: &[f32], of_x: &mut [f32], sums: &mut [f32]) {
    let width = gain.len();
    let (of_gain, of_shift) = sums.split_at_mut(width);
    // What the norm made of a row, and the gradient of that.
    let (mut made, mut of_made) = (vec![0.0; width], vec![0.0; width]);
    let rows = of_y.chunks_exact(width).zip(x.chunks_exact(width)).zip(moments.chunks_exact(2));
    for (((of_y, x), moments), of_x) in rows.zip(of_x.chunks_exact_mut(width)) {
        let (mean, scale) = (moments[0], moments[1]);
        for k in 0..width {
            made[k] = (x[k] - mean) * scale;
            of_made[k] = of_y[k] * gain[k];
            of_gain[k] += of_y[k] * made[k];
        }
        add(of_shift, of_y);
        let (middle, along) = (sum(&of_made) / width as f32, dot(&of_made, &made) / width as f32);
        for k in 0..width {
            of_x[k] = scale * (of_made[k] - middle - along * made[k]);
        }
    }
}
