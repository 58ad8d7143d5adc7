//! From layers to whole numbers.
//!
//! All grains are powers of two. The numbers of a value get the grain that comes closest to what was seen of it;
//! registers that are read together share one. Nets are lowered one by one, see `lower.rs`.

use super::lower::Lower;
use super::ranges::{Ranges, grain};
use super::{Begins, Bits, Integers, Number, Register};
use crate::layers::run::Place;
use crate::layers::{Program, Question, Start};
use crate::reads::Problem;
use std::collections::BTreeMap;

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
