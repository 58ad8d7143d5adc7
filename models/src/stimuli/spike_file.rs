//! `SpikeFile`: spikes recorded in a SONATA spike file, each onto the neuron of the same index.
//!
//! Neuron `i` of the file's population reaches neuron `i` of the target population; neurons that the
//! target does not have are left out. On the grid times are rounded to the nearest step; in
//! continuous time they are exact. A spike of time t arrives at t + offset + delay; one that `offset`
//! moves before 0 is left out.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `path` | – | the file, relative to the network file |
//! | `population` | the only one | population in the file |
//! | `offset` | 0 ms | is added to all times |

use crate::stimuli::listed::Listed;
use sim_core::data::DataError;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::stimulus::{Place, SpikeSource, StimulusBuild, StimulusModel};
use sim_core::units::Dimension;
use std::sync::Arc;

/// The row of `SpikeFile`.
pub static MODEL: StimulusModel = StimulusModel {
    name: "SpikeFile",
    summary: "Spikes from a SONATA spike file, each onto the neuron of the same index.",
    parameters: &[
        Parameter::required("path", Kind::Text, Range::Any, "the file, relative to the network file"),
        Parameter::optional(
            "population",
            Kind::Text,
            Range::Any,
            "population in the file, if it has several",
        ),
        Parameter::value("offset", Dimension::Time, 0.0, Range::Any, "is added to all times"),
    ],
    check: |_, _| Vec::new(),
    rate: None,
    shrink: None,
    build: StimulusBuild::Spikes(build),
};

fn build(place: &Place<'_>) -> Result<Box<dyn SpikeSource>, DataError> {
    let path = place.arguments.text("path").unwrap_or_default();
    let population = place.arguments.text("population").unwrap_or_default();
    let offset = place.arguments.number("offset");
    let table = place.files.spikes(path, population)?;
    let column = |name| {
        let missing = || DataError { path: path.into(), message: format!("it has no column {name}") };
        table.column(name).ok_or_else(missing)
    };
    let (times, neurons) = (column("time")?, column("neuron")?);
    let block = f64::from(place.first)..f64::from(place.first) + place.len as f64;
    let mut own: Vec<(f64, u32)> = times
        .iter()
        .zip(neurons)
        .filter(|(time, neuron)| block.contains(neuron) && **time + offset >= 0.0)
        .map(|(time, neuron)| (time + offset, (neuron - block.start) as u32))
        .collect();
    own.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let times = own.iter().map(|&(time, _)| time).collect();
    let neurons: Vec<u32> = own.into_iter().map(|(_, neuron)| neuron).collect();
    Ok(Box::new(Listed::new(place, times, neurons, Arc::new([]))))
}
