//! Fitting a discrete power law to degrees (Clauset, Shalizi & Newman 2009,
//! doi:10.1137/070710111).
//!
//! P(x) = x^−α / ζ(α, x_min) for x ≥ x_min. The exponent is the maximum of the likelihood; x_min is the
//! one whose fit has the smallest Kolmogorov–Smirnov distance to the data. Whether a power law is
//! plausible is judged by fitting synthetic data sets in the same way: the p-value is the share of
//! them that lie farther from their own fit than the data from theirs.

use crate::graphs::zeta::{log_zeta, scaled_zeta};
use rayon::prelude::*;
use sim_core::math::{exp, ln};
use sim_core::rng::{Key, Stream};

/// Fewer values than this are never fitted, as the authors advise.
pub const SMALLEST_TAIL: u64 = 50;
/// Tails steeper than this are not called power laws.
pub const LARGEST_EXPONENT: f64 = 50.0;

/// Distinct values above 0, ascending, and how often each occurs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    values: Vec<u32>,
    counts: Vec<u64>,
    logs: Vec<f64>,
}

/// A fitted power law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// α.
    pub exponent: f64,
    /// Standard error of α, for this x_min: 1 / √(n d²lnζ/dα²).
    pub standard_error: f64,
    /// The smallest value that belongs to the power law.
    pub x_min: u32,
    /// How many values do.
    pub tail: u64,
    /// Largest distance between the distribution functions of the tail and of the law.
    pub ks: f64,
}

impl Tally {
    /// Counts values; zeros are left out, as a power law has none.
    pub fn new(values: impl IntoIterator<Item = u32>) -> Self {
        let mut sorted: Vec<u32> = values.into_iter().filter(|&value| value > 0).collect();
        sorted.sort_unstable();
        let mut tally = Tally::default();
        for run in sorted.chunk_by(|a, b| a == b) {
            tally.push(run[0], run.len() as u64);
        }
        tally
    }

    /// Distinct values from the one at or above `from` on, with counts.
    pub fn from(&self, from: u32) -> impl Iterator<Item = (u32, u64)> + Clone + '_ {
        let begin = self.values.partition_point(|&value| value < from);
        self.values[begin..].iter().copied().zip(self.counts[begin..].iter().copied())
    }

    fn push(&mut self, value: u32, count: u64) {
        self.values.push(value);
        self.counts.push(count);
        self.logs.push(ln(f64::from(value)));
    }

    fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The best power law for the values; nothing if no tail of at least 50 values has one.
///
/// Every distinct value up to 50 is tried as x_min; above, those that lie 2 % apart.
pub fn fit(tally: &Tally) -> Option<Fit> {
    let (mut tail, mut log_sum) = (tally.total(), 0.0);
    for (count, log) in tally.counts.iter().zip(&tally.logs) {
        log_sum += *count as f64 * log;
    }
    let mut best: Option<Fit> = None;
    let mut next = 0.0;
    for (index, &x_min) in tally.values.iter().enumerate() {
        if tail < SMALLEST_TAIL {
            break;
        }
        if f64::from(x_min) >= next {
            next = 1.02 * f64::from(x_min);
            let mean_log = (log_sum / tail as f64 - tally.logs[index]).max(0.0);
            if let Some(exponent) = likeliest_exponent(mean_log, f64::from(x_min)) {
                let bound = best.map_or(1.0, |fit| fit.ks);
                let ks = distance(tally, index, tail, exponent, bound);
                if ks < bound {
                    let information = log_zeta(exponent, f64::from(x_min)).second * tail as f64;
                    let standard_error = 1.0 / information.sqrt();
                    best = Some(Fit { exponent, standard_error, x_min, tail, ks });
                }
            }
        }
        tail -= tally.counts[index];
        log_sum -= tally.counts[index] as f64 * tally.logs[index];
    }
    best
}

/// The exponent of greatest likelihood for values ≥ `x_min` whose ln(x / x_min) has this mean, by
/// Newton's method within a bracket; nothing if it is above [`LARGEST_EXPONENT`].
pub fn likeliest_exponent(mean_log: f64, x_min: f64) -> Option<f64> {
    let log_min = ln(x_min);
    // The slope of the likelihood per value; it falls with the exponent.
    let slope = |exponent: f64| {
        let zeta = log_zeta(exponent, x_min);
        (-mean_log - log_min - zeta.first, -zeta.second)
    };
    let (mut low, mut high) = (1.0 + 1e-6, LARGEST_EXPONENT);
    if mean_log <= 0.0 || slope(high).0 > 0.0 || slope(low).0 < 0.0 {
        return None;
    }
    let continuous = 1.0 + 1.0 / (mean_log + ln(x_min / (x_min - 0.5)));
    let mut exponent = continuous.clamp(low, high);
    for _ in 0..100 {
        let (value, derivative) = slope(exponent);
        if value > 0.0 {
            low = exponent;
        } else {
            high = exponent;
        }
        let newton = exponent - value / derivative;
        let step = if low < newton && newton < high { newton } else { 0.5 * (low + high) };
        if (step - exponent).abs() <= 1e-12 * exponent {
            return Some(step);
        }
        exponent = step;
    }
    Some(exponent)
}

/// Largest distance between the two distribution functions over all whole numbers ≥ x_min, which is
/// the value number `begin`. Gives up at `bound`.
fn distance(tally: &Tally, begin: usize, tail: u64, exponent: f64, bound: f64) -> f64 {
    let (x_min, log_min) = (f64::from(tally.values[begin]), tally.logs[begin]);
    let norm = 1.0 / scaled_zeta(exponent, x_min);
    let (mut left, mut largest) = (tail, 0.0_f64);
    // The law's share of values from the last seen value + 1 on, and that value + 1.
    let (mut law, mut at) = (1.0, tally.values[begin]);
    for index in begin..tally.values.len() {
        let value = tally.values[index];
        let share = exp(-exponent * (tally.logs[index] - log_min)) * norm;
        if value != at {
            law = share * scaled_zeta(exponent, f64::from(value));
        }
        // Between two values the data stand still: the distance is greatest just below the next.
        largest = largest.max((left as f64 / tail as f64 - law).abs());
        left -= tally.counts[index];
        (law, at) = (law - share, value.saturating_add(1));
        largest = largest.max((left as f64 / tail as f64 - law).abs());
        if largest >= bound {
            break;
        }
    }
    largest
}

/// The share of `bootstraps` synthetic data sets that lie farther from their fit than `fit` from the
/// tally. A synthetic set has as many values: each from the fitted law with the share of the tail, or
/// else one of the data below x_min. The standard error of the p-value is at most 1 / (2 √bootstraps).
pub fn p_value(tally: &Tally, fitted: &Fit, bootstraps: u32, key: Key) -> f64 {
    let synthetic = Synthetic::new(tally, fitted);
    let farther = (0..bootstraps)
        .into_par_iter()
        .filter(|&number| {
            let sample = synthetic.sample(&mut key.stream(u64::from(number)));
            fit(&sample).is_none_or(|again| again.ks >= fitted.ks)
        })
        .count();
    farther as f64 / f64::from(bootstraps)
}

/// Draws values of a discrete power law.
#[derive(Clone, Debug)]
pub struct Sampler {
    exponent: f64,
    x_min: u32,
    norm: f64,
    /// P(X ≥ x) for x = x_min, x_min + 1, …
    table: Vec<f64>,
}

impl Sampler {
    /// The power law from `x_min` on.
    pub fn new(exponent: f64, x_min: u32) -> Self {
        let norm = 1.0 / scaled_zeta(exponent, f64::from(x_min));
        let mut sampler = Sampler { exponent, x_min, norm, table: Vec::new() };
        sampler.table = (0..4096).map(|above| sampler.at_least(x_min.saturating_add(above))).collect();
        sampler
    }

    /// Draws a value by inversion; those above 32 bits become the largest.
    pub fn draw(&self, draws: &mut Stream) -> u32 {
        let u = draws.uniform();
        let within = self.table.partition_point(|&share| share >= u);
        if within < self.table.len() {
            return self.x_min + (within - 1) as u32;
        }
        // Beyond the table: the last x with P(X ≥ x) ≥ u, by bisection.
        let (mut low, mut high) = (self.x_min.saturating_add(4095), u32::MAX);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.at_least(middle) >= u {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    }

    fn at_least(&self, x: u32) -> f64 {
        let x = f64::from(x);
        exp(-self.exponent * ln(x / f64::from(self.x_min))) * scaled_zeta(self.exponent, x) * self.norm
    }
}

/// Draws synthetic data sets that look like the data if the fit is true.
struct Synthetic<'a> {
    tally: &'a Tally,
    law: Sampler,
    tail_share: f64,
    total: u64,
    /// How many of the data lie at or below each value under x_min.
    below: Vec<u64>,
}

impl<'a> Synthetic<'a> {
    fn new(tally: &'a Tally, fit: &Fit) -> Self {
        let total = tally.total();
        let begin = tally.values.partition_point(|&value| value < fit.x_min);
        let mut sum = 0;
        let below = tally.counts[..begin].iter().map(|&count| {
            sum += count;
            sum
        });
        Synthetic {
            tally,
            law: Sampler::new(fit.exponent, fit.x_min),
            tail_share: fit.tail as f64 / total as f64,
            total,
            below: below.collect(),
        }
    }

    fn sample(&self, draws: &mut Stream) -> Tally {
        // Small values are counted in place, the few large ones sorted.
        let mut small = vec![0_u64; 1 << 14];
        let mut large = Vec::new();
        for _ in 0..self.total {
            let value = self.draw(draws);
            match small.get_mut(value as usize) {
                Some(count) => *count += 1,
                None => large.push(value),
            }
        }
        let mut tally = Tally::default();
        for (value, &count) in small.iter().enumerate().filter(|(_, count)| **count > 0) {
            tally.push(value as u32, count);
        }
        let large = Tally::new(large);
        for (value, count) in large.from(0) {
            tally.push(value, count);
        }
        tally
    }

    fn draw(&self, draws: &mut Stream) -> u32 {
        match self.below.last() {
            Some(&body) if draws.uniform() >= self.tail_share => {
                let place = (draws.uniform() * body as f64) as u64;
                self.tally.values[self.below.partition_point(|&sum| sum <= place)]
            }
            _ => self.law.draw(draws),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(exponent: f64, x_min: u32, n: u32, seed: u64) -> Tally {
        let law = Sampler::new(exponent, x_min);
        let mut draws = Key::new(seed).stream(0);
        Tally::new((0..n).map(|_| law.draw(&mut draws)))
    }

    #[test]
    fn the_fit_finds_exponent_and_cut_off_of_synthetic_samples() {
        for (exponent, x_min, seed) in [(2.2, 1, 1), (3.0, 1, 2), (2.2, 10, 3), (3.0, 6, 4), (2.5, 20, 5)] {
            // A flat body below x_min, which must not be taken for the power law.
            let tail = sample(exponent, x_min, 10_000, seed);
            let tally = Tally::new(
                tail.from(0)
                    .flat_map(|(value, count)| std::iter::repeat_n(value, count as usize))
                    .chain((1..x_min).flat_map(|value| std::iter::repeat_n(value, 20))),
            );
            let fit = fit(&tally).unwrap();
            let error = (fit.exponent - exponent).abs();
            assert!(error < 3.0 * fit.standard_error, "{exponent}: {fit:?}");
            assert!(fit.standard_error < 0.1);
            assert!(fit.x_min >= x_min && fit.x_min < 3 * x_min, "{x_min}: {fit:?}");
        }
    }

    #[test]
    fn estimates_scatter_by_the_standard_error() {
        // 60 samples from the same law, fitted from its x_min.
        let errors: Vec<f64> = (0..60)
            .map(|seed| {
                let tally = sample(2.5, 2, 2000, seed);
                let logs: f64 =
                    tally.from(0).map(|(x, count)| count as f64 * (f64::from(x) / 2.0).ln()).sum();
                let exponent = likeliest_exponent(logs / 2000.0, 2.0).unwrap();
                (exponent - 2.5) * (2000.0 * log_zeta(2.5, 2.0).second).sqrt()
            })
            .collect();
        let chi2: f64 = errors.iter().map(|error| error * error).sum();
        // 60 degrees of freedom: 0.001 below 31.7 and above 99.6.
        assert!(31.7 < chi2 && chi2 < 99.6, "χ² = {chi2}");
    }

    #[test]
    fn a_power_law_is_plausible_and_an_exponential_is_not() {
        let tally = sample(2.5, 3, 2000, 8);
        let fitted = fit(&tally).unwrap();
        let p = p_value(&tally, &fitted, 50, Key::new(1));
        assert!(p > 0.1, "p = {p}");
        assert_eq!(p, p_value(&tally, &fitted, 50, Key::new(1)));
        for scale in [8.0, 20.0] {
            let mut draws = Key::new(9).stream(0);
            let exponential = Tally::new((0..5000).map(|_| 1 + (draws.exponential() * scale) as u32));
            let fitted = fit(&exponential).unwrap();
            let p = p_value(&exponential, &fitted, 50, Key::new(1));
            assert!(p < 0.1, "p = {p} for {fitted:?}");
        }
    }

    #[test]
    fn equal_values_and_few_values_have_no_power_law() {
        assert_eq!(fit(&Tally::new([7; 1000])), None);
        assert_eq!(fit(&Tally::new(1..50)), None);
        assert_eq!(fit(&Tally::new([])), None);
    }

    #[test]
    fn the_distance_counts_the_whole_numbers_between_values() {
        // Two values, 1 and 4: the law loses most of its weight between them.
        let tally = Tally::new([1, 4]);
        let exponent = 2.0;
        let norm = scaled_zeta(exponent, 1.0);
        let at_4 = (norm - 1.0 - 0.25 - 1.0 / 9.0) / norm;
        let wanted = [(1.0 - 1.0 / norm) - 0.5, 0.5 - at_4, at_4 - 1.0 / 16.0 / norm];
        let wanted = wanted.into_iter().map(f64::abs).fold(0.0, f64::max);
        assert!((distance(&tally, 0, 2, exponent, 1.0) - wanted).abs() < 1e-14);
    }
}
