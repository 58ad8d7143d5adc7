//! What a chip holds and how wide its numbers are.
//!
//! Structure: Merolla et al. 2014 (Science 345:668), Akopyan et al. 2015 (TCAD 34:10). The widths of
//! thresholds, mask and reset are as commonly cited after Cassidy et al. 2013 (IJCNN), and so are
//! figures that can be set.

/// Axons of a core.
pub const AXONS: usize = 256;
/// Neurons of a core.
pub const NEURONS: usize = 256;
/// Axon types, which is also the weights of a neuron.
pub const TYPES: usize = 4;
/// Cores along each side of a chip.
pub const SIDE: usize = 64;
/// Cores of a chip.
pub const CORES: usize = SIDE * SIDE;
/// Cores between a neuron and its target at most, along x and along y: nine bits with a sign.
pub const REACH: u32 = 255;
/// Longest delay in ticks: four bits, and 0 would be this tick.
pub const LONGEST_DELAY: u8 = 15;
/// Ticks that a core's scheduler holds.
pub const SLOTS: usize = 16;
/// Most cores that can be emulated together: 256 chips.
pub const MOST_CORES: usize = 1 << 20;
/// Largest value of a potential of 20 bits; the smallest is one below its negative.
pub const HIGHEST: i32 = (1 << 19) - 1;
/// Smallest value of a potential.
pub const LOWEST: i32 = -(1 << 19);

/// Bits of a neuron's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// A weight, signed and symmetric: 9 bits are -255..=255.
    pub weight: u32,
    /// The leak, likewise.
    pub leak: u32,
    /// The positive threshold, unsigned.
    pub alpha: u32,
    /// The negative threshold, unsigned.
    pub beta: u32,
    /// The mask of random bits that are added to a threshold, unsigned.
    pub mask: u32,
    /// The reset potential, signed and symmetric.
    pub reset: u32,
}

impl Default for Widths {
    fn default() -> Self {
        Widths { weight: 9, leak: 9, alpha: 18, beta: 18, mask: 17, reset: 20 }
    }
}

/// Largest number of so many bits, one of them the sign.
pub fn signed(bits: u32) -> i64 {
    (1 << (bits - 1)) - 1
}

/// Largest number of so many bits.
pub fn unsigned(bits: u32) -> i64 {
    (1 << bits) - 1
}
