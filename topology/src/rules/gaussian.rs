//! Pairs are joined with a probability that falls with distance d as a Gaussian.
//!
//! p(d) = p_max exp(−d² / 2σ²) up to the cutoff, in a layer of two or three dimensions.

use super::wiring::near::{CUTOFF, Law, P_MAX, PERIODIC, check, expected, squared_cutoff, wire};
use super::wiring::pairs::AUTAPSES;
use sim_core::math::exp;
use sim_core::parameter::{Arguments, Kind, Parameter, Range};
use sim_core::rule::ConnectionRule;
use sim_core::units::Dimension;

/// p(d) = p_max exp(−d² / 2σ²).
pub static RULE: ConnectionRule = ConnectionRule {
    name: "Gaussian",
    summary: "Pairs are joined with a probability that falls with distance as a Gaussian.",
    parameters: &[
        P_MAX,
        Parameter::required(
            "sigma",
            Kind::Value(Dimension::Length),
            Range::Positive,
            "distance at which the probability is exp(-1/2) of p_max",
        ),
        CUTOFF,
        PERIODIC,
        AUTAPSES,
    ],
    check,
    expected: |arguments, ends| expected(Gaussian::new(arguments), arguments, ends),
    shrink: None,
    wire: |site| Ok(wire(Gaussian::new(site.arguments), site)),
};

struct Gaussian {
    p_max: f64,
    /// −1 / 2σ², in µm⁻².
    exponent: f64,
    squared_cutoff: f64,
}

impl Gaussian {
    fn new(arguments: &Arguments) -> Self {
        let sigma = arguments.number("sigma");
        Gaussian {
            p_max: arguments.number("p_max"),
            exponent: -0.5 / (sigma * sigma),
            squared_cutoff: squared_cutoff(arguments),
        }
    }
}

impl Law for Gaussian {
    fn probability(&self, squared_distance: f64) -> f64 {
        if squared_distance > self.squared_cutoff {
            return 0.0;
        }
        self.p_max * exp(squared_distance * self.exponent)
    }
}
