//! The Tiny Recursive Model (arXiv:2510.04871) with either mixer, tensors named as in its release.
//!
//! z and y are registers, and so is x, the question. A round is a step of supervision: T times n waves that renew z from
//! y + x + z, and one that renews y from z + y. The head gives the logits of all tokens at each place, and, behind them,
//! that of halting, which is right at the first place.

use super::blocks::{Mixer, net};
use super::ends::{head, table};
use super::{Problem, Tensors};
use crate::layers::{Program, Question, Register, Shape, Start, Wave};

/// What the tensors do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Places without a token.
    pub prefix: usize,
    /// Places with one.
    pub cells: usize,
    /// Blocks of f.
    pub blocks: usize,
    /// How places see each other.
    pub mixer: Mixer,
    /// T
    pub high_cycles: usize,
    /// n
    pub low_cycles: usize,
    /// Steps of supervision.
    pub rounds: usize,
}

/// Registers.
const X: usize = 0;
const Z: usize = 1;
const Y: usize = 2;

/// The program of a trained TRM.
///
/// # Errors
/// If a tensor is missing.
pub fn program(tensors: &Tensors, schedule: &Schedule) -> Result<Program, Problem> {
    let (places, width) = (schedule.prefix + schedule.cells, tensors.vector("H_init")?.len());
    let shape = Shape { places, channels: width };
    let start = |name: &str| Ok(Start::Always(tensors.vector(name)?.repeat(places)));
    let registers = vec![
        Register { name: "x".into(), shape, start: Start::Question },
        Register { name: "z".into(), shape, start: start("L_init")? },
        Register { name: "y".into(), shape, start: start("H_init")? },
    ];
    let mut waves = Vec::new();
    for _ in 0..schedule.high_cycles {
        waves.extend((0..schedule.low_cycles).map(|_| Wave { net: 0, reads: vec![Z, Y, X], writes: Z }));
        waves.push(Wave { net: 0, reads: vec![Y, Z], writes: Y });
    }
    let table = table(tensors, (width as f32).sqrt())?;
    Ok(Program {
        question: Question::Tokens { table, before: schedule.prefix },
        registers,
        nets: vec![net(tensors, ("L_level", ""), schedule.blocks, schedule.mixer, shape)?],
        waves,
        head: (Y, head(tensors, shape, |halt, _| halt)?),
        rounds: schedule.rounds,
    })
}
