//! Sixteen generators side by side, so that the processor draws sixteen random words at once.
//!
//! Each lane is xoshiro128++ (Blackman and Vigna 2021, doi:10.1145/3460772), seeded on its own from
//! 128 keyed bits, so lanes are as unrelated as any two keys.

use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// Generators in parallel.
pub const LANES: usize = 16;

/// The states, one array per word of state.
#[derive(Clone, Debug)]
pub struct Lanes {
    state: [[u32; LANES]; 4],
}

impl Lanes {
    /// Generators that belong to `key`.
    pub fn new(key: Key) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            let words = key.bits(lane as u64, 0);
            for (word, values) in words.into_iter().zip(&mut state) {
                values[lane] = word;
            }
        }
        Lanes { state }
    }

    /// The next word of each lane.
    #[inline(always)]
    pub fn words(&mut self) -> [u32; LANES] {
        let [a, b, c, d] = &mut self.state;
        let mut words = [0; LANES];
        for lane in 0..LANES {
            words[lane] = a[lane].wrapping_add(d[lane]).rotate_left(7).wrapping_add(a[lane]);
            let shifted = b[lane] << 9;
            c[lane] ^= a[lane];
            d[lane] ^= b[lane];
            b[lane] ^= c[lane];
            a[lane] ^= d[lane];
            c[lane] ^= shifted;
            d[lane] = d[lane].rotate_left(11);
        }
        words
    }

    /// Writes the states.
    pub fn save(&self, out: &mut Saver) {
        out.list(self.state.as_flattened());
    }

    /// Reads what [`Lanes::save`] wrote.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(self.state.as_flattened_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_is_xoshiro128_plus_plus() {
        // The first outputs from state 1, 2, 3, 4, worked out by hand from the paper's definition.
        let mut lanes = Lanes { state: [[1; LANES], [2; LANES], [3; LANES], [4; LANES]] };
        assert_eq!(lanes.words(), [(5_u32 << 7) + 1; LANES]);
        // a = 1 ^ 4 ^ 2, b = 2 ^ 3 ^ 1, c = 3 ^ 1 ^ (2 << 9), d = (4 ^ 2) <<< 11.
        assert_eq!(lanes.state.map(|word| word[0]), [7, 0, 1026, 12288]);
        assert_eq!(lanes.words(), [((7_u32 + 12288) << 7) + 7; LANES]);
    }
}
