//! Random numbers that depend on what they are for, never on the order in which they are asked.
//!
//! A [`Key`] is made from the seed, the name of the purpose and a number; from it come isolated
//! draws ([`Key::uniform`]) or a private stream ([`Key::stream`]). Two parts of the program that
//! use different keys can run in any order, on any thread, and still draw the same numbers.
//! The generator is [Philox4x32-10](crate::philox). Draws for many items, or many words of a stream,
//! asked for at once cost a fraction of as many single ones and are the same bits.

use crate::philox::block;
use crate::snapshot::{Loader, Saver, SnapshotError};
use multiversion::multiversion;

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
        let (low, high) = block((item, draw), self.0);
        [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }

    /// A uniform number in (0, 1) for item `item`.
    pub fn uniform(self, item: u64) -> f64 {
        open_unit(block((item, 0), self.0).0)
    }

    /// [`Key::uniform`] of each of `items`, into a slice of the same length.
    pub fn uniforms(self, items: &[u64], values: &mut [f64]) {
        uniforms(self.0, items, values);
    }

    /// Integers in `0..bound`, `bound` not 0, for as many items from `first` on, `first` a multiple of 4:
    /// a word an item, the cheapest isolated draw there is.
    pub fn below_each(self, first: u64, bound: u32, numbers: &mut [u32]) {
        // Item i has word i % 4 of draw i / 4 of one stream, and where that is rejected its own stream.
        let mut stream = Stream { draw: first / 4, ..self.stream(0) };
        for (first, numbers) in (first..).step_by(64).zip(numbers.chunks_mut(64)) {
            let mut again = stream.clone();
            stream.fill(numbers);
            if !scale(numbers, bound, 0) {
                again.fill(numbers);
                for (item, number) in (first + 1..).zip(numbers) {
                    *number = scaled(*number, bound).unwrap_or_else(|| self.stream(item).below(bound));
                }
            }
        }
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

    /// A uniform integer in `0..bound`; `bound` must not be 0.
    #[inline]
    pub fn below(&mut self, bound: u32) -> u32 {
        loop {
            if let Some(number) = scaled(self.next_u32(), bound) {
                return number;
            }
        }
    }

    /// Fills `words` with the next random words: those of as many calls of [`Stream::next_u32`].
    pub fn fill(&mut self, words: &mut [u32]) {
        let (kept, fresh) = words.split_at_mut(self.left.min(words.len()));
        kept.iter_mut().for_each(|word| *word = self.next_u32());
        let (whole, rest) = fresh.as_chunks_mut();
        blocks(self.key.0, self.item, self.draw, whole);
        self.draw += whole.len() as u64;
        rest.iter_mut().for_each(|word| *word = self.next_u32());
    }

    /// Fills `numbers` with integers in `0..bound`: those of as many calls of [`Stream::below`].
    pub fn fill_below(&mut self, bound: u32, numbers: &mut [u32]) {
        self.fill_below_each(bound, 0, numbers);
    }

    /// The same for a bound that is `bound` for the first number and rises by one from each to the next.
    pub fn fill_below_rising(&mut self, bound: u32, numbers: &mut [u32]) {
        self.fill_below_each(bound, 1, numbers);
    }

    fn fill_below_each(&mut self, mut bound: u32, rise: u32, numbers: &mut [u32]) {
        // A word in 2^32 / bound has to be looked at more closely, and those drawn with it.
        for numbers in numbers.chunks_mut(64) {
            let before = self.clone();
            self.fill(numbers);
            if !scale(numbers, bound, rise) {
                *self = before;
                for (bound, number) in (0..).map(|i| bound + i * rise).zip(&mut *numbers) {
                    *number = self.below(bound);
                }
            }
            bound = bound.wrapping_add(rise * numbers.len() as u32);
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

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn uniforms(key: u64, items: &[u64], values: &mut [f64]) {
    for (value, &item) in values.iter_mut().zip(items) {
        *value = open_unit(block((item, 0), key).0);
    }
}

/// The blocks of item `item` from draw `draw` on.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn blocks(key: u64, item: u64, draw: u64, blocks: &mut [[u32; 4]]) {
    for (i, words) in blocks.iter_mut().enumerate() {
        let (low, high) = block((item, draw + i as u64), key);
        *words = [low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32];
    }
}

/// A random word as a number below `bound`, unless it has to be rejected: unbiased (Lemire 2019).
#[inline]
fn scaled(word: u32, bound: u32) -> Option<u32> {
    let product = u64::from(word) * u64::from(bound);
    let low = product as u32;
    (low >= bound || low >= bound.wrapping_neg() % bound).then_some((product >> 32) as u32)
}

/// Turns random words into numbers below bounds that rise from `bound` by `rise`; whether none of them
/// might have to be rejected.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn scale(words: &mut [u32], bound: u32, rise: u32) -> bool {
    let mut rejected = false;
    for (i, word) in words.iter_mut().enumerate() {
        let bound = bound.wrapping_add(i as u32 * rise);
        let product = u64::from(*word) * u64::from(bound);
        rejected |= (product as u32) < bound;
        *word = (product >> 32) as u32;
    }
    !rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_for_many_items_are_the_draws_for_each() {
        let key = Key::new(5).named("many");
        let items: Vec<u64> = (0..29_u64).map(|i| i << 29 | i).collect();
        for len in 0..items.len() {
            let mut values = vec![0.0; len];
            key.uniforms(&items[..len], &mut values);
            assert_eq!(values, items[..len].iter().map(|&item| key.uniform(item)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_stream_asked_for_many_words_gives_those_it_gives_one_by_one() {
        for before in 0..6 {
            for len in [0, 1, 3, 4, 31, 32, 33, 70] {
                let mut single = Key::new(6).stream(u64::MAX - 3);
                single.fill(&mut vec![0; before]);
                let mut many = single.clone();
                let mut words = vec![0; len];
                many.fill(&mut words);
                assert_eq!(words, (0..len).map(|_| single.next_u32()).collect::<Vec<_>>());
                assert_eq!(many.next_u64(), single.next_u64(), "after {before} and {len} words");
            }
        }
    }

    #[test]
    fn a_number_below_a_bound_belongs_to_its_item_whichever_are_asked_for() {
        let key = Key::new(9);
        for bound in [1, 0x4000_0001, 77_169, u32::MAX] {
            let mut all = [0; 300];
            key.below_each(0, bound, &mut all);
            let mut words = [0; 300];
            key.stream(0).fill(&mut words);
            for (number, word) in all.into_iter().zip(words) {
                assert!(number < bound && scaled(word, bound).is_none_or(|scaled| scaled == number));
            }
            for (first, len) in [(4, 90), (64, 64), (128, 5), (296, 4)] {
                let mut some = vec![0; len];
                key.below_each(first as u64, bound, &mut some);
                assert_eq!(some, all[first..first + len]);
            }
        }
    }

    #[test]
    fn many_numbers_below_a_bound_are_those_drawn_one_by_one() {
        // One word in four is rejected below the second bound.
        for bound in [1, 0x4000_0001, 77_169, u32::MAX] {
            let (mut single, mut many) = (Key::new(8).stream(1), Key::new(8).stream(1));
            for len in [1, 2, 150, 64, 31] {
                let mut numbers = vec![0; len];
                many.fill_below(bound, &mut numbers);
                assert_eq!(numbers, (0..len).map(|_| single.below(bound)).collect::<Vec<_>>());
                let first = bound - (len as u32).min(bound) + 1;
                let numbers = &mut numbers[..bound.min(len as u32) as usize];
                many.fill_below_rising(first, numbers);
                assert_eq!(numbers, (first..=bound).map(|bound| single.below(bound)).collect::<Vec<_>>());
            }
        }
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
