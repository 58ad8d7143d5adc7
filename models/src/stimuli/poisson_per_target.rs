//! `PoissonPerTarget`: a Poisson train onto every target neuron, as if from `indegree` sources that
//! each fire at `rate`.
//!
//! The in-degree may differ between the target populations: then there is one for each, in the order
//! of the stimulus's `to` list. Otherwise it is [`Poisson`](crate::stimuli::poisson) at
//! `rate · indegree`.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `indegree` | – | sources per neuron: one number, or one per target population |
//! | `rate` | – | spikes per second of each source |
//! | `start`, `stop` | 0, never | when it is on |

use crate::stimuli::trains::{PoissonTrains, Rates};
use crate::stimuli::window::{self, START, STOP, Window};
use sim_core::data::DataError;
use sim_core::parameter::{Argument, Arguments, Complaint, Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `PoissonPerTarget`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "PoissonPerTarget",
    summary: "A Poisson train onto every target neuron, as if from so many sources.",
    parameters: &[
        Parameter::required(
            "indegree",
            Kind::Values(Dimension::Number),
            Range::NotNegative,
            "sources per neuron: one number, or one for each target population",
        ),
        Parameter::required(
            "rate",
            Kind::Value(Dimension::Rate),
            Range::NotNegative,
            "spikes per second of each source",
        ),
        START,
        STOP,
    ],
    check,
    rate: Some(rate),
    shrink: Some(shrink),
    build: StimulusBuild::Spikes(build),
};

fn check(arguments: &Arguments, populations: usize) -> Vec<Complaint> {
    let mut complaints = window::check(arguments);
    let listed = arguments.values("indegree").len();
    if listed != 1 && listed != populations {
        let message =
            format!("indegree has {listed} entries, but the stimulus reaches {populations} populations");
        complaints.push(Complaint::about("indegree", message).help("give one number, or one for each"));
    }
    complaints
}

fn rate(arguments: &Arguments, target: usize) -> f64 {
    let indegrees = arguments.values("indegree");
    let indegree = if indegrees.len() == 1 { indegrees[0] } else { indegrees[target] };
    indegree * arguments.number("rate")
}

fn shrink(arguments: &Arguments, factor: f64) -> Arguments {
    let indegrees = arguments.values("indegree").iter().map(|indegree| indegree * factor).collect();
    arguments.clone().with("indegree", Argument::Values(indegrees))
}

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    let rates = Rates::Shared(rate(place.arguments, place.target));
    Ok(Box::new(PoissonTrains::new(place, rates, Window::new(place))))
}
