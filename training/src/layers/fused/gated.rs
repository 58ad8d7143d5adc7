//! A residual connection with a gate for each channel: y = x + gate · h.

use crate::layers::fused::rows::Cut;
use crate::layers::fused::{Fused, of_three};
use crate::spiking::flex::{tensor, values};
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;

/// x + gate · h for rows `[row][D]`, with `gate` `[group][D]` for that many groups of rows of equal size.
pub fn gated_sum(x: Tensor<2>, h: Tensor<2>, gate: Tensor<2>) -> Tensor<2> {
    of_three([x, h, gate], GatedSum)
}

#[derive(Debug)]
struct GatedSum;

impl Fused for GatedSum {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [rows, width] = inputs[0].shape().dims();
        let cut = Cut::new(rows, inputs[2].shape()[0]);
        let [x, h, gate] = [0, 1, 2].map(|k| values(&inputs[k]));
        let mut y = vec![0.0; rows * width];
        let piece = cut.rows * width;
        let pieces = y.par_chunks_mut(piece).zip(x.par_chunks(piece)).zip(h.par_chunks(piece));
        pieces.enumerate().for_each(|(piece, ((y, x), h))| {
            forward(x, h, &gate[piece / cut.pieces * width..][..width], y);
        });
        (tensor(y, [rows, width]), Vec::new())
    }

    fn back(&self, of_y: FlexTensor, inputs: &[FlexTensor], _: &[FlexTensor]) -> Vec<FlexTensor> {
        let ([rows, width], groups) = (inputs[0].shape().dims(), inputs[2].shape()[0]);
        let cut = Cut::new(rows, groups);
        let (h, gate) = (values(&inputs[1]), values(&inputs[2]));
        let mut of_h = vec![0.0; rows * width];
        let piece = cut.rows * width;
        let pieces = of_h.par_chunks_mut(piece).zip(values(&of_y).par_chunks(piece)).zip(h.par_chunks(piece));
        let of_gate = cut.sums(pieces, |group, ((of_h, of_y), h)| {
            let mut sums = vec![0.0; width];
            back(of_y, h, &gate[group * width..][..width], of_h, &mut sums);
            sums
        });
        vec![of_y, tensor(of_h, [rows, width]), tensor(of_gate, [groups, width])]
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward(x: &[f32], h: &[f32], gate: &[f32], y: &mut [f32]) {
    let width = gate.len();
    let rows = x.chunks_exact(width).zip(h.chunks_exact(width)).zip(y.chunks_exact_mut(width));
    for ((x, h), y) in rows {
        for k in 0..width {
            y[k] = x[k] + gate[k] * h[k];
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn back(of_y: &[f32], h: &[f32], gate: &[f32], of_h: &mut [f32], of_gate: &mut [f32]) {
    let width = gate.len();
    let rows = of_y.chunks_exact(width).zip(h.chunks_exact(width)).zip(of_h.chunks_exact_mut(width));
    for ((of_y, h), of_h) in rows {
        for k in 0..width {
            of_h[k] = of_y[k] * gate[k];
            of_gate[k] += of_y[k] * h[k];
        }
    }
}
