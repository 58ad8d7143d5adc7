//! Random numbers that depend on what they are for, never on the order in which they are asked.
//!
//! A [`Key`] is made from the seed, the name of the purpose and a number; from it come isolated
//! draws ([`Key::uniform`]) or a private stream ([`Key::stream`]). Two parts of the program that
//! use different keys can run in any order, on any thread, and still draw the same numbers.
//! The generator is Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
//! 3"), a keyed bijection of a counter.

use crate::snapshot::{Loader, Saver, SnapshotError};

/// A key for draws: (seed, what it is for by name, which one).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u64);

impl Key {
    /// The root of all keys of a run.
    pub fn new(seed: u64) -> Self {
        Key(mix(seed ^ 0x5361_6c74_7573_0001))
    }

    /// The key of a named purpose below this one.
    pub fn named(self, purpose: &str) -> Self {
        let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Key(mix(self.0 ^ mix(hash ^ purpose.len() as u64)))
    }

    /// The key of a numbered part below this one.
    pub fn numbered(self, number: u64) -> Self {
        Key(mix(self.0 ^ mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// 128 random bits: draw `draw` of item `item`.
    pub fn bits(self, item: u64, draw: u64) -> [u32; 4] {
        let counter = [item as u32, (item >> 32) as u32, draw as u32, (draw >> 32) as u32];
        philox4x32_10(counter, [self.0 as u32, (self.0 >> 32) as u32])
    }

    /// A uniform number in (0, 1) for item `item`.
    pub fn uniform(self, item: u64) -> f64 {
        let bits = self.bits(item, 0);
        open_unit(u64::from(bits[0]) | u64::from(bits[1]) << 32)
    }

    /// The private stream of item `item`.
    pub fn stream(self, item: u64) -> Stream {
        Stream { key: self, item, draw: 0, words: [0; 4], left: 0 }
    }
}

/// A sequence of random words that belongs to one item.
#[derive(Clone, Debug)]
pub struct Stream {
    key: Key,
    item: u64,
    draw: u64,
    words: [u32; 4],
    left: usize,
}

impl Stream {
    /// The next 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            self.words = self.key.bits(self.item, self.draw);
            self.draw += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.words[3 - self.left]
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) | u64::from(self.next_u32()) << 32
    }

    /// A uniform number in (0, 1).
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        open_unit(self.next_u64())
    }

    /// A uniform integer in `0..bound`; `bound` must not be 0. Unbiased (Lemire 2019).
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            let low = product as u32;
            if low >= bound || low >= bound.wrapping_neg() % bound {
                return (product >> 32) as u32;
            }
        }
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        crate::math::normal_quantile(self.uniform())
    }

    /// An exponential number of mean 1.
    pub fn exponential(&mut self) -> f64 {
        -crate::math::ln(self.uniform())
    }

    /// Writes the position in the stream.
    pub fn save(&self, out: &mut Saver) {
        out.u64(self.draw);
        out.u64(self.left as u64);
    }

    /// Continues at a saved position; key and item are those of this stream.
    pub fn restore(&mut self, from: &mut Loader) -> Result<(), SnapshotError> {
        self.draw = from.u64()?;
        self.left = (from.u64()? as usize).min(4);
        if self.left > 0 {
            self.words = self.key.bits(self.item, self.draw.wrapping_sub(1));
        }
        Ok(())
    }
}

/// 64 bits as a number strictly between 0 and 1.
#[inline]
fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// The finaliser of SplitMix64: every output bit depends on every input bit.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[inline]
fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let even = u64::from(counter[0]) * 0xd251_1f53;
        let odd = u64::from(counter[2]) * 0xcd9e_8d57;
        counter = [
            (odd >> 32) as u32 ^ counter[1] ^ key[0],
            odd as u32,
            (even >> 32) as u32 ^ counter[3] ^ key[1],
            even as u32,
        ];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_its_authors() {
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_restored_stream_goes_on_where_it_was_saved() {
        let key = Key::new(7).named("test");
        for taken in 0..9 {
            let mut stream = key.stream(3);
            for _ in 0..taken {
                stream.next_u32();
            }
            let mut saver = Saver::default();
            stream.save(&mut saver);
            let bytes = saver.into_bytes();
            let mut again = key.stream(3);
            again.restore(&mut Loader::new(&bytes)).unwrap();
            assert_eq!(stream.next_u64(), again.next_u64(), "after {taken} words");
        }
    }

    #[test]
    fn keys_of_different_names_and_numbers_differ() {
        let root = Key::new(1);
        assert_ne!(root.named("a"), root.named("b"));
        assert_ne!(root.named("ab"), root.named("a").named("b"));
        assert_ne!(root.numbered(1), root.numbered(2));
        assert_ne!(root, Key::new(2));
    }
}
