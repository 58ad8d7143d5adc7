//! How neurons are cut into shards: by the network alone, never by the number of threads.
//!
//! Every shard gets its share of every population, so that shards are equally busy however
//! different the populations are. Cuts fall on the borders of stimulus blocks.

use sim_core::network::Network;
use sim_core::stimulus::BLOCK;
use std::ops::Range;

/// Most cells of one shard: a target is a `u16`.
pub const MOST_CELLS: usize = 1 << 16;

/// Cells a shard should have at most, so that its sums stay in a core's second-level cache.
const GOOD_CELLS: usize = 40_000;

/// Below this many neurons a second shard costs more than it brings.
const WORTH_TWO: u32 = 1_000;

/// A stretch of one population that lives in one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Number of the population.
    pub population: usize,
    /// Indices in the population.
    pub range: Range<u32>,
    /// First cell of the slice in its shard; port `p` of neuron `i` is cell `first + p * len + i`.
    pub first_cell: usize,
    /// How many ports each neuron has.
    pub ports: usize,
}

impl Slice {
    /// How many neurons.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// The cells of one port.
    pub fn cells(&self, port: usize) -> Range<usize> {
        let start = self.first_cell + port * self.len();
        start..start + self.len()
    }
}

/// The slices of every shard.
pub fn cut(network: &Network) -> Vec<Vec<Slice>> {
    let ports = |population: usize| network.populations[population].neuron.model.ports.count();
    let cells: usize =
        network.populations.iter().enumerate().map(|(number, p)| p.size as usize * ports(number)).sum();
    let mut count = shards_for(cells, network.neurons());
    loop {
        let shards = cut_into(network, count);
        let fits = |slices: &Vec<Slice>| slices.last().is_none_or(|s| s.cells(s.ports - 1).end <= MOST_CELLS);
        if shards.iter().all(fits) {
            return shards;
        }
        count += 2;
    }
}

fn shards_for(cells: usize, neurons: u32) -> usize {
    if neurons < WORTH_TWO {
        return 1;
    }
    // An even number, so that two threads share the work evenly.
    cells.div_ceil(GOOD_CELLS).next_multiple_of(2)
}

fn cut_into(network: &Network, count: usize) -> Vec<Vec<Slice>> {
    let mut shards: Vec<Vec<Slice>> = vec![Vec::new(); count];
    for (number, population) in network.populations.iter().enumerate() {
        let blocks = (population.size as usize).div_ceil(BLOCK);
        for part in 0..count {
            let border = |part: usize| ((blocks * part / count * BLOCK) as u32).min(population.size);
            let range = border(part)..border(part + 1);
            if range.is_empty() {
                continue;
            }
            // Populations too small for all shards start at different ones.
            let shard = &mut shards[(part + number) % count];
            let first_cell = shard.last().map_or(0, |slice: &Slice| slice.cells(slice.ports - 1).end);
            let ports = population.neuron.model.ports.count();
            shard.push(Slice { population: number, range, first_cell, ports });
        }
    }
    shards
}
