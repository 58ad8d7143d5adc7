//! How a pair of spikes changes a weight of `Stdp`, as a function of the weight itself.

use sim_core::math::pow;
use sim_core::parameter::{Argument, Arguments};

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
