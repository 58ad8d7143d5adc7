//! A value that changes at given times and holds in between.

use crate::stimuli::window::steps;
use sim_core::parameter::{Arguments, Complaint};
use sim_core::stimulus::Place;
use std::sync::Arc;

/// Complaints about a list of times that does not ascend, or is not as long as its list of values.
pub fn check(arguments: &Arguments, times: &'static str, values: &'static str) -> Vec<Complaint> {
    let (when, what) = (arguments.values(times), arguments.values(values));
    let mut complaints = Vec::new();
    if when.len() != what.len() {
        let message = format!("{times} has {} entries and {values} {}", when.len(), what.len());
        complaints.push(Complaint::about(values, message));
    }
    if let Some(pair) = when.windows(2).find(|pair| pair[0] >= pair[1]) {
        let message = format!("{times} do not ascend: {} ms is followed by {} ms", pair[0], pair[1]);
        complaints.push(Complaint::about(times, message));
    }
    complaints
}

/// Values from given times on; 0 before the first.
#[derive(Debug)]
pub struct Schedule {
    /// In steps, ascending.
    times: Vec<f64>,
    values: Arc<[f64]>,
}

impl Schedule {
    /// What two lists of the arguments say.
    pub fn new(place: &Place<'_>, times: &str, values: &str) -> Self {
        let times = place.arguments.values(times).iter().map(|&time| steps(time, place.dt)).collect();
        Schedule { times, values: place.arguments.values(values) }
    }

    /// The value that holds at the end of `step`: from after its time until the next one's.
    pub fn at_end(&self, step: i64) -> f64 {
        let number = self.times.partition_point(|&time| time < step as f64);
        if number == 0 { 0.0 } else { self.values[number - 1] }
    }

    /// The mean value over `step`.
    pub fn mean(&self, step: i64) -> f64 {
        let (begin, end) = ((step - 1) as f64, step as f64);
        let first = self.times.partition_point(|&time| time <= begin);
        let mut sum = 0.0;
        let mut from = begin;
        let mut value = if first == 0 { 0.0 } else { self.values[first - 1] };
        for (&time, &next) in self.times[first..].iter().zip(&self.values[first..]) {
            if time >= end {
                break;
            }
            sum += value * (time - from);
            (from, value) = (time, next);
        }
        sum + value * (end - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_from_after_their_time_and_average_within_a_step() {
        let schedule = Schedule { times: vec![2.0, 4.5, 4.75], values: Arc::new([10.0, 20.0, 40.0]) };
        let ends: Vec<f64> = (1..7).map(|step| schedule.at_end(step)).collect();
        assert_eq!(ends, [0.0, 0.0, 10.0, 10.0, 40.0, 40.0]);
        let means: Vec<f64> = (1..7).map(|step| schedule.mean(step)).collect();
        assert_eq!(means, [0.0, 0.0, 10.0, 10.0, 20.0, 40.0]);
    }
}
