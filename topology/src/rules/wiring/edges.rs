//! Synapses that are given one by one, ordered by target.

use super::batch::Batch;
use std::ops::Range;

/// A table of synapses; a synapse's number is its row in what was given.
pub struct Edges {
    /// Where the entries of each target begin, and the end of the last.
    first: Vec<usize>,
    /// Source and row, by target and then by row.
    entries: Vec<(u32, u32)>,
}

impl Edges {
    /// Orders pairs (source, target) by target, all of them below `targets`.
    pub fn new(targets: u32, pairs: impl ExactSizeIterator<Item = (u32, u32)> + Clone) -> Self {
        let mut first = vec![0; targets as usize + 1];
        for (_, target) in pairs.clone() {
            first[target as usize + 1] += 1;
        }
        for target in 0..targets as usize {
            first[target + 1] += first[target];
        }
        let mut next = first.clone();
        let mut entries = vec![(0, 0); pairs.len()];
        for (row, (source, target)) in (0..).zip(pairs) {
            let place = &mut next[target as usize];
            entries[*place] = (source, row);
            *place += 1;
        }
        Edges { first, entries }
    }

    /// How many synapses there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Adds all synapses onto `targets` to the batch.
    pub fn onto(&self, targets: Range<u32>, batch: &mut Batch<'_>) {
        for target in targets {
            let place = target as usize;
            for &(source, row) in &self.entries[self.first[place]..self.first[place + 1]] {
                batch.push(source, target, u64::from(row));
            }
        }
    }
}
