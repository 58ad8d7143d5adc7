//! `StepCurrent`: a current that changes at given times.
//!
//! The current is 0 before the first time; each amplitude flows in the steps that end after its time
//! and not after the next one's; the last one stays.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `times` | – | when the current changes, ascending |
//! | `amplitudes` | – | the current from each of these times on |

use crate::stimuli::currents::Current;
use crate::stimuli::schedule::{self, Schedule};
use crate::stimuli::window::Window;
use sim_core::data::DataError;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::stimulus::{CurrentSource, Place, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `StepCurrent`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "StepCurrent",
    summary: "A current that changes at given times.",
    parameters: &[
        Parameter::required(
            "times",
            Kind::Values(Dimension::Time),
            Range::NotNegative,
            "when the current changes, ascending",
        ),
        Parameter::required(
            "amplitudes",
            Kind::Values(Dimension::Current),
            Range::Any,
            "the current from each of these times on",
        ),
    ],
    check: |arguments, _| schedule::check(arguments, "times", "amplitudes"),
    rate: None,
    shrink: None,
    build: StimulusBuild::Current(build),
};

fn build(place: &Place<'_>) -> Result<Box<dyn CurrentSource>, DataError> {
    let schedule = Schedule::new(place, "times", "amplitudes");
    Ok(Box::new(Current {
        amplitudes: vec![1.0; place.len],
        window: Window { start: f64::NEG_INFINITY, stop: f64::INFINITY },
        course: move |step| (schedule.at_end(step), 0.0),
    }))
}
