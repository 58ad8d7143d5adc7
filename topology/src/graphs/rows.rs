//! Sources by target, or targets by source: one offset a node and four bytes an edge.

use sim_core::rule::{Synapse, Wiring};
use std::ops::Range;

/// Neighbours of every node, in ascending order; a neighbour may stand there more than once.
///
/// As sources by target it is a [`Wiring`]: the synapse number is the place in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Where each row begins, and where the last ends.
    first: Vec<usize>,
    entries: Vec<u32>,
}

impl Rows {
    /// A table without rows, with room for so many rows and entries.
    pub fn with_capacity(rows: u32, entries: usize) -> Self {
        let mut first = Vec::with_capacity(rows as usize + 1);
        first.push(0);
        Rows { first, entries: Vec::with_capacity(entries) }
    }

    /// Puts the rows of another table below those of this one.
    pub fn append(&mut self, other: &Rows) {
        let begin = self.entries.len();
        self.first.extend(other.first[1..].iter().map(|first| begin + first));
        self.entries.extend_from_slice(&other.entries);
    }

    /// Sorts edges, given as (row, entry), into `rows` rows. Every row must be below `rows`.
    pub fn from_edges(rows: u32, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut first = vec![0; rows as usize + 1];
        for (row, _) in edges.clone() {
            first[row as usize + 1] += 1;
        }
        for row in 0..rows as usize {
            first[row + 1] += first[row];
        }
        let mut entries = vec![0; first[rows as usize]];
        let mut next = first.clone();
        for (row, entry) in edges {
            entries[next[row as usize]] = entry;
            next[row as usize] += 1;
        }
        let mut sorted = Rows { first, entries };
        for row in 0..rows {
            sorted.row_mut(row).sort_unstable();
        }
        sorted
    }

    /// Rows of these lengths, filled from `entries` in order; each is then sorted.
    ///
    /// # Panics
    /// When the lengths do not add up to the number of entries.
    pub fn from_lengths(lengths: &[u32], entries: Vec<u32>) -> Self {
        let mut first = Vec::with_capacity(lengths.len() + 1);
        first.push(0);
        first.extend(lengths.iter().scan(0, |end, &length| {
            *end += length as usize;
            Some(*end)
        }));
        assert_eq!(first[lengths.len()], entries.len(), "the rows do not add up");
        let mut sorted = Rows { first, entries };
        for row in 0..sorted.rows() {
            sorted.row_mut(row).sort_unstable();
        }
        sorted
    }

    /// How many rows there are.
    pub fn rows(&self) -> u32 {
        (self.first.len() - 1) as u32
    }

    /// How many entries all rows have together.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// One row.
    pub fn row(&self, row: u32) -> &[u32] {
        &self.entries[self.first[row as usize]..self.first[row as usize + 1]]
    }

    /// In which row an entry stands, and where in the row, by its place in the table.
    pub fn place(&self, place: usize) -> (u32, usize) {
        let row = self.first.partition_point(|&first| first <= place) - 1;
        (row as u32, place - self.first[row])
    }

    /// All entries as (row, entry), row by row.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        (0..self.rows()).flat_map(|row| self.row(row).iter().map(move |&entry| (row, entry)))
    }

    /// How long each row is.
    pub fn lengths(&self) -> Vec<u32> {
        self.first.windows(2).map(|ends| (ends[1] - ends[0]) as u32).collect()
    }

    /// The same edges by their other end, of which there are `columns`.
    pub fn transposed(&self, columns: u32) -> Rows {
        Rows::from_edges(columns, self.edges().map(|(row, entry)| (entry, row)))
    }

    /// Keeps only the entries for which `keep(row number, row, index in the row)` holds.
    pub fn retain(&mut self, keep: impl Fn(u32, &[u32], usize) -> bool) {
        let kept = (0..self.rows()).flat_map(|row| {
            let (entries, keep) = (self.row(row), &keep);
            (0..entries.len()).filter(move |&index| keep(row, entries, index)).map(move |i| (row, entries[i]))
        });
        *self = Rows::from_edges(self.rows(), kept);
    }

    /// One row, to be changed; whoever changes it sorts it again, as [`retain`](Self::retain) does.
    pub(super) fn row_mut(&mut self, row: u32) -> &mut [u32] {
        &mut self.entries[self.first[row as usize]..self.first[row as usize + 1]]
    }
}

/// How many synapses are handed over at once.
const BATCH: usize = 4096;

impl Wiring for Rows {
    fn count(&self) -> f64 {
        self.entries.len() as f64
    }

    fn onto(&self, targets: Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Vec::with_capacity(BATCH);
        for target in targets {
            let first = self.first[target as usize];
            for (index, &source) in self.row(target).iter().enumerate() {
                batch.push(Synapse { source, target, number: (first + index) as u64 });
                if batch.len() == BATCH {
                    take(&batch);
                    batch.clear();
                }
            }
        }
        if !batch.is_empty() {
            take(&batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn onto(rows: &Rows, targets: Range<u32>) -> Vec<Synapse> {
        let mut all = Vec::new();
        rows.onto(targets, &mut |batch| all.extend_from_slice(batch));
        all
    }

    proptest! {
        #[test]
        fn any_cut_into_ranges_gives_the_same_synapses(
            edges in prop::collection::vec((0..40u32, 0..50u32), 0..300),
            cut in 0..=40u32,
        ) {
            let rows = Rows::from_edges(40, edges.iter().copied());
            let mut parts = onto(&rows, 0..cut);
            parts.extend(onto(&rows, cut..40));
            prop_assert_eq!(&parts, &onto(&rows, 0..40));
            prop_assert_eq!(parts.len(), edges.len());
            let mut wanted = edges.clone();
            wanted.sort_unstable();
            let got: Vec<_> = parts.iter().map(|synapse| (synapse.target, synapse.source)).collect();
            prop_assert_eq!(got, wanted);
            prop_assert!(parts.iter().enumerate().all(|(place, synapse)| synapse.number == place as u64));
        }

        #[test]
        fn transposing_twice_gives_the_same_table(
            edges in prop::collection::vec((0..40u32, 0..50u32), 0..300),
        ) {
            let rows = Rows::from_edges(40, edges.into_iter());
            prop_assert_eq!(rows.transposed(50).transposed(40), rows);
        }
    }

    #[test]
    fn an_entry_knows_its_row_even_behind_empty_rows() {
        let rows = Rows::from_edges(5, [(1, 7), (1, 9), (4, 3)].into_iter());
        assert_eq!([rows.place(0), rows.place(1), rows.place(2)], [(1, 0), (1, 1), (4, 0)]);
    }
}
