//! One step of a membrane whose conductances decay.
//!
//! With conductances g_k(s) towards E_k, and s running from 0 to 1 over a step of h ms,
//!
//! ```text
//! dV/ds = Σ_k a_k(s) (E_k − V) + h I/C,   a_k(s) = h g_k(s)/C
//! ```
//!
//! is linear in V. Two approximations make it a short polynomial:
//!
//! 1. Each a_k, an exponential or alpha course, is replaced by the parabola with the same moments
//!    ∫a, ∫sa, ∫s²a over the step (its Legendre projection). The charge that flows is then exact
//!    to first order in a, and for higher orders only what a parabola cannot follow is lost.
//! 2. With parabolas A = Σ a_k and F = Σ a_k (E_k − V₀) + h I/C, the deviation y = V − V₀ obeys
//!    y' = F − A y, y(0) = 0, and its power series is summed up to s⁶, which costs no division and
//!    no exponential.
//!
//! Measured for a step from −65 mV with x = h/τ (two synapses and leak): 4e-10 mV at A = 0.02,
//! x = 0.1; 1e-7 mV at A = 0.02, x = 0.5; growing as A³x³. Where Σ a_k max(1, 10 x_k), in which the rise of
//! an alpha course counts twice, is above 3/8 (937 nS on 250 pF at h = 0.1 ms and x ≤ 0.1) the step of
//! that one neuron is cut into pieces, so that the error of a step stays below 2e-4 mV: up to four times that, into quarters, side by side
//! with other such neurons (`crowd.rs`); above, into as many as it needs ([`strong_step`]).

use crate::neurons::propagators::moment;
use sim_core::math::{exp, expm1};
use sim_core::real::Real;

/// The largest Σ a_k [`strain`]`(x_k)` for which one series is used for the whole step.
pub const LIMIT: f64 = 0.375;

/// The most pieces of a step.
const PIECES: f64 = 1024.0;

/// How much a conductance that decays by e^(−x) in a step counts towards [`LIMIT`]: the faster it
/// decays, the less a parabola can follow it.
pub fn strain(x: f64) -> f64 {
    (10.0 * x).max(1.0)
}

/// Coefficients of the parabola with the moments of e^(−x s).
pub fn parabola_of_exponential(x: f64) -> [f64; 3] {
    parabola([moment(0, x), moment(1, x), moment(2, x)])
}

/// Coefficients of the parabola with the moments of s e^(−x s).
pub fn parabola_of_alpha(x: f64) -> [f64; 3] {
    parabola([moment(1, x), moment(2, x), moment(3, x)])
}

/// From moments by way of Legendre polynomials on (0, 1).
fn parabola([m0, m1, m2]: [f64; 3]) -> [f64; 3] {
    let linear = 3.0 * (2.0 * m1 - m0);
    let quadratic = 5.0 * (6.0 * (m2 - m1) + m0);
    [m0 - linear + quadratic, 2.0 * linear - 6.0 * quadratic, 6.0 * quadratic]
}

/// y(1) of y' = F − A y, y(0) = 0, for parabolas `a` and `f`, by its power series up to s⁶.
#[inline(always)]
pub fn series<R: Real>(a: [R; 3], f: [R; 3]) -> R {
    let [a0, a1, a2] = a;
    let [y1, f1, f2] = f;
    // The divisors n of the recurrence n y_n = f_{n−1} − Σ_j a_j y_{n−1−j}.
    let (half, third, quarter) = (R::of(0.5), R::of(1.0 / 3.0), R::of(0.25));
    let (fifth, sixth) = (R::of(0.2), R::of(1.0 / 6.0));
    let y2 = (f1 - a0 * y1) * half;
    let y3 = (f2 - (a0 * y2 + a1 * y1)) * third;
    let y4 = -(a0 * y3 + a1 * y2 + a2 * y1) * quarter;
    let y5 = -(a0 * y4 + a1 * y3 + a2 * y2) * fifth;
    let y6 = -(a0 * y5 + a1 * y4 + a2 * y3) * sixth;
    y1 + (y2 + (y3 + (y4 + (y5 + y6))))
}

/// The course (g + slope·s) e^(−x s) of a conductance over a step, 0 ≤ s ≤ 1, and where it pulls V.
#[derive(Clone, Copy)]
pub struct Course {
    /// h g/C at the start of the step.
    pub g: f64,
    /// Its slope before decay; 0 for an exponential course.
    pub slope: f64,
    /// Steps per time constant, h/τ.
    pub x: f64,
    /// Reversal potential in mV.
    pub reversal: f64,
}

/// V after a step in which conductances are too strong for one [`series`]; the leak is one of the
/// courses, and `drive` is h I/C.
pub fn strong_step(v: f64, courses: [Course; 3], drive: f64) -> f64 {
    let strained: f64 = courses.iter().map(|course| (course.g + 2.0 * course.slope) * strain(course.x)).sum();
    let pieces = (strained / LIMIT).ceil().clamp(1.0, PIECES);
    let drive = drive / pieces;
    let shapes = courses.map(|course| {
        let x = course.x / pieces;
        (parabola_of_exponential(x), parabola_of_alpha(x))
    });
    (0..pieces as u32).fold(v, |v, piece| {
        let s = f64::from(piece) / pieces;
        let (mut a, mut f) = ([0.0; 3], [drive, 0.0, 0.0]);
        for (course, shape) in courses.iter().zip(&shapes) {
            let left = exp(-course.x * s) / pieces;
            let (g, slope) = ((course.g + course.slope * s) * left, course.slope * left / pieces);
            for j in 0..3 {
                let coefficient = g * shape.0[j] + slope * shape.1[j];
                a[j] += coefficient;
                f[j] += coefficient * (course.reversal - v);
            }
        }
        if a[0] <= LIMIT { v + series(a, f) } else { v + relaxed(a, f) }
    })
}

/// y(1) as if the conductances stood at their means: first order, but stable however strong they are.
fn relaxed(a: [f64; 3], f: [f64; 3]) -> f64 {
    let mean = |[c0, c1, c2]: [f64; 3]| c0 + c1 / 2.0 + c2 / 3.0;
    -mean(f) / mean(a) * expm1(-mean(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// dV/ds = Σ a_k (E_k − V) + drive by the classical Runge-Kutta method in many small steps.
    fn runge_kutta(mut v: f64, courses: [Course; 3], drive: f64, steps: u32) -> f64 {
        let slope = |s: f64, v: f64| {
            let pull = |c: &Course| (c.g + c.slope * s) * exp(-c.x * s) * (c.reversal - v);
            courses.iter().map(pull).sum::<f64>() + drive
        };
        let d = 1.0 / f64::from(steps);
        for step in 0..steps {
            let s = f64::from(step) * d;
            let k1 = slope(s, v);
            let k2 = slope(s + d / 2.0, v + k1 * d / 2.0);
            let k3 = slope(s + d / 2.0, v + k2 * d / 2.0);
            let k4 = slope(s + d, v + k3 * d);
            v += d / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        v
    }

    fn courses(strength: f64, x: f64, slope: f64) -> [Course; 3] {
        [
            Course { g: 0.0067, slope: 0.0, x: 0.0, reversal: -70.0 },
            Course { g: strength, slope: slope * strength, x, reversal: 0.0 },
            Course { g: 0.5 * strength, slope: 0.0, x: 0.05, reversal: -85.0 },
        ]
    }

    /// How far one series is from the truth, for a step from −65 mV.
    fn error(courses: [Course; 3], drive: f64) -> f64 {
        let (mut a, mut f) = ([0.0; 3], [drive, 0.0, 0.0]);
        for course in courses {
            let (g, slope) = (parabola_of_exponential(course.x), parabola_of_alpha(course.x));
            for j in 0..3 {
                let coefficient = course.g * g[j] + course.slope * slope[j];
                a[j] += coefficient;
                f[j] += coefficient * (course.reversal + 65.0);
            }
        }
        (-65.0 + series(a, f) - runge_kutta(-65.0, courses, drive, 2000)).abs()
    }

    #[test]
    fn the_series_is_exact_to_a_nanovolt_at_usual_strengths() {
        // 25 nS on 250 pF at 0.1 ms is 0.01; the fastest usual synapse has x = 0.5.
        for (strength, x, slope) in [(0.01, 0.5, 0.0), (0.01, 0.2, 0.5), (0.02, 0.05, 1.0)] {
            let error = error(courses(strength, x, slope), 0.1);
            assert!(error < 1e-6, "{strength} {x} {slope}: {error} mV");
        }
    }

    #[test]
    fn the_series_is_exact_to_a_fifth_of_a_microvolt_up_to_its_limit() {
        for x in [0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0] {
            for slope in [0.0, 1.0] {
                let strength = (LIMIT - 0.0067) / ((1.0 + 2.0 * slope) * strain(x) + 0.5);
                let error = error(courses(strength, x, slope), 0.1);
                assert!(error < 2e-4, "{x} {slope}: {error} mV");
            }
        }
    }

    #[test]
    fn strong_conductances_are_followed_in_pieces() {
        for strength in [0.2, 1.0, 10.0, 100.0] {
            for x in [0.01, 0.5, 5.0] {
                for slope in [0.0, 0.5] {
                    let courses = courses(strength, x, slope);
                    let wanted = runge_kutta(-65.0, courses, 0.1, 20_000);
                    let got = strong_step(-65.0, courses, 0.1);
                    assert!((got - wanted).abs() < 1e-4, "{strength} {x} {slope}: {got}, not {wanted}");
                }
            }
        }
    }

    #[test]
    fn absurd_conductances_end_at_their_equilibrium_without_overflow() {
        for strength in [1e3, 1e9, 1e30] {
            let got = strong_step(-65.0, courses(strength, 0.05, 0.0), 0.1);
            let wanted = -85.0 * 0.5 / 1.5;
            assert!((got - wanted).abs() < 0.1, "{strength}: {got}");
        }
    }
}
