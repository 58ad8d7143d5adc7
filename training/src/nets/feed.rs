//! Layers of spiking neurons, each onto the next, some onto themselves.

use crate::nets::delays::{Hearing, delays, remembered, remembered_input, spread};
use crate::spiking::forward::{Form, Kind};
use crate::spiking::operation::{spike, spike_recurrent};
use crate::spiking::patches::Patches;
use crate::spiking::sending::{convolve, convolve_from, on_grid, send, send_from};
use crate::tasks::code::Input;
use crate::weights::{Declaration, Start, Weights, numbers};
use burn::tensor::{Device, Tensor, TensorData, activation::sigmoid};

/// A layer of neurons that are all of one kind.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name, and that of its tensors.
    pub name: String,
    /// How many neurons.
    pub neurons: usize,
    /// What they compute.
    pub kind: Kind,
    /// Which of the neurons before reach which of these.
    pub way: Way,
    /// The time constant of V, in steps; where it is learnt, that before training.
    pub tau_m: f64,
    /// Whether it is learnt, one for the layer (Fang et al. 2021).
    pub learns_tau: bool,
    /// That of I, if a current outlasts its step.
    pub tau_syn: Option<f64>,
    /// By how many thresholds a spike raises the threshold, and the time constant in which it falls back, in steps.
    pub adaptation: (f64, f64),
    /// What comes in at each step; negative for a leak.
    pub drive: f32,
    /// Whether its spikes come back to it, one step later.
    pub recurrent: bool,
    /// The longest delay that its synapses may learn, in steps beyond the first; 0 if none learns.
    pub longest: usize,
}

/// Which neurons reach which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All of `sources` neurons reach all.
    All {
        /// Neurons before.
        sources: usize,
    },
    /// A convolution; neurons are `[row][column][channel]`.
    Convolution(Patches),
}

impl Way {
    /// Neurons that reach one.
    pub fn fan_in(self) -> usize {
        match self {
            Self::All { sources } => sources,
            Self::Convolution(patches) => patches.places(),
        }
    }

    /// Columns of the weights of `neurons` neurons: neurons, or channels.
    fn targets(self, neurons: usize) -> usize {
        match self {
            Self::All { .. } => neurons,
            Self::Convolution(patches) => neurons / patches.count(),
        }
    }
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
    /// Size of weights before training, over that which keeps the sum of squares.
    pub gain: f32,
}

impl Feed {
    /// Weights `[source][target]` of each layer, or `[place in a patch][channel]`, and what else it learns.
    pub fn declarations(&self) -> Vec<Declaration> {
        let mut all = Vec::new();
        for layer in &self.layers {
            let (sources, n) = (layer.way.fan_in(), layer.neurons);
            let start = Start::Uniform(self.gain * (3.0 / sources as f32).sqrt());
            let shape = [sources, layer.way.targets(n)];
            all.push(Declaration::new(format!("{}.weight", layer.name), shape, start));
            if layer.recurrent {
                let start = Start::Normal(RECURRENT / (n as f32).sqrt());
                all.push(Declaration::new(format!("{}.recurrent", layer.name), [n, n], start));
            }
            if layer.longest > 0 {
                let places = Declaration::new(format!("{}.delay", layer.name), shape, Start::Uniform(1.0));
                all.push(places.undecayed());
            }
            if layer.learns_tau {
                // σ of this is what V keeps.
                let start = -libm::log(libm::expm1(1.0 / layer.tau_m)) as f32;
                let keep = Declaration::new(format!("{}.keep", layer.name), [1], Start::Constant(start));
                all.push(keep.undecayed());
            }
        }
        all
    }

    /// The longest delay that any synapse may learn.
    pub fn longest(&self) -> usize {
        self.layers.iter().map(|layer| layer.longest).max().unwrap_or(0)
    }

    /// Spikes of every layer, `[step][sample][neuron]`.
    pub fn spikes(
        &self,
        weights: &Weights,
        input: &Input,
        hearing: Hearing,
        device: &Device,
    ) -> Vec<Tensor<3>> {
        let [steps, samples, _] = input.shape;
        let mut all: Vec<Tensor<3>> = Vec::new();
        for layer in &self.layers {
            let matrix =
                |what: &str| on_grid(weights.get::<2>(&format!("{}.{what}", layer.name)), self.weight_bits);
            let late = || {
                let delays = layer.delays(weights);
                spread(matrix("weight"), delays, layer.longest, hearing, device)
            };
            let before = all.last().map(|spikes| {
                let spikes =
                    if layer.longest > 0 { remembered(spikes, layer.longest) } else { spikes.clone() };
                let [_, _, sources] = spikes.dims();
                spikes.reshape([steps * samples, sources])
            });
            let current = match (before, layer.way) {
                (None, Way::All { .. }) if layer.longest > 0 => {
                    send_from(remembered_input(input, layer.longest), late())
                }
                (Some(before), Way::All { .. }) if layer.longest > 0 => send(before, late()),
                (None, Way::All { .. }) => send_from(input.spikes.clone(), matrix("weight")),
                (None, Way::Convolution(patches)) => {
                    convolve_from(input.spikes.clone(), matrix("weight"), patches)
                }
                (Some(before), Way::All { .. }) => send(before, matrix("weight")),
                (Some(before), Way::Convolution(patches)) => convolve(before, matrix("weight"), patches),
            };
            let current = current.reshape([steps, samples, layer.neurons]);
            let constants = layer.constants(weights, device);
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
    /// Delays of its synapses beyond the first step, `[source][target]`.
    pub fn delays(&self, weights: &Weights) -> Tensor<2> {
        delays(weights.get(&format!("{}.delay", self.name)), self.longest)
    }

    /// The time constant of V, in steps, as it is now.
    pub fn tau_m(&self, weights: &Weights) -> f64 {
        if !self.learns_tau {
            return self.tau_m;
        }
        let learnt = numbers(weights.get::<1>(&format!("{}.keep", self.name)))[0];
        // −1 / ln σ(x), and x no further from 0 than leaves it finite.
        1.0 / libm::log1p(libm::exp(-f64::from(learnt).clamp(-20.0, 20.0)))
    }

    /// What V keeps from step to step, rounded as machines do it.
    pub fn keep_v(&self, weights: &Weights) -> f32 {
        if self.kind.form == Form::Linear { 1.0 } else { kept(self.tau_m(weights)) }
    }

    /// What I keeps.
    pub fn keep_i(&self) -> f32 {
        self.tau_syn.map_or(0.0, kept)
    }

    /// The table of constants, with a threshold of 1.
    fn constants(&self, weights: &Weights, device: &Device) -> Tensor<2> {
        let (raised, tau) = self.adaptation;
        let rows = [self.keep_v(weights), self.keep_i(), 1.0, raised as f32, kept(tau), self.drive];
        let n = self.neurons;
        let table = rows.iter().flat_map(|value| std::iter::repeat_n(*value, n)).collect();
        let table = Tensor::from_data(TensorData::new(table, [rows.len(), n]), device);
        if !self.learns_tau {
            return table;
        }
        // The first row has its value from the table, as machines round it, and its gradient from σ.
        let keep = sigmoid(weights.get::<1>(&format!("{}.keep", self.name)));
        let nothing = (keep.clone() - keep.detach()).reshape([1, 1]).expand([1, n]);
        let [first, others] = [table.clone().narrow(0, 0, 1), table.narrow(0, 1, rows.len() - 1)];
        Tensor::cat(vec![first + nothing, others], 0)
    }
}

/// What is kept from step to step with a time constant in steps.
fn kept(tau: f64) -> f32 {
    libm::exp(-1.0 / tau) as f32
}
