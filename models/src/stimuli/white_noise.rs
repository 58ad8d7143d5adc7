//! `WhiteNoise`: an independent Gaussian current into every target neuron, held for `dt`.
//!
//! ```text
//! I(t) = mean + std · ξ   for t in (start + k·dt, start + (k+1)·dt],   ξ normal, drawn per neuron and k
//! ```
//!
//! `dt` is rounded to whole steps of the simulation, at least one. What a neuron is given depends on
//! its index, the interval and the seed alone.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `mean` | 0 pA | mean current |
//! | `std` | – | standard deviation |
//! | `dt` | 1 ms | how long a value is held |
//! | `start`, `stop` | 0, never | when it flows |

use crate::stimuli::window::{self, START, STOP, Window, steps};
use sim_core::data::DataError;
use sim_core::math::normal_quantile;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{CurrentSource, Place, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `WhiteNoise`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "WhiteNoise",
    summary: "An independent Gaussian current into every target neuron, held piecewise.",
    parameters: &[
        Parameter::value("mean", Dimension::Current, 0.0, Range::Any, "mean current"),
        Parameter::required(
            "std",
            Kind::Value(Dimension::Current),
            Range::NotNegative,
            "standard deviation of the current",
        ),
        Parameter::value("dt", Dimension::Time, 1.0, Range::Positive, "how long a value is held"),
        START,
        STOP,
    ],
    check: |arguments, _| window::check(arguments),
    rate: None,
    shrink: None,
    build: StimulusBuild::Current(build),
};

fn build(place: &Place<'_>) -> Result<Box<dyn CurrentSource>, DataError> {
    let window = Window::new(place);
    Ok(Box::new(WhiteNoise {
        mean: place.arguments.number("mean"),
        std: place.arguments.number("std"),
        hold: (steps(place.arguments.number("dt"), place.dt).round() as i64).max(1),
        begin: window.start.floor() as i64 + 1,
        window,
        first: u64::from(place.first),
        key: place.key.named("noise"),
        interval: None,
        values: vec![0.0; place.len],
    }))
}

struct WhiteNoise {
    mean: f64,
    std: f64,
    /// Steps for which a value is held.
    hold: i64,
    /// The first step in which it flows.
    begin: i64,
    window: Window,
    first: u64,
    key: Key,
    /// Which interval `values` belong to. They follow from it, so neither is state.
    interval: Option<i64>,
    values: Vec<f64>,
}

impl CurrentSource for WhiteNoise {
    fn flow(&mut self, step: i64, current: &mut [f64]) {
        if !self.window.holds(step) {
            return;
        }
        let interval = (step - self.begin) / self.hold;
        if self.interval != Some(interval) {
            let key = self.key.numbered(interval as u64);
            for (index, value) in (self.first..).zip(&mut self.values) {
                *value = self.mean + self.std * normal_quantile(key.uniform(index));
            }
            self.interval = Some(interval);
        }
        for (current, value) in current.iter_mut().zip(&self.values) {
            *current += value;
        }
    }

    fn save(&self, _: &mut Saver) {}

    fn restore(&mut self, _: &mut Loader<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}
