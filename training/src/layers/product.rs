//! Products of matrices that stay in a near cache, added to what is there.
//!
//! A tile of 6 × 16 sums is kept in registers while it goes over the shared dimension. Every sum is taken in the order of that
//! dimension, and without fused multiply-add, so the bits are the same for every instruction set.

use multiversion::multiversion;

/// Columns of a tile, and numbers of a panel's row.
const COLUMNS: usize = 16;

/// Rows of a tile.
const ROWS: usize = 6;

/// What the right matrix's columns are copied into, sixteen at a time; kept between products to be used again.
#[derive(Default)]
pub struct Panel(Vec<[f32; COLUMNS]>);

impl Panel {
    /// sum += a b, for `a` `[m][k]`, `b` `[k][n]` and `sum` `[m][n]`, each row by row; of how many columns `n` is.
    pub fn add(&mut self, a: &[f32], b: &[f32], n: usize, sum: &mut [f32]) {
        let k = b.len() / n;
        add_product::<false>([a, b], [k, n], &mut self.0, sum);
    }

    /// sum += aᵀ b, for `a` `[k][m]`.
    pub fn add_transposed(&mut self, a: &[f32], b: &[f32], n: usize, sum: &mut [f32]) {
        let k = b.len() / n;
        add_product::<true>([a, b], [k, n], &mut self.0, sum);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add_product<const TRANSPOSED: bool>(
    [a, b]: [&[f32]; 2],
    [k, n]: [usize; 2],
    panel: &mut Vec<[f32; COLUMNS]>,
    sum: &mut [f32],
) {
    let m = sum.len() / n;
    for first in (0..n).step_by(COLUMNS) {
        let width = COLUMNS.min(n - first);
        panel.clear();
        for row in b.chunks_exact(n) {
            let mut padded = [0.0; COLUMNS];
            match row[first..].first_chunk::<COLUMNS>() {
                Some(whole) => padded = *whole,
                None => padded[..width].copy_from_slice(&row[first..]),
            }
            panel.push(padded);
        }
        for row in (0..m).step_by(ROWS) {
            let left = Left { a, k, m, row };
            let sum = &mut sum[row * n + first..];
            match m - row {
                1 => tile::<1, TRANSPOSED>(left, panel, width, n, sum),
                2 => tile::<2, TRANSPOSED>(left, panel, width, n, sum),
                3 => tile::<3, TRANSPOSED>(left, panel, width, n, sum),
                4 => tile::<4, TRANSPOSED>(left, panel, width, n, sum),
                5 => tile::<5, TRANSPOSED>(left, panel, width, n, sum),
                _ => tile::<ROWS, TRANSPOSED>(left, panel, width, n, sum),
            }
        }
    }
}

/// The rows of the left matrix from `row` on.
#[derive(Clone, Copy)]
struct Left<'a> {
    a: &'a [f32],
    k: usize,
    m: usize,
    row: usize,
}

/// Adds `R` rows of `width` columns to a sum whose rows are `n` apart.
#[inline(always)]
fn tile<const R: usize, const TRANSPOSED: bool>(
    Left { a, k, m, row }: Left<'_>,
    panel: &[[f32; COLUMNS]],
    width: usize,
    n: usize,
    sum: &mut [f32],
) {
    let mut tile = [[0.0_f32; COLUMNS]; R];
    if TRANSPOSED {
        for (b, a) in panel.iter().zip(a.chunks_exact(m)) {
            let Some(a) = a[row..].first_chunk::<R>() else { break };
            add_outer(a, b, &mut tile);
        }
    } else {
        let rows: [&[f32]; R] = std::array::from_fn(|r| &a[(row + r) * k..][..panel.len()]);
        for (at, b) in panel.iter().enumerate() {
            add_outer(&std::array::from_fn(|r| rows[r][at]), b, &mut tile);
        }
    }
    for (tile, sum) in tile.iter().zip(sum.chunks_mut(n)) {
        match sum.first_chunk_mut::<COLUMNS>() {
            Some(sum) if width == COLUMNS => add_row(sum, tile),
            _ => add_row(&mut sum[..width], tile),
        }
    }
}

#[inline(always)]
fn add_outer<const R: usize>(a: &[f32; R], b: &[f32; COLUMNS], tile: &mut [[f32; COLUMNS]; R]) {
    for r in 0..R {
        for c in 0..COLUMNS {
            tile[r][c] += a[r] * b[c];
        }
    }
}

#[inline(always)]
fn add_row(sum: &mut [f32], tile: &[f32; COLUMNS]) {
    sum.iter_mut().zip(tile).for_each(|(sum, tile)| *sum += tile);
}

/// The matrix `[rows][columns]` as `[columns][rows]`.
pub fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let rows = matrix.len() / columns.max(1);
    let mut turned = vec![0.0; matrix.len()];
    for (r, row) in matrix.chunks_exact(columns).enumerate() {
        for (c, value) in row.iter().enumerate() {
            turned[c * rows + r] = *value;
        }
    }
    turned
}
