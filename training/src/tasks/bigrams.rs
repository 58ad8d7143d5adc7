//! What bigrams alone fill in: the likeliest byte of a place given all places that are known.
//!
//! The text is taken for a Markov chain, P(next | byte) interpolated as in [`crate::tasks::counting`], and what comes before and
//! after an unknown place for observations of it: forward and backward messages as of a hidden Markov model.
//!
//! Reference: Rabiner (1989) Proc. IEEE 77:257, doi:10.1109/5.18626.

use crate::tasks::text::BYTES;

/// Bigrams of a text.
pub struct Bigrams {
    /// P(byte), and P(next | byte) `[byte][next]`.
    alone: Vec<f64>,
    next: Vec<f64>,
}

impl Bigrams {
    /// Counts a text.
    pub fn of(text: &[u8]) -> Self {
        let (mut single, mut pairs) = (vec![0.0; BYTES], vec![0.0; BYTES * BYTES]);
        text.iter().for_each(|byte| single[usize::from(*byte)] += 1.0);
        text.windows(2).for_each(|pair| pairs[usize::from(pair[0]) * BYTES + usize::from(pair[1])] += 1.0);
        let alone = interpolated(&single, &[1.0 / BYTES as f64; BYTES]);
        let next = pairs.chunks_exact(BYTES).flat_map(|counts| interpolated(counts, &alone)).collect();
        Self { alone, next }
    }

    /// The likeliest byte of each place.
    pub fn fill(&self, known: &[Option<u8>]) -> Vec<u8> {
        let before = self.before(known);
        let mut after = vec![1.0; BYTES];
        let mut filled: Vec<u8> = Vec::with_capacity(known.len());
        for (known, before) in known.iter().zip(&before).rev() {
            let best = |best: (u8, f64), byte: u8| {
                let likely = before[usize::from(byte)] * after[usize::from(byte)];
                if likely > best.1 { (byte, likely) } else { best }
            };
            filled.push(known.unwrap_or_else(|| (0..=u8::MAX).fold((0, -1.0), best).0));
            // What lies from here on, as likely as it is after each byte.
            let here: Vec<(usize, f64)> = match known {
                Some(byte) => vec![(usize::from(*byte), after[usize::from(*byte)])],
                None => after.iter().copied().enumerate().collect(),
            };
            let likely = |byte: usize| here.iter().map(|(next, x)| self.next[byte * BYTES + next] * x).sum();
            after = scaled((0..BYTES).map(likely).collect());
        }
        filled.reverse();
        filled
    }

    /// How likely each byte is at each place, given what is known before it and there.
    fn before(&self, known: &[Option<u8>]) -> Vec<Vec<f64>> {
        let mut all: Vec<Vec<f64>> = Vec::with_capacity(known.len());
        for known in known {
            let here = match known {
                Some(byte) => {
                    let mut here = vec![0.0; BYTES];
                    here[usize::from(*byte)] = 1.0;
                    here
                }
                None => all.last().map_or_else(|| self.alone.clone(), |last| self.after(last)),
            };
            all.push(here);
        }
        all
    }

    /// How likely each byte is after bytes as likely as `last`.
    fn after(&self, last: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; BYTES];
        for (row, likely) in self.next.chunks_exact(BYTES).zip(last).filter(|(_, likely)| **likely > 0.0) {
            sums.iter_mut().zip(row).for_each(|(sum, next)| *sum += likely * next);
        }
        scaled(sums)
    }
}

/// Counts as probabilities, mixed with others after Witten and Bell.
fn interpolated(counts: &[f64], base: &[f64]) -> Vec<f64> {
    let (all, kinds) =
        (counts.iter().sum::<f64>(), counts.iter().filter(|count| **count > 0.0).count() as f64);
    let mixed = |(count, base): (&f64, &f64)| {
        if all > 0.0 { (count + kinds * base) / (all + kinds) } else { *base }
    };
    counts.iter().zip(base).map(mixed).collect()
}

/// With the sum 1.
fn scaled(values: Vec<f64>) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    values.into_iter().map(|value| value / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_filled_with_what_fits_both_sides() {
        let bigrams = Bigrams::of(b"abcabcabcabxyzxyzxyz");
        let known = |text: &[u8]| -> Vec<Option<u8>> {
            text.iter().map(|byte| (*byte != b'_').then_some(*byte)).collect()
        };
        assert_eq!(bigrams.fill(&known(b"ab_abc_bc")), b"abcabcabc");
        // Two in a row, of which only the far sides are known.
        assert_eq!(bigrams.fill(&known(b"x__xyz")), b"xyzxyz");
        // After b comes c more often than x, but never before y.
        assert_eq!(bigrams.fill(&known(b"ab_yz")), b"abxyz");
        assert_eq!(bigrams.fill(&known(b"_bc")), b"abc");
    }
}
