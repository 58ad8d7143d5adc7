//! Layers interpreted in floats.

use super::{Axis, Function, Matrix, Net, Operation, Program, Question, Shape, Start, Synapse};

/// What a program is asked: tokens of places, or numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// A token for each place behind those that stay 0.
    Tokens(Vec<u32>),
    /// A number for each channel.
    Numbers(Vec<f32>),
}

/// Where in a program a value is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// A register at the start.
    Register(usize),
    /// Node of a net.
    Node(usize, usize),
    /// Node of the head.
    Head(usize),
}

/// Added to means of squares.
pub const EPSILON: f64 = 1e-5;

impl Program {
    /// The values of the head after each round. Every value on the way is shown to `see`.
    pub fn run(&self, asked: &Asked, mut see: impl FnMut(Place, &[f32])) -> Vec<Vec<f32>> {
        let mut registers: Vec<Vec<f32>> =
            (0..self.registers.len()).map(|at| self.start(at, asked)).collect();
        registers.iter().enumerate().for_each(|(at, value)| see(Place::Register(at), value));
        let mut answers = Vec::new();
        for _ in 0..self.rounds {
            for wave in &self.waves {
                let sum = wave.reads.iter().fold(Vec::new(), |sum, &read| added(sum, &registers[read]));
                let values = self.nets[wave.net].run(&sum);
                values.iter().enumerate().for_each(|(node, value)| see(Place::Node(wave.net, node), value));
                registers[wave.writes] = values.into_iter().next_back().unwrap_or_default();
            }
            let values = self.head.1.run(&registers[self.head.0]);
            values.iter().enumerate().for_each(|(node, value)| see(Place::Head(node), value));
            answers.extend(values.into_iter().next_back());
        }
        answers
    }

    /// What a register holds at the start.
    fn start(&self, register: usize, asked: &Asked) -> Vec<f32> {
        let register = &self.registers[register];
        let nothing = || vec![0.0; register.shape.len()];
        match (&register.start, &self.question, asked) {
            (Start::Always(values), _, _) => values.clone(),
            (Start::Question, Question::Tokens { table, before }, Asked::Tokens(tokens)) => {
                let mut value = nothing();
                let rows = value.chunks_mut(table.to).skip(*before);
                for (row, &token) in rows.zip(tokens) {
                    row.copy_from_slice(&table.values[token as usize * table.to..][..table.to]);
                }
                value
            }
            (Start::Question, _, Asked::Numbers(numbers)) => numbers.clone(),
            _ => nothing(),
        }
    }
}

impl Net {
    /// The values of all nodes, if the registers that are read add up to `registers`.
    pub fn run(&self, registers: &[f32]) -> Vec<Vec<f32>> {
        let mut values: Vec<Vec<f32>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match &node.operation {
                Operation::Registers => registers.to_vec(),
                Operation::Linear { of, matrix, along, bias } => {
                    let made = linear(&values[*of], self.shape(*of), matrix, *along);
                    bias.as_ref().map_or_else(|| made.clone(), |bias| biased(&made, node.shape, bias, *along))
                }
                Operation::Activation(of, function) => {
                    values[*of].iter().map(|x| activated(*function, *x)).collect()
                }
                Operation::Product(a, b) => values[*a].iter().zip(&values[*b]).map(|(a, b)| a * b).collect(),
                Operation::Quotient(a, b) => values[*a]
                    .iter()
                    .zip(&values[*b])
                    .map(|(a, b)| if *b == 0.0 { 0.0 } else { a / b })
                    .collect(),
                Operation::Sum(a, b) => values[*a].iter().zip(&values[*b]).map(|(a, b)| a + b).collect(),
                Operation::Sparse { of, synapses } => sparse(&values[*of], synapses, node.shape),
                Operation::Total(of) => {
                    let each = values[*of].len() / node.shape.len();
                    values[*of].chunks(each).map(|group| group.iter().sum()).collect()
                }
                Operation::Exponents(of, group) => values[*of].chunks(*group).flat_map(exponents).collect(),
                Operation::Norm(of, along) => normed(&values[*of], node.shape, *along),
            };
            values.push(value);
        }
        values
    }
}

fn activated(function: Function, x: f32) -> f32 {
    function.of(f64::from(x)) as f32
}

fn sparse(value: &[f32], synapses: &[Synapse], shape: Shape) -> Vec<f32> {
    let mut made = vec![0.0; shape.len()];
    for &(from, to, weight) in synapses {
        made[to as usize] += weight * value[from as usize];
    }
    made
}

fn exponents(group: &[f32]) -> Vec<f32> {
    let largest = group.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    group.iter().map(|x| activated(Function::Exp, x - largest)).collect()
}

fn added(mut sum: Vec<f32>, value: &[f32]) -> Vec<f32> {
    if sum.is_empty() {
        return value.to_vec();
    }
    sum.iter_mut().zip(value).for_each(|(sum, value)| *sum += value);
    sum
}

fn linear(value: &[f32], shape: Shape, matrix: &Matrix, along: Axis) -> Vec<f32> {
    match along {
        Axis::Channels => value.chunks(shape.channels).flat_map(|row| multiplied(row, matrix)).collect(),
        Axis::Places => {
            let mut made = vec![0.0; matrix.to * shape.channels];
            for channel in 0..shape.channels {
                let column: Vec<f32> = value.iter().skip(channel).step_by(shape.channels).copied().collect();
                for (place, sum) in multiplied(&column, matrix).into_iter().enumerate() {
                    made[place * shape.channels + channel] = sum;
                }
            }
            made
        }
    }
}

/// A row times a matrix.
fn multiplied(row: &[f32], matrix: &Matrix) -> Vec<f32> {
    let mut made = vec![0.0; matrix.to];
    for (value, weights) in row.iter().zip(matrix.values.chunks(matrix.to)) {
        made.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += value * weight);
    }
    made
}

fn biased(made: &[f32], shape: Shape, bias: &[f32], along: Axis) -> Vec<f32> {
    let at = |index: usize| match along {
        Axis::Channels => bias[index % shape.channels],
        Axis::Places => bias[index / shape.channels],
    };
    made.iter().enumerate().map(|(index, value)| value + at(index)).collect()
}

fn normed(value: &[f32], shape: Shape, along: Axis) -> Vec<f32> {
    let group = |index: usize| match along {
        Axis::Channels => index / shape.channels,
        Axis::Places => index % shape.channels,
    };
    let (groups, each) = match along {
        Axis::Channels => (shape.places, shape.channels),
        Axis::Places => (shape.channels, shape.places),
    };
    let mut sums = vec![0.0_f64; groups];
    for (index, x) in value.iter().enumerate() {
        sums[group(index)] += f64::from(*x) * f64::from(*x);
    }
    let roots: Vec<f64> = sums.iter().map(|sum| (sum / each as f64 + EPSILON).sqrt()).collect();
    value.iter().enumerate().map(|(index, x)| (f64::from(*x) / roots[group(index)]) as f32).collect()
}
