//! The checked network: names resolved, numbers in range, everything in base units.
//!
//! Only [`validate`](crate::validate::validate) makes a [`Network`]; machines rely on it and check
//! nothing again. Populations, projections and stimuli stand here in the order of their names, not
//! in the order of the file, so that no result can depend on how a file is arranged; `listed` tells
//! where each stood.

use crate::data::DataFiles;
use crate::neuron::NeuronModel;
use crate::parameter::{Arguments, Parameter};
use crate::quantity::Quantity;
use crate::rng::Key;
use crate::rule::{ConnectionRule, Ends, Places};
use crate::stimulus::{Place, StimulusModel};
use crate::synapse::SynapseModel;
use std::sync::Arc;

/// A network that can be run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Network {
    /// The file's title, or its name.
    pub title: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Length of a step in ms.
    pub dt: f64,
    /// Steps to run, warm-up included.
    pub duration: i64,
    /// Steps at the start that are run but not recorded; rates and statistics leave them out.
    pub warm_up: i64,
    /// Whether spikes fall on steps or between them.
    pub clock: Clock,
    /// Precision of states and weights.
    pub precision: Precision,
    /// Ordered by name.
    pub populations: Vec<Population>,
    /// Ordered by (source name, target name, own name).
    pub projections: Vec<Projection>,
    /// Ordered by name.
    pub stimuli: Vec<Stimulus>,
    /// In the order of the file.
    pub recordings: Vec<Recording>,
    /// Steps between checkpoints, if the file wants any.
    pub checkpoint_every: Option<i64>,
    /// Steps between flushes of the recording, if the file says.
    pub flush_every: Option<i64>,
    /// What the file says of its machine; the command line may choose another.
    pub backend: BackendChoice,
    /// Where the recording goes, relative to the network file, if the file says.
    pub output: Option<String>,
}

/// Which of the two clocks a network runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Spikes fall on multiples of dt.
    Grid,
    /// Spikes fall between them too.
    Exact,
}

/// Precision of states and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

/// A population of neurons of one model.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Place in the file's list.
    pub listed: usize,
    /// Number in the network of its first neuron; the others follow.
    pub first: u32,
    /// How many neurons.
    pub size: u32,
    /// What they are.
    pub neuron: Neuron,
    /// Whether all its weights onto others must be of one sign.
    pub sign: Option<Sign>,
    /// Constant current in pA that makes up for in-degrees a shrunken network does not have; else 0.
    pub compensation: f64,
    /// Colour in plots, `#rrggbb`.
    pub colour: Option<String>,
    /// Where the neurons are, if the file says.
    pub places: Option<Arc<Places>>,
}

/// A neuron model with checked arguments.
#[derive(Clone, Debug)]
pub struct Neuron {
    /// The model.
    pub model: &'static NeuronModel,
    /// Its parameters.
    pub arguments: Arguments,
    /// Initial values said by the file: (number of the state, value).
    pub initial: Vec<(usize, Quantity)>,
}

/// What a population's outgoing weights are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// All weights ≥ 0.
    Excitatory,
    /// All weights ≤ 0.
    Inhibitory,
}

/// Synapses from one population to another.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Its own name, or empty.
    pub name: String,
    /// Number of the source population.
    pub source: usize,
    /// Number of the target population.
    pub target: usize,
    /// Who reaches whom.
    pub rule: &'static ConnectionRule,
    /// The rule's arguments.
    pub arguments: Arguments,
    /// Weight in the target's unit; absent when the rule brings its own.
    pub weight: Option<Quantity>,
    /// Delay in ms, rounded to whole steps when drawn; absent when the rule brings its own.
    pub delay: Option<Quantity>,
    /// A plastic synapse model, if the weights change.
    pub plasticity: Option<Plastic>,
    /// The key of all its draws.
    pub key: Key,
}

/// A synapse model with checked arguments.
#[derive(Clone, Debug)]
pub struct Plastic {
    /// The model.
    pub model: &'static SynapseModel,
    /// Its parameters.
    pub arguments: Arguments,
}

/// Spikes or currents from outside.
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// Its name.
    pub name: String,
    /// What it is.
    pub model: &'static StimulusModel,
    /// Its parameters.
    pub arguments: Arguments,
    /// Numbers of the populations it reaches, in the order of its `to` list.
    pub targets: Vec<usize>,
    /// Weight onto each neuron (drawn once per neuron), in the unit of the target; absent for currents.
    pub weight: Option<Quantity>,
    /// Delay in steps; 0 for currents.
    pub delay: i64,
    /// The key of all its draws.
    pub key: Key,
}

/// Something to be written down.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What.
    pub what: Recorded,
    /// Numbers of the populations, in the order of the file.
    pub from: Vec<usize>,
    /// Which of their neurons.
    pub pick: Pick,
}

/// What is written down.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// Every spike.
    Spikes,
    /// State variables, by name, every so many steps.
    State {
        /// Names in the tables of the models.
        variables: Vec<String>,
        /// Steps between samples.
        every: i64,
    },
    /// The weights of a projection (all of that name), every so many steps, and at the end.
    Weights {
        /// Name of the projection.
        projection: String,
        /// Steps between samples.
        every: i64,
    },
    /// Spikes per neuron and second in bins.
    PopulationRate {
        /// Steps in a bin.
        bin: i64,
    },
}

/// Which neurons of a population.
#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    /// All.
    All,
    /// The first n.
    First(u32),
    /// n of them, drawn without replacement.
    Random(u32),
    /// These.
    Ids(Vec<u32>),
}

/// The machine that the file asks for.
#[derive(Clone, Debug, Default)]
pub struct BackendChoice {
    /// Its name, empty for the CPU.
    pub name: String,
    /// How many threads; absent for all cores.
    pub threads: Option<usize>,
    /// What the file says in the machine's parentheses; absent for the CPU.
    pub arguments: Option<Arguments>,
}

impl Stimulus {
    /// What the generator for a block of a target population is built from; `target` is the population's
    /// place in the `to` list, and the block `len` neurons from `first` on.
    pub fn place<'a>(
        &'a self,
        (target, population): (usize, &Population),
        (first, len): (u32, usize),
        dt: f64,
        files: &'a dyn DataFiles,
    ) -> Place<'a> {
        let key = self.key.named("source").named(&population.name);
        Place { arguments: &self.arguments, target, first, len, dt, delay: self.delay, key, files }
    }
}

impl BackendChoice {
    /// What a machine with this table of parameters is loaded with: what the file says, if it says it
    /// for such a machine, else the defaults. A chip and its unquantised form have one table.
    pub fn arguments(&self, table: &'static [Parameter]) -> Arguments {
        let said = self.arguments.as_ref().filter(|said| said.fit(table));
        said.cloned().unwrap_or_else(|| Arguments::defaults(table))
    }
}

impl Network {
    /// How many neurons there are.
    pub fn neurons(&self) -> u32 {
        self.populations.iter().map(|population| population.size).sum()
    }

    /// The population with this name.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|population| population.name == name)
    }

    /// The population of a neuron, and its index there.
    pub fn locate(&self, neuron: u32) -> (usize, u32) {
        let number = self.populations.partition_point(|population| population.first <= neuron) - 1;
        (number, neuron - self.populations[number].first)
    }

    /// Numbers of the populations in the order of the file.
    pub fn listed(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.populations.len()).collect();
        numbers.sort_by_key(|&number| self.populations[number].listed);
        numbers
    }

    /// The key of draws for a purpose.
    pub fn key(&self, purpose: &str) -> Key {
        Key::new(self.seed).named(purpose)
    }

    /// The two populations of a projection, as its rule sees them.
    pub fn ends(&self, projection: &Projection) -> Ends {
        let (source, target) = (&self.populations[projection.source], &self.populations[projection.target]);
        Ends {
            source: source.name.clone(),
            target: target.name.clone(),
            sources: source.size,
            targets: target.size,
            recurrent: projection.source == projection.target,
            source_places: source.places.clone(),
            target_places: target.places.clone(),
        }
    }

    /// Indices of the picked neurons of a population, ascending.
    pub fn picked(&self, pick: &Pick, population: usize) -> Vec<u32> {
        let population = &self.populations[population];
        let mut indices: Vec<u32> = match pick {
            Pick::All => (0..population.size).collect(),
            Pick::First(n) => (0..population.size.min(*n)).collect(),
            Pick::Ids(ids) => ids.iter().copied().filter(|&id| id < population.size).collect(),
            Pick::Random(n) => {
                // The n smallest of keyed random numbers: a draw without replacement.
                let key = self.key("pick").named(&population.name);
                let mut ranked: Vec<(u64, u32)> = (0..population.size)
                    .map(|index| (key.uniform(u64::from(index)).to_bits(), index))
                    .collect();
                ranked.sort_unstable();
                ranked.iter().take(*n as usize).map(|&(_, index)| index).collect()
            }
        };
        indices.sort_unstable();
        indices.dedup();
        indices
    }
}
