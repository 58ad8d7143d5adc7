//! From layers to whole numbers.
//!
//! All grains are powers of two. The numbers of a value get the grain that comes closest to what was seen of it, the
//! weights of a layer the finest with which the largest of them has no more bits than wanted. V is in the finest unit that any of
//! its terms comes in; the others are weighed by a power of two more.

use super::ranges::{self, Ranges, grain};
use super::{Begins, Bits, From, IntegerNet, Integers, Makes, Number, Register, Term, Unit, Weights};
use crate::layers::run::Place;
use crate::layers::{Axis, Function, Matrix, Net, Operation, Program, Question, Shape, Start};
use crate::reads::Problem;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A program in whole numbers.
///
/// # Errors
/// If a net has nothing to make, or multiplies what it cannot.
pub fn quantise(program: &Program, ranges: &Ranges, bits: Bits) -> Result<Integers, Problem> {
    let groups = groups(program);
    let grains: Vec<f64> = (0..program.registers.len())
        .map(|register| {
            let places: Vec<Place> = places(program, &groups, groups[register]);
            grain(&ranges.sizes(&places, f64::from), bits.values - 1, bits.grains)
        })
        .collect();
    let mut registers: Vec<Register> = program
        .registers
        .iter()
        .zip(&grains)
        .map(|(register, grain)| begun(register, &program.question, *grain, bits))
        .collect();
    let mut nets = Vec::new();
    for (at, net) in program.nets.iter().enumerate() {
        let waves = || program.waves.iter().filter(move |wave| wave.net == at);
        let (Some(read), Some(written)) = (waves().next(), waves().next().map(|wave| wave.writes)) else {
            return Err(Problem(format!("net {at} is in no wave")));
        };
        let place = |node: usize| Place::Node(at, node);
        let lower = Lower::new(
            net,
            ranges,
            bits,
            &place,
            (grains[read.reads[0]], waves().all(|wave| wave.reads.len() == 1)),
        );
        let units = lower.net(Some(grains[written]))?;
        let makes = units.last().map(|unit| unit.sends);
        for wave in waves() {
            let register = &mut registers[wave.writes];
            if let (Some(makes), Begins::Nothing) = (makes, &register.begins) {
                register.number = makes;
            }
        }
        nets.push(units);
    }
    let (register, net) = &program.head;
    let head = Lower::new(net, ranges, bits, &Place::Head, (grains[*register], true)).net(None)?;
    let (waves, rounds) = (program.waves.clone(), program.rounds);
    // Behind the tokens of the first place stands the number that halts.
    let halts = if let Question::Tokens { table, .. } = &program.question { Some(table.from) } else { None };
    let halts = halts.filter(|at| head.last().is_some_and(|unit| *at < unit.shape.channels));
    Ok(Integers { registers, nets, waves, head: (*register, head), rounds, halts })
}

/// For each register the first of those with which it shares a grain: it is read together with them, or written by the
/// same net.
fn groups(program: &Program) -> Vec<usize> {
    let mut group: Vec<usize> = (0..program.registers.len()).collect();
    let mut join = |a: usize, b: usize| {
        let (from, to) = (group[a].max(group[b]), group[a].min(group[b]));
        group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
    };
    let mut writes: BTreeMap<usize, usize> = BTreeMap::new();
    for wave in &program.waves {
        wave.reads.windows(2).for_each(|pair| join(pair[0], pair[1]));
        let first = *writes.entry(wave.net).or_insert(wave.writes);
        join(first, wave.writes);
    }
    group
}

/// Where the values of a group of registers are seen.
fn places(program: &Program, groups: &[usize], group: usize) -> Vec<Place> {
    let at_first = (0..groups.len()).filter(|register| groups[*register] == group).map(Place::Register);
    let made = program.waves.iter().filter(|wave| groups[wave.writes] == group);
    let made = made.map(|wave| Place::Node(wave.net, program.nets[wave.net].nodes.len() - 1));
    at_first.chain(made).collect()
}

fn begun(register: &crate::layers::Register, question: &Question, grain: f64, bits: Bits) -> Register {
    let number = |signed: bool| Number { bits: bits.values - u32::from(signed), grain, signed };
    let whole = |values: &[f32]| values.iter().map(|x| number(true).of(f64::from(*x))).collect::<Vec<i64>>();
    let (begins, signed) = match (&register.start, question) {
        (Start::Nothing, _) => (Begins::Nothing, true),
        (Start::Always(values), _) => (Begins::Always(whole(values)), true),
        (Start::Question, Question::Tokens { table, before }) => {
            (Begins::Tokens { table: whole(&table.values), before: *before }, true)
        }
        (Start::Question, Question::Numbers) => (Begins::Numbers, false),
    };
    Register { name: register.name.clone(), shape: register.shape, begins, number: number(signed) }
}

/// A part of V in real numbers.
struct Part {
    from: From,
    /// Sizes of the source.
    shape: Shape,
    weighs: Weighs,
}

enum Weighs {
    Each,
    Layer(Arc<Matrix>, Axis),
    Total(Axis),
    Bias(Vec<f32>, Axis),
}

/// A net that is being turned into units.
struct Lower<'a> {
    net: &'a Net,
    ranges: &'a Ranges,
    bits: Bits,
    place: &'a dyn Fn(usize) -> Place,
    /// Grain of the registers that are read.
    read: f64,
    /// Whether no wave reads more than one.
    alone: bool,
    units: Vec<Unit>,
    /// The unit that sends the value of a node.
    sent: BTreeMap<usize, usize>,
}

impl<'a> Lower<'a> {
    fn new(
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
    fn net(mut self, grain: Option<f64>) -> Result<IntegerNet, Problem> {
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
    fn unit(&mut self, node: usize) -> Result<usize, Problem> {
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
        self.units[squares].sends.bits = self.bits.squares;
        self.units[squares].sends.grain = grain(&squared, self.bits.squares, self.bits.grains);
        let total = Part { from: From::Unit(squares), shape, weighs: Weighs::Total(along) };
        let roots =
            self.push(node, "_root", vec![total], Makes::Function(Function::Root), 1.0 / each as f64, false);
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        self.units[roots].shape = one;
        self.units[roots].sends.bits = self.bits.squares;
        // No root of a mean is larger than the largest value; most are much smaller.
        self.units[roots].sends.grain = grain(&[largest], self.bits.squares, self.bits.grains);
        let operand = Term { from: From::Unit(roots), shape: one, weights: Weights::Spread(along) };
        let parts = self.parts(of)?;
        let over = 1.0 / self.grain_of(From::Unit(roots));
        Ok(self.push(node, "", parts, Makes::Quotient(operand), over, true))
    }

    /// The numbers of a node as they are sent.
    fn heard(&mut self, node: usize) -> Result<Term, Problem> {
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
            Operation::Linear { of, matrix, along, bias } => {
                // A sum of several registers is longer than one number: it is sent anew, in its own grain.
                let from = match self.net.nodes[of].operation {
                    Operation::Registers if self.alone => From::Registers,
                    _ => From::Unit(self.unit(of)?),
                };
                let layer = Part { from, shape: self.net.shape(of), weighs: Weighs::Layer(matrix, along) };
                let one = Shape { places: 1, channels: 1 };
                let bias =
                    bias.map(|bias| Part { from: From::One, shape: one, weighs: Weighs::Bias(bias, along) });
                [layer].into_iter().chain(bias).collect()
            }
            _ => vec![Part { from: From::Unit(self.unit(node)?), shape, weighs: Weighs::Each }],
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
    fn push(
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
        let bits = self.bits.values - u32::from(signed);
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
        let Weighs::Layer(matrix, _) = &part.weighs else { return 1.0 };
        let largest = matrix.values.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
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
            Weighs::Bias(bias, along) => {
                Weights::Bias(bias.iter().map(|bias| whole(*bias, finest, 1.0)).collect(), *along)
            }
        };
        Term { from: part.from, shape: part.shape, weights }
    }
}

/// Registers that a wave reads at most.
const MOST_READ: i64 = 8;
