//! Sums of rows of a table: all the work of a product with few spikes.
//!
//! A table does not fit into a near cache, and a list names its rows in no order. So it is cut into tiles of
//! [`TILE`] columns and [`BLOCK`] rows, copied into one piece each (rows whose distance is a power of two would
//! compete for few places of the cache), and all lists are gone through tile by tile. An entry costs the
//! addition of `TILE` numbers from the second cache.

use crate::spiking::events::Events;
use multiversion::multiversion;
use rayon::prelude::*;
use sim_core::hints::on_huge_pages;
use std::borrow::Cow;
use std::ops::Range;

/// Columns of a tile, whose sums are all in registers.
const TILE: usize = 64;

/// Rows of a tile: 256 KiB, half of a second cache of the smaller kind.
const BLOCK: usize = 1024;

/// Lists summed by one task, at most: with their sums, another quarter of that cache.
const LISTS: usize = 512;

/// A row of a tile, from the start of a cache line on.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line<const N: usize>([f32; N]);

/// Entries times a row-major table of `width` columns.
pub(super) fn times(entries: &Events, table: &[f32], width: usize) -> Vec<f32> {
    let (rows, blocks) = (entries.len(), (table.len() / width).div_ceil(BLOCK));
    let lists = if blocks == 1 {
        Cow::Borrowed(entries)
    } else {
        let place = |row, column| (column / BLOCK * rows + row, column % BLOCK);
        Cow::Owned(entries.moved(blocks * rows, place))
    };
    sum(&lists, rows, table, width)
}

/// The same entries in `columns` columns, transposed, times a table.
pub(super) fn transposed_times(entries: &Events, columns: usize, table: &[f32], width: usize) -> Vec<f32> {
    let blocks = entries.len().div_ceil(BLOCK);
    let place = |row, column| (row / BLOCK * columns + column, row % BLOCK);
    sum(&entries.moved(blocks * columns, place), columns, table, width)
}

/// Sums of the rows of `table` named by `lists`, one for each block of the table and row of the product.
fn sum(lists: &Events, rows: usize, table: &[f32], width: usize) -> Vec<f32> {
    let mut product = on_huge_pages(rows * width);
    let whole = width / TILE * TILE;
    let mut tiles = Tiles { lists, rows, table, width, product: &mut product };
    tiles.sum::<TILE>(0..whole);
    match (width - whole).div_ceil(16) {
        0 => {}
        1 => tiles.sum::<16>(whole..width),
        2 => tiles.sum::<32>(whole..width),
        3 => tiles.sum::<48>(whole..width),
        _ => tiles.sum::<TILE>(whole..width),
    }
    product
}

/// A product in the making.
struct Tiles<'a> {
    lists: &'a Events,
    /// Rows of the product.
    rows: usize,
    table: &'a [f32],
    /// Columns of table and product.
    width: usize,
    product: &'a mut [f32],
}

impl Tiles<'_> {
    /// Columns of the product, `N` at a time. What is missing in the last tile is 0.
    fn sum<const N: usize>(&mut self, columns: Range<usize>) {
        if columns.is_empty() || self.rows == 0 {
            return;
        }
        let group = self.rows.div_ceil(4 * rayon::current_num_threads()).clamp(16, LISTS);
        let mut tiles = vec![Line([0.0; N]); self.table.len() / self.width];
        let (lists, rows, width) = (self.lists, self.rows, self.width);
        for left in columns.clone().step_by(N) {
            let columns = left..(left + N).min(columns.end);
            tiles.par_chunks_mut(BLOCK).zip(self.table.par_chunks(BLOCK * width)).for_each(
                |(tile, table)| {
                    for (line, row) in tile.iter_mut().zip(table.chunks_exact(width)) {
                        line.0[..columns.len()].copy_from_slice(&row[columns.clone()]);
                    }
                },
            );
            self.product.par_chunks_mut(group * width).enumerate().for_each(|(k, product)| {
                let mut sums = vec![Line([0.0; N]); product.len() / width];
                for (block, tile) in tiles.chunks(BLOCK).enumerate() {
                    add_tile(lists, block * rows + k * group, tile, &mut sums);
                }
                for (row, sums) in product.chunks_exact_mut(width).zip(&sums) {
                    row[columns.clone()].copy_from_slice(&sums.0[..columns.len()]);
                }
            });
        }
    }
}

/// Adds what the lists from `first` on name of a tile.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_tile<const N: usize>(lists: &Events, first: usize, tile: &[Line<N>], sums: &mut [Line<N>]) {
    for (list, sums) in (first..).zip(sums) {
        let (places, values) = lists.row(list);
        let mut total = sums.0;
        if values.is_empty() {
            for &place in places {
                let Line(from) = &tile[place as usize];
                for k in 0..N {
                    total[k] += from[k];
                }
            }
        } else {
            for (&place, &value) in places.iter().zip(values) {
                let Line(from) = &tile[place as usize];
                for k in 0..N {
                    total[k] += value * from[k];
                }
            }
        }
        sums.0 = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    /// A matrix of whole numbers, most of them 0, so that sums are exact in any order.
    fn sparse(rows: usize, columns: usize, most: u32, key: Key) -> Vec<f32> {
        let mut stream = key.stream(0);
        let mut draw = |_| if stream.below(8) == 0 { (1 + stream.below(most)) as f32 } else { 0.0 };
        (0..rows * columns).map(&mut draw).collect()
    }

    fn naive(matrix: &[f32], columns: usize, table: &[f32], width: usize) -> Vec<f32> {
        let mut product = vec![0.0; matrix.len() / columns * width];
        for (row, product) in matrix.chunks_exact(columns).zip(product.chunks_exact_mut(width)) {
            for (value, table) in row.iter().zip(table.chunks_exact(width)) {
                product.iter_mut().zip(table).for_each(|(sum, x)| *sum += value * x);
            }
        }
        product
    }

    #[test]
    fn products_are_those_of_matrices_for_any_sizes_and_threads() {
        let sizes =
            [(1, 1, 1), (3, 1024, 16), (40, 2500, 130), (2500, 40, 17), (1100, 1030, 64), (30, 30, 48)];
        for (case, (rows, columns, width)) in sizes.into_iter().enumerate() {
            for most in [1, 3] {
                let key = Key::new(3).named("sums").numbered(case as u64);
                let matrix = sparse(rows, columns, most, key);
                let table = |rows: usize| -> Vec<f32> {
                    let mut stream = key.named("table").stream(0);
                    (0..rows * width).map(|_| stream.below(100) as f32 - 50.0).collect()
                };
                let transposed: Vec<f32> =
                    (0..columns).flat_map(|c| matrix.iter().skip(c).step_by(columns).copied()).collect();
                let expected = naive(&matrix, columns, &table(columns), width);
                let back = naive(&transposed, rows, &table(rows), width);
                let entries = Events::of(&matrix, columns, 0).expect("no limit");
                for threads in [1, 3] {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                    let what = format!("{rows} × {columns} × {width}, {threads} threads");
                    pool.install(|| {
                        assert!(times(&entries, &table(columns), width) == expected, "{what}");
                        assert!(transposed_times(&entries, columns, &table(rows), width) == back, "{what}");
                    });
                }
            }
        }
    }
}
