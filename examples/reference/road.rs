//! The ordinary road, from a network's text to its life.

use crate::case::Problem;
use saltus::open::read;
use saltus::vocabulary::VOCABULARY;
use sim_core::backend::{Epoch, Load, Machine, Probe, Sample};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::neuron::NeuronModel;
use sim_core::parameter::Arguments;
use sim_core::spike::Spike;
use sim_core::synapse::SynapseModel;
use std::sync::Arc;

/// A network that lives.
pub struct Road {
    /// The checked network.
    pub network: Arc<Network>,
    /// The machine it runs on.
    pub machine: Box<dyn Machine>,
    /// All spikes so far.
    pub spikes: Vec<Spike>,
    /// All samples so far.
    pub samples: Vec<Sample>,
}

impl Road {
    /// Opens, connects and loads a network.
    pub fn new(text: &str) -> Result<Road, Problem> {
        let network = Arc::new(read("case.ron", text, &[])?);
        let connectivity = Arc::new(connect(&network, &NoFiles)?);
        let load = Load {
            network: Arc::clone(&network),
            connectivity,
            arguments: &Arguments::defaults(&[]),
            files: &NoFiles,
            threads: 1,
            parts: 1,
            progress: &|_| {},
        };
        let machine = (backends::cpu::BACKEND.load)(load)?;
        Ok(Road { network, machine, spikes: Vec::new(), samples: Vec::new() })
    }

    /// Samples state variables of neurons of a population at every step.
    pub fn probe(&mut self, population: &str, states: &[&str], neurons: &[u32]) -> Result<(), Problem> {
        let number = self.network.population(population).ok_or("no such population")?;
        let table = self.network.populations[number].neuron.model.states;
        let mut probes = Vec::new();
        for name in states {
            let state =
                table.iter().position(|state| state.name == *name).ok_or(format!("no state {name}"))?;
            probes.push(Probe { population: number, state, every: 1, neurons: neurons.to_vec() });
        }
        self.machine.probe(&probes);
        Ok(())
    }

    /// Lives until the end of a step.
    pub fn live(&mut self, until: i64) {
        let mut epoch = Epoch::default();
        while self.machine.now() < until {
            let end = until.min(self.machine.now() + self.machine.epoch());
            self.machine.advance(end, &mut epoch);
            self.spikes.append(&mut epoch.spikes);
            self.samples.append(&mut epoch.samples);
        }
    }

    /// The trace of one probe: values of its neuron number `neuron` at each step.
    pub fn trace(&self, probe: usize, neuron: usize) -> Vec<f64> {
        self.samples
            .iter()
            .filter(|sample| sample.probe == probe)
            .map(|sample| sample.values[neuron])
            .collect()
    }
}

/// The neuron model with one of NEST's names.
pub fn neuron(nest: &str) -> Result<&'static NeuronModel, Problem> {
    let found = VOCABULARY.neurons.iter().find(|model| model.nest == nest);
    found.copied().ok_or_else(|| Problem::Missing(nest.into()))
}

/// Models of NEST that are a choice of one model here.
/// tsodyks2_synapse starts with u = U; ours comes to that at the first spike.
const CHOICES: [(&str, &str, &str); 5] = [
    ("stdp_nn_symm_synapse", "Stdp", "neighbours: Symmetric"),
    ("stdp_nn_pre_centered_synapse", "Stdp", "neighbours: PresynCentered"),
    ("stdp_nn_restr_synapse", "Stdp", "neighbours: Restricted"),
    ("tsodyks_synapse", "TsodyksMarkram", ""),
    ("tsodyks2_synapse", "TsodyksMarkram", "u: 0.0"),
];

/// The synapse model with one of NEST's names, and what has to be said to choose it.
pub fn synapse(nest: &str) -> Result<(&'static SynapseModel, &'static str), Problem> {
    let chosen = CHOICES.iter().find(|choice| choice.0 == nest);
    let is_it =
        |model: &&&'static SynapseModel| chosen.map_or(model.nest == nest, |choice| model.name == choice.1);
    let model = VOCABULARY.synapses.iter().find(is_it).ok_or_else(|| Problem::Missing(nest.into()))?;
    Ok((model, chosen.map_or("", |choice| choice.2)))
}

/// A number in a network file, with a unit where there is one.
pub fn with_unit(unit: &str, value: f64) -> String {
    if unit.is_empty() { format!("{value:?}") } else { format!("{unit}({value:?})") }
}

/// A list of numbers in a network file, with a unit where there is one.
pub fn list(unit: &str, values: &[f64]) -> String {
    let inside = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
    if unit.is_empty() { format!("[{inside}]") } else { format!("{unit}([{inside}])") }
}
