//! When each population hears and sends.
//!
//! The units of a net stand in levels: a unit of a level hears only earlier ones, registers being level 0. All that is
//! sent in a level ends together, and the next level begins in the step in which its last spikes arrive. A wave
//! begins when the wave before has ended; a round begins with a window in which the question comes.

use super::Code;
use crate::integers::{From, IntegerNet, Integers, Makes, Unit};
use crate::layers::Function;

/// Levels of a net.
#[derive(Clone, Debug)]
pub struct Levels {
    /// Of each unit.
    pub of: Vec<usize>,
    /// The step of a wave at which each level has ended, level 0 first.
    pub ends: Vec<usize>,
}

impl Levels {
    fn new(net: &IntegerNet, code: Code, least: usize, gap: usize) -> Self {
        let mut of: Vec<usize> = Vec::with_capacity(net.len());
        for unit in net {
            let heard = unit.heard().map(|from| if let From::Unit(from) = from { of[from] } else { 0 });
            let level = 1 + heard.max().unwrap_or(0);
            of.push(level);
        }
        let levels = of.iter().copied().max().unwrap_or(0);
        let mut lengths = vec![least; levels + 1];
        for (level, unit) in of.iter().zip(net) {
            lengths[*level] = lengths[*level].max(code.steps(unit.sends.bits));
        }
        let mut begin = 0;
        let ends = lengths.into_iter().map(|length| {
            let end = begin + length;
            begin = end + gap;
            end
        });
        Self { of, ends: ends.collect() }
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

impl Unit {
    /// All that it hears.
    pub fn heard(&self) -> impl Iterator<Item = From> + '_ {
        let operand = match &self.makes {
            Makes::Product(operand) | Makes::Quotient(operand) => Some(operand.from),
            Makes::Function(_) => None,
        };
        self.sum.iter().map(|term| term.from).chain(operand)
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
        let registers = network.registers.iter().map(|register| register.number.bits);
        // Windows of all that is weighed may be as long as the longest of them.
        let values = network.nets.iter().flatten().filter(|unit| unit.is_value()).map(|unit| unit.sends.bits);
        let load = code.steps(registers.chain(values).max().unwrap_or(1));
        let levels = |net: &IntegerNet| Levels::new(net, code, load, gap);
        let (of_nets, head) = (network.nets.iter().map(levels).collect::<Vec<_>>(), levels(&network.head.1));
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

impl Unit {
    /// Whether it sends a value of layers: all but squares and roots.
    fn is_value(&self) -> bool {
        !matches!(self.makes, Makes::Function(Function::Square | Function::Root))
    }
}
