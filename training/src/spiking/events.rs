//! Matrices that are mostly zeros: only what is not zero is kept, as lists.
//!
//! Spikes are few, so a row of spikes times a weight matrix is a sum of the rows of those that fired; the
//! gradient of the weights is, for each input, the sum of the gradient rows of the times it fired. Both
//! are the same loop over lists (`sums.rs`).

use rayon::prelude::*;

/// Rows looked through by one task.
const ROWS: usize = 16;

/// What is not zero in a matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// Where each row starts; one more than rows.
    starts: Vec<usize>,
    columns: Vec<u32>,
    /// Empty where all are 1.
    values: Vec<f32>,
}

/// Takes down spikes: first how many each row has, then where.
pub struct Listing<'a> {
    /// Of each row how many it has, or where its next one is put.
    places: &'a mut [usize],
    columns: Option<&'a mut [u32]>,
}

impl Listing<'_> {
    /// A spike.
    #[inline]
    pub fn add(&mut self, row: usize, column: u32) {
        let place = &mut self.places[row];
        if let Some(columns) = &mut self.columns {
            columns[*place] = column;
        }
        *place += 1;
    }
}

impl Events {
    /// Spikes, wherever `list` says so; it is called twice, and rows come in any order.
    pub fn listed(rows: usize, list: impl Fn(&mut Listing<'_>)) -> Self {
        let mut starts = vec![0; rows + 1];
        list(&mut Listing { places: &mut starts[1..], columns: None });
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let (mut next, mut columns) = (starts.clone(), vec![0; starts[rows]]);
        list(&mut Listing { places: &mut next, columns: Some(&mut columns) });
        Self { starts, columns, values: Vec::new() }
    }

    /// The columns of the entries of each row.
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.columns[ends[0]..ends[1]])
    }

    /// The entries of a row-major matrix that are not zero, if they are fewer than one in `sparser` (0: however
    /// many).
    pub fn of(matrix: &[f32], columns: usize, sparser: usize) -> Option<Self> {
        let rows = matrix.len() / columns;
        let blocks: Vec<Self> =
            matrix.par_chunks(ROWS * columns).map(|block| collect(block, columns)).collect();
        let count = blocks.iter().map(|block| block.columns.len()).sum::<usize>();
        if sparser > 0 && count * sparser >= matrix.len() {
            return None;
        }
        let mut all = Self {
            starts: Vec::with_capacity(rows + 1),
            columns: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
        };
        for block in &blocks {
            let before = all.columns.len();
            all.starts.extend(block.starts.iter().map(|start| start + before));
            all.columns.extend_from_slice(&block.columns);
            all.values.extend_from_slice(&block.values);
        }
        all.starts.push(count);
        if all.values.iter().all(|&value| value == 1.0) {
            all.values = Vec::new();
        }
        Some(all)
    }

    /// Rows.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns of the entries of a row, and their values unless all are 1.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.columns[range.clone()], self.values.get(range).unwrap_or(&[]))
    }

    /// The same entries in `rows` rows, each where `place` of its row and column says; entries that come into one
    /// row keep their order.
    pub(super) fn moved(&self, rows: usize, place: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let mut starts = vec![0; rows + 1];
        for (from, range) in self.starts.windows(2).enumerate() {
            for &column in &self.columns[range[0]..range[1]] {
                starts[place(from, column as usize).0 + 1] += 1;
            }
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let (mut columns, mut values) = (vec![0; self.columns.len()], vec![0.0; self.values.len()]);
        for (from, range) in self.starts.windows(2).enumerate() {
            for at in range[0]..range[1] {
                let (row, column) = place(from, self.columns[at] as usize);
                columns[next[row]] = column as u32;
                if let Some(value) = self.values.get(at) {
                    values[next[row]] = *value;
                }
                next[row] += 1;
            }
        }
        Self { starts, columns, values }
    }
}

/// The entries of a few rows; without the end of the last one.
fn collect(rows: &[f32], columns: usize) -> Events {
    let (mut found, mut values) = (vec![0u32; rows.len()], vec![0.0f32; rows.len()]);
    let (mut starts, mut count) = (Vec::new(), 0);
    for row in rows.chunks_exact(columns) {
        starts.push(count);
        // Always written, and kept by moving on: the processor cannot guess where spikes are.
        for (column, &value) in row.iter().enumerate() {
            found[count] = column as u32;
            values[count] = value;
            count += usize::from(value != 0.0);
        }
    }
    found.truncate(count);
    values.truncate(count);
    Events { starts, columns: found, values }
}
