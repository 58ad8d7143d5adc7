//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a keyed
//! bijection of a counter of 128 bits.
//!
//! A block is 128 random bits and costs ten rounds that wait for each other. Blocks of several
//! counters side by side wait together, in the lanes of the processor's vectors: the same bits at
//! a fraction of the time.

/// Blocks side by side: the 64-bit products fill the widest vectors.
pub const LANES: usize = 8;

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const LOW: u64 = 0xffff_ffff;

/// The block of one counter.
#[inline]
pub fn block(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let even = u64::from(counter[0]) * MULTIPLIERS[0];
        let odd = u64::from(counter[2]) * MULTIPLIERS[1];
        counter = [
            (odd >> 32) as u32 ^ counter[1] ^ key[0],
            odd as u32,
            (even >> 32) as u32 ^ counter[3] ^ key[1],
            even as u32,
        ];
        key = next(key);
    }
    counter
}

/// The blocks of several counters, a word of each after the other: `words[i][lane]`, in the lower
/// halves. To be inlined into a function of which there is a version for each instruction set.
#[inline(always)]
pub fn blocks(mut counter: [[u64; LANES]; 4], mut key: [u32; 2]) -> [[u64; LANES]; 4] {
    for _ in 0..10 {
        let keys = key.map(u64::from);
        let mut next_counter = [[0; LANES]; 4];
        for lane in 0..LANES {
            // Upper halves are left as they come; only these products must not see them.
            let even = (counter[0][lane] & LOW) * MULTIPLIERS[0];
            let odd = (counter[2][lane] & LOW) * MULTIPLIERS[1];
            next_counter[0][lane] = (odd >> 32) ^ counter[1][lane] ^ keys[0];
            next_counter[1][lane] = odd;
            next_counter[2][lane] = (even >> 32) ^ counter[3][lane] ^ keys[1];
            next_counter[3][lane] = even;
        }
        counter = next_counter;
        key = next(key);
    }
    counter.map(|words| words.map(|word| word & LOW))
}

#[inline(always)]
fn next(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(STEPS[0]), key[1].wrapping_add(STEPS[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_known_answer_of_its_authors() {
        assert_eq!(block([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            block([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn blocks_side_by_side_are_the_blocks_one_by_one() {
        let key = [0xa409_3822, u32::MAX];
        let counter = |lane: u32| [lane.wrapping_mul(0x9e37_79b9), !lane, lane << 29, 7];
        let mut lanes = [[0; LANES]; 4];
        for lane in 0..LANES {
            for (word, lanes) in counter(lane as u32).into_iter().zip(&mut lanes) {
                lanes[lane] = u64::from(word);
            }
        }
        let together = blocks(lanes, key);
        for lane in 0..LANES {
            let alone = block(counter(lane as u32), key).map(u64::from);
            assert_eq!(together.map(|words| words[lane]), alone);
        }
    }
}
