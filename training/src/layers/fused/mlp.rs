//! A layer of two matrices with GELU between them:
//!
//! ```text
//! y = W₂ gelu(W₁ x + b₁) + b₂
//! gelu(u) = u · σ(2 √(2/π) (u + 0.044715 u³))
//! ```
//!
//! the form of GELU with tanh, since (1 + tanh z) / 2 = σ(2 z).
//!
//! Reference: Hendrycks and Gimpel (2016), arXiv:1606.08415.

use crate::layers::fused::exp::exp;
use crate::layers::fused::rows::{Cut, add};
use crate::layers::fused::{Fused, FusedOps};
use crate::spiking::flex::{tensor, values};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Dispatch, Flex, TensorMetadata};
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;
use std::sync::Arc;

/// A matrix `[out][in]` and its bias `[out]`.
pub type Linear = (Tensor<2>, Tensor<1>);

/// Rows `[row][out]` for rows `[row][in]`.
pub fn mlp(x: Tensor<2>, (w1, b1): Linear, (w2, b2): Linear) -> Tensor<2> {
    let [x, w1, w2] = [x, w1, w2].map(Tensor::into_dispatch);
    let [b1, b2] = [b1, b2].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_5(x, w1, b1, w2, b2, Arc::new(Mlp)))
}

#[derive(Debug)]
struct Mlp;

impl Fused for Mlp {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [x, w1, b1, w2, b2] = [0, 1, 2, 3, 4].map(|k| inputs[k].clone());
        let mut before = product(x, transposed(w1));
        let [rows, inner] = before.shape().dims();
        let (mut inside, piece) = (vec![0.0; rows * inner], Cut::new(rows, 1).rows * inner);
        let all: &mut [f32] = before.storage_mut();
        let pieces = all.par_chunks_mut(piece).zip(inside.par_chunks_mut(piece));
        pieces.for_each(|(before, inside)| forward(before, values(&b1), inside));
        let inside = tensor(inside, [rows, inner]);
        let mut y = product(inside.clone(), transposed(w2));
        let all: &mut [f32] = y.storage_mut();
        all.chunks_exact_mut(values(&b2).len()).for_each(|row| add(row, values(&b2)));
        (y, vec![before, inside])
    }

    fn back(&self, of_y: FlexTensor, inputs: &[FlexTensor], kept: &[FlexTensor]) -> Vec<FlexTensor> {
        let [x, w1, w2] = [0, 1, 3].map(|k| inputs[k].clone());
        let [before, inside] = [0, 1].map(|k| kept[k].clone());
        let ([rows, inner], [_, width]) = (before.shape().dims(), of_y.shape().dims());
        let cut = Cut::new(rows, 1);
        let of_w2 = product(transposed(of_y.clone()), inside);
        let of_b2 = cut.sums(values(&of_y).par_chunks(cut.rows * width), |_, rows| columns(rows, width));
        let mut of_before = product(of_y, w2);
        let all: &mut [f32] = of_before.storage_mut();
        let pieces = all.par_chunks_mut(cut.rows * inner).zip(values(&before).par_chunks(cut.rows * inner));
        let of_b1 = cut.sums(pieces, |_, (gradient, before)| {
            let mut sums = vec![0.0; inner];
            back(before, gradient, &mut sums);
            sums
        });
        let of_w1 = product(transposed(of_before.clone()), x);
        let of_x = product(of_before, w1);
        vec![of_x, of_w1, tensor(of_b1, [inner]), of_w2, tensor(of_b2, [width])]
    }
}

fn product(a: FlexTensor, b: FlexTensor) -> FlexTensor {
    Flex::float_matmul(a, b)
}

fn transposed(a: FlexTensor) -> FlexTensor {
    Flex::float_transpose(a)
}

/// The sum of each column.
fn columns(rows: &[f32], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    rows.chunks_exact(width).for_each(|row| add(&mut sums, row));
    sums
}

/// √(2/π), and the weight of the cube.
const SLOPE: f32 = 0.797_884_6;
const CUBE: f32 = 0.044_715;

/// σ(2 √(2/π) (u + 0.044715 u³))
#[inline(always)]
fn gate(u: f32) -> f32 {
    1.0 / (1.0 + exp(-2.0 * SLOPE * u * (1.0 + CUBE * u * u)))
}

/// Adds the bias to rows, and writes their GELU.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward(before: &mut [f32], bias: &[f32], inside: &mut [f32]) {
    let width = bias.len();
    for (before, inside) in before.chunks_exact_mut(width).zip(inside.chunks_exact_mut(width)) {
        for k in 0..width {
            let u = before[k] + bias[k];
            before[k] = u;
            inside[k] = u * gate(u);
        }
    }
}

/// The gradient of GELU's rows becomes that of what went in, and is added up in `sums`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn back(before: &[f32], gradient: &mut [f32], sums: &mut [f32]) {
    let width = sums.len();
    for (before, gradient) in before.chunks_exact(width).zip(gradient.chunks_exact_mut(width)) {
        for k in 0..width {
            let u = before[k];
            let open = gate(u);
            let inner = 2.0 * SLOPE * (1.0 + 3.0 * CUBE * u * u);
            gradient[k] *= open + u * open * (1.0 - open) * inner;
            sums[k] += gradient[k];
        }
    }
}
