//! The Hierarchical Reasoning Model (arXiv:2506.21734), tensors named as in its release.
//!
//! z_H and z_L are registers, and so is x, the question, and what is learnt of each place, if it is. A round is a step of
//! supervision: N times T waves that renew z_L from z_L + z_H + x, and one that renews z_H from z_H + z_L. Behind the
//! logits of tokens stands q_halt − q_continue, which halts where it is above 0 at the first place.

use super::attention::Heads;
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
    /// Heads; queries and keys are turned where nothing is learnt of places.
    pub heads: Heads,
    /// Blocks of H and of L.
    pub blocks: [usize; 2],
    /// N
    pub high_cycles: usize,
    /// T
    pub low_cycles: usize,
    /// Steps of supervision.
    pub rounds: usize,
}

/// Registers.
const X: usize = 0;
const LOW: usize = 1;
const HIGH: usize = 2;
const PLACES: usize = 3;

/// The program of a trained HRM.
///
/// # Errors
/// If a tensor is missing.
pub fn program(tensors: &Tensors, schedule: &Schedule) -> Result<Program, Problem> {
    let (places, width) = (schedule.prefix + schedule.cells, tensors.vector("H_init")?.len());
    let shape = Shape { places, channels: width };
    let start = |name: &str| Ok(Start::Always(tensors.vector(name)?.repeat(places)));
    let mut registers = vec![
        Register { name: "x".into(), shape, start: Start::Question },
        Register { name: "low".into(), shape, start: start("L_init")? },
        Register { name: "high".into(), shape, start: start("H_init")? },
    ];
    let (mut injected, mut factor) = (vec![LOW, HIGH, X], (width as f32).sqrt());
    if schedule.heads.turned.is_none() {
        factor *= std::f32::consts::FRAC_1_SQRT_2;
        let mut learnt = tensors.matrix("embed_pos.embedding_weight")?;
        learnt.values.iter_mut().for_each(|value| *value *= factor);
        registers.push(Register { name: "places".into(), shape, start: Start::Always(learnt.values) });
        injected.push(PLACES);
    }
    let mut waves = Vec::new();
    for _ in 0..schedule.high_cycles {
        waves.extend((0..schedule.low_cycles).map(|_| Wave { net: 0, reads: injected.clone(), writes: LOW }));
        waves.push(Wave { net: 1, reads: vec![HIGH, LOW], writes: HIGH });
    }
    let mixer = Mixer::Attention(schedule.heads);
    let [high, low] = schedule.blocks;
    Ok(Program {
        question: Question::Tokens { table: table(tensors, factor)?, before: schedule.prefix },
        registers,
        nets: vec![
            net(tensors, ("L_level", "low_"), low, mixer, shape)?,
            net(tensors, ("H_level", "high_"), high, mixer, shape)?,
        ],
        waves,
        head: (HIGH, head(tensors, shape, |halt, go_on| halt - go_on)?),
        rounds: schedule.rounds,
    })
}
