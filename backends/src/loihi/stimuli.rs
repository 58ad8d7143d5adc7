//! The network's spike stimuli as drives of shards.

use super::arithmetic::Cells;
use super::build::{Layout, Numbers};
use super::drive::{Block, Drive, ELSEWHERE};
use super::network::Quantised;
use sim_core::data::{DataError, DataFiles};
use sim_core::network::Network;
use sim_core::stimulus::{BLOCK, StimulusBuild};

/// What makes drives.
pub struct Stimuli<'a> {
    /// The network with its stimuli.
    pub network: &'a Network,
    /// Its integers, in which a neuron's stimulus is an input with one synapse.
    pub quantised: &'a Quantised,
    /// For each stimulus onto a population: stimulus, place among its targets, number of the first input.
    pub inputs: &'a [(usize, usize, u32)],
    /// For each neuron the steps by which arrivals come later.
    pub lags: &'a [u8],
    /// Data files that stimuli name.
    pub files: &'a dyn DataFiles,
}

impl Stimuli<'_> {
    /// The drive of a shard.
    ///
    /// # Errors
    /// When a stimulus cannot have its data file.
    pub fn drive<N: Numbers>(
        &self,
        layout: &Layout,
        shard: usize,
        numbers: &N,
    ) -> Result<Drive<<N::Cells as Cells>::Weight>, DataError> {
        let mut blocks = Vec::new();
        for &(number, target, first_input) in self.inputs {
            let stimulus = &self.network.stimuli[number];
            let StimulusBuild::Spikes(build) = stimulus.model.build else { continue };
            let population = &self.network.populations[stimulus.targets[target]];
            for first in (0..population.size).step_by(BLOCK) {
                let len = BLOCK.min((population.size - first) as usize);
                let synapse = |index: u32| {
                    let (own, place) = layout.at[(population.first + index) as usize];
                    let weight =
                        numbers.weight(self.quantised.starts[(first_input + index) as usize] as usize);
                    let here = usize::from(own) == shard;
                    let sum = || layout.tiles[shard].sum(usize::from(place)) as u32;
                    (if here { sum() } else { ELSEWHERE }, weight)
                };
                let synapses: Vec<_> = (first..first + len as u32).map(synapse).collect();
                if synapses.iter().all(|(sum, _)| *sum == ELSEWHERE) {
                    continue;
                }
                let place = stimulus.place((target, population), (first, len), self.network.dt, self.files);
                let source = build(&place)?;
                let lag = i64::from(self.lags[(population.first + first) as usize]);
                blocks.push(Block { source, synapses, lag });
            }
        }
        Ok(Drive::new(blocks))
    }
}
