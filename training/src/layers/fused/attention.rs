//! Self-attention in which every place of a text sees all of them, queries and keys turned by their place (RoPE):
//!
//! ```text
//! y = softmax(q kᵀ / √size) v        for each head of each text
//! ```
//!
//! A head of a text stays in the cache from its turn to its product. References: Vaswani et al. (2017),
//! arXiv:1706.03762; Su et al. (2021), arXiv:2104.09864.

use crate::layers::fused::exp::exp;
use crate::layers::fused::rows::{dot, largest, sum};
use crate::layers::fused::{Fused, of_one};
use crate::spiking::flex::{tensor, values};
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use multiversion::multiversion;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, s};
use rayon::prelude::*;
use std::sync::Arc;

/// The slowest pair of channels turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 10_000.0;

/// The sizes of an attention, and by how much its places are turned.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Places of a text.
    places: usize,
    heads: usize,
    /// Channels of a head, an even number.
    size: usize,
    /// Cosines and sines `[place][pair]`: channel k of the first half of a head and channel k of the second are a pair.
    turns: Arc<(Vec<f32>, Vec<f32>)>,
}

impl Attention {
    /// Of texts of `places` places, over `width` channels that the heads share.
    pub fn new(places: usize, heads: usize, width: usize) -> Self {
        let (size, pairs) = (width / heads, width / heads / 2);
        let turn = |k: usize| {
            let angle = (k / pairs) as f64 * libm::pow(SLOWEST, -((k % pairs) as f64) / pairs as f64);
            let (sin, cos) = libm::sincos(angle);
            (cos as f32, sin as f32)
        };
        Self { places, heads, size, turns: Arc::new((0..places * pairs).map(turn).unzip()) }
    }

    /// `[text · place][D]` for queries, keys and values of all heads, `[text · place][3 D]`.
    pub fn mixed(&self, qkv: Tensor<2>) -> Tensor<2> {
        of_one(qkv, self.clone())
    }

    /// How much the first place of each text sees of each, `[text][place]`, the mean of all heads, for the same numbers
    /// `[text · place][3 D]`. Apart from gradients.
    pub fn seen_by_first(&self, qkv: &[f32]) -> Vec<f32> {
        let (width, size) = (self.width(), self.size);
        let of_text = |text: &[f32]| {
            let (q, k) = (self.turned(text, 0, self.scale()), self.turned(text, 1, 1.0));
            let mut mean = vec![0.0; self.places];
            for (q, k) in q.chunks_exact(self.places * size).zip(k.chunks_exact(self.places * size)) {
                let mut seen: Vec<f32> = k.chunks_exact(size).map(|k| dot(&q[..size], k)).collect();
                softmax(&mut seen, self.places);
                mean.iter_mut().zip(seen).for_each(|(mean, seen)| *mean += seen / self.heads as f32);
            }
            mean
        };
        qkv.chunks_exact(3 * width * self.places).flat_map(of_text).collect()
    }

    fn width(&self) -> usize {
        self.heads * self.size
    }

    /// What products of queries and keys are multiplied by.
    fn scale(&self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }

    /// Queries (0), keys (1) or values (2) of a head, in a text's `[place][3 D]`.
    fn part<'a>(&self, text: ArrayView2<'a, f32>, which: usize, head: usize) -> ArrayView2<'a, f32> {
        let first = which * self.width() + head * self.size;
        text.slice_move(s![.., first..first + self.size])
    }

    /// The turns of each place.
    fn angles(&self) -> impl Iterator<Item = (&[f32], &[f32])> {
        let pairs = self.size / 2;
        self.turns.0.chunks_exact(pairs).zip(self.turns.1.chunks_exact(pairs))
    }

    /// Queries (0) or keys (1) of a text's `[place][3 D]`, turned and multiplied by `scale`, as `[head][place][channel]`.
    fn turned(&self, text: &[f32], which: usize, scale: f32) -> Vec<f32> {
        let (width, size) = (self.width(), self.size);
        let mut turned = vec![0.0; self.places * width];
        for (place, (row, angles)) in text.chunks_exact(3 * width).zip(self.angles()).enumerate() {
            for (head, part) in row[which * width..][..width].chunks_exact(size).enumerate() {
                turn(part, angles, scale, &mut turned[(head * self.places + place) * size..][..size]);
            }
        }
        turned
    }

    /// The gradient of a text's queries (0) or keys (1) from that of what [`Attention::turned`] made of them, times `scale`.
    fn turned_back(&self, turned: &[f32], which: usize, scale: f32, text: &mut [f32]) {
        let (width, size) = (self.width(), self.size);
        for (place, (row, angles)) in text.chunks_exact_mut(3 * width).zip(self.angles()).enumerate() {
            for (head, part) in row[which * width..][..width].chunks_exact_mut(size).enumerate() {
                turn_back(&turned[(head * self.places + place) * size..][..size], angles, scale, part);
            }
        }
    }
}

impl Fused for Attention {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let (qkv, width, square) = (values(&inputs[0]), self.width(), self.places * self.places);
        let texts = qkv.len() / (3 * width * self.places);
        let (mut y, mut seen) = (vec![0.0; qkv.len() / 3], vec![0.0; texts * self.heads * square]);
        let each = qkv
            .par_chunks(3 * width * self.places)
            .zip(y.par_chunks_mut(width * self.places))
            .zip(seen.par_chunks_mut(self.heads * square));
        each.for_each(|((qkv, y), seen)| self.see(qkv, y, seen));
        (tensor(y, [texts * self.places, width]), vec![tensor(seen, [texts, self.heads * square])])
    }

    fn back(&self, of_y: FlexTensor, inputs: &[FlexTensor], kept: &[FlexTensor]) -> Vec<FlexTensor> {
        let (qkv, width, square) = (values(&inputs[0]), self.width(), self.places * self.places);
        let mut of_qkv = vec![0.0; qkv.len()];
        let each = of_qkv
            .par_chunks_mut(3 * width * self.places)
            .zip(qkv.par_chunks(3 * width * self.places))
            .zip(values(&of_y).par_chunks(width * self.places))
            .zip(values(&kept[0]).par_chunks(self.heads * square));
        each.for_each(|(((of_qkv, qkv), of_y), seen)| self.see_back(of_y, qkv, seen, of_qkv));
        vec![tensor(of_qkv, [qkv.len() / (3 * width), 3 * width])]
    }
}

impl Attention {
    /// One text: from `[place][3 D]` to `[place][D]`, and how much each place sees of each, `[head][place][place]`.
    fn see(&self, qkv: &[f32], y: &mut [f32], seen: &mut [f32]) {
        let &Self { places, size, .. } = self;
        let (q, k) = (self.turned(qkv, 0, self.scale()), self.turned(qkv, 1, 1.0));
        let (qkv, mut y) = (matrix(qkv, places), matrix_mut(y, places));
        let heads = q.chunks_exact(places * size).zip(k.chunks_exact(places * size));
        for (head, (seen, (q, k))) in seen.chunks_exact_mut(places * places).zip(heads).enumerate() {
            product(matrix(q, places), matrix(k, places).reversed_axes(), matrix_mut(seen, places));
            softmax(seen, places);
            let own = y.slice_mut(s![.., head * size..(head + 1) * size]);
            product(matrix(seen, places), self.part(qkv, 2, head), own);
        }
    }

    /// One text: from the gradient of `[place][D]` to that of `[place][3 D]`.
    fn see_back(&self, of_y: &[f32], qkv: &[f32], seen: &[f32], of_qkv: &mut [f32]) {
        let &Self { places, size, .. } = self;
        let (q, k) = (self.turned(qkv, 0, 1.0), self.turned(qkv, 1, 1.0));
        let (of_y, qkv) = (matrix(of_y, places), matrix(qkv, places));
        let [mut of_q, mut of_k] = [0, 1].map(|_| vec![0.0; places * self.width()]);
        let mut of_seen = vec![0.0; places * places];
        for (head, seen) in seen.chunks_exact(places * places).enumerate() {
            let of_own = of_y.slice(s![.., head * size..(head + 1) * size]);
            let own = 2 * self.width() + head * size;
            let of_v = matrix_mut(of_qkv, places);
            product(matrix(seen, places).reversed_axes(), of_own, of_v.slice_move(s![.., own..own + size]));
            product(of_own, self.part(qkv, 2, head).reversed_axes(), matrix_mut(&mut of_seen, places));
            softmax_back(&mut of_seen, seen, places);
            // A query's gradient comes from the keys it met, and a key's from the queries.
            let (head, of_seen) =
                (head * places * size..(head + 1) * places * size, matrix(&of_seen, places));
            product(of_seen, matrix(&k[head.clone()], places), matrix_mut(&mut of_q[head.clone()], places));
            let of_seen = of_seen.reversed_axes();
            product(of_seen, matrix(&q[head.clone()], places), matrix_mut(&mut of_k[head], places));
        }
        self.turned_back(&of_q, 0, self.scale(), of_qkv);
        self.turned_back(&of_k, 1, self.scale(), of_qkv);
    }
}

/// Values as a matrix of so many rows.
fn matrix(values: &[f32], rows: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, values.len() / rows), values).expect("rows are whole")
}

fn matrix_mut(values: &mut [f32], rows: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, values.len() / rows), values).expect("rows are whole")
}

/// out = a b
fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, mut out: ArrayViewMut2<'_, f32>) {
    general_mat_mul(1.0, &a, &b, 0.0, &mut out);
}

#[inline]
fn turn(row: &[f32], (cos, sin): (&[f32], &[f32]), scale: f32, turned: &mut [f32]) {
    let ((a, b), (to_a, to_b)) = (row.split_at(cos.len()), turned.split_at_mut(cos.len()));
    let pairs = a.iter().zip(b).zip(cos.iter().zip(sin)).zip(to_a.iter_mut().zip(to_b));
    for (((a, b), (cos, sin)), (to_a, to_b)) in pairs {
        *to_a = (a * cos - b * sin) * scale;
        *to_b = (b * cos + a * sin) * scale;
    }
}

#[inline]
fn turn_back(turned: &[f32], (cos, sin): (&[f32], &[f32]), scale: f32, row: &mut [f32]) {
    let ((a, b), (to_a, to_b)) = (turned.split_at(cos.len()), row.split_at_mut(cos.len()));
    let pairs = a.iter().zip(b).zip(cos.iter().zip(sin)).zip(to_a.iter_mut().zip(to_b));
    for (((a, b), (cos, sin)), (to_a, to_b)) in pairs {
        *to_a = (a * cos + b * sin) * scale;
        *to_b = (b * cos - a * sin) * scale;
    }
}

/// The softmax of each row.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn softmax(rows: &mut [f32], width: usize) {
    for row in rows.chunks_exact_mut(width) {
        let most = largest(row);
        row.iter_mut().for_each(|value| *value = exp(*value - most));
        let share = 1.0 / sum(row);
        row.iter_mut().for_each(|value| *value *= share);
    }
}

/// The gradient of softmaxes becomes that of what went in.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn softmax_back(gradients: &mut [f32], made: &[f32], width: usize) {
    for (gradient, made) in gradients.chunks_exact_mut(width).zip(made.chunks_exact(width)) {
        let middle = dot(gradient, made);
        gradient.iter_mut().zip(made).for_each(|(gradient, made)| *gradient = made * (*gradient - middle));
    }
}
