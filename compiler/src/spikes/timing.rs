//! When each population hears and sends.
//!
//! The units of a net stand in levels: a unit of a level hears only earlier ones, registers being level 0. All that is
//! sent in a level ends together, and the next level begins in the step in which its last spikes arrive. A wave
//! begins when the wave before has ended; a round begins with a window in which the question comes.

use super::Code;
use crate::integers::{From, IntegerNet, Integers, Unit};

/// Levels of a net.
#[derive(Clone, Debug)]
pub struct Levels {
    /// Of each unit.
    pub of: Vec<usize>,
    /// The step of a wave at which each level has ended, level 0 first.
    pub ends: Vec<usize>,
}

impl Levels {
    /// Those of a net in which the first level is `load` steps long and no other shorter than `least`.
    fn new(net: &IntegerNet, code: Code, (load, least): (usize, usize), gap: usize) -> Self {
        let of = levels(net);
        let last = of.iter().copied().max().unwrap_or(0);
        let mut lengths = vec![least; last + 1];
        // What the last level sends, registers hear in a window as long as the first.
        (lengths[0], lengths[last]) = (load, least.max(load));
        let level = |from: From| if let From::Unit(unit) = from { of[unit] } else { 0 };
        for (at, unit) in of.iter().zip(net) {
            lengths[*at] = lengths[*at].max(code.steps(unit.sends.bits));
            let longest = unit.sum.iter().map(|term| steps(net, code, term.from).unwrap_or(load)).max();
            for heard in unit.sum.iter().map(|term| level(term.from)) {
                lengths[heard] = lengths[heard].max(longest.unwrap_or(0));
            }
        }
        let mut begin = 0;
        let ends = lengths.into_iter().map(|length| {
            let end = begin + length;
            begin = end + gap;
            end
        });
        Self { ends: ends.collect(), of }
    }

    /// The level in which a unit hears a source.
    pub fn level(&self, from: From) -> usize {
        if let From::Unit(unit) = from { self.of[unit] } else { 0 }
    }

    /// Steps of a wave.
    fn steps(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }
}

/// The level of each unit: behind all that it hears, and so late that an operand comes when the sum is known.
fn levels(net: &IntegerNet) -> Vec<usize> {
    let mut least = vec![1; net.len()];
    // What operands wait for lies before them, so none waits longer than there are units.
    for _ in 0..net.len() * net.len() {
        let mut of: Vec<usize> = Vec::with_capacity(net.len());
        let level = |of: &[usize], from: From| if let From::Unit(unit) = from { of[unit] } else { 0 };
        for (unit, least) in net.iter().zip(&least) {
            let heard = unit.heard().map(|from| level(&of, from)).max().unwrap_or(0);
            of.push((1 + heard).max(*least));
        }
        let early = net.iter().find_map(|unit| {
            let From::Unit(operand) = unit.operand()?.from else { return None };
            let known = unit.sum.iter().map(|term| level(&of, term.from)).max().unwrap_or(0);
            (of[operand] <= known).then_some((operand, known + 1))
        });
        let Some((operand, level)) = early else { return of };
        least[operand] = level;
    }
    least
}

/// Steps in which what comes from a source is sent; none for registers, whose windows are as long as the first level.
fn steps(net: &IntegerNet, code: Code, from: From) -> Option<usize> {
    match from {
        From::Registers => None,
        From::One => Some(1),
        From::Unit(unit) => Some(code.steps(net[unit].sends.bits)),
    }
}

/// Steps of the longest number that is heard together with one of a register, or with the neuron that sends 1.
fn beside_registers(net: &IntegerNet, code: Code) -> usize {
    let early = |unit: &&Unit| unit.sum.iter().any(|term| !matches!(term.from, From::Unit(_)));
    let sums = net.iter().filter(early).flat_map(|unit| &unit.sum);
    sums.filter_map(|term| steps(net, code, term.from)).max().unwrap_or(1)
}

impl Unit {
    /// All that it hears.
    pub fn heard(&self) -> impl Iterator<Item = From> + '_ {
        self.sum.iter().chain(self.operand()).map(|term| term.from)
    }
}

/// The times of a round.
#[derive(Clone, Debug)]
pub struct Timing {
    /// How numbers are said.
    pub code: Code,
    /// Steps in which the question comes.
    pub load: usize,
    /// Of each net.
    pub nets: Vec<Levels>,
    /// Of the head.
    pub head: Levels,
    /// The step of a round at which each wave begins, and the head after them.
    pub waves: Vec<usize>,
    /// Steps of a round.
    pub round: usize,
    /// Steps of a trial.
    pub trial: usize,
}

impl Timing {
    /// That of a network. In continuous time the last spikes of a level arrive up to a step after its end, and the next
    /// one waits for them; on the grid it begins with the step in which they arrive.
    pub fn new(network: &Integers, code: Code, exact: bool) -> Self {
        let gap = usize::from(exact);
        let registers = network.registers.iter().map(|register| code.steps(register.number.bits));
        let nets = || network.nets.iter().chain([&network.head.1]);
        // In continuous time all windows are of one length.
        let sent = nets().flatten().map(|unit| code.steps(unit.sends.bits)).filter(|_| exact);
        let load =
            registers.chain(nets().map(|net| beside_registers(net, code))).chain(sent).max().unwrap_or(1);
        let least = if exact { load } else { 1 };
        let mut levels = nets().map(|net| Levels::new(net, code, (load, least), gap)).collect::<Vec<_>>();
        let head = levels.pop().expect("the last of the nets is the head");
        let of_nets = levels;
        let (mut waves, mut now) = (Vec::new(), load + gap);
        for wave in &network.waves {
            waves.push(now);
            now += of_nets[wave.net].steps() + gap;
        }
        waves.push(now);
        // What ends the round is heard one step later.
        let round = now + head.steps() + gap + 1;
        Self { code, load, nets: of_nets, head, waves, round, trial: round * network.rounds }
    }
}
