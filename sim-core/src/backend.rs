//! The contract of machines: `load` may refuse, a loaded machine never does.

use crate::connect::Connectivity;
use crate::data::DataFiles;
use crate::network::Network;
use crate::parameter::{Arguments, Parameter};
use crate::snapshot::{Loader, Saver, SnapshotError};
use crate::spike::Spike;
use std::fmt;
use std::sync::Arc;

/// A kind of machine's row in the list of backends.
#[derive(Debug)]
pub struct Backend {
    /// The word in a network file and on the command line: `Cpu`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the file may set; `threads` is understood for every machine and not among them.
    pub parameters: &'static [Parameter],
    /// Builds the network on it. The only place that may refuse.
    pub load: fn(Load<'_>) -> Result<Box<dyn Machine>, Refusal>,
}

/// What a machine is loaded with.
pub struct Load<'a> {
    /// The checked network.
    pub network: Arc<Network>,
    /// Its connectivity, as recipes.
    pub connectivity: Arc<Connectivity>,
    /// What the file says of the machine, or its defaults.
    pub arguments: &'a Arguments,
    /// Data files that the network file names.
    pub files: &'a dyn DataFiles,
    /// How many threads to use; the result does not depend on it.
    pub threads: usize,
    /// For how many threads it is cut: `threads`, or what the checkpoint says that it will go on from.
    /// The result does not depend on it either.
    pub parts: usize,
    /// Told how much of the building is done, from 0 to 1.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

/// Why a machine cannot take a network: everything that does not fit, not the first thing only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence each, with what is used and what the limit is.
    pub reasons: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reasons.join("\n"))
    }
}

impl std::error::Error for Refusal {}

/// A loaded network that can live.
pub trait Machine: Send {
    /// The last step that was lived; 0 at the start.
    fn now(&self) -> i64;
    /// For how many threads it is cut, if its checkpoints depend on that: [`Load::parts`].
    fn parts(&self) -> usize {
        1
    }
    /// Steps of an epoch: the shortest delay, within which no spike can reach anyone.
    fn epoch(&self) -> i64;
    /// Lives up to and including step `until`, at most one epoch ahead, and fills `epoch`.
    fn advance(&mut self, until: i64, epoch: &mut Epoch);
    /// Chooses the state variables to sample, before the first advance.
    fn probe(&mut self, probes: &[Probe]);
    /// Calls `take` with all synapses of a projection as they are now: (source and target as indices
    /// in their populations, weight in the target's unit, delay in steps), ordered by target, then by source, then by delay.
    fn weights(&self, projection: usize, take: &mut dyn FnMut(u32, u32, f64, i64));
    /// What it has done so far.
    fn counters(&self) -> Counters;
    /// Writes everything that lives, spikes in flight and generators included.
    fn save(&self, out: &mut Saver);
    /// Reads what [`Machine::save`] wrote, on any number of threads but cut for as many.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}

/// State variables of some neurons, sampled at a fixed interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Number of the population.
    pub population: usize,
    /// Number of the state variable in the model's table.
    pub state: usize,
    /// Steps between samples; samples are taken at multiples of it.
    pub every: i64,
    /// Indices of the neurons, ascending.
    pub neurons: Vec<u32>,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default)]
pub struct Epoch {
    /// Steps lived are `from + 1 ..= until`.
    pub from: i64,
    /// The last step lived.
    pub until: i64,
    /// In (step, lead descending, neuron) order: by time, then by number.
    pub spikes: Vec<Spike>,
    /// In (step, probe) order.
    pub samples: Vec<Sample>,
}

/// The values of one probe at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Number of the probe.
    pub probe: usize,
    /// At the end of this step.
    pub step: i64,
    /// One value for each neuron of the probe.
    pub values: Vec<f64>,
}

/// What a machine counted; times are summed over threads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counters {
    /// Synapses stored.
    pub synapses: u64,
    /// Bytes of synapses and their index.
    pub synapse_bytes: u64,
    /// Spikes fired, warm-up included.
    pub spikes: u64,
    /// Spikes fired after the warm-up, by number of the population.
    pub spikes_after_warm_up: Vec<u64>,
    /// Spikes delivered through synapses.
    pub synaptic_events: u64,
    /// Seconds by stage, summed over threads: deliver, stimulate, update, exchange …
    pub stages: Vec<(&'static str, f64)>,
}
