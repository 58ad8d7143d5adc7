//! Neuron that adds up weighted numbers, and sends a function of the sum.
//!
//! ```text
//! V = Σ w a      over all numbers a that arrive in the windows `hear` and `hear_on`
//! sent: | round( f(unit · V) / grain ) |,  at most 2^bits − 1, if its sign is that of `part`
//! ```
//!
//! There is no threshold as such: a staircase of 2^bits − 1 of them, one for each number that can be sent, and V
//! stays as it is until it is forgotten. With f the identity and a `grain` of θ units, that is a neuron that starts at
//! half of its threshold θ, fires while V reaches it, and takes θ off each time (`Rate`), or θ·2^k for digit k
//! (`Phase`). How numbers are heard and sent is told in [`crate::neurons::coded`]. Halves are rounded away from 0.
//!
//! Functions f: `Identity`, `Relu` max(x, 0), `Silu` x/(1 + e^−x), `Gelu` x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))),
//! `Square` x², `Root` √x (0 below 0), `Exp` eˣ. All but the first two are tables in effect: on a chip a unit beside
//! the neurons.
//!
//! In continuous time the code is `Ttfs`, f is `Identity` or `Relu`, `bits` is not used, and numbers need not be whole:
//! a spike t ms before the end of a window is worth t, and what is sent is at most the length of the window `window`.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `function` | | Identity | f |
//! | `code` | | Phase | `Rate`, `Phase` or `Ttfs` |
//! | `bits` | | 4 | binary digits of what is sent |
//! | `part` | | Positive | which sign is sent |
//! | `unit`, `grain` | | 1, 1 | what V = 1, and 1 that is sent, stand for |
//! | `period` | ms | 16 | after which all windows come again |
//! | `window` | ms | 4 | length of a window of hearing |
//! | `hear` | ms | none | starts of windows before which V is forgotten |
//! | `hear_on` | ms | none | starts of windows that add to V |
//! | `send` | ms | 4 | starts of windows of sending |
//! | `set`, `trial` | ms | none | start of a window at the beginning of each trial of that length |
//! | `stop` | ms | none | starts of windows in which a spike silences the neuron until the next trial |
//!
//! References: see [`crate::neurons::coded`].

use crate::neurons::coded::exact;
use crate::neurons::coded::living::{Coded, Makes};
use crate::neurons::coded::schedule;
use crate::neurons::coded::settings::{
    BITS, CODE, GRAIN, HEAR, HEAR_ON, PART, PERIOD, SEND, SET, STOP, TRIAL, UNIT, V, WINDOW,
};
use sim_core::neuron::{Cells, Dynamics, GridBuild, NeuronModel, Ports};
use sim_core::parameter::Parameter;
use sim_core::real::Real;
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "CodedSum",
    nest: "",
    summary: "Adds up weighted numbers that are coded in spikes, and sends a function of the sum.",
    parameters: &[
        Parameter::choice(
            "function",
            &["Identity", "Relu", "Silu", "Gelu", "Square", "Root", "Exp"],
            "Identity",
            "of the sum",
        ),
        CODE,
        BITS,
        PART,
        UNIT,
        GRAIN,
        PERIOD,
        WINDOW,
        HEAR,
        HEAR_ON,
        SEND,
        SET,
        TRIAL,
        STOP,
    ],
    states: &[V],
    weight: Dimension::Number,
    ports: Ports::One,
    check: schedule::check,
    charge: None,
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: Some(exact::build),
    lazy: None,
    primitive: None,
};

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let (unit, grain) = (cells.arguments.number("unit"), cells.arguments.number("grain"));
    let f = function(cells.arguments.word("function"));
    let makes: Makes = Box::new(move |v, _| f(v * unit) / grain);
    Coded::build(cells, makes)
}

/// The function of this name.
fn function(name: &str) -> fn(f64) -> f64 {
    match name {
        "Relu" => |x| x.max(0.0),
        "Silu" => |x| x / (1.0 + libm::exp(-x)),
        "Gelu" => |x| {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
            0.5 * x * (1.0 + libm::tanh(inner))
        },
        "Square" => |x| x * x,
        "Root" => |x| x.max(0.0).sqrt(),
        "Exp" => libm::exp,
        _ => |x| x,
    }
}
