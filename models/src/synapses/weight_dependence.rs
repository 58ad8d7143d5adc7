//! How a pair of spikes changes a weight of `Stdp`, as a function of the weight itself.

use sim_core::math::pow;
use sim_core::parameter::{Argument, Arguments};
use sim_core::real::Real;

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

/// The rule with μ₊ = 0 and μ₋ 0 or 1, under which facilitations add up.
#[derive(Clone, Copy, Debug)]
pub struct Adding<R> {
    /// 1 or -1: what makes all weights positive.
    sign: R,
    low: R,
    high: R,
    up: R,
    down: R,
    down_per_strength: R,
}

impl<R: Real> Adding<R> {
    /// What `Stdp`'s arguments say, if it is this rule.
    pub fn new(arguments: &Arguments) -> Option<Self> {
        let (plus, minus) = exponents(arguments);
        if plus != 0.0 || !(minus == 0.0 || minus == 1.0) {
            return None;
        }
        let (low, high) = (arguments.number("w_min"), arguments.number("w_max"));
        let span = (high - low).abs();
        let lambda = arguments.number("lambda");
        let down = arguments.number("alpha") * lambda;
        Some(Adding {
            sign: R::of(high.signum()),
            low: R::of(low.abs()),
            high: R::of(high.abs()),
            up: R::of(lambda * span),
            down: R::of(if minus == 0.0 { down * span } else { 0.0 }),
            down_per_strength: R::of(if minus == 0.0 { 0.0 } else { down }),
        })
    }

    /// The weight after facilitation by a sum of traces and depression by a trace.
    #[inline]
    pub fn change(&self, weight: R, sum: R, trace: R) -> R {
        let strength = weight * self.sign;
        // An initial weight beyond the bound stays there until something facilitates it.
        let bounded = (strength + self.up * sum).min(self.high);
        let grown = if sum > R::ZERO { bounded } else { strength };
        let share = (grown - self.low).max(R::ZERO);
        (grown - (self.down + self.down_per_strength * share) * trace).max(self.low) * self.sign
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
