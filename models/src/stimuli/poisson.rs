//! `Poisson`: an independent Poisson spike train onto every target neuron.
//!
//! From `start` to `stop` each neuron is sent spikes at `rate`, which may be a distribution: then
//! each neuron draws its own rate once. On the grid a spike of `((n-1)·dt, n·dt]` counts as one at
//! `n·dt`; in continuous time it is anywhere in that step. It arrives one delay later.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `rate` | – | spikes per second onto each neuron |
//! | `start`, `stop` | 0, never | when it is on |

use crate::stimuli::trains::{Course, PoissonTrains, Rates};
use crate::stimuli::window::{START, STOP, Window, check};
use sim_core::data::DataError;
use sim_core::parameter::{Argument, Arguments, Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `Poisson`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "Poisson",
    summary: "An independent Poisson spike train onto every target neuron.",
    parameters: &[
        Parameter::required(
            "rate",
            Kind::Quantity(Dimension::Rate),
            Range::NotNegative,
            "spikes per second onto each neuron",
        ),
        START,
        STOP,
    ],
    check: |arguments, _| check(arguments),
    rate: Some(|arguments, _| arguments.number("rate")),
    shrink: Some(shrink),
    build: StimulusBuild::Spikes(build),
};

fn shrink(arguments: &Arguments, indegrees: f64) -> Arguments {
    let rate = arguments.quantity("rate").scaled(indegrees);
    arguments.clone().with("rate", Argument::Quantity(rate))
}

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    Ok(Box::new(PoissonTrains::new(place, Rates::new(place)?, Window::new(place))))
}

impl Course for Window {
    fn over(&self, step: i64) -> (f64, (f64, f64)) {
        let (from, to) = self.part(step);
        (to - from, (from, to))
    }
}
