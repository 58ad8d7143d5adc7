//! Synaptic memory of a shard: blocks of synapses by source and tile.
//!
//! A tile is a stretch of compartments whose sums, for all steps to come, are few enough to stay in a near
//! cache and to be told apart by 16 bits: of a mapped network a core. A block is what one source reaches in
//! one tile: of a mapped network the synapse list of an input axon. A synapse is where its sum stands,
//! counted from that of the step of the spike, and its weight; so a block is one loop whatever the delays.

use sim_core::hints::{empty_on_huge_pages, fetch, on_huge_pages};

/// Sums of a tile, and so the most that 16 bits tell apart.
pub const SUMS: usize = 1 << 16;

/// A synapse in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored<W> {
    /// Distance of its sum from the first one of the spike's step, around the end.
    pub offset: u16,
    /// What it adds.
    pub weight: W,
}

/// The synapses of a source in a tile.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    first: u32,
    /// Number of the tile in the shard.
    pub tile: u16,
    count: u16,
}

/// All blocks of a shard.
#[derive(Debug)]
pub struct Memory<W> {
    /// Per source the first of its blocks; one more at the end.
    starts: Vec<u32>,
    blocks: Vec<Block>,
    synapses: Vec<Stored<W>>,
}

/// A memory that is being filled.
pub struct Filling<W> {
    blocks: Vec<(u32, Block)>,
    synapses: Vec<Stored<W>>,
}

impl<W: Copy> Filling<W> {
    /// An empty memory with room for so many synapses.
    pub fn with_capacity(synapses: usize) -> Self {
        Filling { blocks: Vec::new(), synapses: empty_on_huge_pages(synapses) }
    }

    /// Adds synapses of a source in a tile.
    pub fn push(&mut self, source: u32, tile: usize, synapses: &[Stored<W>]) {
        for part in synapses.chunks(usize::from(u16::MAX)) {
            let (first, count) = (self.synapses.len() as u32, part.len() as u16);
            self.blocks.push((source, Block { first, tile: tile as u16, count }));
            self.synapses.extend_from_slice(part);
        }
    }

    /// The memory for so many sources; the blocks of a source keep their order.
    pub fn finish(self, sources: usize) -> Memory<W> {
        let mut starts = on_huge_pages::<u32>(sources + 1);
        self.blocks.iter().for_each(|(source, _)| starts[*source as usize + 1] += 1);
        for source in 0..sources {
            starts[source + 1] += starts[source];
        }
        let mut next = starts.clone();
        let mut blocks = on_huge_pages::<Block>(self.blocks.len());
        for (source, block) in self.blocks {
            blocks[next[source as usize] as usize] = block;
            next[source as usize] += 1;
        }
        Memory { starts, blocks, synapses: self.synapses }
    }
}

impl<W: Copy> Memory<W> {
    /// The blocks of a source.
    #[inline]
    pub fn of(&self, source: u32) -> &[Block] {
        let (first, end) = (self.starts[source as usize], self.starts[source as usize + 1]);
        &self.blocks[first as usize..end as usize]
    }

    /// The synapses of a block.
    #[inline]
    pub fn synapses(&self, block: Block) -> &[Stored<W>] {
        &self.synapses[block.first as usize..block.first as usize + usize::from(block.count)]
    }

    /// Asks for where the blocks of a source are listed.
    #[inline]
    pub fn fetch_start(&self, source: u32) {
        fetch(&self.starts, source as usize);
    }

    /// Asks for the list of a source's blocks.
    #[inline]
    pub fn fetch_list(&self, source: u32) {
        fetch(&self.blocks, self.starts[source as usize] as usize);
    }

    /// Asks for the synapses of a block; of a long one the processor foresees the rest.
    #[inline]
    pub fn fetch_block(&self, block: Block) {
        let line = (64 / size_of::<Stored<W>>()).max(1);
        for number in 0..usize::from(block.count).div_ceil(line).min(4) + 1 {
            fetch(&self.synapses, block.first as usize + number * line);
        }
    }

    /// How many synapses there are.
    pub fn count(&self) -> usize {
        self.synapses.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        (self.starts.len() * 4
            + self.blocks.len() * size_of::<Block>()
            + self.synapses.len() * size_of::<Stored<W>>()) as u64
    }
}
