//! e^x in single precision, in a form that a compiler turns into vector instructions.
//!
//! x = n ln 2 + r with |r| ≤ ln 2 / 2; e^r by a polynomial, and 2ⁿ in the exponent. The relative error is below 2e-7.
//!
//! Reference: Cephes mathematical library, `expf` (Moshier 1992).

/// Adding this rounds to a whole number, which then stands in the lowest bits.
const ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts, of which the first has so few digits that its multiples are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;
/// Beyond these e^x would leave the range of normal numbers.
const LEAST: f32 = -87.0;
const MOST: f32 = 88.0;

/// e^x; what lies outside of −87 to 88 counts as these.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(LEAST, MOST);
    let rounded = x * std::f32::consts::LOG2_E + ROUNDER;
    let whole = rounded - ROUNDER;
    let r = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1] {
        p = p * r + c;
    }
    let power = rounded.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(127) << 23;
    (p * r * r + r + 1.0) * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_the_exponential_function_to_two_units_in_the_last_place() {
        for k in -8700..8800 {
            let x = k as f32 * 0.01 + 0.001_7;
            let exact = libm::exp(f64::from(x.clamp(-87.0, 88.0)));
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 2.4e-7, "{x}: {} and {exact}", exp(x));
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) < 1e-37 && exp(1e9).is_finite() && exp(f32::NAN).is_nan());
    }
}
