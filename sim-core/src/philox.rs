//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a keyed
//! bijection of a counter of 128 bits.

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const LOW: u64 = 0xffff_ffff;

/// The block of a counter, both as (lower, upper) halves: 128 random bits.
///
/// Its ten rounds wait for each other. A loop over many counters has them wait together, in the lanes
/// of the processor's vectors: it is written in 64-bit words, which hold the products, so that the
/// compiler need not change widths between lanes.
#[inline(always)]
pub fn block((low, high): (u64, u64), key: u64) -> (u64, u64) {
    let [mut a, mut b, mut c, mut d] = [low, low >> 32, high, high >> 32];
    let [mut key_b, mut key_d] = [key as u32, (key >> 32) as u32];
    for _ in 0..10 {
        // Upper halves of the words are left as they come; only these products must not see them.
        let even = (a & LOW) * MULTIPLIERS[0];
        let odd = (c & LOW) * MULTIPLIERS[1];
        a = (odd >> 32) ^ b ^ u64::from(key_b);
        b = odd;
        c = (even >> 32) ^ d ^ u64::from(key_d);
        d = even;
        [key_b, key_d] = [key_b.wrapping_add(STEPS[0]), key_d.wrapping_add(STEPS[1])];
    }
    (a & LOW | b << 32, c & LOW | d << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_the_known_answer_of_its_authors() {
        assert_eq!(block((0, 0), 0), (0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c));
        let ones = u64::MAX;
        assert_eq!(block((ones, ones), ones), (0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6));
        assert_eq!(
            block((0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e), 0x299f_31d0_a409_3822),
            (0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420)
        );
    }
}
