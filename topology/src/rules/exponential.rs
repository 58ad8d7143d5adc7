//! Pairs are joined with a probability that falls exponentially with distance d.
//!
//! p(d) = p_max exp(−d / λ) up to the cutoff, in a layer of two or three dimensions.

use super::wiring::near::{CUTOFF, Law, P_MAX, PERIODIC, check, expected, squared_cutoff, wire};
use super::wiring::pairs::AUTAPSES;
use sim_core::math::exp;
use sim_core::parameter::{Arguments, Kind, Parameter, Range};
use sim_core::rule::ConnectionRule;
use sim_core::units::Dimension;

/// p(d) = p_max exp(−d / λ).
pub static RULE: ConnectionRule = ConnectionRule {
    name: "Exponential",
    summary: "Pairs are joined with a probability that falls exponentially with distance.",
    parameters: &[
        P_MAX,
        Parameter::required(
            "lambda",
            Kind::Value(Dimension::Length),
            Range::Positive,
            "distance at which the probability is 1/e of p_max",
        ),
        CUTOFF,
        PERIODIC,
        AUTAPSES,
    ],
    check,
    expected: |arguments, ends| expected(Exponential::new(arguments), arguments, ends),
    shrink: None,
    wire: |site| Ok(wire(Exponential::new(site.arguments), site)),
};

struct Exponential {
    p_max: f64,
    /// In µm.
    lambda: f64,
    squared_cutoff: f64,
}

impl Exponential {
    fn new(arguments: &Arguments) -> Self {
        Exponential {
            p_max: arguments.number("p_max"),
            lambda: arguments.number("lambda"),
            squared_cutoff: squared_cutoff(arguments),
        }
    }
}

impl Law for Exponential {
    fn probability(&self, squared_distance: f64) -> f64 {
        if squared_distance > self.squared_cutoff {
            return 0.0;
        }
        self.p_max * exp(-squared_distance.sqrt() / self.lambda)
    }
}
