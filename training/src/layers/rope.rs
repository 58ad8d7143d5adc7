//! Channels turned by place (RoPE; Su et al. 2021, arXiv:2104.09864): channel k of the first half of a head and channel
//! k of the second are a pair, which is turned by `place · base^(−k / pairs)` radians. On a grid half of the pairs are
//! turned by the row and the others by the column (Heo et al. 2024, arXiv:2403.13298), so that the same turn leads from
//! every cell to the one beside it: by `row · π · side^(−k / (pairs of rows − 1))`, from half a turn a row, which tells a
//! cell from those beside it, to half a turn from the first row to the last.

use burn::tensor::{Device, Tensor, TensorData};
use std::f64::consts::PI;

/// What pairs are turned by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turning {
    /// The number of the place.
    Line,
    /// Row and column of cells behind `before` other places, which lie outside of the grid.
    Grid {
        /// Places before the first cell.
        before: usize,
        /// Cells of a row.
        side: usize,
    },
}

/// The slowest pair of channels turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 10_000.0;

/// How the channels of a head are turned at each place.
#[derive(Clone, Debug, PartialEq)]
pub struct Turns {
    pairs: usize,
    /// `[place][pair]`
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Turns {
    /// Of so many pairs; the slowest turns about `base` times more slowly than the fastest.
    pub fn new(places: usize, pairs: usize, base: f64) -> Self {
        let angle = |k: usize| {
            let (place, pair) = (k / pairs, k % pairs);
            place as f64 * libm::pow(base, -(pair as f64) / pairs as f64)
        };
        let table = |of: fn(f64) -> f64| (0..places * pairs).map(|k| of(angle(k)) as f32).collect();
        Self { pairs, cos: table(libm::cos), sin: table(libm::sin) }
    }

    /// Of so many pairs at so many places.
    pub fn by(turning: Turning, places: usize, pairs: usize) -> Self {
        let Turning::Grid { before, side } = turning else { return Self::new(places, pairs, SLOWEST) };
        let rows = pairs.div_ceil(2);
        let angle = |k: usize| {
            let (place, pair) = (k / pairs, k % pairs);
            let cell = place.checked_sub(before);
            let (row, column) = cell.map_or((side + place, side + place), |cell| (cell / side, cell % side));
            let (at, pair, of) =
                if pair < rows { (row, pair, rows) } else { (column, pair - rows, pairs - rows) };
            at as f64 * PI * libm::pow(side as f64, -(pair as f64) / (of.max(2) - 1) as f64)
        };
        let table = |of: fn(f64) -> f64| (0..places * pairs).map(|k| of(angle(k)) as f32).collect();
        Self { pairs, cos: table(libm::cos), sin: table(libm::sin) }
    }

    /// Turns the rows `[place][channel]` of a head.
    pub fn turn(&self, rows: &mut [f32]) {
        self.rotate(rows, 1.0);
    }

    /// Turns them back, and so gradients of turned rows into those of the rows.
    pub fn turn_back(&self, rows: &mut [f32]) {
        self.rotate(rows, -1.0);
    }

    fn rotate(&self, rows: &mut [f32], sign: f32) {
        let tables = self.cos.chunks_exact(self.pairs).zip(self.sin.chunks_exact(self.pairs));
        for (row, (cos, sin)) in rows.chunks_exact_mut(2 * self.pairs).zip(tables) {
            let (first, second) = row.split_at_mut(self.pairs);
            for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
                let sin = sign * sin;
                (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
            }
        }
    }
}

/// Cosines and sines `[1][1][place][pair]` by which pairs of a head's channels are turned. The slowest pair turns about
/// `base` times more slowly than the fastest.
pub fn turns(places: usize, pairs: usize, base: f64, device: &Device) -> (Tensor<4>, Tensor<4>) {
    let Turns { cos, sin, .. } = Turns::new(places, pairs, base);
    let [cos, sin] =
        [cos, sin].map(|table| Tensor::from_data(TensorData::new(table, [1, 1, places, pairs]), device));
    (cos, sin)
}

/// Each pair of `x`, `[..][..][place][channel]`, turned by the angle of its place.
pub fn turned(x: Tensor<4>, (cos, sin): &(Tensor<4>, Tensor<4>)) -> Tensor<4> {
    let half = x.dims()[3] / 2;
    let (first, second) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
    let turned = [
        first.clone() * cos.clone() - second.clone() * sin.clone(),
        second * cos.clone() + first * sin.clone(),
    ];
    Tensor::cat(turned.to_vec(), 3)
}
