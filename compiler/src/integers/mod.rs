//! Whole numbers: a program in which every value that passes from one population to another is a number of few bits.
//!
//! A [`Unit`] is what becomes a population. It holds V, a sum of weighted numbers, exactly; it sends a [`Number`]: a
//! function of V, or V times or over an operand, to the nearest multiple of its grain. Layers of weights, sums and
//! residuals are not units: they are terms of the sums of others, so nothing is rounded in between.
//!
//! ```text
//! V = Σ w·a              weights w and numbers a are whole
//! sent = sign(x)·min(⌊|x| / grain + 1/2⌋, 2^bits − 1)      x = f(unit·V), unit·V·W or unit·V/W
//! ```

mod lower;
pub mod quantise;
pub mod ranges;
pub mod run;
mod softmax;

use crate::layers::{Axis, Function, Shape, Wave};
use std::sync::Arc;

/// How many binary digits numbers have, without their sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// Of values: one less if they have a sign, so that a value is of as many bits as is said.
    pub values: u32,
    /// Of weights, sign included.
    pub weights: u32,
    /// Of what is to be finer: squares, roots of their means, and values that layers mark so.
    pub fine: u32,
    /// Of what a head sends at most; where a sum may have more, it is rounded.
    pub head: u32,
    /// What grains are chosen by.
    pub grains: Grains,
}

/// What grains of values are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grains {
    /// Numbers come closest to what was seen; the largest may be cut off.
    Closest,
    /// Twice the largest that was seen is not cut off.
    Roomy,
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// All registers that the wave reads.
    Registers,
    /// A unit of the same net.
    Unit(usize),
    /// A neuron that sends 1.
    One,
}

/// How a source is weighed.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// Each number onto its own, by this weight.
    Each(i64),
    /// `[from][to]` along an axis, for every place or channel of the other.
    Layer(Arc<[i64]>, Axis),
    /// The numbers along an axis are added up, all of them or as many as lie side by side for each target.
    Total(Axis),
    /// One number for each place (or channel) goes to all along this axis.
    Spread(Axis),
    /// Source, target and weight.
    Sparse(Arc<[(u32, u32, i64)]>),
    /// The one source, by a weight for each channel or place.
    Bias(Arc<[i64]>, Axis),
}

/// A part of V.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What is heard.
    pub from: From,
    /// Its sizes.
    pub shape: Shape,
    /// How it is weighed.
    pub weights: Weights,
}

/// What a unit makes of V.
#[derive(Clone, Debug, PartialEq)]
pub enum Makes {
    /// A function of it.
    Function(Function),
    /// Its product with an operand.
    Product(Term),
    /// Its quotient by an operand.
    Quotient(Term),
}

impl Integers {
    /// The same network, whose head says what is below 0 as 0.
    pub fn rectified(mut self) -> Self {
        if let Some(unit) = self.head.1.last_mut() {
            unit.makes = Makes::Function(Function::Relu);
            unit.sends.signed = false;
        }
        self
    }
}

/// How a value is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Binary digits without the sign.
    pub bits: u32,
    /// What 1 stands for.
    pub grain: f64,
    /// Whether it can be below 0.
    pub signed: bool,
}

impl Number {
    /// A value as a number.
    pub fn of(&self, value: f64) -> i64 {
        let most = ((1_u64 << self.bits) - 1) as f64;
        let size = (value.abs() / self.grain + 0.5).floor().min(most) as i64;
        if value >= 0.0 {
            size
        } else if self.signed {
            -size
        } else {
            0
        }
    }
}

/// What becomes a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// The value of layers that it stands for, by number of the node.
    pub node: usize,
    /// Its sizes.
    pub shape: Shape,
    /// What V is the sum of.
    pub sum: Vec<Term>,
    /// What V = 1, with an operand of 1, stands for.
    pub unit: f64,
    /// What it makes of V.
    pub makes: Makes,
    /// What it sends.
    pub sends: Number,
}

impl Unit {
    /// No |V| is larger, if the registers that are read send up to `read` together.
    pub fn most(&self, net: &[Unit], read: i64) -> i64 {
        let largest = |term: &Term| match term.from {
            From::Registers => read,
            From::Unit(unit) => (1 << net[unit].sends.bits) - 1,
            From::One => 1,
        };
        self.sum.iter().map(|term| term.weights.most(term.shape, self.shape) * largest(term)).sum()
    }
}

impl Weights {
    /// The largest sum of the sizes of all weights onto one target.
    fn most(&self, from: Shape, onto: Shape) -> i64 {
        let along =
            |shape: Shape, axis: Axis| if axis == Axis::Channels { shape.channels } else { shape.places };
        match self {
            Weights::Each(weight) => weight.abs(),
            Weights::Layer(weights, axis) => {
                let targets = along(onto, *axis);
                let sum = |target: usize| weights.iter().skip(target).step_by(targets).map(|w| w.abs()).sum();
                (0..targets).map(sum).max().unwrap_or(0)
            }
            Weights::Total(axis) => (along(from, *axis) / along(onto, *axis)) as i64,
            Weights::Spread(_) => 1,
            Weights::Sparse(synapses) => {
                let mut sums = vec![0; onto.len()];
                synapses.iter().for_each(|&(_, to, weight)| sums[to as usize] += weight.abs());
                sums.into_iter().max().unwrap_or(0)
            }
            Weights::Bias(bias, _) => bias.iter().map(|bias| bias.abs()).max().unwrap_or(0),
        }
    }
}

/// Units, each of those before it; the last makes what the net makes.
pub type IntegerNet = Vec<Unit>;

/// What a register starts from.
#[derive(Clone, Debug, PartialEq)]
pub enum Begins {
    /// A row of numbers for each token, and places before the first.
    Tokens {
        /// `[token][channel]`
        table: Vec<i64>,
        /// Places before, which stay 0.
        before: usize,
    },
    /// Numbers, whose grain turns them into whole ones.
    Numbers,
    /// Always the same.
    Always(Vec<i64>),
    /// Nothing.
    Nothing,
}

/// A register of whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// Its sizes.
    pub shape: Shape,
    /// What it starts from.
    pub begins: Begins,
    /// How its numbers are said; registers that a wave reads together have one grain.
    pub number: Number,
}

/// A whole network in whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Integers {
    /// The registers.
    pub registers: Vec<Register>,
    /// The nets.
    pub nets: Vec<IntegerNet>,
    /// The waves of a round.
    pub waves: Vec<Wave>,
    /// The register that the head reads, and its units.
    pub head: (usize, IntegerNet),
    /// Rounds.
    pub rounds: usize,
    /// Which number of the head, if it is above 0, ends all work on a question.
    pub halts: Option<usize>,
}
