//! Weights on a grid of powers of two: sums of them are exact in any order.

/// So few bits that a largest weight that stands out would leave none for the others.
const FEW: u32 = 4;

/// The step of the grid: the finest power of two at which the largest weight still has `bits` bits with its sign.
/// With few bits, that below it which is nearest to all weights (least squares); what is beyond its ends is cut off.
pub fn grid_step(weights: &[f32], bits: u32) -> f32 {
    let most = most(bits);
    let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    let exponent = libm::ceilf(libm::log2f(largest.max(f32::MIN_POSITIVE) / most)) as i32;
    let finest = if bits > FEW { exponent } else { exponent - FEW as i32 };
    let off = |exponent: &i32| -> f64 {
        let step = libm::ldexpf(1.0, *exponent);
        let offs = weights.iter().map(|&weight| f64::from(nearest(weight, step, most) - weight));
        offs.map(|off| off * off).sum()
    };
    let best = (finest..=exponent).rev().min_by(|a, b| f64::total_cmp(&off(a), &off(b)));
    libm::ldexpf(1.0, best.unwrap_or(exponent))
}

/// Whole multiples of the step of the grid; of two that are as near the even one.
pub fn rounded(weights: &[f32], bits: u32) -> Vec<f32> {
    let (step, most) = (grid_step(weights, bits), most(bits));
    weights.iter().map(|&weight| nearest(weight, step, most)).collect()
}

/// The largest multiple of a step.
fn most(bits: u32) -> f32 {
    ((1u32 << (bits - 1)) - 1) as f32
}

fn nearest(weight: f32, step: f32, most: f32) -> f32 {
    // Added and taken off again, this number leaves no room for what is less than 1; it rounds without a call.
    const ROOM: f32 = 12_582_912.0;
    ((weight * (1.0 / step)).clamp(-most, most) + ROOM - ROOM) * step
}
