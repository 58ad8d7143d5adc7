//! Synapses are handed over in batches: few enough to stay in the L1 cache until they are used.

use sim_core::rule::Synapse;

/// Synapses in a batch: 16 KiB.
const LENGTH: usize = 1024;

/// Collects synapses and hands them over a batch at a time.
pub struct Batch<'a> {
    synapses: Vec<Synapse>,
    take: &'a mut dyn FnMut(&[Synapse]),
}

impl<'a> Batch<'a> {
    /// An empty batch for this taker.
    pub fn new(take: &'a mut dyn FnMut(&[Synapse])) -> Self {
        Batch { synapses: Vec::with_capacity(LENGTH), take }
    }

    /// Adds one synapse.
    #[inline]
    pub fn push(&mut self, source: u32, target: u32, number: u64) {
        if self.synapses.len() == LENGTH {
            self.flush();
        }
        self.synapses.push(Synapse { source, target, number });
    }

    /// Adds synapses onto one target from these sources; their numbers count from `first`.
    pub fn extend(&mut self, sources: impl ExactSizeIterator<Item = u32>, target: u32, first: u32) {
        if self.synapses.len() + sources.len() > LENGTH {
            self.flush();
        }
        let synapse = |(k, source)| Synapse { source, target, number: number(target, k) };
        self.synapses.extend((first..).zip(sources).map(synapse));
    }

    /// Hands over what is left.
    pub fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        if !self.synapses.is_empty() {
            (self.take)(&self.synapses);
            self.synapses.clear();
        }
    }
}

/// The number of the `index`-th synapse that belongs to the neuron `owner`, its target or its source.
#[inline]
pub fn number(owner: u32, index: u32) -> u64 {
    u64::from(owner) << 32 | u64::from(index)
}
