//! What guesses cost: −log p(answer) of each row times the row's weight, p being the softmax of its logits. Rows of weight 0
//! cost no time either. Where tokens come at rates λ of their own, Σ p(v) (λ(v) − λ(answer)) is added to it, a row's weight
//! being λ(answer).

use crate::layers::fused::exp::exp;
use crate::layers::fused::rows::{Cut, dot, largest, sum};
use crate::layers::fused::{Fused, of_one};
use crate::spiking::flex::{tensor, values};
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;
use std::sync::Arc;

/// Answers that logits are held against.
#[derive(Clone, Debug)]
pub struct Answers {
    /// How many tokens there are to choose from; logits behind these do not count.
    pub tokens: usize,
    /// The right token of each row.
    pub right: Arc<Vec<i64>>,
    /// What each row counts.
    pub weights: Arc<Vec<f32>>,
    /// λ of each token, `[group][token]`, for groups of as many rows one after another; empty if there is nothing to add.
    pub rates: Arc<Vec<f32>>,
}

/// What some rows are held against: right tokens, weights, and the rates of their group.
type Held<'a> = (&'a [i64], &'a [f32], &'a [f32]);

impl Answers {
    /// The weighted surprise of each row, in nats, `[row][1]`, for logits `[row][token]`.
    pub fn surprise(&self, logits: Tensor<2>) -> Tensor<2> {
        of_one(logits, self.clone())
    }

    /// Rows that are worked on together, and their answers with the rates of their group.
    fn cut(&self) -> (usize, impl IndexedParallelIterator<Item = Held<'_>>) {
        let groups = (self.rates.len() / self.tokens).max(1);
        let cut = Cut::new(self.right.len(), groups);
        let rated = if self.rates.is_empty() { 0 } else { self.tokens };
        let answers = self.right.par_chunks(cut.rows).zip(self.weights.par_chunks(cut.rows)).enumerate();
        let answers = answers.map(move |(piece, (right, weights))| {
            (right, weights, &self.rates[piece / cut.pieces * rated..][..rated])
        });
        (cut.rows, answers)
    }
}

impl Fused for Answers {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [rows, width] = inputs[0].shape().dims();
        let mut surprise = vec![0.0; rows];
        let (piece, answers) = self.cut();
        let pieces = surprise.par_chunks_mut(piece).zip(values(&inputs[0]).par_chunks(piece * width));
        pieces.zip(answers).for_each(|((surprise, logits), answers)| {
            forward(logits, width, self.tokens, answers, surprise);
        });
        (tensor(surprise, [rows, 1]), Vec::new())
    }

    fn back(&self, of_surprise: FlexTensor, inputs: &[FlexTensor], _: &[FlexTensor]) -> Vec<FlexTensor> {
        let [rows, width] = inputs[0].shape().dims();
        let mut of_logits = vec![0.0; rows * width];
        let (piece, answers) = self.cut();
        let pieces = of_logits
            .par_chunks_mut(piece * width)
            .zip(values(&inputs[0]).par_chunks(piece * width))
            .zip(values(&of_surprise).par_chunks(piece));
        pieces.zip(answers).for_each(|(((of_logits, logits), of_surprise), answers)| {
            back(logits, (width, self.tokens), answers, of_surprise, of_logits);
        });
        vec![tensor(of_logits, [rows, width])]
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn forward(
    logits: &[f32],
    width: usize,
    tokens: usize,
    (right, weights, rates): Held<'_>,
    surprise: &mut [f32],
) {
    let mut powers = vec![0.0; tokens];
    let rows = logits.chunks_exact(width).zip(surprise).zip(right.iter().zip(weights));
    for ((row, surprise), (right, weight)) in rows.filter(|(_, (_, weight))| **weight != 0.0) {
        let row = &row[..tokens];
        let most = largest(row);
        powers.iter_mut().zip(row).for_each(|(power, logit)| *power = exp(logit - most));
        let all = sum(&powers);
        *surprise = weight * (libm::logf(all) + most - row[*right as usize]);
        if !rates.is_empty() {
            *surprise += dot(&powers, rates) / all - weight;
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn back(
    logits: &[f32],
    (width, tokens): (usize, usize),
    (right, weights, rates): Held<'_>,
    of_surprise: &[f32],
    of_logits: &mut [f32],
) {
    let rows = logits.chunks_exact(width).zip(of_logits.chunks_exact_mut(width));
    for ((row, of_row), ((right, weight), slope)) in rows.zip(right.iter().zip(weights).zip(of_surprise)) {
        if *weight == 0.0 {
            continue;
        }
        let (row, of_row) = (&row[..tokens], &mut of_row[..tokens]);
        let most = largest(row);
        of_row.iter_mut().zip(row).for_each(|(power, logit)| *power = exp(logit - most));
        let all = sum(of_row);
        if rates.is_empty() {
            let share = weight * slope / all;
            of_row.iter_mut().for_each(|power| *power *= share);
        } else {
            let (mean, share) = (dot(of_row, rates) / all, slope / all);
            of_row.iter_mut().zip(rates).for_each(|(power, rate)| *power *= share * (weight + rate - mean));
        }
        of_row[*right as usize] -= weight * slope;
    }
}
