//! Products with matrices that are mostly zeros: only what is not zero takes part.
//!
//! Spikes are few, so a row of spikes times a weight matrix is a sum of the rows of those that fired; the
//! gradient of the weights is, for each input, the sum of the gradient rows of the times it fired. Both
//! are the same loop over lists. Sums run in the order of the lists, whatever the number of threads.

use multiversion::multiversion;
use rayon::prelude::*;

/// Columns summed at a time: a tile of a table of some thousand rows stays in the second cache.
const TILE: usize = 64;

/// Rows summed by one task.
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

    /// The same entries, column by column.
    pub fn transposed(&self, columns: usize) -> Self {
        let mut starts = vec![0; columns + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for k in 0..columns {
            starts[k + 1] += starts[k];
        }
        let mut next = starts.clone();
        let (mut rows, mut values) = (vec![0; self.columns.len()], vec![0.0; self.values.len()]);
        for row in 0..self.starts.len() - 1 {
            for at in self.starts[row]..self.starts[row + 1] {
                let to = &mut next[self.columns[at] as usize];
                rows[*to] = row as u32;
                if let Some(value) = self.values.get(at) {
                    values[*to] = *value;
                }
                *to += 1;
            }
        }
        Self { starts, columns: rows, values }
    }

    /// This matrix times a row-major `table` of `width` columns.
    pub fn times(&self, table: &[f32], width: usize) -> Vec<f32> {
        let mut product = vec![0.0; (self.starts.len() - 1) * width];
        product.par_chunks_mut(ROWS * width).enumerate().for_each(|(block, product)| {
            sum_rows(self, block * ROWS, table, width, product);
        });
        product
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

/// Rows from `first` of the product.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sum_rows(events: &Events, first: usize, table: &[f32], width: usize, product: &mut [f32]) {
    let mut left = 0;
    while left < width {
        left += match width - left {
            TILE.. => sum_tile::<TILE>(events, first, table, width, left, product),
            32.. => sum_tile::<32>(events, first, table, width, left, product),
            16.. => sum_tile::<16>(events, first, table, width, left, product),
            _ => sum_tile::<1>(events, first, table, width, left, product),
        };
    }
}

/// `N` columns from `left` of some rows; `N`.
#[inline(always)]
fn sum_tile<const N: usize>(
    events: &Events,
    first: usize,
    table: &[f32],
    width: usize,
    left: usize,
    product: &mut [f32],
) -> usize {
    for (row, product) in product.chunks_exact_mut(width).enumerate() {
        let range = events.starts[first + row]..events.starts[first + row + 1];
        let mut sums = [0.0f32; N];
        let from = |column: u32| -> &[f32; N] {
            table[column as usize * width + left..][..N].try_into().unwrap_or(&[0.0; N])
        };
        if events.values.is_empty() {
            for &column in &events.columns[range] {
                let from = from(column);
                for k in 0..N {
                    sums[k] += from[k];
                }
            }
        } else {
            for (&column, &value) in events.columns[range.clone()].iter().zip(&events.values[range]) {
                let from = from(column);
                for k in 0..N {
                    sums[k] += value * from[k];
                }
            }
        }
        product[left..left + N].copy_from_slice(&sums);
    }
    N
}
