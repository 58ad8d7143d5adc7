//! How a pair of spikes changes a weight of `Stdp`, as a function of the weight itself.

use crate::synapses::archive::RECENT;
use crate::synapses::sums::Facilitation;
use sim_core::math::pow;
use sim_core::parameter::{Argument, Arguments};
use sim_core::real::Real;
use std::ops::Range;

/// Step sizes, exponents and bounds.
#[derive(Clone, Copy, Debug)]
pub struct WeightDependence {
    w_min: f64,
    span: f64,
    per_span: f64,
    lambda: f64,
    alpha_lambda: f64,
    plus: Power,
    minus: Power,
}

impl WeightDependence {
    /// What `Stdp`'s arguments say.
    pub fn new(arguments: &Arguments) -> Self {
        let (w_min, lambda) = (arguments.number("w_min"), arguments.number("lambda"));
        let (plus, minus) = exponents(arguments);
        let span = arguments.number("w_max") - w_min;
        WeightDependence {
            w_min,
            span,
            per_span: 1.0 / span,
            lambda,
            alpha_lambda: arguments.number("alpha") * lambda,
            plus: Power::new(plus),
            minus: Power::new(minus),
        }
    }

    /// The weight after facilitation by a trace.
    #[inline]
    pub fn facilitate(&self, weight: f64, trace: f64) -> f64 {
        let share = (weight - self.w_min) * self.per_span;
        let grown = share + self.lambda * self.plus.of(1.0 - share) * trace;
        if grown < 1.0 { self.w_min + grown * self.span } else { self.w_min + self.span }
    }

    /// The weight after depression by a trace.
    #[inline]
    pub fn depress(&self, weight: f64, trace: f64) -> f64 {
        let share = (weight - self.w_min) * self.per_span;
        let shrunk = share - self.alpha_lambda * self.minus.of(share) * trace;
        if shrunk > 0.0 { self.w_min + shrunk * self.span } else { self.w_min }
    }
}

/// Bounds and depression with μ₋ 0 or 1, in the precision of the network.
#[derive(Clone, Copy, Debug)]
struct Linear<R> {
    /// 1 or -1: what makes all weights positive.
    sign: R,
    low: R,
    high: R,
    down: R,
    down_per_strength: R,
}

impl<R: Real> Linear<R> {
    fn new(arguments: &Arguments) -> Option<Self> {
        let (low, high) = (arguments.number("w_min"), arguments.number("w_max"));
        let down = arguments.number("alpha") * arguments.number("lambda");
        let [fixed, per_strength] = match exponents(arguments).1 {
            0.0 => [down * (high - low).abs(), 0.0],
            1.0 => [0.0, down],
            _ => return None,
        };
        Some(Linear {
            sign: R::of(high.signum()),
            low: R::of(low.abs()),
            high: R::of(high.abs()),
            down: R::of(fixed),
            down_per_strength: R::of(per_strength),
        })
    }

    #[inline(always)]
    fn depress(self, strength: R, k_minus: R) -> R {
        let share = (strength - self.low).max(R::ZERO);
        (strength - (self.down + self.down_per_strength * share) * k_minus).max(self.low)
    }
}

/// The rule with μ₊ = 0: facilitations add up.
#[derive(Clone, Copy, Debug)]
pub struct Adding<R> {
    linear: Linear<R>,
    up: R,
}

impl<R: Real> Adding<R> {
    /// What `Stdp`'s arguments say, if it is this rule.
    pub fn new(arguments: &Arguments) -> Option<Self> {
        let span = (arguments.number("w_max") - arguments.number("w_min")).abs();
        let up = R::of(arguments.number("lambda") * span);
        let linear = Linear::new(arguments)?;
        (exponents(arguments).0 == 0.0).then_some(Adding { linear, up })
    }
}

impl<R: Real> Facilitation<R> for Adding<R> {
    #[inline(always)]
    fn change(self, weight: R, facilitation: R, k_minus: R) -> R {
        let strength = weight * self.linear.sign;
        let bounded = (strength + self.up * facilitation).min(self.linear.high);
        // An initial weight beyond the bound stays there until something facilitates it.
        let grown = if facilitation > R::ZERO { bounded } else { strength };
        self.linear.depress(grown, k_minus) * self.linear.sign
    }
}

/// The rule with μ₊ = 1: each facilitation leaves a share of the way to the bound.
#[derive(Clone, Copy, Debug)]
pub struct Multiplying<R> {
    linear: Linear<R>,
    lambda: R,
}

impl<R: Real> Multiplying<R> {
    /// What `Stdp`'s arguments say, if it is this rule.
    pub fn new(arguments: &Arguments) -> Option<Self> {
        let lambda = R::of(arguments.number("lambda"));
        let linear = Linear::new(arguments)?;
        (exponents(arguments).0 == 1.0).then_some(Multiplying { linear, lambda })
    }

    #[inline(always)]
    fn left(self, k_plus: R) -> R {
        (R::ONE - self.lambda * k_plus).max(R::ZERO)
    }
}

impl<R: Real> Facilitation<R> for Multiplying<R> {
    const NONE: R = R::ONE;

    #[inline(always)]
    fn and(self, facilitation: R, k_plus: R) -> R {
        facilitation * self.left(k_plus)
    }

    #[inline(always)]
    fn of(self, sums: &[R; RECENT], newest: Range<usize>, factor: R) -> R {
        let mut left = [R::ONE; RECENT];
        for n in 0..RECENT - 1 {
            let one = self.left((sums[n + 1] - sums[n]) * factor);
            left[n] = if n >= newest.start && n < newest.end { one } else { R::ONE };
        }
        // In this order on every processor.
        for half in [4, 2, 1] {
            for n in 0..half {
                left[n] *= left[n + half];
            }
        }
        left[0]
    }

    #[inline(always)]
    fn change(self, weight: R, facilitation: R, k_minus: R) -> R {
        let strength = weight * self.linear.sign;
        let way = (self.linear.high - strength).max(R::ZERO);
        let grown = if facilitation < R::ONE { self.linear.high - way * facilitation } else { strength };
        self.linear.depress(grown, k_minus) * self.linear.sign
    }
}

/// The exponents (μ₊, μ₋) that the arguments ask for.
pub fn exponents(arguments: &Arguments) -> (f64, f64) {
    let plus = arguments.number("mu_plus");
    match arguments.get("weight_dependence") {
        Argument::Word("Additive") => (0.0, 0.0),
        Argument::Word("Multiplicative") => (1.0, 1.0),
        Argument::Word("VanRossum") => (0.0, 1.0),
        Argument::Word("Guetig") => (plus, plus),
        _ => (plus, arguments.number("mu_minus")),
    }
}

/// A power with the two exponents that need no logarithm apart.
#[derive(Clone, Copy, Debug)]
enum Power {
    One,
    Same,
    Of(f64),
}

impl Power {
    fn new(exponent: f64) -> Self {
        match exponent {
            0.0 => Power::One,
            1.0 => Power::Same,
            _ => Power::Of(exponent),
        }
    }

    /// Initial weights may lie outside the bounds; there the base counts as 0.
    #[inline]
    fn of(self, base: f64) -> f64 {
        match self {
            Power::One => 1.0,
            Power::Same => base.max(0.0),
            Power::Of(exponent) => pow(base.max(0.0), exponent),
        }
    }
}
