//! `Dc`: a constant current.
//!
//! It flows in the steps that end after `start` and not after `stop`, so for `stop - start`. The
//! amplitude may be a distribution: then each neuron draws its own once.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `amplitude` | – | the current |
//! | `start`, `stop` | 0, never | when it flows |

use crate::stimuli::currents::Current;
use crate::stimuli::per_neuron::per_neuron;
use crate::stimuli::window::{self, START, STOP, Window};
use sim_core::data::DataError;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::stimulus::{CurrentSource, Place, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `Dc`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "Dc",
    summary: "A constant current.",
    parameters: &[
        Parameter::required("amplitude", Kind::Quantity(Dimension::Current), Range::Any, "the current"),
        START,
        STOP,
    ],
    check: |arguments, _| window::check(arguments),
    rate: None,
    shrink: None,
    build: StimulusBuild::Current(build),
};

fn build(place: &Place<'_>) -> Result<Box<dyn CurrentSource>, DataError> {
    Ok(Box::new(Current {
        amplitudes: per_neuron(place, "amplitude")?,
        window: Window::new(place),
        course: |_| (1.0, 0.0),
    }))
}
