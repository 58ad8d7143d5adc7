//! How many spikes a Poisson train has in a step: counts by inversion of 16 random bits, with more
//! bits drawn where 16 do not decide.
//!
//! With `F(k)` the probability of at most `k` spikes, the count is the number of `k` with `U ≥ F(k)`.
//! Eight of these thresholds are compared with the upper 16 bits of U. When those bits equal a
//! threshold's, or the count lies outside the eight, the other bits of U are drawn from a key of the
//! neuron and step. So the distribution is exact to the rounding of `F`, and nearly all draws cost
//! eight comparisons, thirty-two neurons side by side. Means above 20 per step take Hörmann's
//! rejection instead (1993, doi:10.1016/0167-6687(93)90997-4, algorithm PTRS).

use crate::stimuli::lanes::{LANES, Lanes};
use sim_core::math::{exp, ln};
use sim_core::rng::{Key, Stream};

/// Neurons that are drawn together: two for each word of the lanes.
pub const CHUNK: usize = 2 * LANES;
/// Thresholds compared at once.
const WINDOW: usize = 8;
/// Means above this are drawn by rejection.
const LARGE: f64 = 20.0;

/// The Poisson law of one mean.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    mean: f64,
    /// Counts below this are left to the other bits.
    base: i16,
    /// Upper 16 bits of F(base), F(base + 1) …, moved to signed numbers as comparisons want them.
    thresholds: [i16; WINDOW],
}

impl Law {
    /// The law of `mean` spikes per step.
    pub fn new(mean: f64) -> Self {
        if mean > LARGE {
            // Every draw counts as outside the window.
            return Law { mean, base: 0, thresholds: [i16::MIN; WINDOW] };
        }
        let base = (mean - 3.5).max(0.0).floor();
        let mut cumulative = Cumulative::new(mean);
        while cumulative.count < base {
            cumulative.next();
        }
        let mut thresholds = [0; WINDOW];
        for threshold in &mut thresholds {
            *threshold = signed((cumulative.share * 65536.0).min(65535.0) as u16);
            cumulative.next();
        }
        Law { mean, base: base as i16, thresholds }
    }

    /// The count that belongs to these upper 16 bits, drawing what else is needed.
    #[cold]
    fn decide(&self, bits: i16, mut more: Stream) -> f64 {
        if self.mean > LARGE {
            return rejection(self.mean, &mut more);
        }
        let uniform = (f64::from(unsigned(bits)) + more.uniform()) / 65536.0;
        let mut cumulative = Cumulative::new(self.mean);
        // The share stops growing when the next probability is below its last bit.
        while uniform >= cumulative.share && cumulative.share < cumulative.share + cumulative.probability {
            cumulative.next();
        }
        cumulative.count
    }
}

/// The sum of the probabilities of 0, 1, … `count` spikes.
struct Cumulative {
    mean: f64,
    count: f64,
    probability: f64,
    share: f64,
}

impl Cumulative {
    fn new(mean: f64) -> Self {
        let none = exp(-mean);
        Cumulative { mean, count: 0.0, probability: none, share: none }
    }

    fn next(&mut self) {
        self.count += 1.0;
        self.probability *= self.mean / self.count;
        self.share += self.probability;
    }
}

/// Laws of the neurons of a block.
#[derive(Debug)]
pub enum Laws {
    /// The same for all.
    Shared(Law),
    /// One for each, in chunks.
    Each(Vec<Chunk>),
}

/// Laws of a chunk of neurons, thresholds first so that neighbours lie side by side.
#[derive(Debug)]
pub struct Chunk {
    laws: [Law; CHUNK],
    base: [i16; CHUNK],
    thresholds: [[i16; CHUNK]; WINDOW],
}

impl Laws {
    /// One law for each mean.
    pub fn each(means: impl ExactSizeIterator<Item = f64>) -> Self {
        let laws: Vec<Law> = means.map(Law::new).collect();
        Laws::Each(laws.chunks(CHUNK).map(Chunk::new).collect())
    }

    fn of(&self, chunk: usize, j: usize) -> &Law {
        match self {
            Laws::Shared(law) => law,
            Laws::Each(chunks) => &chunks[chunk].laws[j],
        }
    }
}

impl Chunk {
    fn new(given: &[Law]) -> Self {
        let none = Law::new(0.0);
        let laws: [Law; CHUNK] = std::array::from_fn(|j| given.get(j).copied().unwrap_or(none));
        Chunk {
            base: laws.map(|law| law.base),
            thresholds: std::array::from_fn(|k| laws.map(|law| law.thresholds[k])),
            laws,
        }
    }
}

/// The generator of a block of neurons.
#[derive(Debug)]
pub struct Counts {
    /// The state.
    pub lanes: Lanes,
    key: Key,
}

impl Counts {
    /// The generator that belongs to a block's key.
    pub fn new(key: Key) -> Self {
        Counts { lanes: Lanes::new(key.named("lanes")), key: key.named("bits") }
    }

    /// Adds each neuron's number of spikes in this step to `amounts`; whether there were any.
    pub fn draw(&mut self, laws: &Laws, step: i64, amounts: &mut [f64]) -> bool {
        let key = self.key.numbered(step as u64);
        let mut any = false;
        for (chunk, amounts) in amounts.chunks_mut(CHUNK).enumerate() {
            let bits = self.bits();
            let drawn = match laws {
                Laws::Shared(law) => compare(&bits, |_| law.base, |k, _| law.thresholds[k]),
                Laws::Each(chunks) => {
                    let laws = &chunks[chunk];
                    compare(&bits, |j| laws.base[j], |k, j| laws.thresholds[k][j])
                }
            };
            if drawn.undecided {
                for (j, amount) in amounts.iter_mut().enumerate() {
                    let count = if drawn.open[j] == 0 {
                        f64::from(drawn.counts[j])
                    } else {
                        laws.of(chunk, j).decide(bits[j], key.stream((chunk * CHUNK + j) as u64))
                    };
                    any |= count > 0.0;
                    *amount += count;
                }
            } else if drawn.any {
                any |= drawn.counts[..amounts.len()].iter().any(|&count| count > 0);
                for (amount, count) in amounts.iter_mut().zip(&drawn.counts) {
                    *amount += f64::from(*count);
                }
            }
        }
        any
    }

    #[inline]
    fn bits(&mut self) -> [i16; CHUNK] {
        let words = self.lanes.words();
        let mut bits = [0; CHUNK];
        for (pair, word) in bits.chunks_exact_mut(2).zip(words) {
            pair[0] = word as i16;
            pair[1] = (word >> 16) as i16;
        }
        bits
    }
}

/// What 16 bits say about a chunk of neurons.
struct Drawn {
    counts: [i16; CHUNK],
    /// Not 0 where more bits are needed.
    open: [i16; CHUNK],
    undecided: bool,
    any: bool,
}

#[inline(always)]
fn compare(
    bits: &[i16; CHUNK],
    base: impl Fn(usize) -> i16,
    threshold: impl Fn(usize, usize) -> i16,
) -> Drawn {
    let mut drawn = Drawn { counts: [0; CHUNK], open: [0; CHUNK], undecided: false, any: false };
    let (mut opened, mut counted) = (0, 0);
    for (j, &bits) in bits.iter().enumerate() {
        let (mut above, mut equal) = (0, 0);
        for k in 0..WINDOW {
            above += i16::from(bits > threshold(k, j));
            equal |= i16::from(bits == threshold(k, j));
        }
        let outside = i16::from(above == WINDOW as i16) | (i16::from(above == 0) & i16::from(base(j) > 0));
        drawn.open[j] = equal | outside;
        drawn.counts[j] = base(j) + above;
        opened |= drawn.open[j];
        counted |= drawn.counts[j];
    }
    drawn.undecided = opened != 0;
    drawn.any = counted != 0;
    drawn
}

#[inline]
fn signed(bits: u16) -> i16 {
    (bits ^ 0x8000) as i16
}

#[inline]
fn unsigned(bits: i16) -> u16 {
    bits as u16 ^ 0x8000
}

/// A Poisson number of a mean of 10 or more. It accepts nine proposals of ten or more without
/// looking at the density, whatever the mean, so it ends.
fn rejection(mean: f64, more: &mut Stream) -> f64 {
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    let quick = 0.9277 - 3.6224 / (b - 2.0);
    loop {
        let u = more.uniform() - 0.5;
        let v = more.uniform();
        let edge = 0.5 - u.abs();
        let count = ((2.0 * a / edge + b) * u + mean + 0.43).floor();
        if edge >= 0.07 && v <= quick {
            return count;
        }
        if count < 0.0 || (edge < 0.013 && v > edge) {
            continue;
        }
        let density = -mean + count * ln(mean) - libm::lgamma(count + 1.0);
        if ln(v * inverse_alpha / (a / (edge * edge) + b)) <= density {
            return count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F(k) for k = 0, 1, …
    fn shares(mean: f64) -> Vec<f64> {
        let mut cumulative = Cumulative::new(mean);
        (0..100)
            .map(|_| {
                let share = cumulative.share;
                cumulative.next();
                share
            })
            .collect()
    }

    #[test]
    fn sixteen_bits_decide_only_where_all_numbers_that_begin_with_them_agree() {
        for mean in [0.0, 1e-6, 0.02, 0.5, 1.68, 2.3, 4.5, 8.0, 13.3, 20.0] {
            let (law, shares) = (Law::new(mean), shares(mean));
            let count = |uniform: f64| shares.iter().filter(|&&share| uniform >= share).count() as f64;
            let mut undecided = 0;
            for start in (0..=u16::MAX).step_by(CHUNK) {
                let bits: [i16; CHUNK] = std::array::from_fn(|j| signed(start + j as u16));
                let drawn = compare(&bits, |_| law.base, |k, _| law.thresholds[k]);
                for j in 0..CHUNK {
                    if drawn.open[j] != 0 {
                        undecided += 1;
                        continue;
                    }
                    let first = f64::from(start + j as u16) / 65536.0;
                    let last = first + (1.0 - 1e-9) / 65536.0;
                    let counted = f64::from(drawn.counts[j]);
                    assert_eq!((counted, counted), (count(first), count(last)), "mean {mean}, {first}");
                }
            }
            assert!(mean > 3.0 || undecided < 200, "mean {mean}: {undecided} of 65536 are undecided");
            assert!(undecided < 65536 / 2, "mean {mean}: {undecided} of 65536 are undecided");
        }
    }

    #[test]
    fn more_bits_split_a_cell_where_the_law_does() {
        let law = Law::new(0.5);
        let place = exp(-0.5) * 65536.0;
        let bits = signed(place as u16);
        let key = Key::new(1);
        let draws = 20_000;
        let none = (0..draws).filter(|&item| law.decide(bits, key.stream(item)) == 0.0).count() as f64;
        let expected = place.fract() * draws as f64;
        assert!((none - expected).abs() < 4.5 * (draws as f64 * 0.25).sqrt(), "{none}, not {expected}");
    }
}
