//! Spikes from outside, as inputs of a quantised network.

use super::quantise::Quantisation;
use sim_core::data::{DataError, DataFiles};
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{BLOCK, Place, SpikeSource, StimulusBuild};

/// All spike sources, in the order of their stimuli.
#[derive(Default)]
pub struct Drive {
    blocks: Vec<Block>,
    /// Spikes that came with more of their input in one tick than it has axons for.
    pub merged: u64,
}

struct Block {
    source: Box<dyn SpikeSource>,
    /// Number of the first input, and how many spikes of each pass in a tick.
    first: usize,
    most: Vec<u8>,
}

impl Drive {
    /// Builds the generators.
    ///
    /// # Errors
    /// When one cannot have its data file.
    pub fn new(network: &Network, of: &Quantisation, files: &dyn DataFiles) -> Result<Drive, DataError> {
        let mut blocks = Vec::new();
        for &(number, target, first_input) in &of.stimuli {
            let stimulus = &network.stimuli[number];
            let StimulusBuild::Spikes(build) = stimulus.model.build else { continue };
            let number = stimulus.targets[target];
            let population = &network.populations[number];
            for first in (0..population.size).step_by(BLOCK) {
                let len = BLOCK.min((population.size - first) as usize);
                let place = stimulus.place((target, population), (first, len), network.dt, files);
                let source = build(&Place { delay: stimulus.delay + of.lags[number], ..place })?;
                let first = first_input + first as usize;
                let most = of.integers.inputs[first..first + len].iter().map(|input| input.most).collect();
                blocks.push(Block { source, first, most });
            }
        }
        Ok(Drive { blocks, merged: 0 })
    }

    /// Hands over what arrives in a step: (number of the input, how many spikes). Steps are asked for in order.
    pub fn step(&mut self, step: i64, mut take: impl FnMut(u32, u8)) {
        let mut counts = [0; BLOCK];
        for block in &mut self.blocks {
            let mut singles = [0_i64; BLOCK];
            let counted = block.source.arrivals(step, &mut counts, &mut |neuron, amount| {
                singles[neuron as usize] += amount.round() as i64;
            });
            for (index, &most) in block.most.iter().enumerate() {
                let spikes = if counted { i64::from(counts[index]) } else { singles[index] };
                if spikes > 0 {
                    let passed = spikes.min(most.into());
                    self.merged += (spikes - passed) as u64;
                    take((block.first + index) as u32, passed as u8);
                }
            }
        }
    }

    /// Writes the state of all generators.
    pub fn save(&self, out: &mut Saver) {
        out.u64(self.merged);
        self.blocks.iter().for_each(|block| block.source.save(out));
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is of other stimuli.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.merged = from.u64()?;
        self.blocks.iter_mut().try_for_each(|block| block.source.restore(from))
    }
}
