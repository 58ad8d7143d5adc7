//! What a machine's integers mean in the units of its network.

use super::quantise::scale::mantissa;
use super::semantics::Semantics;
use super::weights::WeightFormat;
use sim_core::network::{Network, Recorded};

/// Integers ↔ the network's units. In floats scales are 1 and weights are themselves.
#[derive(Clone, Debug)]
pub struct Readings {
    /// What the integers mean; absent in floats.
    pub semantics: Option<&'static Semantics>,
    /// For each population what one unit of v is.
    pub scales: Vec<f64>,
    /// For each neuron what one unit of u adds to v.
    pub gains: Vec<f64>,
    /// For each neuron the V at which v is 0.
    pub rests: Vec<f64>,
    /// For each projection its format.
    pub formats: Vec<WeightFormat>,
    /// For each learning rule its projection, and the delay of its synapses in steps.
    pub learning: Vec<(usize, i64)>,
}

/// The register that holds a state variable of a model: 0 is u, 1 is v.
pub fn register(state: &str) -> Option<usize> {
    match state {
        "V_m" => Some(1),
        "I_syn" => Some(0),
        _ => None,
    }
}

/// What a network records that the chip does not have.
pub fn unreadable(network: &Network) -> Vec<String> {
    let mut reasons = Vec::new();
    for recording in &network.recordings {
        let Recorded::State { variables, .. } = &recording.what else { continue };
        for &population in &recording.from {
            for variable in variables.iter().filter(|name| register(name).is_none()) {
                reasons.push(format!(
                    "{variable} of \"{}\" cannot be recorded: a compartment has one voltage V_m and one current \
                     I_syn",
                    network.populations[population].name
                ));
            }
        }
    }
    reasons
}

impl Readings {
    /// A state is `offset + scale · register`.
    pub fn state(&self, population: usize, neuron: usize, register: usize) -> (f64, f64) {
        let scale = if self.semantics.is_some() { self.scales[population] } else { 1.0 };
        match register {
            0 if self.semantics.is_none() => (0.0, 1.0),
            0 => (0.0, 1.0 / (scale * self.gains[neuron])),
            _ => (self.rests[neuron], 1.0 / scale),
        }
    }

    /// The weight of a synapse that learns, from what its engine tells.
    pub fn held(&self, population: usize, neuron: usize, number: f64) -> f64 {
        match self.semantics {
            None => number,
            Some(_) => number * 64.0 / (self.scales[population] * self.gains[neuron]),
        }
    }

    /// A weight as it is held.
    pub fn weight(&self, projection: usize, population: usize, neuron: usize, weight: f64) -> f64 {
        let Some(semantics) = self.semantics else { return weight };
        let factor = self.scales[population] * self.gains[neuron];
        mantissa(weight * factor, self.formats[projection], semantics).1 / factor
    }
}
