//! The time course of a synaptic conductance or current after an arrival, for models that look at
//! it inside a step: in closed form, from factors that are computed once.

use super::runge_kutta::{LEVELS, NODES};
use sim_core::math::exp;
use sim_core::neuron::Constants;
use sim_core::parameter::Arguments;
use sim_core::real::Real;

/// What arrivals can add up to; far above any conductance or current, it keeps sums finite.
const LARGEST: f64 = 1e30;

/// A time course with `S` state variables; the first is the conductance or current itself.
pub(super) trait Kinetics<R: Real, const S: usize>: Copy + Send + 'static {
    /// With time constant `tau` on a grid of `dt`, both in ms.
    fn new(tau: f64, dt: f64) -> Self;
    /// The value at `NODES[node]` of a sub-step of this level.
    fn at(&self, port: &[R; S], level: usize, node: usize) -> R;
    /// The state at the end of a sub-step of this level.
    fn after(&self, port: &[R; S], level: usize) -> [R; S];
    /// The state with an arrival added.
    fn arrive(&self, port: &[R; S], weight: R) -> [R; S];
}

/// g' = −g/τ; an arrival adds its weight to g.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exponential<R> {
    decay: [[R; NODES.len()]; LEVELS],
}

/// g'' = −2g'/τ − g/τ²; an arrival makes g rise to a peak of its weight after τ. The second
/// variable is z = g' + g/τ, which decays with τ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alpha<R> {
    decay: [[R; NODES.len()]; LEVELS],
    /// Time since the start of the sub-step in ms.
    time: [[R; NODES.len()]; LEVELS],
    /// e/τ in 1/ms: z for a peak of 1.
    jump: R,
}

impl<R: Real> Kinetics<R, 1> for Exponential<R> {
    fn new(tau: f64, dt: f64) -> Self {
        Exponential { decay: table(dt, |time| exp(-time / tau)) }
    }

    #[inline]
    fn at(&self, port: &[R; 1], level: usize, node: usize) -> R {
        port[0] * self.decay[level][node]
    }

    #[inline]
    fn after(&self, port: &[R; 1], level: usize) -> [R; 1] {
        [self.at(port, level, NODES.len() - 1)]
    }

    #[inline]
    fn arrive(&self, port: &[R; 1], weight: R) -> [R; 1] {
        [bounded(port[0] + weight)]
    }
}

impl<R: Real> Kinetics<R, 2> for Alpha<R> {
    fn new(tau: f64, dt: f64) -> Self {
        Alpha {
            decay: table(dt, |time| exp(-time / tau)),
            time: table(dt, |time| time),
            jump: R::of(std::f64::consts::E / tau),
        }
    }

    #[inline]
    fn at(&self, port: &[R; 2], level: usize, node: usize) -> R {
        (port[0] + port[1] * self.time[level][node]) * self.decay[level][node]
    }

    #[inline]
    fn after(&self, port: &[R; 2], level: usize) -> [R; 2] {
        let end = NODES.len() - 1;
        [self.at(port, level, end), port[1] * self.decay[level][end]]
    }

    #[inline]
    fn arrive(&self, port: &[R; 2], weight: R) -> [R; 2] {
        [port[0], bounded(port[1] + weight * self.jump)]
    }
}

/// Charge of an arrival in pA·ms, if it adds its weight in pA to a current that decays.
pub(super) fn exponential_charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * arguments.number(tau_syn(weight))
}

/// Charge of an arrival in pA·ms, if the current rises to its weight in pA as an alpha function.
pub(super) fn alpha_charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * std::f64::consts::E * arguments.number(tau_syn(weight))
}

fn tau_syn(weight: f64) -> &'static str {
    if weight < 0.0 { "tau_syn_in" } else { "tau_syn_ex" }
}

/// The constants of neuron `index`.
#[inline]
pub(super) fn of<T>(constants: &Constants<T>, index: usize) -> &T {
    match constants {
        Constants::Shared(constants) => constants,
        Constants::Each(constants) => &constants[index],
    }
}

fn bounded<R: Real>(value: R) -> R {
    value.min(R::of(LARGEST)).max(R::of(-LARGEST))
}

fn table<R: Real>(dt: f64, value: impl Fn(f64) -> f64) -> [[R; NODES.len()]; LEVELS] {
    std::array::from_fn(|level| {
        std::array::from_fn(|node| R::of(value(NODES[node] * dt / f64::from(1 << level))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alpha_conductance_peaks_at_its_weight_after_tau() {
        let alpha = <Alpha<f64> as Kinetics<f64, 2>>::new(0.5, 0.1);
        let mut port = alpha.arrive(&[0.0, 0.0], 3.0);
        for _ in 0..5 {
            port = alpha.after(&port, 0);
        }
        assert!((port[0] - 3.0).abs() < 1e-14, "{port:?}");
    }

    #[test]
    fn two_halves_of_a_step_are_a_step() {
        let alpha = <Alpha<f64> as Kinetics<f64, 2>>::new(2.0, 0.1);
        let (whole, half) = (alpha.after(&[1.0, 0.7], 0), alpha.after(&[1.0, 0.7], 1));
        let twice = alpha.after(&half, 1);
        assert!((whole[0] - twice[0]).abs() < 1e-15 && (whole[1] - twice[1]).abs() < 1e-15);
    }
}
