//! Neuron that divides one number by another, and sends the quotient.
//!
//! ```text
//! V = Σ w a    in the windows `hear` and `hear_on`        W = Σ w b    in the windows `operand`
//! sent: | round( unit · V / W / grain ) |,  at most 2^bits − 1, if its sign is that of `part`;  0 if W is 0
//! ```
//!
//! Nothing is divided where the number is sent: V reaches k of its thresholds as often as V ≥ (k − 1/2) W grain/unit,
//! so W is a factor of all thresholds, such as the norm of a layer that every neuron of it hears.
//!
//! How numbers are heard and sent is told in [`crate::neurons::coded`]. There is no threshold or reset beyond that.
//! Parameters are those of [`crate::neurons::coded_product`].
//!
//! References: Zhang and Sennrich (2019) NeurIPS, arXiv:1910.07467 (the norm that it serves).

use crate::neurons::coded::living::{Coded, Makes};
use crate::neurons::coded::schedule;
use crate::neurons::coded::settings::{SECOND, V};
use crate::neurons::coded_product::PARAMETERS;
use sim_core::neuron::{Cells, Dynamics, GridBuild, NeuronModel, Ports};
use sim_core::real::Real;
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "CodedQuotient",
    nest: "",
    summary: "Divides two numbers that are coded in spikes, and sends the quotient.",
    parameters: PARAMETERS,
    states: &[V, SECOND],
    weight: Dimension::Number,
    ports: Ports::One,
    check: schedule::check,
    charge: None,
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: None,
};

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let (unit, grain) = (cells.arguments.number("unit"), cells.arguments.number("grain"));
    let makes: Makes = Box::new(move |v, w| if w == 0.0 { 0.0 } else { v * unit / w / grain });
    Coded::build(cells, makes)
}
