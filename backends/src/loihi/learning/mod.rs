//! On-chip learning: sums of products over traces.
//!
//! A synapse holds a weight, a delay and a tag; its ends have traces, which spikes raise and time lets
//! decay. A [`rule`] adds sums of products of them to weight, delay or tag. [`epoch`] is the engine
//! as lava-nc models it, which learns once an epoch of several steps; [`stepwise`] as brian2-loihi does,
//! with epochs of one step and its own order of things.
//! [`engines`] is what a network on the chip learns with: the first, with a chance of its own for each
//! neuron and synapse.
//!
//! Both round by chance, and the chip's own random sequence is not published: nobody can be bit-exact to
//! it. Given the same random numbers these engines are exact to the models they follow.

pub mod engines;
pub mod epoch;
pub mod rule;
pub mod stepwise;

/// Largest value of a trace: seven bits.
pub const LARGEST_TRACE: i32 = 127;

/// Which random number an engine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Draw {
    /// For the decay of presynaptic traces.
    Pre,
    /// For the decay of postsynaptic traces.
    Post,
    /// For rounding weights, delays or tags.
    Round(rule::Target),
}

/// Where the engines' random numbers come from: a uniform number in 0..1 for a purpose, one of the
/// engine's sources, targets or synapses by its number there, and a step from 1 on.
pub trait Random {
    /// The number.
    fn uniform(&mut self, draw: Draw, which: usize, step: i64) -> f64;
}

impl<F: FnMut(Draw, usize, i64) -> f64> Random for F {
    fn uniform(&mut self, draw: Draw, which: usize, step: i64) -> f64 {
        self(draw, which, step)
    }
}

/// A trace: how far a spike raises it and how fast it decays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// Added by a spike, 0 to 127.
    pub impulse: i32,
    /// Time constant in steps.
    pub tau: f64,
}

impl Trace {
    /// The value after a spike.
    pub fn raised(&self, value: i32) -> i32 {
        (value + self.impulse).min(LARGEST_TRACE)
    }
}

/// `value` rounded to the whole number below, or to the one above where chance is less than the
/// fraction.
pub fn round_by_chance(value: f64, chance: f64) -> i32 {
    let whole = value.floor();
    whole as i32 + i32::from(chance < value - whole)
}

/// The same, with a chance that is drawn only if there is a fraction.
fn round(value: f64, chance: impl FnOnce() -> f64) -> i32 {
    if value.fract() == 0.0 { value as i32 } else { round_by_chance(value, chance()) }
}
