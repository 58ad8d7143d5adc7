//! `InhomogeneousPoisson`: an independent Poisson train onto every target neuron, at a rate that
//! changes at given times.
//!
//! The rate is 0 before the first time, and the last one stays. Times need not lie on the grid: in a
//! step in which the rate changes, its mean over the step counts.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `times` | – | when the rate changes, ascending |
//! | `rates` | – | the rate from each of these times on |

use crate::stimuli::schedule::{self, Schedule};
use crate::stimuli::trains::{Course, PoissonTrains, Rates};
use sim_core::data::DataError;
use sim_core::parameter::{Argument, Arguments, Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `InhomogeneousPoisson`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "InhomogeneousPoisson",
    summary: "An independent Poisson train onto every target neuron, at a rate that changes at given times.",
    parameters: &[
        Parameter::required(
            "times",
            Kind::Values(Dimension::Time),
            Range::NotNegative,
            "when the rate changes, ascending",
        ),
        Parameter::required(
            "rates",
            Kind::Values(Dimension::Rate),
            Range::NotNegative,
            "the rate from each of these times on",
        ),
    ],
    check: |arguments, _| schedule::check(arguments, "times", "rates"),
    rate: Some(mean_rate),
    shrink: Some(shrink),
    build: StimulusBuild::Spikes(build),
};

/// The mean from the first time to the last; the only rate if there is one.
fn mean_rate(arguments: &Arguments, _: usize) -> f64 {
    let (times, rates) = (arguments.values("times"), arguments.values("rates"));
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return 0.0 };
    if last == first {
        return rates[0];
    }
    let spikes = times.windows(2).zip(rates.iter()).map(|(pair, rate)| rate * (pair[1] - pair[0]));
    spikes.sum::<f64>() / (last - first)
}

fn shrink(arguments: &Arguments, indegrees: f64) -> Arguments {
    let rates = arguments.values("rates").iter().map(|rate| rate * indegrees).collect();
    arguments.clone().with("rates", Argument::Values(rates))
}

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    let schedule = Schedule::new(place, "times", "rates");
    Ok(Box::new(PoissonTrains::new(place, Rates::Shared(1.0), schedule)))
}

impl Course for Schedule {
    fn over(&self, step: i64) -> (f64, (f64, f64)) {
        (self.mean(step), (0.0, 1.0))
    }
}
