//! The current that makes up for the in-degrees that a shrunken network does not have.
//!
//! With in-degrees scaled by k and weights by 1/√k, the variance of the input stays, but its mean
//! falls by √k (van Albada, Helias & Diesmann 2015, doi:10.1371/journal.pcbi.1004490). Each target
//! gets the constant current
//! `(1 − √k) · Σ_j q_j · K_j · r_j / 1000` pA, with `q_j` the charge of one spike in pA·ms, `K_j` the
//! full in-degree and `r_j` the expected rate in Hz.

use crate::description::Description;
use crate::read::Reader;
use crate::validate::populations::Entries;
use crate::validate::projections::Wire;
use crate::validate::stimuli::Driven;

/// pA for each population; zeros in a full network.
pub(super) fn compensation(
    description: &Description,
    entries: &Entries,
    wires: &[Wire],
    stimuli: &[Driven],
    reader: &mut Reader,
) -> Vec<f64> {
    let mut current = vec![0.0; entries.len()];
    let Some(scale) = description.scale.filter(|scale| scale.indegrees < 1.0) else { return current };
    let share = 1.0 - scale.indegrees.sqrt();
    let mut add = |target: usize, weight: f64, spikes_per_second: f64, reader: &mut Reader| {
        let Some(neuron) = &entries.at(target).neuron else { return };
        let Some(charge) = neuron.model.charge else {
            let message = format!("{} cannot make up for missing synapses by a current", neuron.model.name);
            reader.error_with(scale.span, message, "write scale: (neurons: …), which keeps the in-degrees");
            return;
        };
        current[target] += share * charge(&neuron.arguments, weight) * spikes_per_second / 1000.0;
    };
    for wire in wires {
        let source = entries.at(wire.projection.source);
        let Some(rate) = source.rate else {
            let message = format!("to scale in-degrees, the rate of \"{}\" must be known", source.name);
            reader.error_with(source.span, message, "add rate: Hz(…), expected in the full network");
            continue;
        };
        let (Some(weight), Some(indegree)) = (wire.weight, wire.indegree) else {
            let message = "in-degrees cannot be scaled where a file lists the synapses";
            reader.error(wire.span, message);
            continue;
        };
        add(wire.projection.target, weight, indegree * rate, reader);
    }
    for driven in stimuli {
        let rates = driven.rates.iter().flatten();
        for (target, rate) in driven.stimulus.targets.iter().zip(rates) {
            if driven.stimulus.model.shrink.is_some() {
                add(*target, driven.weight, *rate, reader);
            }
        }
    }
    current
}
