//! What a run will leave behind.

use crate::hdf5::layout::files;
use sim_core::backend::Probe;
use sim_core::network::{Network, Pick, Precision, Recorded};
use std::path::{Path, PathBuf};

/// What a recording holds, taken from a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The network's title.
    pub title: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Length of a step in ms.
    pub dt: f64,
    /// Steps to run, warm-up included.
    pub duration: i64,
    /// Steps at the start of which nothing is recorded.
    pub warm_up: i64,
    /// Steps between flushes; if absent, there is one every 100 ms of model time, but also at most
    /// one every 100 ms of the clock on the wall.
    pub flush_every: Option<i64>,
    /// Steps between checkpoints; the recording is flushed there too, so that it can go on there.
    pub checkpoint_every: Option<i64>,
    /// Precision of the values in the file.
    pub precision: Precision,
    /// All populations of the network, in its order.
    pub populations: Vec<Members>,
    /// Spikes, at most one entry for each population.
    pub spikes: Vec<Spikes>,
    /// Rates.
    pub rates: Vec<Rate>,
    /// State variables; the probes of the machine, in this order.
    pub states: Vec<State>,
    /// Weights.
    pub weights: Vec<Weights>,
}

/// The neurons of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Members {
    /// Its name.
    pub name: String,
    /// Number in the network of its first neuron.
    pub first: u32,
    /// How many.
    pub size: u32,
}

/// Spikes of some neurons of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spikes {
    /// Number of the population.
    pub population: usize,
    /// Indices of the neurons, ascending.
    pub neurons: Vec<u32>,
}

/// Spikes per neuron and second in bins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Number of the population.
    pub population: usize,
    /// Indices of the neurons, ascending.
    pub neurons: Vec<u32>,
    /// Steps in a bin.
    pub bin: i64,
}

/// A state variable of some neurons of a population.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Number of the population.
    pub population: usize,
    /// Number of the variable in the model's table.
    pub state: usize,
    /// Its name.
    pub variable: String,
    /// Its unit.
    pub unit: String,
    /// Steps between samples.
    pub every: i64,
    /// Indices of the neurons, ascending.
    pub neurons: Vec<u32>,
}

/// The weights of a projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Its name in the file.
    pub name: String,
    /// Number of the projection.
    pub projection: usize,
    /// Number of the source population.
    pub source: usize,
    /// Number of the target population.
    pub target: usize,
    /// Unit of the weights.
    pub unit: String,
    /// Steps between samples.
    pub every: i64,
}

impl Plan {
    /// What a network wants recorded.
    pub fn of(network: &Network) -> Plan {
        let members = |population: &sim_core::network::Population| Members {
            name: population.name.clone(),
            first: population.first,
            size: population.size,
        };
        let mut plan = Plan {
            title: network.title.clone(),
            seed: network.seed,
            dt: network.dt,
            duration: network.duration,
            warm_up: network.warm_up,
            flush_every: network.flush_every,
            checkpoint_every: network.checkpoint_every,
            precision: network.precision,
            populations: network.populations.iter().map(members).collect(),
            spikes: Vec::new(),
            rates: Vec::new(),
            states: Vec::new(),
            weights: Vec::new(),
        };
        for recording in &network.recordings {
            match &recording.what {
                Recorded::Weights { projection, every } => plan.add_weights(network, projection, *every),
                what => recording.from.iter().for_each(|&population| {
                    plan.add_population(network, what, population, &recording.pick);
                }),
            }
        }
        plan
    }

    /// The files that a recording at `path` consists of, the one at `path` first.
    pub fn files(&self, path: &Path) -> Vec<PathBuf> {
        files(path, self).0
    }

    /// The probes a machine needs for this plan; its samples carry numbers in this list.
    pub fn probes(&self) -> Vec<Probe> {
        let probe = |state: &State| Probe {
            population: state.population,
            state: state.state,
            every: state.every,
            neurons: state.neurons.clone(),
        };
        self.states.iter().map(probe).collect()
    }

    fn add_population(&mut self, network: &Network, what: &Recorded, population: usize, pick: &Pick) {
        let neurons = network.picked(pick, population);
        match what {
            Recorded::Spikes => self.add_spikes(population, neurons),
            Recorded::PopulationRate { bin } => self.rates.push(Rate { population, neurons, bin: *bin }),
            Recorded::State { variables, every } => {
                let table = network.populations[population].neuron.model.states;
                for variable in variables {
                    // A recording may name populations of which some lack the variable.
                    let Some(state) = table.iter().position(|state| state.name == variable) else { continue };
                    self.states.push(State {
                        population,
                        state,
                        variable: variable.clone(),
                        unit: table[state].dimension.base().into(),
                        every: *every,
                        neurons: neurons.clone(),
                    });
                }
            }
            Recorded::Weights { .. } => {}
        }
    }

    fn add_spikes(&mut self, population: usize, neurons: Vec<u32>) {
        match self.spikes.iter_mut().find(|spikes| spikes.population == population) {
            Some(spikes) => {
                spikes.neurons.extend(neurons);
                spikes.neurons.sort_unstable();
                spikes.neurons.dedup();
            }
            None => self.spikes.push(Spikes { population, neurons }),
        }
    }

    fn add_weights(&mut self, network: &Network, name: &str, every: i64) {
        let named = |projection: &&sim_core::network::Projection| projection.name == name;
        let alone = network.projections.iter().filter(named).count() == 1;
        let all = network.projections.iter().enumerate();
        for (number, projection) in all.filter(|(_, projection)| named(projection)) {
            let (source, target) =
                (&network.populations[projection.source], &network.populations[projection.target]);
            self.weights.push(Weights {
                name: if alone { name.into() } else { format!("{name}:{}-{}", source.name, target.name) },
                projection: number,
                source: projection.source,
                target: projection.target,
                unit: target.neuron.model.weight.base().into(),
                every,
            });
        }
    }
}
