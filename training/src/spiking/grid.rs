//! Weights on a grid of powers of two: sums of them are exact in any order.

/// The power of two in whose multiples `largest` has `bits` bits with its sign.
pub fn grid_step(largest: f32, bits: u32) -> f32 {
    let most = ((1u32 << (bits - 1)) - 1) as f32;
    let exponent = libm::ceilf(libm::log2f(largest.max(f32::MIN_POSITIVE) / most)) as i32;
    libm::ldexpf(1.0, exponent)
}

/// Whole multiples of the finest power of two at which the largest weight still has `bits` bits with its sign;
/// of two that are as near the even one.
pub fn rounded(weights: &[f32], bits: u32) -> Vec<f32> {
    let largest = weights.iter().fold(0.0f32, |most, weight| most.max(weight.abs()));
    let step = grid_step(largest, bits);
    // Added and taken off again, this number leaves no room for what is less than 1; it rounds without a call.
    const ROOM: f32 = 12_582_912.0;
    let back = 1.0 / step;
    weights.iter().map(|weight| ((weight * back + ROOM) - ROOM) * step).collect()
}
