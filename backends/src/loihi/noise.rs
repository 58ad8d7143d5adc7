//! Noise of compartments: one byte a compartment and step.
//!
//! A uniform number r of eight bits with sign adds `(r + 64 · offset) · 2^(exponent − 7)` to the input of u
//! or to that of v, rounded down. The chip makes r with a shift register whose sequence is not published,
//! so no equality with it is possible; ours comes from a keyed generator, or from a recording. On the chip
//! exponents below 7 act as if they were one higher (nengo-loihi's observation), which is left to whoever
//! chooses the exponent.

use sim_core::rng::Key;
use std::ops::Range;
use std::sync::Arc;

use super::compartment::BLOCK;

/// Noise onto the compartments of a core.
#[derive(Clone, Debug)]
pub struct Noise {
    /// Exponent, 0 to 15.
    pub exponent: u8,
    /// Offset of the mean in units of 64.
    pub offset: i8,
    /// Where it goes.
    pub onto: Onto,
    /// Where r comes from.
    pub stream: Stream,
}

/// Which register noise goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The input of u.
    Current,
    /// The input of v.
    Voltage,
}

/// Where the random bytes come from.
#[derive(Clone, Debug)]
pub enum Stream {
    /// By the key, the step, and the number that stands here for each compartment, so that the noise of
    /// a neuron does not depend on where it lives.
    Keyed(Key, Arc<[u32]>),
    /// What was recorded: for each step from 1 on, one byte for each compartment; zeros after the end.
    Recorded(Arc<[i8]>, usize),
}

impl Noise {
    /// Fills in the noise of a block in a step.
    pub(super) fn draw(
        &self,
        step: i64,
        block: &Range<usize>,
        at_u: &mut [i32; BLOCK],
        at_v: &mut [i32; BLOCK],
    ) {
        let values = if self.onto == Onto::Current { at_u } else { at_v };
        for (value, compartment) in values.iter_mut().zip(block.clone()) {
            let wide = i64::from(self.stream.byte(step, compartment)) + 64 * i64::from(self.offset);
            *value = ((wide << self.exponent.min(15)) >> 7) as i32;
        }
    }
}

impl Stream {
    /// The byte of one compartment in one step.
    pub fn byte(&self, step: i64, compartment: usize) -> i8 {
        match self {
            Stream::Keyed(key, numbers) => {
                let number = numbers.get(compartment).copied().unwrap_or_default();
                let words = key.bits(u64::from(number / 16), step as u64);
                let word = words[(number % 16 / 4) as usize];
                (word >> (8 * (number % 4))) as i8
            }
            Stream::Recorded(bytes, compartments) => {
                let first = usize::try_from(step - 1).ok().and_then(|steps| steps.checked_mul(*compartments));
                first.and_then(|first| bytes.get(first + compartment)).copied().unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::arithmetic::Cells;
    use super::super::compartment::{Compartment, Compartments};
    use super::super::semantics::NENGO;
    use super::*;

    #[test]
    fn recorded_noise_adds_its_byte_times_the_power_of_the_exponent() {
        let bytes: Arc<[i8]> = [3, -4].into();
        let silent = Compartment { threshold: 131_071, ..Compartment::default() };
        for (onto, exponent, expected) in
            [(Onto::Current, 7, [67, 60]), (Onto::Voltage, 9, [268, 240]), (Onto::Current, 6, [33, 30])]
        {
            let noise = Noise { exponent, offset: 1, onto, stream: Stream::Recorded(bytes.clone(), 1) };
            let mut cells = Compartments::new(&[silent], &NENGO, Some(noise));
            let mut seen = Vec::new();
            let mut before = 0;
            for step in 1..=2 {
                cells.step(step, 0, &mut [0], &mut Vec::new());
                seen.push(cells.v()[0] - before);
                before = cells.v()[0];
            }
            assert_eq!(seen, expected, "{onto:?} {exponent}");
        }
    }

    #[test]
    fn keyed_noise_belongs_to_the_neuron_and_covers_the_byte() {
        let key = Key::new(1).named("noise");
        let here = Stream::Keyed(key, (0..64).collect());
        let there = Stream::Keyed(key, (0..64).rev().collect());
        let mut seen = [false; 256];
        for step in 1..200 {
            for compartment in 0..64 {
                let byte = here.byte(step, compartment);
                assert_eq!(byte, there.byte(step, 63 - compartment));
                seen[usize::from(byte as u8)] = true;
            }
        }
        assert!(seen.iter().all(|&seen| seen));
    }
}
