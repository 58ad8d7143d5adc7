//! What a core may hold.

/// The limits of a chip's cores and what they hold at present. It begins with all cores empty.
///
/// A limit may depend on the cores of other neurons too (a chip counts, at the core of a source, the cores
/// that it sends to). Whatever is left out of a legal assignment, the rest has to be legal.
pub trait Capacity: Clone + Send + Sync {
    /// How many cores there are.
    fn cores(&self) -> usize;

    /// How many times as long a look at these limits takes as one at a count of neurons: who is dear gets
    /// fewer tries.
    fn price(&self) -> u64 {
        1
    }

    /// At most how many more neurons would fit into `core`: a quick look, which may promise too much.
    fn room(&self, core: u32) -> usize;

    /// Whether every core stays within all limits if all of `neurons` are put into `core`. If they are on
    /// another core still, yes is sure, and no may be wrong: nothing is said of what their going sets free.
    fn fits(&self, neurons: &[u32], core: u32) -> bool;

    /// Puts `neurons`, none of which is on a core, into `core`.
    fn put(&mut self, neurons: &[u32], core: u32);

    /// Takes `neurons`, all of which are in `core`, out of it.
    fn take(&mut self, neurons: &[u32], core: u32);
}

/// So many neurons a core, and no other limit.
#[derive(Clone, Debug)]
pub struct NeuronCount {
    limit: usize,
    counts: Vec<usize>,
}

impl NeuronCount {
    /// `cores` cores of at most `limit` neurons each.
    pub fn new(cores: usize, limit: usize) -> Self {
        Self { limit, counts: vec![0; cores] }
    }
}

impl Capacity for NeuronCount {
    fn cores(&self) -> usize {
        self.counts.len()
    }

    fn room(&self, core: u32) -> usize {
        self.limit - self.counts[core as usize]
    }

    fn fits(&self, neurons: &[u32], core: u32) -> bool {
        neurons.len() <= self.room(core)
    }

    fn put(&mut self, neurons: &[u32], core: u32) {
        self.counts[core as usize] += neurons.len();
    }

    fn take(&mut self, neurons: &[u32], core: u32) {
        self.counts[core as usize] -= neurons.len();
    }
}
