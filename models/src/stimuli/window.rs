//! From when to when a stimulus is on.

use sim_core::parameter::{Arguments, Complaint, Default, Kind, Parameter, Range};
use sim_core::stimulus::Place;
use sim_core::units::Dimension;

/// When it begins.
pub const START: Parameter =
    Parameter::value("start", Dimension::Time, 0.0, Range::NotNegative, "when it begins");
/// When it ends.
pub const STOP: Parameter = Parameter {
    name: "stop",
    kind: Kind::Value(Dimension::Time),
    default: Default::Absent,
    range: Range::NotNegative,
    meaning: "when it ends; left out: never",
};

/// The complaint about a stop before the start.
pub fn check(arguments: &Arguments) -> Vec<Complaint> {
    let start = arguments.number("start");
    match arguments.try_number("stop") {
        Some(stop) if stop <= start => {
            vec![Complaint::about("stop", format!("stop = {stop} ms is not after start = {start} ms"))]
        }
        _ => Vec::new(),
    }
}

/// A time in steps; what is a step's end but for rounding is that step's end. A decimal number, its
/// unit, dt and the division are rounded to half a last bit each.
pub fn steps(time: f64, dt: f64) -> f64 {
    let steps = time / dt;
    if (steps - steps.round()).abs() <= 8.0 * f64::EPSILON * steps.abs() { steps.round() } else { steps }
}

/// From start to stop, in steps.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// When it begins.
    pub start: f64,
    /// When it ends; may be infinite.
    pub stop: f64,
}

impl Window {
    /// What the arguments `start` and `stop` say.
    pub fn new(place: &Place<'_>) -> Self {
        let stop = place.arguments.try_number("stop").unwrap_or(f64::INFINITY);
        Window { start: steps(place.arguments.number("start"), place.dt), stop: steps(stop, place.dt) }
    }

    /// Whether it is on at the end of `step`: after the start, until the stop.
    pub fn holds(&self, step: i64) -> bool {
        let end = step as f64;
        self.start < end && end <= self.stop
    }

    /// The part of `step` in which it is on, as (from, to) with 0 ≤ from ≤ to ≤ 1.
    pub fn part(&self, step: i64) -> (f64, f64) {
        let begin = (step - 1) as f64;
        let from = (self.start - begin).clamp(0.0, 1.0);
        (from, (self.stop - begin).clamp(from, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_from_after_its_start_until_its_stop() {
        let window = Window { start: steps(0.3, 0.1), stop: steps(0.6, 0.1) };
        let on: Vec<i64> = (0..10).filter(|&step| window.holds(step)).collect();
        assert_eq!(on, [4, 5, 6]);
        let whole: Vec<i64> = (0..10).filter(|&step| window.part(step) == (0.0, 1.0)).collect();
        assert_eq!(whole, [4, 5, 6]);
    }

    #[test]
    fn edges_within_a_step_leave_a_part_of_it() {
        let window = Window { start: 2.25, stop: 3.5 };
        assert_eq!(window.part(3), (0.25, 1.0));
        assert_eq!(window.part(4), (0.0, 0.5));
        assert_eq!(window.part(2), (1.0, 1.0));
        assert_eq!(window.part(5), (0.0, 0.0));
    }
}
