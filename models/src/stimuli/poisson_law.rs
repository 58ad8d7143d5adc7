//! How many spikes a Poisson train has in a step: counts by inversion of 16 random bits, with more
//! bits drawn where 16 do not decide.
//!
//! Of the 65536 values that 16 bits can have, ⌊65536 p(k)⌋ stand for the count k, for as many counts
//! as there are thresholds; they lie side by side, so the count is the number of thresholds at or
//! below the bits. The values that are left over, at the top, stand for everything that is missing:
//! the fractions that were cut off, and the counts outside the window. A draw that hits one of them is
//! drawn from just that remainder, from a key of the neuron and step. So the distribution is exact to
//! the rounding of `p`, and nearly all draws cost a few comparisons, thirty-two neurons side by side.
//! Means above 20 per step take Hörmann's rejection instead (1993,
//! doi:10.1016/0167-6687(93)90997-4, algorithm PTRS).

use crate::stimuli::lanes::{LANES, Lanes};
use multiversion::multiversion;
use sim_core::math::{exp, ln};
use sim_core::rng::{Key, Stream};

/// Neurons that are drawn together: two for each word of the lanes.
pub const CHUNK: usize = 2 * LANES;
/// Means above this are drawn by rejection.
pub const LARGE: f64 = 20.0;
/// How many thresholds a window may have; each number is a loop of its own, without a variable bound.
const WINDOWS: [usize; 4] = [4, 8, 12, MOST];
/// Thresholds of the widest window, which holds nearly all counts up to [`LARGE`].
const MOST: usize = 32;
/// Values left over, of 65536, above which a wider window is cheaper.
const FEW: f64 = 32.0;
/// How many values 16 bits have.
const VALUES: f64 = 65536.0;

/// The Poisson law of one mean, up to [`LARGE`].
#[derive(Clone, Copy, Debug)]
pub struct Law {
    mean: f64,
    /// The lowest count of the window.
    base: i16,
    /// How many thresholds count.
    window: usize,
    /// The highest values that stand for counts up to `base`, `base + 1` …, moved to signed numbers as
    /// comparisons want them.
    thresholds: [i16; MOST],
    /// Values left over.
    rest: f64,
}

impl Law {
    /// The law of `mean` spikes per step, with the narrowest window that leaves few values over.
    pub fn new(mean: f64) -> Self {
        let mut laws = WINDOWS.iter().map(|&window| Law::with_window(mean, window));
        laws.find(|law| law.rest <= FEW || law.window == MOST).unwrap_or(Law::with_window(mean, MOST))
    }

    fn with_window(mean: f64, window: usize) -> Self {
        let lowest = (mean - 0.5 * (window as f64 - 1.0)).max(0.0).floor();
        let mut terms = Terms::new(mean);
        // A count without a value of its own cannot be the first.
        while terms.count < lowest || whole(terms.probability) == 0.0 {
            terms.next();
        }
        let base = terms.count as i16;
        let (mut thresholds, mut values) = ([i16::MAX; MOST], 0.0);
        for threshold in &mut thresholds[..window] {
            values += whole(terms.probability);
            *threshold = ((values - 1.0) as u16 ^ 0x8000) as i16;
            terms.next();
        }
        Law { mean, base, window, thresholds, rest: VALUES - values }
    }

    /// A count from the values that are left over.
    #[cold]
    fn remainder(&self, mut more: Stream) -> i16 {
        let window = f64::from(self.base)..f64::from(self.base) + self.window as f64;
        let mut terms = Terms::new(self.mean);
        let mut sought = more.uniform() * self.rest;
        loop {
            let held = if window.contains(&terms.count) { whole(terms.probability) } else { 0.0 };
            sought -= VALUES * terms.probability - held;
            // Far out the terms vanish, and only what their sum lost in rounding can be left to seek.
            if sought < 0.0 || (terms.count > self.mean && terms.probability < f64::EPSILON) {
                return terms.count as i16;
            }
            terms.next();
        }
    }
}

/// How many of the values of 16 bits a probability has for itself.
fn whole(probability: f64) -> f64 {
    (VALUES * probability).floor()
}

/// The probabilities of 0, 1, … `count` spikes, one after the other.
struct Terms {
    mean: f64,
    count: f64,
    probability: f64,
}

impl Terms {
    fn new(mean: f64) -> Self {
        Terms { mean, count: 0.0, probability: exp(-mean) }
    }

    fn next(&mut self) {
        self.count += 1.0;
        self.probability *= self.mean / self.count;
    }
}

/// Laws of the neurons of a block, none of a mean above [`LARGE`].
#[derive(Debug)]
pub enum Laws {
    /// The same for all.
    Shared(Law),
    /// One for each, in chunks, with windows of one width.
    Each(Vec<Chunk>),
}

/// Laws of a chunk of neurons, thresholds first so that neighbours lie side by side.
#[derive(Debug)]
pub struct Chunk {
    laws: [Law; CHUNK],
    base: [i16; CHUNK],
    thresholds: [[i16; CHUNK]; MOST],
}

impl Laws {
    /// One law for each mean.
    pub fn each(means: impl Iterator<Item = f64>) -> Self {
        let laws: Vec<Law> = means.map(Law::new).collect();
        let window = laws.iter().map(|law| law.window).max().unwrap_or(MOST);
        let chunk =
            |laws: &[Law]| Chunk::new(|j| Law::with_window(laws.get(j).map_or(0.0, |law| law.mean), window));
        Laws::Each(laws.chunks(CHUNK).map(chunk).collect())
    }

    fn of(&self, neuron: usize) -> &Law {
        match self {
            Laws::Shared(law) => law,
            Laws::Each(chunks) => &chunks[neuron / CHUNK].laws[neuron % CHUNK],
        }
    }
}

impl Chunk {
    fn new(law: impl Fn(usize) -> Law) -> Self {
        let laws: [Law; CHUNK] = std::array::from_fn(law);
        Chunk {
            base: laws.map(|law| law.base),
            thresholds: std::array::from_fn(|k| laws.map(|law| law.thresholds[k])),
            laws,
        }
    }
}

/// Where the loop finds the thresholds of neuron `j` of a chunk.
trait Thresholds: Copy {
    fn base(self, chunk: usize, j: usize) -> i16;
    fn threshold(self, chunk: usize, k: usize, j: usize) -> i16;
}

impl Thresholds for &Law {
    #[inline(always)]
    fn base(self, _: usize, _: usize) -> i16 {
        self.base
    }

    #[inline(always)]
    fn threshold(self, _: usize, k: usize, _: usize) -> i16 {
        self.thresholds[k]
    }
}

impl Thresholds for &[Chunk] {
    #[inline(always)]
    fn base(self, chunk: usize, j: usize) -> i16 {
        self[chunk].base[j]
    }

    #[inline(always)]
    fn threshold(self, chunk: usize, k: usize, j: usize) -> i16 {
        self[chunk].thresholds[k][j]
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

    /// Draws each neuron's number of spikes in this step. `counts` is whole chunks.
    pub fn draw(&mut self, laws: &Laws, step: i64, counts: &mut [i16]) {
        let window = laws.of(0).window;
        let undecided = match laws {
            Laws::Shared(law) => draw(&mut self.lanes, law, window, counts),
            Laws::Each(chunks) => draw(&mut self.lanes, &chunks[..], window, counts),
        };
        if undecided {
            self.decide(laws, step, counts);
        }
    }

    #[cold]
    fn decide(&self, laws: &Laws, step: i64, counts: &mut [i16]) {
        let key = self.key.numbered(step as u64);
        for (neuron, count) in counts.iter_mut().enumerate() {
            let law = laws.of(neuron);
            if *count == law.base + law.window as i16 {
                *count = law.remainder(key.stream(neuron as u64));
            }
        }
    }

    /// The number of spikes of one neuron of any mean, which may be above [`LARGE`].
    pub fn draw_one(&self, mean: f64, step: i64, neuron: u32) -> f64 {
        let mut more = self.key.numbered(step as u64).stream(u64::from(neuron));
        if mean > LARGE {
            return rejection(mean, &mut more);
        }
        let everything = Law { rest: VALUES, window: 0, ..Law::new(mean) };
        f64::from(everything.remainder(more))
    }
}

/// Draws chunks of counts; whether the bits of any fell among the values left over.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn draw<T: Thresholds>(lanes: &mut Lanes, laws: T, window: usize, counts: &mut [i16]) -> bool {
    draw_chunks(lanes, laws, window, counts)
}

#[inline(always)]
fn draw_chunks<T: Thresholds>(lanes: &mut Lanes, laws: T, window: usize, counts: &mut [i16]) -> bool {
    match window {
        4 => draw_windows::<4, T>(lanes, laws, counts),
        8 => draw_windows::<8, T>(lanes, laws, counts),
        12 => draw_windows::<12, T>(lanes, laws, counts),
        _ => draw_windows::<MOST, T>(lanes, laws, counts),
    }
}

#[inline(always)]
fn draw_windows<const WINDOW: usize, T: Thresholds>(lanes: &mut Lanes, laws: T, counts: &mut [i16]) -> bool {
    // A copy, so that the states stay in registers.
    let mut state = lanes.clone();
    let mut most = [0; CHUNK];
    for (chunk, counts) in counts.as_chunks_mut::<CHUNK>().0.iter_mut().enumerate() {
        let bits = halves(state.words());
        for j in 0..CHUNK {
            let mut above = 0;
            for k in 0..WINDOW {
                above += i16::from(bits[j] > laws.threshold(chunk, k, j));
            }
            most[j] = above.max(most[j]);
            counts[j] = laws.base(chunk, j) + above;
        }
    }
    *lanes = state;
    most.iter().fold(0, |most, &above| above.max(most)) == WINDOW as i16
}

/// The lower and the upper half of each word.
#[inline(always)]
fn halves(words: [u32; LANES]) -> [i16; CHUNK] {
    let mut bits = [0; CHUNK];
    for (pair, word) in bits.as_chunks_mut::<2>().0.iter_mut().zip(words) {
        *pair = [word as i16, (word >> 16) as i16];
    }
    bits
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

    const MEANS: [f64; 12] = [0.0, 1e-6, 0.02, 0.15, 0.5, 1.28, 1.68, 2.3, 4.5, 8.0, 13.3, 20.0];

    /// How many of the values of 16 bits stand for each count of the window, and how many are left.
    fn values(law: &Law) -> (Vec<f64>, f64) {
        let mut values = vec![0.0; law.window + 1];
        for bits in i16::MIN..=i16::MAX {
            let above = law.thresholds[..law.window].iter().filter(|&&threshold| bits > threshold).count();
            values[above] += 1.0;
        }
        let rest = values.pop().unwrap_or(0.0);
        (values, rest)
    }

    #[test]
    fn every_count_has_the_whole_values_of_its_probability_and_few_are_left_over() {
        for mean in MEANS {
            let law = Law::new(mean);
            let mut terms = Terms::new(mean);
            while terms.count < f64::from(law.base) {
                terms.next();
            }
            let (values, rest) = values(&law);
            for value in values {
                assert_eq!(value, whole(terms.probability), "mean {mean}, count {}", terms.count);
                terms.next();
            }
            assert_eq!(rest, law.rest, "mean {mean}");
            assert!(rest <= 2.0 * FEW, "mean {mean}: {rest} values are left over");
        }
    }

    #[test]
    fn what_is_left_over_makes_up_for_what_is_missing() {
        for mean in [0.5, 2.3, 20.0] {
            let law = Law::with_window(mean, 4);
            let draws = 100_000;
            let mut found = [0.0; 200];
            let key = Key::new(1);
            (0..draws).for_each(|item| found[law.remainder(key.stream(item)) as usize] += 1.0);
            let mut terms = Terms::new(mean);
            for found in &found[..60] {
                let place = terms.count - f64::from(law.base);
                let held = if (0.0..4.0).contains(&place) { whole(terms.probability) } else { 0.0 };
                let expected = draws as f64 * (VALUES * terms.probability - held) / law.rest;
                let error = 4.5 * expected.sqrt() + 2.0;
                assert!((found - expected).abs() < error, "mean {mean}, {}: {found}", terms.count);
                terms.next();
            }
        }
    }

    /// Never more than AVX2, on any processor.
    #[multiversion(targets("x86_64+avx2"))]
    fn draw_narrow<T: Thresholds>(lanes: &mut Lanes, laws: T, window: usize, counts: &mut [i16]) -> bool {
        draw_chunks(lanes, laws, window, counts)
    }

    #[test]
    fn every_width_of_vectors_draws_the_same_counts() {
        for mean in MEANS {
            let law = Law::new(mean);
            let Laws::Each(chunks) = Laws::each([mean; 256].into_iter()) else { unreachable!() };
            let each = &chunks[..];
            let mut drawn = [const { Vec::new() }; 6];
            let mut lanes: [Lanes; 6] = std::array::from_fn(|_| Lanes::new(Key::new(9)));
            for _ in 0..40 {
                let mut take = |way: usize, draw: &dyn Fn(&mut Lanes, &mut [i16]) -> bool| {
                    let mut counts = [0; 256];
                    let undecided = draw(&mut lanes[way], &mut counts);
                    drawn[way].push((counts, undecided));
                };
                take(0, &|lanes, counts| draw_chunks(lanes, &law, law.window, counts));
                take(1, &|lanes, counts| draw_narrow(lanes, &law, law.window, counts));
                take(2, &|lanes, counts| draw(lanes, &law, law.window, counts));
                take(3, &|lanes, counts| draw_chunks(lanes, each, law.window, counts));
                take(4, &|lanes, counts| draw_narrow(lanes, each, law.window, counts));
                take(5, &|lanes, counts| draw(lanes, each, law.window, counts));
            }
            assert!(drawn[1..].iter().all(|drawn_so| *drawn_so == drawn[0]), "mean {mean}");
        }
    }
}
