//! The contract of stimuli: spikes or currents that come from outside the network.
//!
//! A stimulus is built once for every block of at most [`BLOCK`] neurons of each population it
//! reaches. Blocks depend on the population alone, so a generator that is keyed by (seed, stimulus,
//! population, block) draws the same numbers however the network is cut.

use crate::data::{DataError, DataFiles};
use crate::parameter::{Arguments, Complaint, Parameter};
use crate::rng::Key;
use crate::snapshot::{Loader, Saver, SnapshotError};

/// Neurons that share one generator: blocks start at multiples of this in their population.
pub const BLOCK: usize = 256;

/// A stimulus model's row in the list of models.
#[derive(Debug)]
pub struct StimulusModel {
    /// The word in a network file: `Poisson`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the file may set.
    pub parameters: &'static [Parameter],
    /// Mistakes between parameters; `populations` is how many populations the stimulus reaches.
    pub check: fn(&Arguments, populations: usize) -> Vec<Complaint>,
    /// Mean spikes per second onto each neuron of target population number `target`; absent for
    /// stimuli that in-degrees do not scale (currents, spike lists).
    pub rate: Option<fn(&Arguments, target: usize) -> f64>,
    /// The arguments with in-degrees scaled by a factor; absent where `rate` is.
    pub shrink: Option<fn(&Arguments, indegrees: f64) -> Arguments>,
    /// Builds the living generator.
    pub build: StimulusBuild,
}

/// Builders of the two kinds of stimuli.
#[derive(Clone, Copy, Debug)]
pub enum StimulusBuild {
    /// Spikes, with a weight and a delay.
    Spikes(fn(&Place<'_>) -> Result<Box<dyn SpikeSource>, DataError>),
    /// A current in pA.
    Current(fn(&Place<'_>) -> Result<Box<dyn CurrentSource>, DataError>),
}

/// What a generator for one block of neurons is built from.
pub struct Place<'a> {
    /// The checked arguments.
    pub arguments: &'a Arguments,
    /// Which of the stimulus's target populations this is, in the order of its `to` list.
    pub target: usize,
    /// Index in the population of the block's first neuron.
    pub first: u32,
    /// Neurons in the block.
    pub len: usize,
    /// Length of a step in ms.
    pub dt: f64,
    /// Delay of the stimulus in steps; 0 for currents.
    pub delay: i64,
    /// The key of (seed, stimulus, population); take `.numbered(first)` for the block, or `.stream`
    /// of an index in the population for a neuron.
    pub key: Key,
    /// Data files that the network file names.
    pub files: &'a dyn DataFiles,
}

/// A living source of spikes onto one block of neurons.
pub trait SpikeSource: Send {
    /// The spikes that arrive in step `step`, in one of two forms: as a number for every neuron of the
    /// block, written to `counts`; then it says true, and what lies past the block means nothing. Or
    /// one by one, handed over as (neuron, amount), an amount being a number of spikes times a factor
    /// of their own; then it says false, and `counts` means nothing. Steps are asked for in order,
    /// each once.
    fn arrivals(&mut self, step: i64, counts: &mut [i16; BLOCK], take: &mut dyn FnMut(u32, f64)) -> bool;
    /// The same for continuous time: all are handed over as (neuron, offset in (0, dt] ms, amount).
    fn arrivals_exact(&mut self, step: i64, take: &mut dyn FnMut(u32, f64, f64));
    /// Writes all state.
    fn save(&self, out: &mut Saver);
    /// Reads what [`SpikeSource::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}

/// A living source of current into one block of neurons.
pub trait CurrentSource: Send {
    /// Adds to `current[neuron]` the pA that flow during step `step`, that is in
    /// `((step-1)·dt, step·dt]`. Steps are asked for in order, each once.
    fn flow(&mut self, step: i64, current: &mut [f64]);
    /// Writes all state.
    fn save(&self, out: &mut Saver);
    /// Reads what [`CurrentSource::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}
