//! Neuron that multiplies two numbers, and sends the product.
//!
//! ```text
//! V = Σ w a    in the windows `hear` and `hear_on`        W = Σ w b    in the windows `operand`
//! sent: | round( unit · V · W / grain ) |,  at most 2^bits − 1, if its sign is that of `part`
//! ```
//!
//! The operand comes when V is known, so that each of its spikes adds V, shifted by what the spike is worth: a synapse
//! whose weight is the number that the neuron holds, as the gate of a gated layer, or a key that was stored.
//! Windows of the operand have a length of their own, since it may have another number of digits.
//!
//! How numbers are heard and sent is told in [`crate::neurons::coded`]. There is no threshold or reset beyond that.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `operand` | ms | 4 | starts of windows in which the operand is heard, before which it is forgotten |
//! | `operand_window` | ms | 4 | their length |
//! | `send` | ms | 8 | starts of windows of sending |
//!
//! All others are as in [`crate::neurons::coded_sum`].
//!
//! References: You et al. (2024) ICML, arXiv:2406.03470 (products of activations as sums of what spikes add).

use crate::neurons::coded::living::{Coded, Makes};
use crate::neurons::coded::schedule;
use crate::neurons::coded::settings::{
    BITS, CODE, GRAIN, HEAR, HEAR_ON, OPERAND, OPERAND_WINDOW, PART, PERIOD, SECOND, SEND, SET, STOP, TRIAL,
    UNIT, V, WINDOW,
};
use sim_core::neuron::{Cells, Dynamics, GridBuild, NeuronModel, Ports};
use sim_core::parameter::{Default, Parameter};
use sim_core::real::Real;
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "CodedProduct",
    nest: "",
    summary: "Multiplies two numbers that are coded in spikes, and sends the product.",
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

/// What neurons with two operands can be told.
pub(crate) static PARAMETERS: &[Parameter] = &[
    CODE,
    BITS,
    PART,
    UNIT,
    GRAIN,
    PERIOD,
    WINDOW,
    HEAR,
    HEAR_ON,
    OPERAND,
    OPERAND_WINDOW,
    Parameter { default: Default::Number(8.0), ..SEND },
    SET,
    TRIAL,
    STOP,
];

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let (unit, grain) = (cells.arguments.number("unit"), cells.arguments.number("grain"));
    let makes: Makes = Box::new(move |v, w| v * w * unit / grain);
    Coded::build(cells, makes)
}
