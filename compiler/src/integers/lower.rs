//! From a net of layers to units of whole numbers.
//!
//! What is linear is not a unit: layers of weights, sums and copies become terms of the sums that others hold. The weights
//! of a layer get the finest grain with which the largest of them has no more bits than wanted. V is in the finest unit
//! that any of its terms comes in; the others are weighed by a power of two more.

use super::ranges::{self, Ranges, grain};
use super::{Bits, From, IntegerNet, Makes, Number, Term, Unit, Weights};
use crate::layers::run::Place;
use crate::layers::{Axis, Function, Matrix, Net, Operation, Shape, Synapse};
use crate::reads::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of V in real numbers.
pub(super) struct Part {
    pub(super) from: From,
    /// Sizes of the source.
    pub(super) shape: Shape,
    pub(super) weighs: Weighs,
}

pub(super) enum Weighs {
    Each,
    Layer(Arc<Matrix>, Axis),
    Sparse(Arc<[Synapse]>),
    Total(Axis),
    Bias(Vec<f32>, Axis),
}

/// A net that is being turned into units.
pub(super) struct Lower<'a> {
    pub(super) net: &'a Net,
    ranges: &'a Ranges,
    pub(super) bits: Bits,
    place: &'a dyn Fn(usize) -> Place,
    /// Grain of the registers that are read.
    read: f64,
    /// Whether no wave reads more than one.
    alone: bool,
    pub(super) units: Vec<Unit>,
    /// The unit that sends the value of a node.
    sent: BTreeMap<usize, usize>,
}

impl<'a> Lower<'a> {
    pub(super) fn new(
        net: &'a Net,
        ranges: &'a Ranges,
        bits: Bits,
        place: &'a dyn Fn(usize) -> Place,
        read: (f64, bool),
    ) -> Self {
        Self {
            net,
            ranges,
            bits,
            place,
            read: read.0,
            alone: read.1,
            units: Vec::new(),
            sent: BTreeMap::new(),
        }
    }

    /// All units; the last sends in grains of `grain` if it is given, else so finely that nothing is lost.
    pub(super) fn net(mut self, grain: Option<f64>) -> Result<IntegerNet, Problem> {
        let Some(last) = self.net.nodes.len().checked_sub(1) else {
            return Err(Problem("a net without layers makes nothing".into()));
        };
        let last = self.unit(last)?;
        let read = ((1 << self.bits.values) - 1) * if self.alone { 1 } else { MOST_READ };
        let needed = (64 - self.units[last].most(&self.units, read).leading_zeros()).max(1);
        let sizes = self.ranges.sizes(&[(self.place)(self.units[last].node)], f64::from);
        let unit = &mut self.units[last];
        match grain {
            Some(grain) => unit.sends.grain = grain,
            None if needed <= self.bits.head => (unit.sends.bits, unit.sends.grain) = (needed, unit.unit),
            None => {
                (unit.sends.bits, unit.sends.grain) =
                    (self.bits.head, ranges::grain(&sizes, self.bits.head, self.bits.grains))
            }
        }
        Ok(self.units)
    }

    /// The unit that sends the value of a node; it is made if there is none.
    pub(super) fn unit(&mut self, node: usize) -> Result<usize, Problem> {
        if let Some(unit) = self.sent.get(&node) {
            return Ok(*unit);
        }
        let unit = match self.net.nodes[node].operation {
            Operation::Norm(of, along) => self.norm(node, of, along)?,
            Operation::Product(a, b) => {
                let operand = self.heard(a)?;
                let parts = self.parts(b)?;
                let grain = self.grain_of(operand.from);
                self.push(node, "", parts, Makes::Product(operand), grain, true)
            }
            Operation::Quotient(a, b) => {
                let operand = self.heard(b)?;
                let parts = self.parts(a)?;
                let over = 1.0 / self.grain_of(operand.from);
                self.push(node, "", parts, Makes::Quotient(operand), over, true)
            }
            Operation::Exponents(of, group) => self.exponents(node, of, group)?,
            Operation::Activation(of, function) => {
                let parts = self.parts(of)?;
                self.push(node, "", parts, Makes::Function(function), 1.0, function.is_signed())
            }
            _ => {
                let parts = self.parts(node)?;
                self.push(node, "", parts, Makes::Function(Function::Identity), 1.0, true)
            }
        };
        self.sent.insert(node, unit);
        Ok(unit)
    }

    /// Squares, the root of their mean, and the quotient.
    fn norm(&mut self, node: usize, of: usize, along: Axis) -> Result<usize, Problem> {
        let shape = self.net.shape(node);
        let (one, each) = match along {
            Axis::Channels => (Shape { channels: 1, ..shape }, shape.channels),
            Axis::Places => (Shape { places: 1, ..shape }, shape.places),
        };
        let sizes = self.ranges.sizes(&[(self.place)(of)], f64::from);
        let parts = self.parts(of)?;
        let squares = self.push(node, "_square", parts, Makes::Function(Function::Square), 1.0, false);
        let squared: Vec<f64> = sizes.iter().map(|x| x * x).collect();
        self.units[squares].sends.bits = self.bits.fine;
        self.units[squares].sends.grain = grain(&squared, self.bits.fine, self.bits.grains);
        let total = Part { from: From::Unit(squares), shape, weighs: Weighs::Total(along) };
        let roots =
            self.push(node, "_root", vec![total], Makes::Function(Function::Root), 1.0 / each as f64, false);
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        self.units[roots].shape = one;
        self.units[roots].sends.bits = self.bits.fine;
        // No root of a mean is larger than the largest value; most are much smaller.
        self.units[roots].sends.grain = grain(&[largest], self.bits.fine, self.bits.grains);
        let operand = Term { from: From::Unit(roots), shape: one, weights: Weights::Spread(along) };
        let parts = self.parts(of)?;
        let over = 1.0 / self.grain_of(From::Unit(roots));
        Ok(self.push(node, "", parts, Makes::Quotient(operand), over, true))
    }

    /// The numbers of a node as they are sent, or those that it copies.
    fn heard(&mut self, node: usize) -> Result<Term, Problem> {
        if let Operation::Sparse { of, synapses } = self.net.nodes[node].operation.clone()
            && synapses.iter().all(|synapse| synapse.2 == 1.0)
        {
            let synapses = synapses.iter().map(|&(from, to, _)| (from, to, 1)).collect();
            let from = From::Unit(self.unit(of)?);
            return Ok(Term { from, shape: self.net.shape(of), weights: Weights::Sparse(synapses) });
        }
        let from = From::Unit(self.unit(node)?);
        Ok(Term { from, shape: self.net.shape(node), weights: Weights::Each(1) })
    }

    /// What the value of a node is a sum of.
    fn parts(&mut self, node: usize) -> Result<Vec<Part>, Problem> {
        let shape = self.net.shape(node);
        Ok(match self.net.nodes[node].operation.clone() {
            Operation::Registers => vec![Part { from: From::Registers, shape, weighs: Weighs::Each }],
            Operation::Sum(a, b) => {
                let mut parts = self.parts(a)?;
                parts.extend(self.parts(b)?);
                parts
            }
            Operation::Total(of) => {
                let (from, shape) = (From::Unit(self.unit(of)?), self.net.shape(of));
                vec![Part { from, shape, weighs: Weighs::Total(Axis::Channels) }]
            }
            Operation::Sparse { of, synapses } => {
                let from = self.weighed(of)?;
                vec![Part { from, shape: self.net.shape(of), weighs: Weighs::Sparse(synapses) }]
            }
            Operation::Linear { of, matrix, along, bias } => {
                let from = self.weighed(of)?;
                let layer = Part { from, shape: self.net.shape(of), weighs: Weighs::Layer(matrix, along) };
                let one = Shape { places: 1, channels: 1 };
                let bias =
                    bias.map(|bias| Part { from: From::One, shape: one, weighs: Weighs::Bias(bias, along) });
                [layer].into_iter().chain(bias).collect()
            }
            _ => vec![Part { from: From::Unit(self.unit(node)?), shape, weighs: Weighs::Each }],
        })
    }

    /// The source of what is weighed. A sum of several registers is longer than one number: it is sent anew, in its own
    /// grain.
    fn weighed(&mut self, node: usize) -> Result<From, Problem> {
        Ok(match self.net.nodes[node].operation {
            Operation::Registers if self.alone => From::Registers,
            _ => From::Unit(self.unit(node)?),
        })
    }

    fn grain_of(&self, from: From) -> f64 {
        match from {
            From::Registers => self.read,
            From::Unit(unit) => self.units[unit].sends.grain,
            From::One => 1.0,
        }
    }

    /// Adds a unit; what V = 1 stands for is that of its parts times `factor`.
    pub(super) fn push(
        &mut self,
        node: usize,
        suffix: &str,
        parts: Vec<Part>,
        makes: Makes,
        factor: f64,
        signed: bool,
    ) -> usize {
        let unit = |part: &Part| self.grain_of(part.from) * self.weight_grain(part);
        let finest = parts.iter().filter(|part| !matches!(part.weighs, Weighs::Bias(..))).map(unit);
        let finest = finest.fold(f64::INFINITY, f64::min);
        let sum = parts.iter().map(|part| self.term(part, finest)).collect();
        let fine = self.net.nodes[node].fine;
        let bits = if fine { self.bits.fine } else { self.bits.values } - u32::from(signed);
        let sizes = self.ranges.sizes(&[(self.place)(node)], f64::from);
        self.units.push(Unit {
            name: format!("{}{suffix}", self.net.nodes[node].name),
            node,
            shape: self.net.shape(node),
            sum,
            unit: finest * factor,
            makes,
            sends: Number { bits, grain: grain(&sizes, bits, self.bits.grains), signed },
        });
        self.units.len() - 1
    }

    /// The grain of weights, a power of two.
    fn weight_grain(&self, part: &Part) -> f64 {
        let largest =
            |weights: &mut dyn Iterator<Item = f32>| weights.fold(0.0_f32, |most, w| most.max(w.abs()));
        let largest = match &part.weighs {
            Weighs::Layer(matrix, _) => largest(&mut matrix.values.iter().copied()),
            Weighs::Sparse(synapses) if synapses.iter().any(|synapse| synapse.2.abs() != 1.0) => {
                largest(&mut synapses.iter().map(|synapse| synapse.2))
            }
            _ => return 1.0,
        };
        let most = ((1_u64 << (self.bits.weights - 1)) - 1) as f64;
        if largest == 0.0 { 1.0 } else { libm::exp2(libm::ceil(libm::log2(f64::from(largest) / most))) }
    }

    fn term(&self, part: &Part, finest: f64) -> Term {
        let grain = self.weight_grain(part);
        let more = self.grain_of(part.from) * grain / finest;
        let whole =
            |value: f32, grain: f64, more: f64| (f64::from(value) / grain).round() as i64 * more as i64;
        let weights = match &part.weighs {
            Weighs::Each => Weights::Each(more as i64),
            Weighs::Total(along) => Weights::Total(*along),
            Weighs::Layer(matrix, along) => Weights::Layer(
                matrix.values.iter().map(|weight| whole(*weight, grain, more)).collect(),
                *along,
            ),
            Weighs::Sparse(synapses) => {
                let whole = |&(from, to, weight): &Synapse| (from, to, whole(weight, grain, more));
                Weights::Sparse(synapses.iter().map(whole).filter(|synapse| synapse.2 != 0).collect())
            }
            Weighs::Bias(bias, along) => {
                Weights::Bias(bias.iter().map(|bias| whole(*bias, finest, 1.0)).collect(), *along)
            }
        };
        Term { from: part.from, shape: part.shape, weights }
    }
}

/// Registers that a wave reads at most.
const MOST_READ: i64 = 8;
