//! Blocks of convolutions, and the ways around them.

use crate::spiking::patches::Patches;
use crate::vision::convolution::Convolution;
use crate::vision::pass::{Layer, Map, Pass};
use crate::weights::{Declaration, Start};
use burn::tensor::Tensor;

/// Sizes of what a block sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl Place {
    /// A convolution that looks at `kernel` × `kernel` places.
    pub fn layer(self, name: String, kernel: usize, stride: usize, out: usize, groups: usize) -> Layer {
        let patches =
            Patches { height: self.height, width: self.width, channels: self.channels, kernel, stride };
        Layer { name, by: Convolution { patches, out, groups } }
    }

    /// What comes out of a layer.
    pub fn after(layer: &Layer) -> Self {
        let patches = layer.by.patches;
        Self { height: patches.rows(), width: patches.columns(), channels: layer.by.out }
    }
}

/// What passes between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Membrane inputs: a layer is neuron, convolution, normalisation.
    Membranes,
    /// Spikes, or sums of them: a layer is convolution, normalisation, neuron.
    Spikes,
}

impl Between {
    /// A layer with its neurons.
    pub fn through(self, pass: &mut Pass<'_>, layer: &Layer, map: &Map) -> Map {
        match self {
            Self::Membranes => {
                let spikes = pass.fire(map);
                layer.of(pass, &spikes)
            }
            Self::Spikes => {
                let x = layer.of(pass, map);
                pass.fire(&x)
            }
        }
    }
}

/// What a network is made of between its convolutions that halve maps.
pub trait Block {
    /// What it holds.
    fn declare(&self, all: &mut Vec<Declaration>);

    /// Maps to maps of the same sizes.
    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map;
}

/// The way around a block of convolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residual {
    /// None: x ← F(x).
    None,
    /// Spikes add to spikes: s ← F(s) + s (SEW-ADD, Fang et al. 2021, arXiv:2102.04159).
    Additive,
    /// Membrane inputs add: x ← F(x) + x (MS-ResNet, Hu et al. 2021, arXiv:2112.08954).
    Membrane,
    /// All outputs before add, through projections (DANet, arXiv:2311.05171); see [`Dense`].
    Dense,
}

impl Residual {
    /// What passes between layers.
    pub fn between(self) -> Between {
        if self == Self::Additive { Between::Spikes } else { Between::Membranes }
    }
}

/// Two convolutions of 3 × 3, F, and a way around them.
pub struct Plain {
    layers: [Layer; 2],
    residual: Residual,
}

impl Plain {
    /// A block on such maps.
    pub fn new(name: &str, place: Place, residual: Residual) -> Self {
        let layer = |k: usize| place.layer(format!("{name}.conv{k}"), 3, 1, place.channels, 1);
        Self { layers: [layer(1), layer(2)], residual }
    }
}

impl Block for Plain {
    fn declare(&self, all: &mut Vec<Declaration>) {
        self.layers.iter().for_each(|layer| layer.declare(all));
    }

    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map {
        let between = self.residual.between();
        let inner = between.through(pass, &self.layers[0], &map);
        let out = between.through(pass, &self.layers[1], &inner);
        match self.residual {
            Residual::None | Residual::Dense => out,
            Residual::Additive | Residual::Membrane => out + map,
        }
    }
}

/// A stage of blocks of which each receives the sum of everything before it, and what follows the stage does too:
///
/// x_k = Σ_{j<k} P_{jk} o_j, with o_0 what enters the stage and o_j = F_j(x_j); P_{jk} = 1/√k + W_{jk} is a convolution of
/// 1 × 1, whose W_{jk} are 0 before training, so that sums begin with the variance of one output. The sums are of membrane inputs,
/// before neurons, so gradients pass to every block without a neuron between.
pub struct Dense {
    name: String,
    channels: usize,
    blocks: Vec<Plain>,
}

impl Dense {
    /// `count` blocks on such maps.
    pub fn new(name: &str, place: Place, count: usize) -> Self {
        let block = |k: usize| Plain::new(&format!("{name}.block{k}"), place, Residual::Dense);
        Self { name: name.to_owned(), channels: place.channels, blocks: (1..=count).map(block).collect() }
    }

    fn projection(&self, from: usize, to: usize) -> String {
        format!("{}.projection{from}to{to}", self.name)
    }

    /// What block `k`, from 1, receives of the outputs before it.
    fn sum(&self, pass: &Pass<'_>, outputs: &[Map]) -> Map {
        let k = outputs.len();
        let first = &outputs[0];
        let plain = Tensor::<2>::eye(self.channels, &first.x.device()) / (k as f64).sqrt();
        let project = |(j, output): (usize, &Map)| {
            let learnt = pass.weights.get::<2>(&self.projection(j, k));
            output.x.clone().matmul(learnt + plain.clone())
        };
        let sum = outputs.iter().enumerate().map(project).reduce(|sum, x| sum + x);
        first.with(sum.expect("something entered the stage"))
    }
}

impl Block for Dense {
    fn declare(&self, all: &mut Vec<Declaration>) {
        self.blocks.iter().for_each(|block| block.declare(all));
        for to in 1..=self.blocks.len() + 1 {
            for from in 0..to {
                let shape = [self.channels, self.channels];
                all.push(Declaration::new(self.projection(from, to), shape, Start::Constant(0.0)));
            }
        }
    }

    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map {
        let mut outputs = vec![map];
        for block in &self.blocks {
            let x = self.sum(pass, &outputs);
            outputs.push(block.of(pass, x));
        }
        self.sum(pass, &outputs)
    }
}
