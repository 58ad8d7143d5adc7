//! softmax on rows in slices, eight or more numbers at a time; sums are taken in eight lanes, so that they have one order
//! for every instruction set.

use crate::layers::gate::exp;
use crate::layers::norm::dot;
use multiversion::multiversion;

const LANES: usize = 8;

/// All lanes and the rest, folded.
#[inline(always)]
fn fold(row: &[f32], start: f32, with: fn(f32, f32) -> f32) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut lanes = [start; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = with(lanes[lane], chunk[lane]);
        }
    }
    lanes.iter().chain(rest).fold(start, |all, x| with(all, *x))
}

/// Each eˣ / Σ eˣ.
#[multiversion(targets("x86_64+avx2"))]
pub fn softmax(row: &mut [f32]) {
    let most = fold(row, f32::NEG_INFINITY, |a, b| if a > b { a } else { b });
    row.iter_mut().for_each(|x| *x = exp(*x - most));
    let share = 1.0 / fold(row, 0.0, |a, b| a + b);
    row.iter_mut().for_each(|x| *x *= share);
}

/// The gradient of what [`softmax`] made becomes that of what it got.
#[multiversion(targets("x86_64+avx2"))]
pub fn back_through_softmax(gradient: &mut [f32], made: &[f32]) {
    let along = dot(gradient, made);
    gradient.iter_mut().zip(made).for_each(|(gradient, made)| *gradient = made * (*gradient - along));
}

#[cfg(test)]
mod tests {
    use super::softmax;

    #[test]
    fn shares_are_those_of_e_to_the_x_however_large_x_is() {
        let mut row: Vec<f32> = (0..11).map(|k| 1000.0 + (k * 7 % 11) as f32 / 4.0).collect();
        let all: f64 = row.iter().map(|x| f64::from(*x - 1000.0).exp()).sum();
        let right: Vec<f64> = row.iter().map(|x| f64::from(*x - 1000.0).exp() / all).collect();
        softmax(&mut row);
        for (ours, right) in row.iter().zip(right) {
            assert!((f64::from(*ours) - right).abs() < 1e-6, "{ours} for {right}");
        }
    }
}
