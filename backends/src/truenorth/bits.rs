//! 256 bits: a row of a crossbar, the axons of a core that are active, the neurons that fired.

/// One bit for each axon, or each neuron, of a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bits(pub [u64; 4]);

impl Bits {
    /// None set.
    pub const NONE: Bits = Bits([0; 4]);

    /// Whether bit `number` is set.
    #[inline(always)]
    pub fn has(&self, number: usize) -> bool {
        self.0[number / 64 % 4] >> (number % 64) & 1 == 1
    }

    /// Sets bit `number`; whether it was set before.
    #[inline(always)]
    pub fn set(&mut self, number: usize) -> bool {
        let (word, bit) = (&mut self.0[number / 64 % 4], 1 << (number % 64));
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    /// Whether none is set.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// How many are set.
    #[inline(always)]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Those set in both.
    #[inline(always)]
    pub fn and(&self, other: &Bits) -> Bits {
        Bits(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// Those set in one of the two.
    #[inline(always)]
    pub fn or(&self, other: &Bits) -> Bits {
        Bits(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// Those set in one of the two and not in both.
    #[inline(always)]
    pub fn xor(&self, other: &Bits) -> Bits {
        Bits(std::array::from_fn(|word| self.0[word] ^ other.0[word]))
    }

    /// The numbers of the bits that are set, ascending.
    #[inline(always)]
    pub fn ones(self) -> impl Iterator<Item = usize> + Clone {
        self.0.into_iter().enumerate().flat_map(|(word, mut left)| {
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    word * 64 + bit
                })
            })
        })
    }

    /// Calls `take` with them: a loop that costs less than the iterator.
    #[inline(always)]
    pub fn each(mut self, mut take: impl FnMut(usize)) {
        // One loop, whose end is the only branch that cannot be foreseen.
        for _ in 0..self.count() {
            let empty = |word: usize| usize::from(self.0[word] == 0);
            let word = empty(0) * (1 + empty(1) * (1 + empty(2)));
            let left = &mut self.0[word];
            take(word * 64 + left.trailing_zeros() as usize);
            *left &= left.wrapping_sub(1);
        }
    }

    /// As bytes: bit `n` is bit `n % 8` of byte `n / 8`.
    #[inline(always)]
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (eight, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *eight = word.to_le_bytes();
        }
        bytes
    }

    /// From such bytes.
    #[inline(always)]
    pub fn from_bytes(bytes: &[u8; 32]) -> Bits {
        let mut bits = Bits::NONE;
        for (word, eight) in bits.0.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*eight);
        }
        bits
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Bits {
        let mut bits = Bits::NONE;
        for number in numbers {
            bits.set(number);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_where_they_were_set_and_stay_there_as_bytes() {
        let numbers = [0, 7, 8, 63, 64, 130, 255];
        let bits: Bits = numbers.into_iter().collect();
        assert_eq!(bits.ones().collect::<Vec<_>>(), numbers);
        assert_eq!(Bits::from_bytes(&bits.bytes()), bits);
        assert_eq!((bits.bytes()[0], bits.bytes()[1], bits.bytes()[31]), (0x81, 1, 0x80));
        assert!((0..256).all(|n| bits.has(n) == numbers.contains(&n)) && bits.count() == 7);
    }
}
