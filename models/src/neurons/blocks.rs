//! Neurons are advanced block by block, so that a block's state stays in the first-level cache and
//! its loop is one function that the compiler turns into vector instructions.
//!
//! The loops are branch-free: every neuron does the same arithmetic and selects. Each is compiled
//! several times for wider vector units and chosen when the program runs; the bits are the same,
//! because nothing is contracted or reordered.
//!
//! # Refractoriness and spikes without a mask
//! `left` counts refractory steps, the step of the spike included: a spike sets it to
//! `round(t_ref/dt) + 1`, every step first takes one off, and V is clamped while it is above 0.
//! So after a step exactly the neurons that fired in it hold the full count, and a block only has
//! to report whether there are any. The count has the type of the states, so that a vector of
//! neurons is a vector of counts.

use sim_core::neuron::{Cells, Constants};
use sim_core::real::Real;
use std::ops::Range;

/// Neurons in a block.
pub const BLOCK: usize = 256;

/// Stretches of at most [`BLOCK`] neurons that cover `len` of them.
pub fn blocks(len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(BLOCK).map(move |start| start..len.min(start + BLOCK))
}

/// `N` constants of each neuron: shared, or in one column per constant.
pub enum Table<R, const N: usize> {
    /// The same for all neurons.
    Shared([R; N]),
    /// One column per constant, one entry per neuron.
    Each(Box<[Vec<R>; N]>),
}

impl<R: Real, const N: usize> Table<R, N> {
    /// Constants computed by `derive` from the parameters in `names`, rounded once.
    pub fn derive(cells: &Cells, names: &[&str], derive: impl Fn(&dyn Fn(&str) -> f64) -> [f64; N]) -> Self {
        match cells.constants(names, |of| derive(of).map(R::of)) {
            Constants::Shared(values) => Table::Shared(values),
            Constants::Each(rows) => {
                let column = |place: usize| rows.iter().map(|row| row[place]).collect();
                Table::Each(Box::new(std::array::from_fn(column)))
            }
        }
    }

    /// The constants of one neuron.
    pub fn at(&self, index: usize) -> [R; N] {
        match self {
            Table::Shared(values) => *values,
            Table::Each(columns) => std::array::from_fn(|place| columns[place][index]),
        }
    }

    /// The columns of one block, when they are not shared.
    pub fn block<'a>(columns: &'a [Vec<R>; N], block: &Range<usize>) -> EachOf<'a, R, N> {
        EachOf(columns.each_ref().map(|column| &column[block.clone()]))
    }
}

/// Where a block's loop finds the constants of a neuron.
pub trait Lookup<R, const N: usize>: Copy {
    /// The constants of neuron `index` of a block of `len`.
    fn at(&self, index: usize) -> [R; N];
    /// The same constants for a block of exactly `len` neurons, which spares the loop its checks.
    fn cut(self, len: usize) -> Self;
}

/// The same constants for all.
#[derive(Clone, Copy)]
pub struct SharedBy<R, const N: usize>(pub [R; N]);

/// Columns of constants.
#[derive(Clone, Copy)]
pub struct EachOf<'a, R, const N: usize>([&'a [R]; N]);

impl<R: Real, const N: usize> Lookup<R, N> for SharedBy<R, N> {
    #[inline(always)]
    fn at(&self, _: usize) -> [R; N] {
        self.0
    }

    #[inline(always)]
    fn cut(self, _: usize) -> Self {
        self
    }
}

impl<R: Real, const N: usize> Lookup<R, N> for EachOf<'_, R, N> {
    #[inline(always)]
    fn at(&self, index: usize) -> [R; N] {
        let mut values = [R::ZERO; N];
        for (value, column) in values.iter_mut().zip(&self.0) {
            *value = column[index];
        }
        values
    }

    #[inline(always)]
    fn cut(self, len: usize) -> Self {
        EachOf(self.0.map(|column| &column[..len]))
    }
}

/// The full count that a spike sets: round(t_ref / dt) + 1.
pub fn full_count(t_ref: f64, dt: f64) -> f64 {
    // f32 counts exactly up to 2^24, which at 0.1 ms is 28 minutes.
    ((t_ref / dt).round() + 1.0).min(16_777_216.0)
}

/// What has arrived at a neuron, which is then 0.
#[inline(always)]
pub fn take<R: Real>(arrived: &mut R) -> R {
    std::mem::replace(arrived, R::ZERO)
}

/// Neurons that [`seek`] looks at together.
const GROUP: usize = 16;

/// Hands over the places in `values` where `is` holds, which should be rare: a group without any is
/// passed over by one vector comparison.
#[inline(always)]
pub fn seek<R: Copy>(values: &[R], is: impl Fn(R) -> bool, mut take: impl FnMut(usize)) {
    let (groups, rest) = values.as_chunks::<GROUP>();
    let mut look = |start: usize, group: &[R]| {
        for (place, &value) in group.iter().enumerate() {
            if is(value) {
                take(start + place);
            }
        }
    };
    for (number, group) in groups.iter().enumerate() {
        if group.iter().fold(false, |any, &value| any | is(value)) {
            look(number * GROUP, group);
        }
    }
    look(groups.len() * GROUP, rest);
}

/// Appends the neurons of `block` that fired, given the full count's place in the table.
pub fn collect<R: Real, const N: usize>(
    left: &[R],
    constants: &Table<R, N>,
    full: usize,
    block: Range<usize>,
    spikes: &mut Vec<u32>,
) {
    match constants {
        Table::Shared(values) => {
            let full = values[full];
            let start = block.start;
            seek(&left[block], |left| left == full, |place| spikes.push((start + place) as u32));
        }
        Table::Each(columns) => {
            let full = &columns[full];
            spikes.extend(block.filter(|&index| left[index] == full[index]).map(|index| index as u32));
        }
    }
}
