//! Products of matrices that stay in a near cache, in place of what is there or added to it.
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
    /// product = a b, for `a` `[m][k]`, `b` `[k][n]` and `product` `[m][n]`, each row by row; `n` says how many columns.
    pub fn multiply(&mut self, a: &[f32], b: &[f32], n: usize, product: &mut [f32]) {
        write_product::<false, false>(a, b, n, &mut self.0, product);
    }

    /// product = aᵀ b, for `a` `[k][m]`.
    pub fn multiply_transposed(&mut self, a: &[f32], b: &[f32], n: usize, product: &mut [f32]) {
        write_product::<true, false>(a, b, n, &mut self.0, product);
    }

    /// sum += a b
    pub fn add(&mut self, a: &[f32], b: &[f32], n: usize, sum: &mut [f32]) {
        write_product::<false, true>(a, b, n, &mut self.0, sum);
    }

    /// sum += aᵀ b, for `a` `[k][m]`.
    pub fn add_transposed(&mut self, a: &[f32], b: &[f32], n: usize, sum: &mut [f32]) {
        write_product::<true, true>(a, b, n, &mut self.0, sum);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn write_product<const TRANSPOSED: bool, const ADD: bool>(
    a: &[f32],
    b: &[f32],
    n: usize,
    panel: &mut Vec<[f32; COLUMNS]>,
    sum: &mut [f32],
) {
    let (k, m) = (b.len() / n, sum.len() / n);
    panel.resize(k, [0.0; COLUMNS]);
    for first in (0..n).step_by(COLUMNS) {
        copy_columns(b, n, first, panel);
        for row in (0..m).step_by(ROWS) {
            let left = Left { a, k, m, row };
            let sum = &mut sum[row * n + first..];
            match m - row {
                1 => tile::<1, TRANSPOSED, ADD>(left, panel, n, first, sum),
                2 => tile::<2, TRANSPOSED, ADD>(left, panel, n, first, sum),
                3 => tile::<3, TRANSPOSED, ADD>(left, panel, n, first, sum),
                4 => tile::<4, TRANSPOSED, ADD>(left, panel, n, first, sum),
                5 => tile::<5, TRANSPOSED, ADD>(left, panel, n, first, sum),
                _ => tile::<ROWS, TRANSPOSED, ADD>(left, panel, n, first, sum),
            }
        }
    }
}

/// Sixteen columns of `b` `[k][n]` from `first` on; zeros where there are none.
#[inline(always)]
fn copy_columns(b: &[f32], n: usize, first: usize, panel: &mut [[f32; COLUMNS]]) {
    if first + COLUMNS <= n {
        for (to, row) in panel.iter_mut().zip(b[first..].chunks(n)) {
            if let Some(row) = row.first_chunk() {
                *to = *row;
            }
        }
    } else {
        for (to, row) in panel.iter_mut().zip(b.chunks(n)) {
            *to = [0.0; COLUMNS];
            to[..n - first].copy_from_slice(&row[first..]);
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

/// Writes or adds `R` rows to `sum`, whose rows are `n` apart and which begins in column `first`.
#[inline(always)]
fn tile<const R: usize, const TRANSPOSED: bool, const ADD: bool>(
    Left { a, k, m, row }: Left<'_>,
    panel: &[[f32; COLUMNS]],
    n: usize,
    first: usize,
    sum: &mut [f32],
) {
    let mut tile = [[0.0_f32; COLUMNS]; R];
    if TRANSPOSED {
        for (b, a) in panel.iter().zip(a[row..].chunks(m)) {
            if let Some(a) = a.first_chunk::<R>() {
                add_outer(a, b, &mut tile);
            }
        }
    } else {
        let rows: [&[f32]; R] = std::array::from_fn(|r| &a[(row + r) * k..][..panel.len()]);
        for (at, b) in panel.iter().enumerate() {
            add_outer(&std::array::from_fn(|r| rows[r][at]), b, &mut tile);
        }
    }
    for (r, tile) in tile.iter().enumerate() {
        let sum = &mut sum[r * n..];
        match sum.first_chunk_mut::<COLUMNS>() {
            Some(sum) if first + COLUMNS <= n => write_row::<ADD>(sum, tile),
            _ => write_row::<ADD>(&mut sum[..n - first], tile),
        }
    }
}

#[inline(always)]
fn write_row<const ADD: bool>(sum: &mut [f32], tile: &[f32; COLUMNS]) {
    for (sum, tile) in sum.iter_mut().zip(tile) {
        *sum = if ADD { *sum + tile } else { *tile };
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
