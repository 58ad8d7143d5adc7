//! How many dimensions states use: the participation ratio of their covariance C, (Σ λ)² / Σ λ² over its eigenvalues λ,
//! which is (tr C)² / Σ C².
//!
//! It is 1 where all states lie on a line, and D where they spread alike in all D directions.

use crate::weights::numbers;
use burn::tensor::Tensor;

/// Sums over states of D channels.
pub struct Spread {
    states: f64,
    /// `[D]`
    sums: Vec<f64>,
    /// Of products of two channels, `[D][D]`.
    products: Vec<f64>,
}

impl Spread {
    /// Of no state yet, of `width` channels.
    pub fn new(width: usize) -> Self {
        Self { states: 0.0, sums: vec![0.0; width], products: vec![0.0; width * width] }
    }

    /// Adds the state of every place of `[puzzle][place][D]`.
    pub fn add(&mut self, states: &Tensor<3>) {
        let [puzzles, places, width] = states.dims();
        let rows = states.clone().reshape([puzzles * places, width]);
        let add = |sums: &mut [f64], more: Vec<f32>| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += f64::from(more));
        };
        self.states += (puzzles * places) as f64;
        add(&mut self.sums, numbers(rows.clone().sum_dim(0)));
        add(&mut self.products, numbers(rows.clone().transpose().matmul(rows)));
    }

    /// The participation ratio; 0 if nothing differs.
    pub fn participation(&self) -> f64 {
        let width = self.sums.len();
        let covariance = |k: usize| {
            let [a, b] = [k / width, k % width].map(|channel| self.sums[channel] / self.states);
            self.products[k] / self.states - a * b
        };
        let trace: f64 = (0..width).map(|channel| covariance(channel * (width + 1))).sum();
        let squares: f64 = (0..width * width).map(|k| covariance(k) * covariance(k)).sum();
        if squares > 0.0 { trace * trace / squares } else { 0.0 }
    }
}
