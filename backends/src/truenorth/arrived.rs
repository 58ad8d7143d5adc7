//! What has arrived at a core.

use super::bits::Bits;

/// What arrives at a core in a tick: a line of the cache.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Arrived {
    /// Active axons.
    pub active: Bits,
    /// The first of them, in the order in which they came.
    axons: [u8; 31],
    /// How many there are; 255 stands for more as well.
    count: u8,
}

/// Up to so many rows are added to potentials as they are; of more, it is cheaper to add the rows up first.
const FEW: usize = 16;

impl Default for Arrived {
    fn default() -> Self {
        Arrived { active: Bits::NONE, axons: [0; 31], count: 0 }
    }
}

impl Arrived {
    /// Makes an axon active; whether it was.
    #[inline(always)]
    pub fn set(&mut self, axon: usize) -> bool {
        let merged = self.active.set(axon);
        self.axons[usize::from(self.count).min(30)] = axon as u8;
        self.count = self.count.saturating_add(u8::from(!merged));
        merged
    }

    /// The active axons, if they are few.
    #[inline(always)]
    pub fn few(&self) -> Option<&[u8]> {
        self.axons[..FEW].get(..self.count.into())
    }

    /// Nothing has arrived.
    #[inline(always)]
    pub fn clear(&mut self) {
        (self.active, self.count) = (Bits::NONE, 0);
    }
}
