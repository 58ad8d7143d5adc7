//! `Ac`: a sinusoidal current.
//!
//! ```text
//! I(t) = offset + amplitude · sin(2π · frequency · t + phase)
//! ```
//!
//! with t from the start of the simulation, taken in the middle of each step; the error of the charge
//! that flows in a step is (π · frequency · dt)² / 6 of it. It flows in the steps that end after
//! `start` and not after `stop`. The amplitude may be a distribution: then each neuron draws its own.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `amplitude` | – | of the oscillation |
//! | `offset` | 0 pA | mean current |
//! | `frequency` | – | of the oscillation |
//! | `phase` | 0 rad | at time 0 |
//! | `start`, `stop` | 0, never | when it flows |

use crate::stimuli::currents::Current;
use crate::stimuli::per_neuron::per_neuron;
use crate::stimuli::window::{self, START, STOP, Window};
use sim_core::data::DataError;
use sim_core::math::sin;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::stimulus::{CurrentSource, Place, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;
use std::f64::consts::PI;

/// The row of `Ac`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "Ac",
    summary: "A sinusoidal current.",
    parameters: &[
        Parameter::required(
            "amplitude",
            Kind::Quantity(Dimension::Current),
            Range::Any,
            "of the oscillation",
        ),
        Parameter::value("offset", Dimension::Current, 0.0, Range::Any, "mean current"),
        Parameter::required(
            "frequency",
            Kind::Value(Dimension::Rate),
            Range::NotNegative,
            "of the oscillation",
        ),
        Parameter::value("phase", Dimension::Angle, 0.0, Range::Any, "of the oscillation at time 0"),
        START,
        STOP,
    ],
    check: |arguments, _| window::check(arguments),
    rate: None,
    shrink: None,
    build: StimulusBuild::Current(build),
};

fn build(place: &Place<'_>) -> Result<Box<dyn CurrentSource>, DataError> {
    let (offset, phase) = (place.arguments.number("offset"), place.arguments.number("phase"));
    let turn = 2.0 * PI * place.arguments.number("frequency") * 1e-3 * place.dt;
    Ok(Box::new(Current {
        amplitudes: per_neuron(place, "amplitude")?,
        window: Window::new(place),
        course: move |step| (sin(turn * (step as f64 - 0.5) + phase), offset),
    }))
}
