//! Tiles: stretches of a shard's compartments whose sums stay in a near cache together.

use super::rows::Block;

/// How the sums of a shard stand.
#[derive(Clone, Debug)]
pub struct Tiles {
    /// The first place of each tile, and the end.
    pub borders: Vec<usize>,
    /// Slots of a tile, a power of two.
    pub slots: usize,
    /// Sums of a slot, a power of two.
    pub stride: usize,
}

impl Tiles {
    /// Where the sums of a step stand behind those of step 0.
    #[inline]
    pub fn slot(&self, step: i64) -> usize {
        (step as usize & (self.slots - 1)) * self.stride
    }

    /// Where the sums of a tile begin.
    #[inline]
    pub fn begin(&self, tile: usize) -> usize {
        tile * self.slots * self.stride
    }

    /// The tile of a place.
    pub fn tile(&self, place: usize) -> usize {
        self.borders.partition_point(|&border| border <= place) - 1
    }

    /// Where the sums of a place begin.
    pub fn sum(&self, place: usize) -> usize {
        let tile = self.tile(place);
        self.begin(tile) + place - self.borders[tile]
    }

    /// How far from the first sum of a spike's step that of a synapse stands, given its place in the tile.
    pub fn offset(&self, delay: u8, place: usize) -> u16 {
        (self.slot(i64::from(delay)) + place) as u16
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.borders.len() - 1
    }
}

/// Blocks that spikes come to, and the steps of the spikes.
#[derive(Debug, Default)]
pub struct Arriving {
    /// In the order in which spikes came.
    pub listed: Vec<(Block, i64)>,
    /// By tile.
    pub sorted: Vec<(Block, i64)>,
    /// For each tile where its next block goes.
    places: Vec<u32>,
}

impl Arriving {
    /// Sorts by tile; in a tile the order stays.
    pub fn sort(&mut self, tiles: usize) {
        self.places.clear();
        self.places.resize(tiles + 1, 0);
        for (block, _) in &self.listed {
            self.places[usize::from(block.tile) + 1] += 1;
        }
        for tile in 0..tiles {
            self.places[tile + 1] += self.places[tile];
        }
        self.sorted.resize(self.listed.len(), (Block::default(), 0));
        for &arriving in &self.listed {
            let place = &mut self.places[usize::from(arriving.0.tile)];
            self.sorted[*place as usize] = arriving;
            *place += 1;
        }
        self.listed.clear();
    }
}
