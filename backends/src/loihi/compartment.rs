//! Compartments in exact integers: the life of a Loihi core's neurons.
//!
//! ```text
//! dec(x, m) = sign(x) · ((|x| · m) >> 12)
//! q    = wrap(sum of the effective weights that arrive (+ noise), 22 bits)
//! u    = wrap(dec(u, 4096 − (du + 1)) + q, 24 bits)
//! a    = wrap(u + bias (+ noise), 24 bits)
//! v    = clamp(dec(v, 4096 − dv) + a, vmin, vmax);   while refractory v = 0
//! spike when v > vth · 64; then v = 0 and refractory for `refractory` − 1 steps
//! ```
//!
//! What wraps, and how, is the choice of [`Semantics`].

use super::advance::{Columns, Constants, Same, Widths, advance};
use super::arithmetic::Cells;
use super::noise::Noise;
use super::semantics::{Bias, Bounds, LARGEST, Semantics};
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::ops::Range;

/// Compartments that are advanced together.
pub const BLOCK: usize = 256;

/// The registers of one compartment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compartment {
    /// Decay of u, 0 to 4095; with the offset, u keeps (4096 − (du + 1)) / 4096 a step.
    pub du: u16,
    /// Decay of v, 0 to 4095.
    pub dv: u16,
    /// Mantissa of the threshold, 1 to 131071: v has to exceed 64 times it.
    pub threshold: u32,
    /// Mantissa of the bias, 13 bits with sign.
    pub bias_mantissa: i16,
    /// Exponent of the bias, 0 to 7.
    pub bias_exponent: u8,
    /// Steps from a spike to the first step in which v may move, 1 to 63.
    pub refractory: u8,
    /// The least v.
    pub v_min: i32,
    /// The largest v.
    pub v_max: i32,
}

impl Default for Compartment {
    fn default() -> Self {
        Compartment {
            du: 4095,
            dv: 0,
            threshold: 1,
            bias_mantissa: 0,
            bias_exponent: 0,
            refractory: 1,
            v_min: -LARGEST,
            v_max: LARGEST,
        }
    }
}

impl Compartment {
    /// The bias as it is added.
    pub fn bias(&self) -> i32 {
        i32::from(self.bias_mantissa) << self.bias_exponent.min(7)
    }

    /// What the loop needs of it.
    fn constants(&self, semantics: &Semantics) -> Constants {
        let keep = |decay: u16, offset: i32| (4096 - (i32::from(decay) + offset)).max(0);
        let (v_min, v_max) = match semantics.voltage {
            Bounds::Registers => (self.v_min, self.v_max),
            Bounds::Fixed => (-LARGEST, LARGEST),
            Bounds::Absent => (i32::MIN, i32::MAX),
        };
        [
            keep(self.du, semantics.current_offset),
            keep(self.dv, semantics.voltage_offset),
            (self.threshold << 6) as i32,
            if semantics.bias == Bias::Absent { 0 } else { self.bias() },
            // The count after the step of the spike.
            if semantics.refractory { i32::from(self.refractory.max(1)) - 1 } else { 0 },
            v_min,
            v_max,
        ]
    }
}

/// Compartments, a column for each register.
#[derive(Debug)]
pub struct Compartments {
    u: Vec<i32>,
    v: Vec<i32>,
    /// Refractory steps to come.
    left: Vec<i32>,
    constants: Table,
    widths: Widths,
    noise: Option<Noise>,
}

#[derive(Debug)]
enum Table {
    /// The same for all.
    Shared(Constants),
    /// One column per constant.
    Each(Box<[Vec<i32>; 7]>),
}

impl Compartments {
    /// Compartments at rest.
    pub fn new(registers: &[Compartment], semantics: &Semantics, noise: Option<Noise>) -> Self {
        let len = registers.len();
        let all: Vec<Constants> = registers.iter().map(|one| one.constants(semantics)).collect();
        let constants = match all.first() {
            Some(first) if all.iter().all(|constants| constants == first) => Table::Shared(*first),
            _ => {
                let column = |place: usize| all.iter().map(|constants| constants[place]).collect();
                Table::Each(Box::new(std::array::from_fn(column)))
            }
        };
        let zeros = || vec![0; len];
        let widths = Widths::of(semantics);
        Compartments { u: zeros(), v: zeros(), left: zeros(), constants, widths, noise }
    }

    /// The same compartments with these u and v.
    pub fn started(mut self, start: impl Iterator<Item = (i32, i32)>) -> Self {
        for ((u, v), values) in self.u.iter_mut().zip(&mut self.v).zip(start) {
            (*u, *v) = values;
        }
        self
    }

    /// The currents.
    pub fn u(&self) -> &[i32] {
        &self.u
    }

    /// The voltages.
    pub fn v(&self) -> &[i32] {
        &self.v
    }
}

impl Cells for Compartments {
    type Weight = i16;
    type Sum = i32;

    #[inline(always)]
    fn add(sum: &mut i32, weight: i16, payload: i32) {
        *sum = sum.wrapping_add(i32::from(weight).wrapping_mul(payload));
    }

    fn add_amount(sum: &mut i32, weight: i16, amount: f64) {
        *sum = sum.wrapping_add((f64::from(weight) * amount).round() as i32);
    }

    fn step(&mut self, step: i64, first: usize, sums: &mut [i32], spikes: &mut Vec<u32>) {
        let mut fired = [0; BLOCK];
        let (mut at_u, mut at_v) = ([0; BLOCK], [0; BLOCK]);
        for (number, sums) in sums.chunks_mut(BLOCK).enumerate() {
            let start = first + number * BLOCK;
            let block = start..start + sums.len();
            if let Some(noise) = &self.noise {
                noise.draw(step, &block, &mut at_u, &mut at_v);
            }
            let at = || block.clone();
            let (u, v, left) = (&mut self.u[at()], &mut self.v[at()], &mut self.left[at()]);
            let (widths, noise) = (self.widths, (&at_u, &at_v));
            let any = match &self.constants {
                Table::Shared(constants) => {
                    advance(u, v, left, sums, noise, &mut fired, widths, Same(*constants))
                }
                Table::Each(columns) => {
                    let columns = Columns(columns.each_ref().map(|column| &column[at()]));
                    advance(u, v, left, sums, noise, &mut fired, widths, columns)
                }
            };
            if any {
                collect(&fired, &block, spikes);
            }
        }
    }

    fn state(&self, register: usize, compartment: usize) -> f64 {
        f64::from(if register == 0 { self.u[compartment] } else { self.v[compartment] })
    }

    fn save(&self, out: &mut Saver) {
        [&self.u, &self.v, &self.left].into_iter().for_each(|values| out.list(values));
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.u, &mut self.v, &mut self.left].into_iter().try_for_each(|values| from.list_into(values))
    }
}

/// Appends those of a block that fired; groups without any are passed over.
fn collect(fired: &[i32; BLOCK], block: &Range<usize>, spikes: &mut Vec<u32>) {
    const GROUP: usize = 16;
    for (number, group) in fired.as_chunks::<GROUP>().0.iter().enumerate() {
        if group.iter().fold(0, |any, &fired| any | fired) != 0 {
            let first = block.start + number * GROUP;
            let those = group.iter().enumerate().filter(|(_, fired)| **fired != 0);
            spikes
                .extend(those.map(|(place, _)| (first + place) as u32).filter(|&c| (c as usize) < block.end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::semantics::{ALL, BRIAN2, NENGO};
    use super::*;

    #[test]
    fn a_neuron_with_refractory_time_r_is_held_for_r_minus_one_steps() {
        for refractory in [1, 2, 5, 63] {
            let one = Compartment { bias_mantissa: 65, refractory, ..Compartment::default() };
            let mut cells = Compartments::new(&[one], &NENGO, None);
            let mut steps = Vec::new();
            for step in 1..200 {
                let mut spikes = Vec::new();
                cells.step(step, 0, &mut [0], &mut spikes);
                steps.extend(spikes.iter().map(|_| step));
            }
            assert!(steps.windows(2).all(|pair| pair[1] - pair[0] == i64::from(refractory)));
        }
    }

    #[test]
    fn the_threshold_is_strict() {
        let at = |bias| Compartment { threshold: 2, bias_mantissa: bias, ..Compartment::default() };
        let mut cells = Compartments::new(&[at(128), at(129)], &NENGO, None);
        let mut spikes = Vec::new();
        cells.step(1, 0, &mut [0, 0], &mut spikes);
        assert_eq!(spikes, [1]);
    }

    #[test]
    fn shared_and_separate_registers_give_the_same_and_a_neuron_does_not_notice_its_neighbours() {
        let registers = |i: usize| Compartment {
            du: (i % 7) as u16 * 300,
            dv: (i % 5) as u16 * 64,
            threshold: 100 + i as u32 % 50,
            bias_mantissa: (i % 90) as i16 - 20,
            bias_exponent: (i % 4) as u8,
            refractory: 1 + (i % 6) as u8,
            ..Compartment::default()
        };
        let input = |i: usize, step: i64| ((i as i64 * 7919 + step * 104_729) % 300 - 100) as i32;
        for semantics in ALL {
            let len = 600;
            let all: Vec<Compartment> = (0..len).map(registers).collect();
            let mut together = Compartments::new(&all, semantics, None);
            let mut alone: Vec<Compartments> =
                all.iter().map(|&one| Compartments::new(&[one], semantics, None)).collect();
            for step in 1..60 {
                let mut sums: Vec<i32> = (0..len).map(|i| input(i, step)).collect();
                let mut spikes = Vec::new();
                together.step(step, 0, &mut sums, &mut spikes);
                assert!(sums.iter().all(|&sum| sum == 0));
                let mut expected = Vec::new();
                for (i, one) in alone.iter_mut().enumerate() {
                    let mut own = Vec::new();
                    one.step(step, 0, &mut [input(i, step)], &mut own);
                    expected.extend(own.iter().map(|_| i as u32));
                    assert_eq!((one.u[0], one.v[0]), (together.u[i], together.v[i]));
                }
                assert_eq!(spikes, expected);
            }
        }
    }

    #[test]
    fn only_the_reading_that_ignores_overflow_lets_u_grow_beyond_24_bits() {
        let one = Compartment { du: 0, threshold: 131_071, ..Compartment::default() };
        let grown = |semantics: &Semantics| {
            let mut cells = Compartments::new(&[one], semantics, None);
            for step in 1..=8 {
                cells.step(step, 0, &mut [(1 << 15) - 1], &mut Vec::new());
            }
            cells.u[0]
        };
        assert!(grown(&BRIAN2) > LARGEST);
        for semantics in [&NENGO, ALL[1]] {
            assert!(grown(semantics).abs() <= LARGEST + 1);
        }
    }
}
