//! Vectors that begin where a cache line does, so that no vector of a block's loop lies across two:
//! states and sums are read and written whole in every step, from the second-level cache.

use crate::real::Real;
use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, which are also those of the widest vectors.
const LINE: usize = 64;

/// Numbers from the start of a cache line on.
pub struct Aligned<R> {
    /// What is before `start` is there to get to the line. Never grows, so it never moves.
    padded: Vec<R>,
    start: usize,
}

impl<R: Real> Aligned<R> {
    /// The same numbers, aligned.
    pub fn new(values: &[R]) -> Self {
        let most = LINE / size_of::<R>();
        let mut padded: Vec<R> = Vec::with_capacity(values.len() + most);
        let start = padded.as_ptr().align_offset(LINE).min(most);
        padded.resize(start, R::ZERO);
        padded.extend_from_slice(values);
        Aligned { padded, start }
    }

    /// So many zeros.
    pub fn zeros(len: usize) -> Self {
        Aligned::new(&vec![R::ZERO; len])
    }
}

impl<R> Deref for Aligned<R> {
    type Target = [R];

    fn deref(&self) -> &[R] {
        &self.padded[self.start..]
    }
}

impl<R> DerefMut for Aligned<R> {
    fn deref_mut(&mut self) -> &mut [R] {
        &mut self.padded[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_order_and_begin_on_a_line() {
        for len in [0, 1, 15, 256, 4001] {
            let values: Vec<f32> = (0..len).map(|value| value as f32).collect();
            let (single, double) = (Aligned::new(&values), Aligned::<f64>::zeros(len));
            assert_eq!(*single, *values);
            assert_eq!(single.as_ptr().align_offset(LINE), 0);
            assert_eq!((double.len(), double.as_ptr().align_offset(LINE)), (len, 0));
        }
    }
}
