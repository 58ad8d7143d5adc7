//! One step of a membrane whose conductances decay.
//!
//! With conductances g_k(s) towards E_k, and s running from 0 to 1 over a step of h ms,
//!
//! ```text
//! dV/ds = Σ_k a_k(s) (E_k − V) + h I/C,   a_k(s) = h g_k(s)/C
//! ```
//!
//! is linear in V. With A = Σ a_k and F = Σ a_k (E_k − V₀) + h I/C, the deviation y = V − V₀ obeys
//! y' = F − A y, y(0) = 0. Its Magnus expansion needs of each a_k only moments over the step,
//! A₀ = ∫A, A₁ = ∫(s − ½) A and A₂ = ½ ∫((s − ½)² − 1/12) A, and likewise of F:
//!
//! ```text
//! y(1) = (1 − e^(−A₀))/A₀ · (F₀ + C)
//! C    = A₀ F₁ − A₁ F₀                                              to fourth order
//! C    = (A₀ F₁ − A₁ F₀) (1 − 3/5 A₁ − A₀²/60)
//!        + A₀ (A₀ F₂ − A₂ F₀) + 12 (A₁ F₂ − A₂ F₁)                  to sixth
//! ```
//!
//! With a polynomial for the fraction this costs no division and no exponential, and V at rest stays
//! there exactly. The fourth order will do for a conductance that only decays; one that rises and falls
//! needs the sixth.
//!
//! Measured for a step from −65 mV with x = h/τ (two synapses and leak), fourth order: 5e-10 mV at
//! A = 0.02, x = 0.05; 3e-7 mV at A = 0.02, x = 0.5. Where Σ a_k max(1, 10 x_k), in which the rise of an
//! alpha course counts twice, is above 1/2 (1250 nS on 250 pF at h = 0.1 ms and x ≤ 0.1) the step of that
//! one neuron is cut into pieces, so that the error of a step stays below 2e-4 mV (5e-5 mV by the sixth
//! order): up to four times that, into quarters, side by side with other such neurons
//! (`crowd.rs`); above, into as many as it needs ([`strong_step`]).
//!
//! Reference: Blanes, Casas, Oteo and Ros (2009) Physics Reports 470:151,
//! doi:10.1016/j.physrep.2008.11.001.

use crate::neurons::propagators::moment;
use sim_core::math::{exp, expm1};
use sim_core::real::Real;

/// The largest Σ a_k [`strain`]`(x_k)` for which one expansion is used for the whole step.
pub const LIMIT: f64 = 0.5;

/// The most pieces of a step.
const PIECES: f64 = 1024.0;

/// How much a conductance that decays by e^(−x) in a step counts towards [`LIMIT`]: the faster it
/// decays, the less its first two moments say of it.
pub fn strain(x: f64) -> f64 {
    (10.0 * x).max(1.0)
}

/// The moments of e^(−x s).
pub fn moments_of_exponential(x: f64) -> [f64; 3] {
    about_the_middle([moment(0, x), moment(1, x), moment(2, x)])
}

/// The moments of s e^(−x s).
pub fn moments_of_alpha(x: f64) -> [f64; 3] {
    about_the_middle([moment(1, x), moment(2, x), moment(3, x)])
}

/// From moments about the start of the step.
fn about_the_middle([m0, m1, m2]: [f64; 3]) -> [f64; 3] {
    [m0, m1 - m0 / 2.0, (m2 - m1) / 2.0 + m0 / 12.0]
}

/// y(1) of y' = F − A y, y(0) = 0, to fourth order, from the first two moments of A and of F; A₀ is at
/// most [`LIMIT`].
#[inline(always)]
pub fn fourth_order<R: Real>([a0, a1]: [R; 2], [f0, f1]: [R; 2]) -> R {
    relaxation(a0) * (f0 + (a0 * f1 - a1 * f0))
}

/// As [`fourth_order`], to sixth order, from all three moments.
#[inline(always)]
pub fn sixth_order<R: Real>([a0, a1, a2]: [R; 3], [f0, f1, f2]: [R; 3]) -> R {
    let first = (a0 * f1 - a1 * f0) * (R::ONE - (R::of(0.6) * a1 + R::of(1.0 / 60.0) * (a0 * a0)));
    let second = a0 * (a0 * f2 - a2 * f0) + R::of(12.0) * (a1 * f2 - a2 * f1);
    relaxation(a0) * (f0 + (first + second))
}

/// (1 − e^(−a))/a to 6e-6 a⁴: the first terms of its series are kept, so that weak conductances lose
/// nothing, and the rest is the line through it at the Chebyshev nodes of (0, [`LIMIT`]).
#[inline(always)]
fn relaxation<R: Real>(a: R) -> R {
    let [c2, c3] = [1.0 / 6.0, 1.0 / 24.0].map(R::of);
    let rest = R::of(0.008_327_5) - a * R::of(0.001_294_86);
    R::ONE - a * (R::of(0.5) - a * (c2 - a * (c3 - a * rest)))
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

/// V after a step in which conductances are too strong for one expansion; the leak is one of the
/// courses, and `drive` is h I/C.
pub fn strong_step(v: f64, courses: [Course; 3], drive: f64) -> f64 {
    let strained: f64 = courses.iter().map(|course| (course.g + 2.0 * course.slope) * strain(course.x)).sum();
    let pieces = (strained / LIMIT).ceil().clamp(1.0, PIECES);
    let drive = drive / pieces;
    let shapes = courses.map(|course| {
        let x = course.x / pieces;
        (moments_of_exponential(x), moments_of_alpha(x))
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
        if a[0] <= LIMIT { v + sixth_order(a, f) } else { v + relaxed(a[0], f[0]) }
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

    /// How far the fourth and the sixth order are from the truth, for a step from −65 mV.
    fn errors(courses: [Course; 3], drive: f64) -> [f64; 2] {
        let (mut a, mut f) = ([0.0; 3], [drive, 0.0, 0.0]);
        for course in courses {
            let (g, slope) = (moments_of_exponential(course.x), moments_of_alpha(course.x));
            for j in 0..3 {
                let coefficient = course.g * g[j] + course.slope * slope[j];
                a[j] += coefficient;
                f[j] += coefficient * (course.reversal + 65.0);
            }
        }
        let wanted = runge_kutta(-65.0, courses, drive, 2000);
        [fourth_order([a[0], a[1]], [f[0], f[1]]), sixth_order(a, f)].map(|y| (y - 65.0 - wanted).abs())
    }

    #[test]
    fn a_step_is_exact_to_a_nanovolt_at_usual_strengths() {
        // 25 nS on 250 pF at 0.1 ms is 0.01; the fastest usual synapse has x = 0.5.
        for (strength, x, slope) in [(0.01, 0.5, 0.0), (0.01, 0.2, 0.5), (0.02, 0.05, 1.0), (0.02, 0.05, 0.0)]
        {
            let [fourth, sixth] = errors(courses(strength, x, slope), 0.1);
            assert!(sixth < 1e-7, "{strength} {x} {slope}: {sixth} mV");
            assert!(slope > 0.0 || fourth < 1e-7, "{strength} {x}: {fourth} mV");
        }
    }

    #[test]
    fn a_step_is_exact_to_a_fifth_of_a_microvolt_up_to_its_limit() {
        for x in [0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0] {
            for slope in [0.0, 0.25, 1.0, 4.0, 1000.0] {
                let strength = (LIMIT - 0.0067) / ((1.0 + 2.0 * slope) * strain(x) + 0.5);
                let [fourth, sixth] = errors(courses(strength, x, slope), 0.1);
                assert!(sixth < 5e-5, "{x} {slope}: {sixth} mV");
                assert!(slope > 0.0 || fourth < 2e-4, "{x}: {fourth} mV");
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
