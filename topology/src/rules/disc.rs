//! Pairs up to a distance are joined with one probability: a disc, or a ball in three dimensions.

use super::wiring::near::{Law, PERIODIC, check, expected, wire};
use super::wiring::pairs::AUTAPSES;
use sim_core::parameter::{Arguments, Kind, Parameter, Range};
use sim_core::rule::ConnectionRule;
use sim_core::units::Dimension;

/// Probability `p` up to and including `radius`.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "Disc",
    summary: "Pairs no further apart than a radius are joined with the same probability.",
    parameters: &[
        Parameter::value(
            "p",
            Dimension::Number,
            1.0,
            Range::Probability,
            "probability that a pair within the radius is joined",
        ),
        Parameter::required(
            "radius",
            Kind::Value(Dimension::Length),
            Range::Positive,
            "largest distance of a pair",
        ),
        PERIODIC,
        AUTAPSES,
    ],
    check,
    expected: |arguments, ends| expected(Disc::new(arguments), arguments, ends),
    shrink: None,
    wire: |site| Ok(wire(Disc::new(site.arguments), site)),
};

struct Disc {
    p: f64,
    /// In µm².
    squared_radius: f64,
}

impl Disc {
    fn new(arguments: &Arguments) -> Self {
        let radius = arguments.number("radius");
        Disc { p: arguments.number("p"), squared_radius: radius * radius }
    }
}

impl Law for Disc {
    fn probability(&self, squared_distance: f64) -> f64 {
        if squared_distance > self.squared_radius { 0.0 } else { self.p }
    }
}
