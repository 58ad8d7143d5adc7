//! Spikes from outside onto the compartments of a shard.
//!
//! A stimulus makes its spikes for blocks of neurons of a population. Where the neurons of a block live
//! in several shards each of them makes the block's spikes, the same ones, and takes its own.

use super::arithmetic::Cells;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{BLOCK, SpikeSource};

/// No sum: the neuron lives elsewhere.
pub const ELSEWHERE: u32 = u32::MAX;

/// All spike sources that reach a shard, in the order of their stimuli's names.
#[derive(Default)]
pub struct Drive<W> {
    blocks: Vec<Block<W>>,
}

/// A spike source onto one block of neurons.
pub struct Block<W> {
    /// The source.
    pub source: Box<dyn SpikeSource>,
    /// Per neuron of the block the first of its sums in the shard, or [`ELSEWHERE`], and what a spike adds.
    pub synapses: Vec<(u32, W)>,
    /// Steps by which spikes reach the sums later than the step they arrive in.
    pub lag: i64,
}

impl<W: Copy> Drive<W> {
    /// From blocks in the order of their stimuli.
    pub fn new(blocks: Vec<Block<W>>) -> Self {
        Drive { blocks }
    }

    /// Adds the spikes that arrive in `step`; `slot` is the place of a step's sums behind the first ones.
    pub fn add<C: Cells<Weight = W>>(&mut self, step: i64, slot: impl Fn(i64) -> usize, sums: &mut [C::Sum]) {
        let mut counts = [0; BLOCK];
        for Block { source, synapses, lag } in &mut self.blocks {
            let slot = slot(step + *lag);
            let counted = source.arrivals(step, &mut counts, &mut |neuron, amount| {
                let (first, weight) = synapses[neuron as usize];
                if let Some(sum) = sums.get_mut(first as usize + slot) {
                    C::add_amount(sum, weight, amount);
                }
            });
            if counted {
                for (&(first, weight), &count) in synapses.iter().zip(&counts) {
                    if let Some(sum) = sums.get_mut(first as usize + slot) {
                        C::add(sum, weight, i32::from(count));
                    }
                }
            }
        }
    }

    /// Writes the state of the sources.
    pub fn save(&self, out: &mut Saver) {
        self.blocks.iter().for_each(|block| block.source.save(out));
    }

    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of other sources.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.blocks.iter_mut().try_for_each(|block| block.source.restore(from))
    }
}
