//! Exact propagators of leaky membranes: how much of a synaptic variable has become voltage after
//! one step.
//!
//! The equations are linear, so one step multiplies the state by a constant matrix (Rotter and
//! Diesmann 1999, doi:10.1007/s004220050570). Its textbook entries divide by τ_m − τ_s and lose all
//! digits when the two are close. Here every entry is a moment
//!
//! ```text
//! m_k(x) = ∫₀¹ s^k e^(−x s) ds,   x = h |1/τ_m − 1/τ_s|
//! ```
//!
//! times the slower of the two decays. Moments are smooth and positive, so nothing cancels and
//! nothing overflows, equal time constants included.

use sim_core::math::exp;

/// The moment ∫₀¹ s^k e^(−x s) ds, for x ≥ 0 and k ≤ 3, to a few units in the last place.
pub fn moment(k: u32, x: f64) -> f64 {
    let k = f64::from(k);
    if x < 1.0 {
        // Alternating series; 20! > 1e18, so later terms are below rounding.
        let mut power = 1.0;
        let mut sum = 0.0;
        for j in 0..20 {
            let j = f64::from(j);
            sum += power / (j + k + 1.0);
            power *= -x / (j + 1.0);
        }
        return sum;
    }
    let end = exp(-x);
    let mut moment = (1.0 - end) / x;
    let mut order = 1.0;
    while order <= k {
        moment = (order * moment - end) / x;
        order += 1.0;
    }
    moment
}

/// What is left of an exponential with time constant `tau` after `h`.
pub fn decay(h: f64, tau: f64) -> f64 {
    exp(-h / tau)
}

/// mV after a step of `h` ms per pA of constant current: (τ_m / C) (1 − e^(−h/τ_m)).
pub fn from_constant(h: f64, tau_m: f64, c_m: f64) -> f64 {
    -tau_m / c_m * sim_core::math::expm1(-h / tau_m)
}

/// mV after a step of `h` ms per pA of a current that decays as e^(−t/τ_s):
/// (1/C) ∫₀ʰ e^(−(h−s)/τ_m) e^(−s/τ_s) ds.
pub fn from_exponential(h: f64, tau_m: f64, tau_s: f64, c_m: f64) -> f64 {
    h / c_m * decay(h, tau_m.max(tau_s)) * moment(0, gap(h, tau_m, tau_s))
}

/// mV after a step of `h` ms per pA/ms of a current t e^(−t/τ_s):
/// (1/C) ∫₀ʰ e^(−(h−s)/τ_m) s e^(−s/τ_s) ds.
pub fn from_alpha(h: f64, tau_m: f64, tau_s: f64, c_m: f64) -> f64 {
    let x = gap(h, tau_m, tau_s);
    // The slower decay is drawn out of the integral, so that what is left under it decays.
    let shape = if tau_s <= tau_m { moment(1, x) } else { moment(0, x) - moment(1, x) };
    h * h / c_m * decay(h, tau_m.max(tau_s)) * shape
}

fn gap(h: f64, tau_m: f64, tau_s: f64) -> f64 {
    // |τ_m − τ_s| first: exact when they are close, where 1/τ_m − 1/τ_s is not.
    h * ((tau_m - tau_s).abs() / tau_m / tau_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integral by Gauss-Legendre quadrature with five points on 100 pieces.
    fn integral(f: impl Fn(f64) -> f64, h: f64) -> f64 {
        const NODES: [(f64, f64); 3] = [
            (0.0, 0.568_888_888_888_888_9),
            (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
            (0.906_179_845_938_664, 0.236_926_885_056_189_08),
        ];
        let pieces = 100;
        let half = h / f64::from(pieces) / 2.0;
        (0..pieces)
            .map(|piece| {
                let middle = (2.0 * f64::from(piece) + 1.0) * half;
                let sum: f64 = NODES
                    .iter()
                    .map(|&(node, weight)| {
                        let pair = f(middle - half * node) + f(middle + half * node);
                        if node == 0.0 { weight * f(middle) } else { weight * pair }
                    })
                    .sum();
                sum * half
            })
            .sum()
    }

    #[test]
    fn moments_are_their_integrals_on_both_sides_of_the_switch() {
        for k in 0..=3 {
            for x in [0.0, 1e-9, 1e-3, 0.3, 0.999_999, 1.0, 1.5, 7.0, 20.0] {
                let wanted = integral(|s| s.powi(k as i32) * exp(-x * s), 1.0);
                let got = moment(k, x);
                assert!((got - wanted).abs() <= 1e-14 * wanted, "m_{k}({x}) = {got}, not {wanted}");
            }
        }
    }

    #[test]
    fn propagators_are_exact_at_and_around_equal_time_constants() {
        for h in [0.01, 0.1, 1.0] {
            for exponent in -13..=0 {
                for sign in [-1.0, 0.0, 1.0] {
                    let (tau_m, c_m) = (10.0, 250.0);
                    let tau_s: f64 = tau_m + sign * 10f64.powi(exponent);
                    // Both decays as one exponent, so that the check itself loses no digits.
                    let leak = |s: f64| exp(-(h - s) / tau_m - s / tau_s) / c_m;
                    let single = integral(leak, h);
                    let double = integral(|s| s * leak(s), h);
                    let got = from_exponential(h, tau_m, tau_s, c_m);
                    assert!((got / single - 1.0).abs() < 1e-14, "{tau_s}: {got} {single}");
                    let got = from_alpha(h, tau_m, tau_s, c_m);
                    assert!((got / double - 1.0).abs() < 1e-14, "{tau_s}: {got} {double}");
                }
            }
        }
    }

    #[test]
    fn propagators_stay_finite_when_one_decay_is_over_within_a_step() {
        for (tau_m, tau_s) in [(1e-4, 10.0), (10.0, 1e-4), (1e-9, 1e9)] {
            let single = from_exponential(0.1, tau_m, tau_s, 1.0);
            let double = from_alpha(0.1, tau_m, tau_s, 1.0);
            assert!(single.is_finite() && single > 0.0, "{single}");
            assert!(double.is_finite() && double > 0.0, "{double}");
        }
    }
}
