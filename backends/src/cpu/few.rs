//! What arrives in a shard whose neurons are left alone until something does.
//!
//! Few of its places are reached in a step. So arrivals are kept as a list, in the order of arrival,
//! and no table of sums, which would lie in no near cache, is touched for them.

use sim_core::real::Real;
use std::ops::Range;

/// The arrivals of a step.
#[derive(Default)]
pub struct Few<R> {
    /// Place and weight.
    arrived: Vec<(u32, R)>,
    /// Those of one slice.
    own: Vec<(u32, R)>,
}

impl<R: Real> Few<R> {
    /// One arrival.
    pub fn push(&mut self, place: usize, weight: R) {
        self.arrived.push((place as u32, weight));
    }

    /// Takes one run of synapses, with a weight for each or one for all.
    #[inline]
    pub fn run(&mut self, cells: &[u32], weights: &[R]) {
        match weights {
            [weight] => self.arrived.extend(cells.iter().map(|&cell| (cell, *weight))),
            _ => self.arrived.extend(cells.iter().copied().zip(weights.iter().copied())),
        }
    }

    /// What arrived at a stretch of places, as (index in the stretch, weight).
    pub fn of(&mut self, places: Range<usize>) -> &[(u32, R)] {
        // Every arrival is written down and only those that belong stay: there is no branch to guess.
        self.own.resize(self.arrived.len(), (0, R::ZERO));
        let mut count = 0;
        for &(place, weight) in &self.arrived {
            self.own[count] = (place.wrapping_sub(places.start as u32), weight);
            count += usize::from(places.contains(&(place as usize)));
        }
        &self.own[..count]
    }

    /// Forgets the arrivals of the step.
    pub fn clear(&mut self) {
        self.arrived.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slice_is_told_its_own_arrivals_in_order() {
        let mut few = Few::default();
        few.run(&[7, 3, 9], &[0.5]);
        few.run(&[3, 8], &[1.0, 2.0]);
        few.push(70_000, 4.0);
        assert_eq!(few.of(0..8), [(7, 0.5), (3, 0.5), (3, 1.0)]);
        assert_eq!(few.of(8..70_001), [(1, 0.5), (0, 2.0), (69_992, 4.0)]);
        few.clear();
        assert_eq!(few.of(0..70_001), []);
    }
}
