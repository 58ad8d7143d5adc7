//! Layers: what a network computes, as a list of operations on numbers laid out by place and channel.
//!
//! A [`Program`] has registers, which hold a value each, and nets, which compute a value from registers. A wave runs one
//! net and writes what it makes to a register; a round is a list of waves, after which the heads are computed. A network
//! without recursion is a program with one round of one wave.

pub mod run;

use std::sync::Arc;

/// Places and channels of a value; numbers are laid out `[place][channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Such as the cells of a grid.
    pub places: usize,
    /// Numbers of each place.
    pub channels: usize,
}

impl Shape {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.places * self.channels
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Along what a layer mixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// The channels of a place.
    Channels,
    /// The places of a channel.
    Places,
}

/// Weights `[from][to]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Rows.
    pub from: usize,
    /// Columns.
    pub to: usize,
    /// Row by row.
    pub values: Vec<f32>,
}

/// A function of single numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// x
    Identity,
    /// max(x, 0)
    Relu,
    /// x / (1 + e^−x)
    Silu,
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
    Gelu,
    /// x²
    Square,
    /// √x
    Root,
    /// eˣ
    Exp,
}

impl Function {
    /// Its value.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Function::Identity => x,
            Function::Relu => x.max(0.0),
            Function::Silu => x / (1.0 + libm::exp(-x)),
            Function::Gelu => {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
                0.5 * x * (1.0 + libm::tanh(inner))
            }
            Function::Square => x * x,
            Function::Root => x.max(0.0).sqrt(),
            Function::Exp => libm::exp(x),
        }
    }

    /// Whether it can be below 0.
    pub fn is_signed(self) -> bool {
        matches!(self, Function::Identity | Function::Silu | Function::Gelu)
    }
}

/// Source, target and weight; numbers of a value are counted `[place][channel]`.
pub type Synapse = (u32, u32, f32);

/// An operation on values computed before, named by their number in the net.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The sum of the registers that the wave reads.
    Registers,
    /// A layer of weights, with or without a bias for each `to`.
    Linear {
        /// What it weighs.
        of: usize,
        /// Its weights.
        matrix: Arc<Matrix>,
        /// Along what.
        along: Axis,
        /// What it adds, if anything.
        bias: Option<Vec<f32>>,
    },
    /// Numbers of another value, each weighed onto some: a copy to several places, a turn by RoPE.
    Sparse {
        /// What it weighs.
        of: usize,
        /// Source, target and weight.
        synapses: Arc<[Synapse]>,
    },
    /// Sums of channels that lie side by side, as many for each.
    Total(usize),
    /// A function of every number.
    Activation(usize, Function),
    /// A product of two values, number by number.
    Product(usize, usize),
    /// A quotient of two values, number by number; 0 where it is by 0.
    Quotient(usize, usize),
    /// e^(x − the largest of its group), for groups of so many channels side by side: the numerators of a softmax.
    Exponents(usize, usize),
    /// A sum of two values.
    Sum(usize, usize),
    /// Division by the root of the mean of squares along an axis: x / √(mean x² + 1e-5).
    Norm(usize, Axis),
}

/// A value of a net.
#[derive(Clone, Debug)]
pub struct Node {
    /// What populations that compute it are called.
    pub name: String,
    /// Its sizes.
    pub shape: Shape,
    /// How it is computed.
    pub operation: Operation,
    /// Whether it is said with more digits than others, since little of it is seen far on.
    pub fine: bool,
}

/// Values, each of those before it; the last is what the net makes.
#[derive(Clone, Debug, Default)]
pub struct Net {
    /// In order.
    pub nodes: Vec<Node>,
}

impl Net {
    /// Adds a value; its number.
    pub fn push(&mut self, name: impl Into<String>, shape: Shape, operation: Operation) -> usize {
        self.nodes.push(Node { name: name.into(), shape, operation, fine: false });
        self.nodes.len() - 1
    }

    /// Adds a value that is said with more digits than others; its number.
    pub fn push_fine(&mut self, name: impl Into<String>, shape: Shape, operation: Operation) -> usize {
        let at = self.push(name, shape, operation);
        self.nodes[at].fine = true;
        at
    }

    /// The sizes of value `of`.
    pub fn shape(&self, of: usize) -> Shape {
        self.nodes[of].shape
    }

    /// Adds a layer of weights; the number of its value.
    pub fn linear(
        &mut self,
        name: impl Into<String>,
        of: usize,
        matrix: Matrix,
        along: Axis,
        bias: Option<Vec<f32>>,
    ) -> usize {
        let Shape { places, channels } = self.shape(of);
        let shape = match along {
            Axis::Channels => Shape { places, channels: matrix.to },
            Axis::Places => Shape { places: matrix.to, channels },
        };
        self.push(name, shape, Operation::Linear { of, matrix: Arc::new(matrix), along, bias })
    }
}

/// What a register starts from in every trial.
#[derive(Clone, Debug)]
pub enum Start {
    /// The question.
    Question,
    /// These numbers, the same for every question.
    Always(Vec<f32>),
    /// Nothing: it is written before it is read.
    Nothing,
}

/// What holds a value from wave to wave.
#[derive(Clone, Debug)]
pub struct Register {
    /// What its population is called.
    pub name: String,
    /// Its sizes.
    pub shape: Shape,
    /// What it starts from.
    pub start: Start,
}

/// One run of a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Which net.
    pub net: usize,
    /// Registers that it reads.
    pub reads: Vec<usize>,
    /// The register that takes what it makes.
    pub writes: usize,
}

/// How questions are put.
#[derive(Clone, Debug)]
pub enum Question {
    /// One of some tokens at each of the last places; a row of numbers for each token.
    Tokens {
        /// `[token][channel]`
        table: Matrix,
        /// Places before, which stay 0.
        before: usize,
    },
    /// Numbers from 0 to 1.
    Numbers,
}

/// A whole network.
#[derive(Clone, Debug)]
pub struct Program {
    /// How questions are put.
    pub question: Question,
    /// What holds values.
    pub registers: Vec<Register>,
    /// What computes values.
    pub nets: Vec<Net>,
    /// The waves of a round, in order.
    pub waves: Vec<Wave>,
    /// What is computed at the end of each round, from one register.
    pub head: (usize, Net),
    /// Rounds.
    pub rounds: usize,
}

impl Program {
    /// Numbers that trained weights give.
    pub fn parameters(&self) -> usize {
        let of = |node: &Node| match &node.operation {
            Operation::Linear { matrix, bias, .. } => matrix.values.len() + bias.as_ref().map_or(0, Vec::len),
            _ => 0,
        };
        let nets = self.nets.iter().chain([&self.head.1]);
        let table = if let Question::Tokens { table, .. } = &self.question { table.values.len() } else { 0 };
        nets.flat_map(|net| &net.nodes).map(of).sum::<usize>() + table
    }
}
