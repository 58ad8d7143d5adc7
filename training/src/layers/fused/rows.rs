//! Rows of numbers: sums whose order does not follow from the number of threads or the instruction set.

use rayon::prelude::*;

/// Numbers that are summed side by side.
const LANES: usize = 16;

/// The sum of a row.
#[inline(always)]
pub fn sum(row: &[f32]) -> f32 {
    let row = row.chunks_exact(LANES);
    let rest: f32 = row.remainder().iter().sum();
    let mut sums = [0.0; LANES];
    for values in row {
        for lane in 0..LANES {
            sums[lane] += values[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The sum of products of two rows.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The largest number of a row.
#[inline(always)]
pub fn largest(row: &[f32]) -> f32 {
    let row = row.chunks_exact(LANES);
    let rest = row.remainder().iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut most = [f32::NEG_INFINITY; LANES];
    for values in row {
        for lane in 0..LANES {
            most[lane] = if values[lane] > most[lane] { values[lane] } else { most[lane] };
        }
    }
    most.into_iter().fold(rest, f32::max)
}

/// sums += row
#[inline(always)]
pub fn add(sums: &mut [f32], row: &[f32]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
}

/// Rows that one piece of work has at most.
const STRETCH: usize = 128;

/// Rows of a tensor that belong to `groups` equal groups, cut into pieces of work within them: the same for any number
/// of threads.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Rows of a piece.
    pub rows: usize,
    /// Pieces of a group.
    pub pieces: usize,
}

impl Cut {
    /// Of so many rows.
    pub fn new(rows: usize, groups: usize) -> Self {
        let of_group = rows / groups.max(1);
        let mut pieces = of_group.div_ceil(STRETCH).max(1);
        if groups > 1 {
            // No piece reaches into the next group: the fewest that divide one.
            pieces = (pieces..=of_group.max(1)).find(|few| of_group.is_multiple_of(*few)).unwrap_or(1);
        }
        Self { rows: of_group.div_ceil(pieces).max(1), pieces }
    }

    /// Does `work` for each piece, given its group, and sums what it returns over the pieces of each group, in order:
    /// `[group][number]`.
    pub fn sums<T: Send>(
        self,
        items: impl IndexedParallelIterator<Item = T>,
        work: impl Fn(usize, T) -> Vec<f32> + Sync + Send,
    ) -> Vec<f32> {
        let done: Vec<Vec<f32>> =
            items.enumerate().map(|(piece, item)| work(piece / self.pieces, item)).collect();
        let of_group = |pieces: &[Vec<f32>]| {
            let mut sum = pieces[0].clone();
            pieces[1..].iter().for_each(|more| add(&mut sum, more));
            sum
        };
        done.chunks(self.pieces).flat_map(of_group).collect()
    }
}
