//! From a network of integers to shards: unmapped, or as it was placed onto cores.
//!
//! The two ways meet in what a shard is, and nowhere before: an unmapped network is one unlimited core,
//! built from the integers alone; a mapped one follows the neurons, axons and synapse lists of a placement.

use super::arithmetic::Cells;
use super::compartment::{BLOCK, Compartments};
use super::drive::Drive;
use super::network::Quantised;
use super::noise::Noise;
use super::placed::Placed;
use super::real::{RealCompartment, RealCompartments};
use super::rows::{Incoming, Routes, Rows};
use super::shard::{PLACES, Shard};
use rayon::prelude::*;
use sim_core::data::DataError;

/// Below this many neurons a second shard costs more than it brings.
const WORTH_TWO: usize = 1_000;

/// What the shards of a network are made of.
pub trait Numbers: Sync {
    /// The compartments.
    type Cells: Cells;
    /// Compartments of some neurons.
    fn cells(&self, neurons: &[u32]) -> Self::Cells;
    /// What a synapse of the network adds, by its number.
    fn weight(&self, synapse: usize) -> <Self::Cells as Cells>::Weight;
}

/// The chip's integers.
pub struct Integers<'a> {
    /// The network.
    pub network: &'a Quantised,
    /// Noise onto all compartments, given the neurons of a shard.
    pub noise: Option<&'a (dyn Fn(&[u32]) -> Noise + Sync)>,
}

/// Floats for the same network.
pub struct Reals<'a> {
    /// One for each neuron.
    pub compartments: &'a [RealCompartment],
    /// u and v at the start, one for each neuron.
    pub start: &'a [(f64, f64)],
    /// One for each synapse.
    pub weights: &'a [f64],
}

impl Numbers for Integers<'_> {
    type Cells = Compartments;

    fn cells(&self, neurons: &[u32]) -> Compartments {
        let of = |&neuron: &u32| self.network.compartments[neuron as usize];
        let registers: Vec<_> = neurons.iter().map(of).collect();
        let noise = self.noise.map(|noise| noise(neurons));
        let start = neurons.iter().map(|&neuron| self.network.start(neuron));
        Compartments::new(&registers, self.network.semantics, noise).started(start)
    }

    fn weight(&self, synapse: usize) -> i16 {
        self.network.weight(&self.network.synapses[synapse])
    }
}

impl Numbers for Reals<'_> {
    type Cells = RealCompartments;

    fn cells(&self, neurons: &[u32]) -> RealCompartments {
        let constants = neurons.iter().map(|&neuron| self.compartments[neuron as usize]).collect();
        RealCompartments::new(constants, neurons.iter().map(|&neuron| self.start[neuron as usize]))
    }

    fn weight(&self, synapse: usize) -> f64 {
        self.weights[synapse]
    }
}

/// Which neurons live in which shard, and where.
pub struct Layout {
    /// The neurons of each shard's places.
    pub shards: Vec<Vec<u32>>,
    /// For each neuron its shard and place.
    pub at: Vec<(u16, u16)>,
    /// The cores of each shard; none if the network is unmapped.
    cores: Vec<std::ops::Range<usize>>,
}

impl Layout {
    /// Every shard gets its share of every population.
    pub fn unmapped(network: &Quantised) -> Layout {
        let neurons = network.neurons();
        let mut count = shards_for(neurons);
        loop {
            let shards = cut(network, count);
            if shards.iter().all(|shard| shard.len() <= PLACES) {
                return Layout::of(neurons, shards, Vec::new());
            }
            count += 2;
        }
    }

    /// Every shard is a stretch of cores.
    pub fn mapped(neurons: usize, placed: &Placed) -> Layout {
        let cores = placed.cores.len();
        let mut count = shards_for(neurons).min(cores.max(1));
        loop {
            let border = |shard: usize| cores * shard / count;
            let stretches: Vec<_> = (0..count).map(|shard| border(shard)..border(shard + 1)).collect();
            let of = |cores: &std::ops::Range<usize>| {
                placed.cores[cores.clone()].iter().flat_map(|core| core.neurons.iter().copied()).collect()
            };
            let shards: Vec<Vec<u32>> = stretches.iter().map(of).collect();
            if count >= cores || shards.iter().all(|shard| shard.len() <= PLACES) {
                return Layout::of(neurons, shards, stretches);
            }
            count += 2;
        }
    }

    fn of(neurons: usize, shards: Vec<Vec<u32>>, cores: Vec<std::ops::Range<usize>>) -> Layout {
        let mut at = vec![(0, 0); neurons];
        for (shard, own) in shards.iter().enumerate() {
            for (place, &neuron) in own.iter().enumerate() {
                at[neuron as usize] = (shard as u16, place as u16);
            }
        }
        Layout { shards, at, cores }
    }
}

/// An even number, so that two threads share the work.
fn shards_for(neurons: usize) -> usize {
    if neurons < WORTH_TWO { 1 } else { neurons.div_ceil(PLACES).next_multiple_of(2) }
}

fn cut(network: &Quantised, count: usize) -> Vec<Vec<u32>> {
    let mut shards: Vec<Vec<u32>> = vec![Vec::new(); count];
    for (number, (_, range)) in network.populations.iter().enumerate() {
        let blocks = range.len().div_ceil(BLOCK);
        for part in 0..count {
            let border = |part: usize| (range.start + (blocks * part / count * BLOCK) as u32).min(range.end);
            let end = if part + 1 == count { range.end } else { border(part + 1) };
            shards[(part + number) % count].extend(border(part)..end);
        }
    }
    shards
}

/// Makes the stimuli of a shard, given its number.
pub type Drives<'a, W> = &'a (dyn Fn(usize) -> Result<Drive<W>, DataError> + Sync);

/// Builds all shards, in parallel; `longest` is the longest delay, stimuli included.
///
/// # Errors
/// When a stimulus cannot have its data file.
pub fn shards<N: Numbers>(
    network: &Quantised,
    (layout, placed): (&Layout, Option<&Placed>),
    numbers: &N,
    longest: usize,
    drives: Drives<'_, <N::Cells as Cells>::Weight>,
) -> Result<Vec<Shard<N::Cells>>, DataError> {
    let build = |number: usize| {
        let neurons = &layout.shards[number];
        let memory = match placed {
            None => own_rows(network, layout, numbers, number),
            Some(placed) => axon_rows(network, layout, placed, numbers, number),
        };
        Ok(Shard::new(numbers.cells(neurons), neurons.clone(), memory, drives(number)?, longest))
    };
    (0..layout.shards.len()).into_par_iter().with_max_len(1).map(build).collect()
}

/// One row for each source: all its synapses onto the shard.
fn own_rows<N: Numbers>(
    network: &Quantised,
    layout: &Layout,
    numbers: &N,
    shard: usize,
) -> (Rows<<N::Cells as Cells>::Weight>, Routes) {
    let here = |target: u32| usize::from(layout.at[target as usize].0) == shard;
    let count = network.synapses.iter().filter(|synapse| here(synapse.target)).count();
    let mut rows = Rows::with_capacity(network.sources(), count);
    let mut row = Vec::new();
    for source in 0..network.sources() {
        row.clear();
        row.extend(network.row(source).filter_map(|number| {
            let synapse = &network.synapses[number];
            let place = layout.at[synapse.target as usize].1;
            let weight = || numbers.weight(number);
            here(synapse.target).then(|| Incoming { place, delay: synapse.delay, weight: weight() })
        }));
        rows.push(&mut row);
    }
    (rows, Routes::Own)
}

/// One row for each input axon of the shard's cores.
fn axon_rows<N: Numbers>(
    network: &Quantised,
    layout: &Layout,
    placed: &Placed,
    numbers: &N,
    shard: usize,
) -> (Rows<<N::Cells as Cells>::Weight>, Routes) {
    let cores = &placed.cores[layout.cores[shard].clone()];
    let axons = || cores.iter().flat_map(|core| &core.axons);
    let mut rows =
        Rows::with_capacity(axons().count(), axons().map(|axon| axon.synapses.len()).sum::<usize>());
    let mut row = Vec::new();
    let mut sources = Vec::new();
    let mut first = 0;
    for core in cores {
        for axon in &core.axons {
            row.clear();
            row.extend(axon.synapses.iter().map(|&(number, slot)| {
                let delay = network.synapses[number as usize].delay;
                Incoming { place: first + slot, delay, weight: numbers.weight(number as usize) }
            }));
            rows.push(&mut row);
            sources.push(axon.source);
        }
        first += core.neurons.len() as u16;
    }
    let routes = Routes::new(network.sources(), &sources);
    (rows, routes)
}
