//! What happens to single numbers inside of a gated layer, eight or more at a time.

use multiversion::multiversion;

/// Whole numbers are added to this to stand in the lowest bits of a single.
const SHIFT: f32 = 12_582_912.0;

/// ln 2 in two parts, of which the first has so few digits that its multiples are exact.
const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];

/// eˣ for |x| up to 87, to two units in the last place: a power of two times a polynomial.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + SHIFT;
    let whole = shifted - SHIFT;
    let r = x - whole * LN_2[0] - whole * LN_2[1];
    let [c2, c3, c4, c5, c6] = [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0];
    let polynomial = 1.0 + r * (1.0 + r * (c2 + r * (c3 + r * (c4 + r * (c5 + r * c6)))));
    polynomial * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// passed = silu(gate) · up, with silu(x) = x σ(x).
#[multiversion(targets("x86_64+avx2"))]
pub fn pass(gate: &[f32], up: &[f32], passed: &mut [f32]) {
    for ((gate, up), passed) in gate.iter().zip(up).zip(passed) {
        *passed = gate * sigmoid(*gate) * up;
    }
}

/// As [`pass`] again, and from the gradient `of_passed` to those of gate and up.
#[multiversion(targets("x86_64+avx2"))]
pub fn pass_back(
    [gate, up, of_passed]: [&[f32]; 3],
    passed: &mut [f32],
    of_gate: &mut [f32],
    of_up: &mut [f32],
) {
    let count = gate.len();
    let (up, of_passed, passed) = (&up[..count], &of_passed[..count], &mut passed[..count]);
    let (of_gate, of_up) = (&mut of_gate[..count], &mut of_up[..count]);
    for k in 0..count {
        let s = sigmoid(gate[k]);
        let silu = gate[k] * s;
        passed[k] = silu * up[k];
        of_up[k] = of_passed[k] * silu;
        of_gate[k] = of_passed[k] * up[k] * (s + silu * (1.0 - s));
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, pass};

    #[test]
    fn e_to_the_x_is_good_to_two_units_in_the_last_place() {
        for k in -8700..=8700 {
            let x = k as f32 / 100.0;
            let (right, ours) = (f64::from(x).exp(), f64::from(exp(x)));
            assert!((ours / right - 1.0).abs() < 2.0 * f64::from(f32::EPSILON), "{x}: {ours} for {right}");
        }
    }

    #[test]
    fn gates_far_out_are_shut_or_open_and_what_is_no_number_stays_so() {
        let mut passed = [0.0; 3];
        pass(&[-1e9, 1e9, f32::NAN], &[1.0, 1.0, 1.0], &mut passed);
        assert!(passed[0].abs() < 1e-20 && passed[1] == 1e9 && passed[2].is_nan(), "{passed:?}");
    }
}
