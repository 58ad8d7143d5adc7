//! Hurwitz's zeta function, for discrete power laws.
//!
//! ζ(s, q) = Σ (q+k)^−s over k ≥ 0. All is computed for Z(s, q) = q^s ζ(s, q), which neither under- nor
//! overflows: the first terms one by one, and from Q = q + N ≥ s + 10 on by the Euler–Maclaurin
//! formula, Q^−s [Q/(s−1) + 1/2 + Σ B₂ⱼ/(2j)! s(s+1)…(s+2j−2) / Q^(2j−1)], j ≤ 8. The terms left out
//! are below 1e-16 of the sum there (DLMF §25.11).

use sim_core::math::{exp, ln};

/// B₂ⱼ / (2j)!
const BERNOULLI: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 720.0,
    1.0 / 30_240.0,
    -1.0 / 1_209_600.0,
    1.0 / 47_900_160.0,
    -691.0 / 1_307_674_368_000.0,
    1.0 / 74_724_249_600.0,
    -3617.0 / 10_670_622_842_880_000.0,
];

/// The natural logarithm of ζ(s, q) and its first two derivatives by s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogZeta {
    /// ln ζ.
    pub value: f64,
    /// d ln ζ / ds.
    pub first: f64,
    /// d² ln ζ / ds².
    pub second: f64,
}

/// q^s ζ(s, q), for s > 1 and q > 0.
pub fn scaled_zeta(s: f64, q: f64) -> f64 {
    let (terms, from) = split(s, q);
    let mut sum = 0.0;
    for k in 0..terms {
        sum += exp(-s * ln((q + f64::from(k)) / q));
    }
    let scale = if terms == 0 { 1.0 } else { exp(-s * ln(from / q)) };
    let (mut rising, mut bracket) = (s / from, from / (s - 1.0) + 0.5);
    for (j, coefficient) in BERNOULLI.iter().enumerate() {
        bracket += coefficient * rising;
        let next = s + 2.0 * j as f64;
        rising *= (next + 1.0) * (next + 2.0) / (from * from);
    }
    sum + scale * bracket
}

/// ln ζ(s, q) with derivatives, for s > 1 and q > 0.
pub fn log_zeta(s: f64, q: f64) -> LogZeta {
    let (terms, from) = split(s, q);
    // Z and its derivatives: those of exp(−s r) are (−r)ⁿ exp(−s r).
    let (mut z, mut z1, mut z2) = (0.0, 0.0, 0.0);
    for k in 0..terms {
        let r = ln((q + f64::from(k)) / q);
        let term = exp(-s * r);
        z += term;
        z1 -= r * term;
        z2 += r * r * term;
    }
    let bracket = euler_maclaurin(s, from);
    let r = ln(from / q);
    let scale = exp(-s * r);
    z += scale * bracket[0];
    z1 += scale * (bracket[1] - r * bracket[0]);
    z2 += scale * (bracket[2] - 2.0 * r * bracket[1] + r * r * bracket[0]);
    let first = z1 / z;
    LogZeta { value: ln(z) - s * ln(q), first: first - ln(q), second: z2 / z - first * first }
}

/// How many terms are added one by one, and where the formula takes over.
fn split(s: f64, q: f64) -> (u32, f64) {
    let terms = (s + 10.0 - q).ceil().max(0.0);
    (terms as u32, q + terms)
}

/// The bracket of the Euler–Maclaurin formula, and its first two derivatives by s.
fn euler_maclaurin(s: f64, from: f64) -> [f64; 3] {
    let pole = 1.0 / (s - 1.0);
    let mut bracket = [from * pole + 0.5, -from * pole * pole, 2.0 * from * pole * pole * pole];
    // The rising factorial s(s+1)…: its derivatives come from Σ 1/(s+i) and Σ 1/(s+i)².
    let (mut rising, mut inverse, mut squares) = (s / from, 1.0 / s, 1.0 / (s * s));
    for (j, coefficient) in BERNOULLI.iter().enumerate() {
        let term = coefficient * rising;
        bracket[0] += term;
        bracket[1] += term * inverse;
        bracket[2] += term * (inverse * inverse - squares);
        for factor in [s + (2 * j + 1) as f64, s + (2 * j + 2) as f64] {
            rising *= factor / from;
            inverse += 1.0 / factor;
            squares += 1.0 / (factor * factor);
        }
    }
    bracket
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::PI;

    fn close(got: f64, wanted: f64) {
        assert!((got / wanted - 1.0).abs() < 2e-14, "{got} instead of {wanted}");
    }

    #[test]
    fn zeta_has_its_known_values() {
        close(scaled_zeta(2.0, 1.0), PI * PI / 6.0);
        close(scaled_zeta(4.0, 1.0), PI * PI * PI * PI / 90.0);
        close(scaled_zeta(3.0, 1.0), 1.202_056_903_159_594_2);
        close(scaled_zeta(1.5, 1.0), 2.612_375_348_685_488);
        close(scaled_zeta(2.5, 1.0), 1.341_487_257_250_917);
        close(scaled_zeta(2.0, 0.5) * 4.0, PI * PI / 2.0);
        close(scaled_zeta(50.0, 1.0), 1.0 + 0.5_f64.powi(50));
    }

    #[test]
    fn the_derivatives_have_their_known_values() {
        // ζ'(2) and ζ''(2).
        let (zeta, first, second) = (PI * PI / 6.0, -0.937_548_254_315_843_8, 1.989_280_234_298_901);
        let log = log_zeta(2.0, 1.0);
        close(log.value, zeta.ln());
        close(log.first, first / zeta);
        close(log.second, second / zeta - (first / zeta) * (first / zeta));
    }

    proptest! {
        #[test]
        fn taking_off_the_first_term_leaves_the_next_zeta(s in 1.01..40.0f64, q in 1..5000u32) {
            let q = f64::from(q);
            let rest = (-s * ((q + 1.0) / q).ln()).exp() * scaled_zeta(s, q + 1.0);
            prop_assert!((1.0 + rest) / scaled_zeta(s, q) - 1.0 < 1e-12);
            prop_assert!((1.0 + rest) / scaled_zeta(s, q) - 1.0 > -1e-12);
        }

        #[test]
        fn derivatives_agree_with_differences(s in 1.2..30.0f64, q in 1..3000u32) {
            let (q, h) = (f64::from(q), 1e-4);
            let (low, here, high) = (log_zeta(s - h, q), log_zeta(s, q), log_zeta(s + h, q));
            prop_assert!((here.value + s * q.ln() - scaled_zeta(s, q).ln()).abs() < 1e-12 * s * (1.0 + q.ln()));
            let first = (high.value - low.value) / (2.0 * h);
            prop_assert!((here.first - first).abs() < 1e-5 * first.abs() + 1e-11, "{} {first}", here.first);
            let second = (high.first - low.first) / (2.0 * h);
            prop_assert!((here.second - second).abs() < 1e-5 * second.abs() + 1e-11, "{} {second}", here.second);
        }
    }
}
