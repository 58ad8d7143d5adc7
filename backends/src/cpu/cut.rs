//! How neurons are cut into shards: as many as there are threads, or a multiple of that.
//!
//! What a network does never depends on the cut, only how fast. Every shard gets its share of every population, so that shards are equally busy however
//! different the populations are. Populations that are left alone until something arrives ([`lazy`])
//! have shards of their own. Cuts fall on the borders of stimulus blocks.
//!
//! [`lazy`]: super::lazy

use sim_core::network::{Clock, Network, Population};
use sim_core::neuron::Ports;
use sim_core::stimulus::BLOCK;
use std::ops::Range;

/// Places for neurons in a shard with sums: a target is a `u16`.
pub const PLACES: usize = 1 << 16;

/// Slices begin at multiples of this.
pub const ALIGNMENT: usize = 64;

/// Neurons a shard should have at most, so that its sums stay in a core's second-level cache.
const GOOD_SIZE: usize = 40_000;

/// The same for a shard without sums, whose places are `u32`: many, so that its rows are long.
const GOOD_LAZY_SIZE: usize = 500_000;

/// With fewer neurons than these in each shard, another one costs more than it brings.
const WORTH_A_SHARD: usize = 500;

/// A stretch of one population that lives in one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Number of the population.
    pub population: usize,
    /// Indices in the population.
    pub range: Range<u32>,
    /// Place in the shard of its first neuron.
    pub first_place: usize,
    /// How arrivals are kept apart; in continuous time each keeps its own sign and time, and there
    /// is one port.
    pub ports: Ports,
}

impl Slice {
    /// How many neurons.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// The places of its neurons in the shard.
    pub fn places(&self) -> Range<usize> {
        self.first_place..self.first_place + self.len()
    }
}

/// The slices of every shard, for `parts` threads; `lazy` tells for each population whether it is left
/// alone.
pub fn cut(network: &Network, lazy: &[bool], parts: usize) -> Vec<Vec<Slice>> {
    let of = |kind: bool| (0..network.populations.len()).filter(|&number| lazy[number] == kind).collect();
    let (busy, lazy): (Vec<usize>, Vec<usize>) = (of(false), of(true));
    let mut shards = cut_some(network, &busy, parts, GOOD_SIZE, PLACES);
    if !lazy.is_empty() {
        shards.extend(cut_some(network, &lazy, parts, GOOD_LAZY_SIZE, u32::MAX as usize));
    }
    shards.retain(|slices| !slices.is_empty());
    shards
}

/// Cuts some populations, given by number, into shards of a good size or less, and no more than `most`
/// places.
fn cut_some(
    network: &Network,
    populations: &[usize],
    parts: usize,
    good_size: usize,
    most: usize,
) -> Vec<Vec<Slice>> {
    let neurons: usize = populations.iter().map(|&number| network.populations[number].size as usize).sum();
    let parts = parts.min(neurons / WORTH_A_SHARD).max(1);
    // A multiple, so that threads share the work evenly.
    let mut count = neurons.div_ceil(good_size).max(1).next_multiple_of(parts);
    loop {
        let shards = cut_into(network, populations, count);
        let fits = |slices: &Vec<Slice>| slices.last().is_none_or(|slice| slice.places().end <= most);
        if shards.iter().all(fits) {
            return shards;
        }
        count += parts;
    }
}

fn ports(network: &Network, population: &Population) -> Ports {
    match network.clock {
        Clock::Grid => population.neuron.model.ports,
        Clock::Exact => Ports::One,
    }
}

fn cut_into(network: &Network, populations: &[usize], count: usize) -> Vec<Vec<Slice>> {
    let mut shards: Vec<Vec<Slice>> = vec![Vec::new(); count];
    for &number in populations {
        let population = &network.populations[number];
        let blocks = (population.size as usize).div_ceil(BLOCK);
        for part in 0..count {
            let border = |part: usize| ((blocks * part / count * BLOCK) as u32).min(population.size);
            let range = border(part)..border(part + 1);
            if range.is_empty() {
                continue;
            }
            // Populations too small for all shards start at different ones.
            let shard = &mut shards[(part + number) % count];
            let end = shard.last().map_or(0, |slice| slice.places().end);
            let (first_place, ports) = (end.next_multiple_of(ALIGNMENT), ports(network, population));
            shard.push(Slice { population: number, range, first_place, ports });
        }
    }
    shards
}
