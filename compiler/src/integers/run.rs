//! Whole numbers interpreted.

use super::{Begins, From, IntegerNet, Integers, Makes, Term, Unit, Weights};
use crate::layers::run::Asked;
use crate::layers::{Axis, Shape};

/// What a unit sent in some wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Round.
    pub round: usize,
    /// Wave of the round; the number of waves for the head.
    pub wave: usize,
    /// Unit of the net of the wave, or of the head.
    pub unit: usize,
}

impl Integers {
    /// The same network, which never ends before its last round.
    pub fn without_halt(mut self) -> Self {
        self.halts = None;
        self
    }

    /// What the head sends after each round, up to that in which it halts. All that is sent on the way is shown to `see`;
    /// after the halt all send 0.
    pub fn run(&self, asked: &Asked, mut see: impl FnMut(Moment, &[i64])) -> Vec<Vec<i64>> {
        let mut registers: Vec<Vec<i64>> =
            (0..self.registers.len()).map(|at| self.begin(at, asked)).collect();
        let mut answers = Vec::new();
        for round in 0..self.rounds {
            if self.has_halted(&answers) {
                self.silence(round, &mut see);
                continue;
            }
            for (number, wave) in self.waves.iter().enumerate() {
                let read: Vec<&[i64]> = wave.reads.iter().map(|&register| &registers[register][..]).collect();
                let sent = run(&self.nets[wave.net], &read);
                sent.iter()
                    .enumerate()
                    .for_each(|(unit, sent)| see(Moment { round, wave: number, unit }, sent));
                registers[wave.writes] = sent.into_iter().next_back().unwrap_or_default();
            }
            let sent = run(&self.head.1, &[&registers[self.head.0]]);
            let wave = self.waves.len();
            sent.iter().enumerate().for_each(|(unit, sent)| see(Moment { round, wave, unit }, sent));
            answers.extend(sent.into_iter().next_back());
        }
        answers
    }

    fn has_halted(&self, answers: &[Vec<i64>]) -> bool {
        let halts = |head: &Vec<i64>| self.halts.is_some_and(|at| head[at] > 0);
        answers.last().is_some_and(halts)
    }

    /// A round after the halt.
    fn silence(&self, round: usize, see: &mut impl FnMut(Moment, &[i64])) {
        let nets = self.waves.iter().map(|wave| &self.nets[wave.net]).chain([&self.head.1]);
        for (wave, net) in nets.enumerate() {
            for (unit, about) in net.iter().enumerate() {
                see(Moment { round, wave, unit }, &vec![0; about.shape.len()]);
            }
        }
    }

    /// What a register holds at the start.
    pub fn begin(&self, register: usize, asked: &Asked) -> Vec<i64> {
        let register = &self.registers[register];
        let mut value = vec![0; register.shape.len()];
        match (&register.begins, asked) {
            (Begins::Always(values), _) => value.clone_from(values),
            (Begins::Tokens { table, before }, Asked::Tokens(tokens)) => {
                let channels = register.shape.channels;
                for (row, &token) in value.chunks_mut(channels).skip(*before).zip(tokens) {
                    row.copy_from_slice(&table[token as usize * channels..][..channels]);
                }
            }
            (Begins::Numbers, Asked::Numbers(numbers)) => {
                value = numbers.iter().map(|number| register.number.of(f64::from(*number))).collect();
            }
            _ => {}
        }
        value
    }
}

/// What each unit sends.
fn run(net: &IntegerNet, registers: &[&[i64]]) -> Vec<Vec<i64>> {
    let mut sent: Vec<Vec<i64>> = Vec::with_capacity(net.len());
    for unit in net {
        let mut v = vec![0_i64; unit.shape.len()];
        let heard = |term: &Term, v: &mut [i64]| match term.from {
            From::Registers => registers.iter().for_each(|register| add(term, register, v, unit.shape)),
            From::Unit(from) => add(term, &sent[from], v, unit.shape),
            From::One => add(term, &[1], v, unit.shape),
        };
        unit.sum.iter().for_each(|term| heard(term, &mut v));
        let made = match &unit.makes {
            Makes::Function(_) => unit.send(&v, &[]),
            Makes::Product(operand) | Makes::Quotient(operand) => {
                let mut w = vec![0_i64; unit.shape.len()];
                heard(operand, &mut w);
                unit.send(&v, &w)
            }
        };
        sent.push(made);
    }
    sent
}

impl Unit {
    fn send(&self, v: &[i64], w: &[i64]) -> Vec<i64> {
        let value = |index: usize| {
            let v = v[index] as f64;
            match &self.makes {
                Makes::Function(function) => function.of(v * self.unit),
                Makes::Product(_) => v * w[index] as f64 * self.unit,
                Makes::Quotient(_) if w[index] == 0 => 0.0,
                Makes::Quotient(_) => v * self.unit / w[index] as f64,
            }
        };
        (0..v.len()).map(|index| self.sends.of(value(index))).collect()
    }
}

/// Adds what a source of `from` sends to V.
fn add(term: &Term, from: &[i64], v: &mut [i64], onto: Shape) {
    match &term.weights {
        Weights::Each(weight) => v.iter_mut().zip(from).for_each(|(v, from)| *v += weight * from),
        Weights::Layer(weights, Axis::Channels) => {
            for (v, from) in v.chunks_mut(onto.channels).zip(from.chunks(term.shape.channels)) {
                for (from, weights) in
                    from.iter().zip(weights.chunks(onto.channels)).filter(|(from, _)| **from != 0)
                {
                    v.iter_mut().zip(weights).for_each(|(v, weight)| *v += weight * from);
                }
            }
        }
        Weights::Layer(weights, Axis::Places) => {
            let rows = from.chunks(term.shape.channels).zip(weights.chunks(onto.places));
            for (from, weights) in rows {
                for (v, weight) in v.chunks_mut(onto.channels).zip(weights) {
                    v.iter_mut().zip(from).for_each(|(v, from)| *v += weight * from);
                }
            }
        }
        Weights::Total(Axis::Channels) => {
            let groups = from.chunks(from.len() / v.len());
            v.iter_mut().zip(groups).for_each(|(v, group)| *v += group.iter().sum::<i64>());
        }
        Weights::Total(Axis::Places) => {
            for row in from.chunks(onto.channels) {
                v.iter_mut().zip(row).for_each(|(v, from)| *v += from);
            }
        }
        Weights::Sparse(synapses) => {
            for &(source, target, weight) in synapses.iter() {
                v[target as usize] += weight * from[source as usize];
            }
        }
        Weights::Spread(along) => {
            for (index, v) in v.iter_mut().enumerate() {
                *v += from[group(index, onto, *along)];
            }
        }
        Weights::Bias(weights, along) => {
            for (index, v) in v.iter_mut().enumerate() {
                let at = if *along == Axis::Channels { index % onto.channels } else { index / onto.channels };
                *v += weights[at] * from[0];
            }
        }
    }
}

/// The place of a number among those that are one along an axis.
fn group(index: usize, shape: Shape, along: Axis) -> usize {
    match along {
        Axis::Channels => index / shape.channels,
        Axis::Places => index % shape.channels,
    }
}
