//! A pass through a network of maps: what layers look up, and what they leave to be noted.

use crate::spiking::forward::{CONSTANTS, Form, Kind, Reset};
use crate::spiking::operation::spike;
use crate::spiking::surrogate::Surrogate;
use crate::vision::convolution::{Convolution, convolution};
use crate::vision::norm::{moments, normalise};
use crate::weights::{Declaration, Named, Start, Weights, numbers};
use burn::tensor::{Tensor, TensorData};

/// What passes from layer to layer in all steps: `[step · sample · row · column][channel]`.
#[derive(Clone)]
pub struct Map {
    /// Membrane inputs, spikes or sums of spikes.
    pub x: Tensor<2>,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
}

impl Map {
    /// The same places with other channels.
    pub fn with(&self, x: Tensor<2>) -> Self {
        Self { x, ..*self }
    }

    /// Channels.
    pub fn channels(&self) -> usize {
        self.x.dims()[1]
    }

    /// Places of a frame.
    pub fn places(&self) -> usize {
        self.height * self.width
    }
}

impl std::ops::Add for Map {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { x: self.x + other.x, ..self }
    }
}

/// V ← V/2 + x/2, a spike where V reaches the threshold, then V ← 0 (tau = 2, "decay input"), written for 2 V.
const KEPT: f32 = 0.5;

/// The threshold of V, nearly everywhere.
pub const THRESHOLD: f32 = 1.0;

/// Of the arctan surrogate (α), per unit of V.
const SLOPE: f32 = 2.0;

/// Neurons that one table of constants is written for.
const ALIKE: usize = 2048;

/// What a batch adds to running averages of normalisation.
const MOMENTUM: f32 = 0.1;

/// What a batch adds to running firing rates.
const RATE_MOMENTUM: f32 = 0.01;

/// One pass: with gradients and the batch's own moments in training, with running ones after it.
pub struct Pass<'a> {
    /// The weights.
    pub weights: &'a Weights,
    /// Steps of a sample.
    pub steps: usize,
    training: bool,
    noted: Vec<Named>,
    /// Spikes so far, and chances to spike.
    fired: Option<(f64, f64)>,
}

impl<'a> Pass<'a> {
    /// Where the batch's own moments count, and are noted.
    pub fn training(weights: &'a Weights, steps: usize) -> Self {
        Self { weights, steps, training: true, noted: Vec::new(), fired: None }
    }

    /// Where running moments count.
    pub fn evaluation(weights: &'a Weights, steps: usize) -> Self {
        Self { weights, steps, training: false, noted: Vec::new(), fired: None }
    }

    /// Counts spikes from now on.
    pub fn count_spikes(&mut self) {
        self.fired = Some((0.0, 0.0));
    }

    /// Spikes of all neurons and steps, and what they would be if all fired always.
    pub fn fired(&self) -> (f64, f64) {
        self.fired.unwrap_or_default()
    }

    /// New values of running averages.
    pub fn noted(self) -> Vec<Named> {
        self.noted
    }

    /// Spikes of one neuron for each number that comes in.
    pub fn fire(&mut self, map: &Map) -> Map {
        self.fire_at(map, THRESHOLD)
    }

    /// As [`Pass::fire`], with another threshold.
    pub fn fire_at(&mut self, map: &Map, threshold: f32) -> Map {
        map.with(self.spikes(map.x.clone(), threshold))
    }

    /// Spikes for an input whose first dimension begins with the steps.
    pub fn spikes(&mut self, x: Tensor<2>, threshold: f32) -> Tensor<2> {
        let [rows, columns] = x.dims();
        // Neurons are alike: a table for a few of them serves all, as if they were samples.
        let together = 1 << (rows / self.steps).trailing_zeros().min((ALIKE / columns.max(1)).max(1).ilog2());
        let n = together * columns;
        // For 2 V: half the slope and twice the threshold; the derivative is the same.
        let surrogate = Surrogate::Arctan { slope: 0.5 * SLOPE };
        let kind = Kind { reset: Reset::Zero, form: Form::Lif, adaptation: false, surrogate };
        let mut table = vec![0.0; CONSTANTS * n];
        table[..n].fill(KEPT);
        table[2 * n..3 * n].fill(2.0 * threshold);
        let table = Tensor::from_data(TensorData::new(table, [CONSTANTS, n]), &x.device());
        let x = x.reshape([self.steps, rows / self.steps / together, n]);
        let fired = spike(x, table, kind).reshape([rows, columns]);
        if let Some((spikes, chances)) = &mut self.fired {
            *spikes += f64::from(fired.clone().sum().into_scalar::<f32>());
            *chances += (rows * columns) as f64;
        }
        fired
    }

    /// The running average `name` after this batch, which is `now`: `keep` of itself stays.
    fn note(&mut self, name: String, shape: &[usize], now: &[f32], share: f32) {
        let before = numbers(self.weights.get::<1>(&name));
        let values = before.iter().zip(now).map(|(before, now)| before + share * (now - before)).collect();
        self.noted.push(Named { name, shape: shape.to_vec(), values });
    }

    /// Running firing rates of heads after this batch, which are `now`; the first batch's are taken as they are.
    pub fn rates(&mut self, name: &str, now: Tensor<1>) -> Vec<f32> {
        let before = numbers(self.weights.get::<1>(name));
        if !self.training {
            return before;
        }
        let share = if before.iter().all(|&rate| rate == 0.0) { 1.0 } else { RATE_MOMENTUM };
        self.note(name.to_owned(), &[before.len()], &numbers(now), share);
        self.noted.last().map_or(before, |noted| noted.values.clone())
    }
}

/// A convolution and the normalisation of what comes out.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Of its tensors.
    pub name: String,
    /// The convolution.
    pub by: Convolution,
}

impl Layer {
    /// What it holds.
    pub fn declare(&self, all: &mut Vec<Declaration>) {
        let [places, out] = self.by.weights();
        let named = |what: &str| format!("{}.{what}", self.name);
        let start = Start::Normal((2.0 / places as f32).sqrt());
        all.push(Declaration::new(named("weight"), [places, out], start));
        all.push(Declaration::new(named("gain"), [out], Start::Constant(1.0)).undecayed());
        all.push(Declaration::new(named("bias"), [out], Start::Constant(0.0)).undecayed());
        all.push(Declaration::running(named("mean"), [out], Start::Constant(0.0)));
        all.push(Declaration::running(named("variance"), [out], Start::Constant(1.0)));
    }

    /// The convolution, normalised.
    pub fn of(&self, pass: &mut Pass<'_>, map: &Map) -> Map {
        let named = |what: &str| format!("{}.{what}", self.name);
        let x = convolution(map.x.clone(), pass.weights.get::<2>(&named("weight")), self.by);
        let moments = if pass.training {
            let now = moments(x.clone());
            let values = numbers(now.clone());
            let (mean, variance) = values.split_at(self.by.out);
            pass.note(named("mean"), &[self.by.out], mean, MOMENTUM);
            pass.note(named("variance"), &[self.by.out], variance, MOMENTUM);
            now
        } else {
            let running = |what: &str| pass.weights.get::<1>(&named(what));
            Tensor::stack(vec![running("mean"), running("variance")], 0)
        };
        let x = normalise(x, pass.weights.get(&named("gain")), pass.weights.get(&named("bias")), moments);
        Map { x, height: self.by.patches.rows(), width: self.by.patches.columns() }
    }
}
