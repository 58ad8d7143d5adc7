//! One step of a membrane whose conductances decay.
//!
//! With conductances g_k(s) towards E_k, and s running from 0 to 1 over a step of h ms,
//!
//! ```text
//! dV/ds = Σ_k a_k(s) (E_k − V) + h I/C,   a_k(s) = h g_k(s)/C
//! ```
//!
//! is linear in V. With A = Σ a_k and F = Σ a_k (E_k − V₀) + h I/C, the deviation y = V − V₀ obeys
//! y' = F − A y, y(0) = 0. Its Magnus expansion of fourth order needs of each a_k only the mean and the
//! first moment about the middle of the step, A₀ = ∫A and A₁ = ∫(s − ½) A (of F likewise); the 3/5 A₁ is
//! what of its sixth order weighs most when a conductance rises:
//!
//! ```text
//! y(1) = (1 − e^(−A₀))/A₀ · (F₀ + (1 − 3/5 A₁) (A₀ F₁ − A₁ F₀))
//! ```
//!
//! and a polynomial for the fraction, so that it costs no division and no exponential. Conductances
//! that stand still are followed as exactly as the polynomial follows the fraction, and V at rest stays.
//!
//! Measured for a step from −65 mV with x = h/τ (two synapses and leak): 5e-10 mV at A = 0.02,
//! x = 0.05; 6e-8 mV at A = 0.02, x = 0.5. Where Σ a_k max(1, 10 x_k), in which the rise of an alpha
//! course counts [`RISE`] times, is above 1/2 (1250 nS on 250 pF at h = 0.1 ms and x ≤ 0.1) the step of that
//! one neuron is cut into pieces, so that the error of a step stays below 2e-4 mV: up to four times that,
//! into quarters, side by side with other such neurons ([`crate::neurons::crowd`]); above, into as many
//! as it needs ([`strong_step`]).
//!
//! Reference: Blanes, Casas, Oteo and Ros (2009) Physics Reports 470:151,
//! doi:10.1016/j.physrep.2008.11.001.

use crate::neurons::propagators::moment;
use sim_core::math::{exp, expm1};
use sim_core::real::Real;

/// The largest Σ a_k [`strain`]`(x_k)` for which [`magnus`] is used for the whole step.
pub const LIMIT: f64 = 0.5;

/// How many times the slope of a course, per step, counts towards [`LIMIT`].
pub const RISE: f64 = 3.0;

/// The most pieces of a step.
const PIECES: f64 = 1024.0;

/// How much a conductance that decays by e^(−x) in a step counts towards [`LIMIT`]: the faster it
/// decays, the less its first two moments say of it.
pub fn strain(x: f64) -> f64 {
    (10.0 * x).max(1.0)
}

/// ∫a and ∫(s − ½) a of e^(−x s).
pub fn moments_of_exponential(x: f64) -> [f64; 2] {
    about_the_middle(moment(0, x), moment(1, x))
}

/// ∫a and ∫(s − ½) a of s e^(−x s).
pub fn moments_of_alpha(x: f64) -> [f64; 2] {
    about_the_middle(moment(1, x), moment(2, x))
}

fn about_the_middle(m0: f64, m1: f64) -> [f64; 2] {
    [m0, m1 - m0 / 2.0]
}

/// y(1) of y' = F − A y, y(0) = 0, from the moments of A and of F, for A₀ up to [`LIMIT`].
#[inline(always)]
pub fn magnus<R: Real>([a0, a1]: [R; 2], [f0, f1]: [R; 2]) -> R {
    relaxation(a0) * (f0 + (a0 * f1 - a1 * f0) * (R::ONE - R::of(0.6) * a1))
}

/// What follows 1 − a/2 in [`relaxation`], from a² on; the signs alternate.
const REST: [f64; 3] = [0.166_661_8, 0.041_490_2, 0.007_370_3];

/// (1 − e^(−a))/a to 5e-6 a²: the first two terms of its series are kept, so that weak conductances lose
/// nothing, and the rest is the quadratic through it at the Chebyshev nodes of (0, [`LIMIT`]).
#[inline(always)]
fn relaxation<R: Real>(a: R) -> R {
    let [c2, c3, c4] = REST.map(R::of);
    R::ONE - a * (R::of(0.5) - a * (c2 - a * (c3 - a * c4)))
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

/// V after a step in which conductances are too strong for one [`magnus`]; the leak is one of the
/// courses, and `drive` is h I/C.
pub fn strong_step(v: f64, courses: [Course; 3], drive: f64) -> f64 {
    let strained: f64 = courses.iter().map(|course| (course.g + RISE * course.slope) * strain(course.x)).sum();
    let pieces = (strained / LIMIT).ceil().clamp(1.0, PIECES);
    let drive = drive / pieces;
    let shapes = courses.map(|course| {
        let x = course.x / pieces;
        (moments_of_exponential(x), moments_of_alpha(x))
    });
    (0..pieces as u32).fold(v, |v, piece| {
        let s = f64::from(piece) / pieces;
        let (mut a, mut f) = ([0.0; 2], [drive, 0.0]);
        for (course, shape) in courses.iter().zip(&shapes) {
            let left = exp(-course.x * s) / pieces;
            let (g, slope) = ((course.g + course.slope * s) * left, course.slope * left / pieces);
            for j in 0..2 {
                let coefficient = g * shape.0[j] + slope * shape.1[j];
                a[j] += coefficient;
                f[j] += coefficient * (course.reversal - v);
            }
        }
        if a[0] <= LIMIT { v + magnus(a, f) } else { v + relaxed(a[0], f[0]) }
    })
}

/// y(1) as if the conductances stood at their means: first order, but stable however strong they are.
fn relaxed(a: f64, f: f64) -> f64 {
    -f / a * expm1(-a)
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

    /// How far one step is from the truth, for a step from −65 mV.
    fn error(courses: [Course; 3], drive: f64) -> f64 {
        let (mut a, mut f) = ([0.0; 2], [drive, 0.0]);
        for course in courses {
            let (g, slope) = (moments_of_exponential(course.x), moments_of_alpha(course.x));
            for j in 0..2 {
                let coefficient = course.g * g[j] + course.slope * slope[j];
                a[j] += coefficient;
                f[j] += coefficient * (course.reversal + 65.0);
            }
        }
        (-65.0 + magnus(a, f) - runge_kutta(-65.0, courses, drive, 2000)).abs()
    }

    #[test]
    fn a_step_is_exact_to_a_nanovolt_at_usual_strengths() {
        // 25 nS on 250 pF at 0.1 ms is 0.01; the fastest usual synapse has x = 0.5.
        for (strength, x, slope) in [(0.01, 0.5, 0.0), (0.01, 0.2, 0.5), (0.02, 0.05, 1.0)] {
            let error = error(courses(strength, x, slope), 0.1);
            assert!(error < 1e-6, "{strength} {x} {slope}: {error} mV");
        }
    }

    #[test]
    fn a_step_is_exact_to_a_fifth_of_a_microvolt_up_to_its_limit() {
        for x in [0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0] {
            for slope in [0.0, 0.25, 1.0, 4.0, 1000.0] {
                let strength = (LIMIT - 0.0067) / ((1.0 + RISE * slope) * strain(x) + 0.5);
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
