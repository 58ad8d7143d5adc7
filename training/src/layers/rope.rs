//! Channels turned by place (RoPE; Su et al. 2021, arXiv:2104.09864): channel k of the first half of a head and channel
//! k of the second are a pair, which is turned by `place · base^(−k / pairs)` radians.

use burn::tensor::{Device, Tensor, TensorData};

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
