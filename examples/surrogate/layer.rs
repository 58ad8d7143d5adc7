//! The layer that is timed, and what comes into it.

use burn::tensor::{Device, Tensor, TensorData};
use sim_core::rng::Key;
use training::spiking::forward::{CONSTANTS, Form, Kind, Reset};
use training::spiking::operation::spike;
use training::spiking::sending::send;
use training::spiking::surrogate::Surrogate;

/// What V keeps from step to step: 15/16, so that all libraries round alike.
const KEEP: f32 = 0.9375;

/// The threshold, beside the grid of the weights: some libraries fire where V is equal to it and others do not.
const THRESHOLD: f32 = 1.0001;

/// Sizes and seed of what is timed.
pub struct Job {
    /// Inputs, and as many neurons.
    pub neurons: usize,
    /// Share of the inputs that spike in a step; 0 for normal numbers.
    pub density: f64,
    /// Steps in time.
    pub steps: usize,
    /// Samples of a batch.
    pub samples: usize,
    /// Of all random numbers.
    pub seed: u64,
}

impl Job {
    /// `[step][sample][input]`: 0 or 1, or normal numbers in steps of 1/32.
    pub fn input(&self) -> Vec<f32> {
        let key = Key::new(self.seed).named("input");
        let mut input = vec![0.0; self.steps * self.samples * self.neurons];
        let below = (self.density * 2.0f64.powi(32)) as u64;
        let mut words = vec![0; self.neurons];
        for (row, input) in input.chunks_exact_mut(self.neurons).enumerate() {
            let mut stream = key.stream(row as u64);
            if self.density == 0.0 {
                input.iter_mut().for_each(|x| *x = (stream.normal() * 32.0).round() as f32 / 32.0);
            } else {
                stream.fill(&mut words);
                input
                    .iter_mut()
                    .zip(&words)
                    .for_each(|(x, &word)| *x = f32::from(u8::from(u64::from(word) < below)));
            }
        }
        input
    }

    /// `[input][neuron]`: whole multiples from −127 to 127 of a power of two, so that sums of them are exact in any
    /// order. What comes in has a variance of about 1/3, as normal numbers through the first weights of a linear
    /// layer of PyTorch.
    pub fn weights(&self) -> Vec<f32> {
        let square = if self.density == 0.0 { 1.0 } else { self.density };
        let deviation = (3.0 * square * self.neurons as f64).sqrt().recip();
        let step = ((deviation * 3.0f64.sqrt() / 127.0).log2().round().exp2()) as f32;
        let mut whole = vec![0; self.neurons * self.neurons];
        Key::new(self.seed).named("weights").below_each(0, 255, &mut whole);
        whole.iter().map(|&whole| (whole as f32 - 127.0) * step).collect()
    }
}

/// A linear layer without bias, and neurons that leak, fire and start again at 0.
pub struct Layer {
    input: Tensor<2>,
    weights: Tensor<2>,
    constants: Tensor<2>,
    kind: Kind,
    shape: [usize; 3],
}

impl Layer {
    /// Ready to run.
    pub fn new(job: &Job, input: Vec<f32>, weights: Vec<f32>, surrogate: Surrogate) -> Self {
        let (n, device) = (job.neurons, Device::flex().autodiff());
        let tensor = |values, shape| Tensor::<2>::from_data(TensorData::new(values, shape), &device);
        let rows: [f32; CONSTANTS] = [KEEP, 0.0, THRESHOLD, 0.0, 0.0, 0.0];
        let constants = rows.iter().flat_map(|value| std::iter::repeat_n(*value, n)).collect::<Vec<f32>>();
        Self {
            input: tensor(input, [job.steps * job.samples, n]),
            weights: tensor(weights, [n, n]).require_grad(),
            constants: tensor(constants, [CONSTANTS, n]),
            kind: Kind { reset: Reset::Zero, form: Form::Lif, adaptation: false, surrogate },
            shape: [job.steps, job.samples, n],
        }
    }

    /// Spikes `[step][sample][neuron]`.
    pub fn forward(&self) -> Tensor<3> {
        let current = send(self.input.clone(), self.weights.clone()).reshape(self.shape);
        spike(current, self.constants.clone(), self.kind)
    }

    /// Gradient of the number of spikes by the weights.
    pub fn backward(&self, spikes: &Tensor<3>) -> Tensor<2> {
        let gradients = spikes.clone().sum().backward();
        self.weights.grad(&gradients).expect("the weights want a gradient")
    }
}
