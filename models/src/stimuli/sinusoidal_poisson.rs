//! `SinusoidalPoisson`: an independent Poisson train onto every target neuron, at a rate that
//! oscillates.
//!
//! ```text
//! λ(t) = max(0, rate + amplitude · sin(2π · frequency · t + phase))
//! ```
//!
//! with t from the start of the simulation. In each step the mean of the sine over the step counts.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `rate` | – | mean spikes per second |
//! | `amplitude` | 0 Hz | of the oscillation |
//! | `frequency` | 0 Hz | of the oscillation |
//! | `phase` | 0 rad | at time 0 |
//! | `start`, `stop` | 0, never | when it is on |

use crate::stimuli::trains::{Course, PoissonTrains, Rates};
use crate::stimuli::window::{self, START, STOP, Window};
use sim_core::data::DataError;
use sim_core::math::sin;
use sim_core::parameter::{Argument, Arguments, Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;
use std::f64::consts::PI;

/// The row of `SinusoidalPoisson`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "SinusoidalPoisson",
    summary: "An independent Poisson train onto every target neuron, at a rate that oscillates.",
    parameters: &[
        Parameter::required(
            "rate",
            Kind::Value(Dimension::Rate),
            Range::NotNegative,
            "mean spikes per second onto each neuron",
        ),
        Parameter::value(
            "amplitude",
            Dimension::Rate,
            0.0,
            Range::NotNegative,
            "of the oscillation; above the rate it is cut at 0",
        ),
        Parameter::value("frequency", Dimension::Rate, 0.0, Range::NotNegative, "of the oscillation"),
        Parameter::value("phase", Dimension::Angle, 0.0, Range::Any, "of the oscillation at time 0"),
        START,
        STOP,
    ],
    check: |arguments, _| window::check(arguments),
    rate: Some(|arguments, _| arguments.number("rate")),
    shrink: Some(shrink),
    build: StimulusBuild::Spikes(build),
};

fn shrink(arguments: &Arguments, indegrees: f64) -> Arguments {
    ["rate", "amplitude"].into_iter().fold(arguments.clone(), |all, name| {
        let scaled = all.number(name) * indegrees;
        all.with(name, Argument::Value(scaled))
    })
}

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    let number = |name| place.arguments.number(name);
    // Radians per step; half of it is what the mean over a step needs.
    let turn = 2.0 * PI * number("frequency") * 1e-3 * place.dt;
    let flattening = if turn == 0.0 { 1.0 } else { sin(0.5 * turn) / (0.5 * turn) };
    let course = Oscillation {
        rate: number("rate"),
        amplitude: number("amplitude") * flattening,
        turn,
        phase: number("phase"),
        window: Window::new(place),
    };
    Ok(Box::new(PoissonTrains::new(place, Rates::Shared(1.0), course)))
}

struct Oscillation {
    rate: f64,
    amplitude: f64,
    turn: f64,
    phase: f64,
    window: Window,
}

impl Course for Oscillation {
    fn over(&self, step: i64) -> (f64, (f64, f64)) {
        let (from, to) = self.window.part(step);
        if from == to {
            return (0.0, (from, to));
        }
        let middle = step as f64 - 0.5;
        let rate = self.rate + self.amplitude * sin(self.turn * middle + self.phase);
        (rate.max(0.0) * (to - from), (from, to))
    }
}
