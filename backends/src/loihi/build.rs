//! From a network of integers to shards: unmapped, or as it was placed onto cores.
//!
//! The two ways meet in what a shard is, and nowhere before: an unmapped network is one unlimited core,
//! built from the integers alone; a mapped one follows the neurons, axons and synapse lists of a placement.

use super::arithmetic::Cells;
use super::axons::Member;
use super::compartment::{BLOCK, Compartments};
use super::drive::Drive;
use super::learning::engines::{Integral, Real};
use super::network::{Learned, Quantised};
use super::noise::Noise;
use super::placed::{Axon, Placed};
use super::plastic::{Engine, Wires, of_shard};
use super::real::{RealCompartment, RealCompartments};
use super::rows::{Filling, Memory, SUMS, Stored};
use super::shard::{PLACES, Shard};
use super::tiles::Tiles;
use rayon::prelude::*;
use sim_core::data::DataError;
use std::ops::Range;

/// With fewer neurons than these in each shard, another one costs more than it brings.
const WORTH_A_SHARD: usize = 500;

/// What the shards of a network are made of.
pub trait Numbers: Sync {
    /// The compartments.
    type Cells: Cells;
    /// Compartments of some neurons.
    fn cells(&self, neurons: &[u32]) -> Self::Cells;
    /// What a synapse of the network adds, by its number.
    fn weight(&self, synapse: usize) -> <Self::Cells as Cells>::Weight;
    /// The synapses between some neurons that learn by a rule of the network.
    fn engine(&self, rule: usize, wires: &Wires) -> Box<dyn Engine<<Self::Cells as Cells>::Weight>>;
}

/// Makes the noise of some neurons.
pub type NoiseOnto = dyn Fn(&[u32]) -> Noise + Sync;

/// The chip's integers.
pub struct Integers<'a> {
    /// The network.
    pub network: &'a Quantised,
    /// Noise onto all compartments, given the neurons of a shard.
    pub noise: Option<&'a NoiseOnto>,
}

/// Floats for the same network.
pub struct Reals<'a> {
    /// One for each neuron.
    pub compartments: &'a [RealCompartment],
    /// u and v at the start, one for each neuron.
    pub start: &'a [(f64, f64)],
    /// One for each synapse.
    pub weights: &'a [f64],
    /// Rules that synapses learn by.
    pub learning: &'a [Learned],
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

    fn engine(&self, rule: usize, wires: &Wires) -> Box<dyn Engine<i16>> {
        let learned = &self.network.learning[rule];
        let format = self.network.formats[usize::from(learned.format)];
        let mantissa =
            |&(_, _, number): &(u32, u32, u32)| i32::from(self.network.synapses[number as usize].mantissa);
        let weights = wires.synapses.iter().map(mantissa);
        Box::new(Integral::new(learned, (format, self.network.semantics.rounding), wires, weights))
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

    fn engine(&self, rule: usize, wires: &Wires) -> Box<dyn Engine<f64>> {
        let weights = wires.synapses.iter().map(|&(_, _, number)| self.weights[number as usize]);
        Box::new(Real::new(self.learning[rule].real, wires, weights))
    }
}

/// Which neurons live in which shard, and where.
pub struct Layout {
    /// The neurons of each shard's places.
    pub shards: Vec<Vec<u32>>,
    /// For each neuron its shard and place.
    pub at: Vec<(u16, u16)>,
    /// How the sums of each shard stand.
    pub tiles: Vec<Tiles>,
    /// The cores of each shard; none if the network is unmapped.
    cores: Vec<Range<usize>>,
}

impl Layout {
    /// The cores of a shard.
    pub fn cores(&self, shard: usize) -> Range<usize> {
        self.cores[shard].clone()
    }

    /// Every shard gets its share of every population. Arrivals come at most `longest` steps after spikes.
    /// It is cut for `parts` threads.
    pub fn unmapped(network: &Quantised, longest: u8, parts: usize) -> Layout {
        let neurons = network.neurons();
        let (parts, mut count) = shards_for(neurons, parts);
        loop {
            let shards = cut(network, count);
            if shards.iter().all(|shard| shard.len() <= PLACES) {
                let whole: Vec<Vec<usize>> = shards.iter().map(|shard| vec![shard.len()]).collect();
                return Layout::of(neurons, shards, (longest, &whole), Vec::new());
            }
            count += parts;
        }
    }

    /// Every shard is a stretch of cores. It is cut for `parts` threads.
    pub fn mapped(neurons: usize, placed: &Placed, longest: u8, parts: usize) -> Layout {
        let cores = placed.cores.len();
        let (parts, count) = shards_for(neurons, parts);
        let mut count = count.min(cores.max(1));
        loop {
            let border = |shard: usize| cores * shard / count;
            let stretches: Vec<_> = (0..count).map(|shard| border(shard)..border(shard + 1)).collect();
            let of = |cores: &Range<usize>| {
                placed.cores[cores.clone()].iter().flat_map(|core| core.neurons.iter().copied()).collect()
            };
            let shards: Vec<Vec<u32>> = stretches.iter().map(of).collect();
            if count >= cores || shards.iter().all(|shard| shard.len() <= PLACES) {
                let sizes = |cores: &Range<usize>| {
                    placed.cores[cores.clone()].iter().map(|core| core.neurons.len()).collect()
                };
                let sizes: Vec<Vec<usize>> = stretches.iter().map(sizes).collect();
                return Layout::of(neurons, shards, (longest, &sizes), stretches);
            }
            count += parts;
        }
    }

    /// `parts` are the sizes of the parts of each shard that make tiles, or several where they are too
    /// large for one.
    fn of(
        neurons: usize,
        shards: Vec<Vec<u32>>,
        (longest, parts): (u8, &[Vec<usize>]),
        cores: Vec<Range<usize>>,
    ) -> Layout {
        let mut at = vec![(0, 0); neurons];
        for (shard, own) in shards.iter().enumerate() {
            for (place, &neuron) in own.iter().enumerate() {
                at[neuron as usize] = (shard as u16, place as u16);
            }
        }
        let tiles = parts.iter().map(|parts| tiles(parts, longest)).collect();
        Layout { shards, at, tiles, cores }
    }
}

fn tiles(parts: &[usize], longest: u8) -> Tiles {
    let slots = usize::from(longest.max(1)).next_power_of_two();
    let most = SUMS / slots;
    let mut borders = vec![0];
    let mut end = 0;
    for &part in parts {
        let first = end;
        end += part;
        borders.extend((first + most..end).step_by(most).chain([end]));
    }
    borders.dedup();
    let largest = borders.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
    Tiles { borders, slots, stride: largest.next_power_of_two() }
}

/// For how many threads so many neurons are cut, and into how many shards: a multiple, so that threads
/// share the work.
fn shards_for(neurons: usize, parts: usize) -> (usize, usize) {
    let parts = parts.min(neurons / WORTH_A_SHARD).max(1);
    (parts, neurons.div_ceil(PLACES).max(1).next_multiple_of(parts))
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

/// Builds all shards, in parallel.
///
/// # Errors
/// When a stimulus cannot have its data file.
pub fn shards<N: Numbers>(
    network: &Quantised,
    (layout, placed): (&Layout, Option<&Placed>),
    numbers: &N,
    drives: Drives<'_, <N::Cells as Cells>::Weight>,
) -> Result<Vec<Shard<N::Cells>>, DataError> {
    let build = |number: usize| {
        let (neurons, tiles) = (&layout.shards[number], &layout.tiles[number]);
        let memory = match placed {
            None => own_memory(network, layout, numbers, number),
            Some(placed) => axon_memory(network, layout, placed, numbers, number),
        };
        let plastic = of_shard(network, (layout, placed), numbers, number);
        let drive = drives(number)?;
        Ok(Shard::new(numbers.cells(neurons), neurons.clone(), tiles.clone(), (memory, plastic), drive))
    };
    (0..layout.shards.len()).into_par_iter().with_max_len(1).map(build).collect()
}

/// All synapses of each source onto the shard that do not learn.
fn own_memory<N: Numbers>(
    network: &Quantised,
    layout: &Layout,
    numbers: &N,
    shard: usize,
) -> Memory<<N::Cells as Cells>::Weight> {
    let here = |target: u32| usize::from(layout.at[target as usize].0) == shard;
    let count = network.synapses.iter().filter(|synapse| here(synapse.target)).count();
    let tiles = &layout.tiles[shard];
    let mut memory = Filling::with_capacity(count);
    let mut by_tile = vec![Vec::new(); tiles.count()];
    for source in 0..network.sources() {
        for number in network.row(source) {
            let synapse = &network.synapses[number];
            if here(synapse.target) && network.learned(synapse.format).is_none() {
                let place = usize::from(layout.at[synapse.target as usize].1);
                let tile = tiles.tile(place);
                let offset = tiles.offset(synapse.delay, place - tiles.borders[tile]);
                by_tile[tile].push(Stored { offset, weight: numbers.weight(number) });
            }
        }
        for (tile, synapses) in by_tile.iter_mut().enumerate() {
            memory.push(source as u32, tile, synapses);
            synapses.clear();
        }
    }
    memory.finish(network.sources())
}

/// The synapse lists of the input axons of the shard's cores; those that learn are not among them.
fn axon_memory<N: Numbers>(
    network: &Quantised,
    layout: &Layout,
    placed: &Placed,
    numbers: &N,
    shard: usize,
) -> Memory<<N::Cells as Cells>::Weight> {
    let cores = &placed.cores[layout.cores[shard].clone()];
    let tiles = &layout.tiles[shard];
    let axons = || cores.iter().flat_map(|core| &core.axons);
    let count = |axon: &Axon| axon.synapses.len() * axon.members.len();
    let mut memory = Filling::with_capacity(axons().map(count).sum::<usize>());
    let mut first = 0;
    for core in cores {
        let end = first + core.neurons.len();
        // By source, and its lists in the order of the network.
        let still = core.axons.iter().filter(|axon| network.learned(axon.format).is_none());
        let each = still.flat_map(|axon| axon.members.iter().map(move |&member| (member, axon)));
        let mut each: Vec<(Member, &Axon)> = each.collect();
        each.sort_by_key(|(member, _)| (member.source, member.first));
        for tile in tiles.tile(first)..tiles.count() {
            let borders = tiles.borders[tile]..tiles.borders[tile + 1];
            if borders.start >= end {
                break;
            }
            for &(member, axon) in &each {
                let own = axon.synapses.iter().filter_map(|&(number, slot)| {
                    let place = first + usize::from(slot);
                    borders.contains(&place).then(|| {
                        let delay = network.synapses[number as usize].delay;
                        let offset = tiles.offset(delay, place - borders.start);
                        let weight = numbers.weight(axon.number(member, number) as usize);
                        Stored { offset, weight }
                    })
                });
                memory.push(member.source, tile, &own.collect::<Vec<_>>());
            }
        }
        first = end;
    }
    memory.finish(network.sources())
}
