//! Channels turned by place (RoPE; Su et al. 2021, arXiv:2104.09864): channel k of the first half of a head and channel
//! k of the second are a pair, which is turned by `place · base^(−k / pairs)` radians.

use burn::tensor::{Device, Tensor, TensorData};

/// Cosines and sines `[1][1][place][pair]` by which pairs of a head's channels are turned. The slowest pair turns about
/// `base` times more slowly than the fastest.
pub fn turns(places: usize, pairs: usize, base: f64, device: &Device) -> (Tensor<4>, Tensor<4>) {
    let angle = |k: usize| {
        let (place, pair) = (k / pairs, k % pairs);
        place as f64 * libm::pow(base, -(pair as f64) / pairs as f64)
    };
    let table = |of: fn(f64) -> f64| {
        let values: Vec<f32> = (0..places * pairs).map(|k| of(angle(k)) as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, places, pairs]), device)
    };
    (table(libm::cos), table(libm::sin))
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
