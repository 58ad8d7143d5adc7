//! A network in the chip's integers, with no trace of where anything is placed.

use super::compartment::Compartment;
use super::learning::epoch::Profile;
use super::semantics::Semantics;
use super::weights::WeightFormat;
use sim_core::primitive::PairRule;
use sim_core::rng::Key;
use std::ops::Range;

/// Compartments and synapses.
#[derive(Clone, Debug)]
pub struct Quantised {
    /// What the integers mean.
    pub semantics: &'static Semantics,
    /// One for each neuron.
    pub compartments: Vec<Compartment>,
    /// u and v at the start, where any is not 0.
    pub starts_at: Option<Vec<(i32, i32)>>,
    /// Names and neurons of the populations.
    pub populations: Vec<(String, Range<u32>)>,
    /// Axons from outside: their numbers follow those of the neurons.
    pub inputs: usize,
    /// How weights are written.
    pub formats: Vec<WeightFormat>,
    /// Per source, neurons and then inputs, the first of its synapses; one more at the end.
    pub starts: Vec<u32>,
    /// By source.
    pub synapses: Vec<Synapse>,
    /// Rules that synapses learn by.
    pub learning: Vec<Learned>,
}

/// A learning rule, with a weight format of its own.
#[derive(Clone, Debug)]
pub struct Learned {
    /// Number of the format: its synapses learn by this rule.
    pub format: u8,
    /// Number of the projection.
    pub projection: usize,
    /// Steps from a spike to the arrival that its file asks for.
    pub delay: u8,
    /// Traces and products.
    pub profile: Profile,
    /// The same in floats, in the unit of weights.
    pub real: PairRule,
    /// The key of its chances.
    pub key: Key,
}

/// A synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// Its neuron.
    pub target: u32,
    /// Mantissa of the weight, as its format holds it.
    pub mantissa: i16,
    /// Steps from a spike to its arrival, 1 to 63; the chip's delay field is one less.
    pub delay: u8,
    /// Number of its format.
    pub format: u8,
}

impl Quantised {
    /// A network of these neurons, from synapses in any order: (source, synapse).
    pub fn new(
        semantics: &'static Semantics,
        compartments: Vec<Compartment>,
        inputs: usize,
        formats: Vec<WeightFormat>,
        all: &[(u32, Synapse)],
    ) -> Self {
        let sources = compartments.len() + inputs;
        let mut starts = vec![0; sources + 1];
        all.iter().for_each(|(source, _)| starts[*source as usize + 1] += 1);
        (0..sources).for_each(|source| starts[source + 1] += starts[source]);
        let mut next: Vec<u32> = starts.clone();
        let blank = Synapse { target: 0, mantissa: 0, delay: 1, format: 0 };
        let mut synapses = vec![blank; all.len()];
        for (source, synapse) in all {
            let place = &mut next[*source as usize];
            synapses[*place as usize] = *synapse;
            *place += 1;
        }
        let everyone = vec![(String::new(), 0..compartments.len() as u32)];
        let populations = everyone;
        Quantised {
            semantics,
            compartments,
            starts_at: None,
            populations,
            inputs,
            formats,
            starts,
            synapses,
            learning: Vec::new(),
        }
    }

    /// How many neurons there are.
    pub fn neurons(&self) -> usize {
        self.compartments.len()
    }

    /// How many sources there are: neurons and inputs.
    pub fn sources(&self) -> usize {
        self.starts.len() - 1
    }

    /// u and v of a neuron at the start.
    pub fn start(&self, neuron: u32) -> (i32, i32) {
        self.starts_at.as_ref().map_or((0, 0), |starts| starts[neuron as usize])
    }

    /// Numbers of a source's synapses.
    pub fn row(&self, source: usize) -> Range<usize> {
        self.starts[source] as usize..self.starts[source + 1] as usize
    }

    /// The rule that synapses of a format learn by, if they do.
    pub fn learned(&self, format: u8) -> Option<&Learned> {
        self.learning.iter().find(|learned| learned.format == format)
    }

    /// What a synapse adds to the sum of its target, in units of 64.
    pub fn weight(&self, synapse: &Synapse) -> i16 {
        let format = &self.formats[usize::from(synapse.format)];
        format.effective(i32::from(synapse.mantissa), self.semantics.rounding) as i16
    }

    /// The longest delay, inputs included; 1 if there is no synapse.
    pub fn longest_delay(&self) -> u8 {
        self.synapses.iter().map(|synapse| synapse.delay).max().unwrap_or(1)
    }

    /// The shortest delay between neurons, if any are connected: how long they need not hear of each other.
    pub fn shortest_delay(&self) -> Option<u8> {
        let own = &self.synapses[..self.starts[self.neurons()] as usize];
        own.iter().map(|synapse| synapse.delay).min()
    }
}
