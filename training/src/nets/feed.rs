//! Layers of spiking neurons, each onto the next, some onto themselves.

use crate::spiking::forward::Kind;
use crate::spiking::operation::{send, spike, spike_recurrent};
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::{Device, Tensor, TensorData};

/// A layer of neurons that are all of one kind.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name, and that of its tensors.
    pub name: String,
    /// How many neurons.
    pub neurons: usize,
    /// What they compute.
    pub kind: Kind,
    /// What V keeps from step to step.
    pub keep_v: f32,
    /// What I keeps.
    pub keep_i: f32,
    /// The time constants, in steps, that these follow from.
    pub tau_m: f64,
    /// That of I, if a current outlasts its step.
    pub tau_syn: Option<f64>,
    /// What comes in at each step; negative for a leak.
    pub drive: f32,
    /// Whether its spikes come back to it, one step later.
    pub recurrent: bool,
}

/// A chain of layers.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Sources of spikes.
    pub inputs: usize,
    /// The layers, the read-out last.
    pub layers: Vec<Layer>,
    /// Bits of a weight with its sign; 0 for floats.
    pub weight_bits: u32,
}

impl Feed {
    /// Weights [source][target] of each layer.
    pub fn declarations(&self) -> Vec<Declaration> {
        let mut sources = self.inputs;
        let mut all = Vec::new();
        for layer in &self.layers {
            let n = layer.neurons;
            let start = |sources: usize| Start::Uniform((3.0 / sources as f32).sqrt());
            all.push(Declaration::new(format!("{}.weight", layer.name), [sources, n], start(sources)));
            if layer.recurrent {
                all.push(Declaration::new(
                    format!("{}.recurrent", layer.name),
                    [n, n],
                    Start::Normal(RECURRENT / (n as f32).sqrt()),
                ));
            }
            sources = n;
        }
        all
    }

    /// Spikes of every layer for an input of spikes, all [step][sample][neuron].
    pub fn spikes(&self, weights: &Weights, input: Tensor<3>, device: &Device) -> Vec<Tensor<3>> {
        let [steps, samples, _] = input.dims();
        let mut all: Vec<Tensor<3>> = Vec::new();
        for layer in &self.layers {
            let before = all.last().unwrap_or(&input).clone();
            let [_, _, sources] = before.dims();
            let matrix =
                |what: &str| on_grid(weights.get::<2>(&format!("{}.{what}", layer.name)), self.weight_bits);
            let current = send(before.reshape([steps * samples, sources]), matrix("weight"));
            let current = current.reshape([steps, samples, layer.neurons]);
            let constants = layer.constants(device);
            all.push(if layer.recurrent {
                spike_recurrent(current, constants, matrix("recurrent"), layer.kind)
            } else {
                spike(current, constants, layer.kind)
            });
        }
        all
    }
}

/// Size of recurrent weights before training, over that which keeps the sum of squares.
const RECURRENT: f32 = 0.5;

impl Layer {
    /// The table of constants, with a threshold of 1.
    fn constants(&self, device: &Device) -> Tensor<2> {
        let rows = [self.keep_v, self.keep_i, 1.0, 0.0, 0.0, self.drive];
        let table = rows.iter().flat_map(|value| std::iter::repeat_n(*value, self.neurons)).collect();
        Tensor::from_data(TensorData::new(table, [rows.len(), self.neurons]), device)
    }
}

/// Weights rounded to whole multiples of a power of two, the finest at which the largest still has `bits` bits
/// with its sign; gradients pass as if nothing had been rounded (Bengio, Léonard and Courville 2013).
pub fn on_grid(weights: Tensor<2>, bits: u32) -> Tensor<2> {
    if bits == 0 {
        return weights;
    }
    let largest = weights.clone().detach().abs().max().into_scalar::<f32>();
    let step = grid_step(largest, bits);
    let rounded = (weights.clone().detach() / step).round() * step;
    rounded + (weights.clone() - weights.detach())
}

/// The power of two in whose multiples `largest` has `bits` bits with its sign.
pub fn grid_step(largest: f32, bits: u32) -> f32 {
    let most = ((1u32 << (bits - 1)) - 1) as f32;
    let exponent = libm::ceilf(libm::log2f(largest.max(f32::MIN_POSITIVE) / most)) as i32;
    libm::ldexpf(1.0, exponent)
}
