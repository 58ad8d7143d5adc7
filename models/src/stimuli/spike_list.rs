//! `SpikeList`: spikes at listed times.
//!
//! Every spike goes to every target neuron, or with `neurons` each to one, given by its index in the
//! target population. On the grid a time is rounded to the nearest step; in continuous time it is
//! exact. A spike of time t arrives at t + delay.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `times` | – | ascending; equal times count each |
//! | `factors` | 1 | multiplies the weight: one number for each time |
//! | `neurons` | – | index in the population of the neuron each spike is for |

use crate::stimuli::listed::Listed;
use sim_core::data::DataError;
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;

/// The row of `SpikeList`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "SpikeList",
    summary: "Spikes at listed times, onto every target neuron or each onto one.",
    parameters: &[
        Parameter::required("times", Kind::Values(Dimension::Time), Range::NotNegative, "when; ascending"),
        Parameter::optional(
            "factors",
            Kind::Values(Dimension::Number),
            Range::Any,
            "multiplies the weight, one number for each time",
        ),
        Parameter::optional(
            "neurons",
            Kind::Values(Dimension::Number),
            Range::Between(0.0, u32::MAX as f64),
            "index in the population of the one neuron that each spike is for",
        ),
    ],
    check,
    rate: None,
    shrink: None,
    build: StimulusBuild::Spikes(build),
};

fn check(arguments: &Arguments, _: usize) -> Vec<Complaint> {
    let times = arguments.values("times");
    let mut complaints = Vec::new();
    if let Some(pair) = times.windows(2).find(|pair| pair[0] > pair[1]) {
        let message = format!("times do not ascend: {} ms is followed by {} ms", pair[0], pair[1]);
        complaints.push(Complaint::about("times", message));
    }
    for name in ["factors", "neurons"] {
        let listed = arguments.values(name);
        if !listed.is_empty() && listed.len() != times.len() {
            let message = format!("{name} has {} entries and times {}", listed.len(), times.len());
            complaints.push(Complaint::about(name, message));
        }
    }
    if let Some(index) = arguments.values("neurons").iter().find(|index| index.fract() != 0.0) {
        complaints.push(Complaint::about("neurons", format!("{index} is not a whole number")));
    }
    complaints
}

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    let (times, factors) = (place.arguments.values("times"), place.arguments.values("factors"));
    let neurons = place.arguments.values("neurons");
    if neurons.is_empty() {
        return Ok(Box::new(Listed::new(place, times, Vec::new(), factors)));
    }
    let own: Vec<(usize, u32)> = neurons
        .iter()
        .enumerate()
        .filter_map(|(spike, &index)| {
            let neuron = (index as u32).checked_sub(place.first)?;
            ((neuron as usize) < place.len).then_some((spike, neuron))
        })
        .collect();
    let times = own.iter().map(|&(spike, _)| times[spike]).collect();
    let factors = own.iter().filter_map(|&(spike, _)| factors.get(spike).copied()).collect();
    let neurons = own.into_iter().map(|(_, neuron)| neuron).collect();
    Ok(Box::new(Listed::new(place, times, neurons, factors)))
}
