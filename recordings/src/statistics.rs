//! Statistics of spike trains, as papers report them.
//!
//! | measure | definition | source |
//! |---|---|---|
//! | rate | spikes / time, Hz | |
//! | CV | standard deviation / mean of the intervals; Poisson 1, regular 0 | |
//! | LV | 3/(n−1) Σ ((Iₖ − Iₖ₊₁)/(Iₖ + Iₖ₊₁))² over n intervals; Poisson 1, regular 0 | Shinomoto et al. 2003, Neural Comput 15:2823, doi:10.1162/089976603322518759 |
//! | Fano factor | variance / mean of the counts in bins; Poisson 1 | |
//! | correlation | Pearson coefficient of the counts of two neurons in bins (2 ms in the microcircuit papers) | van Albada et al. 2018, doi:10.3389/fnins.2018.00291 |
//!
//! Spikes at both ends of a window count: on a grid the last step ends, and may fire, at the end of
//! the run. Bins are closed at the left and the last one at the right too, as in NumPy's histogram.
//! Variances divide by n, as in Elephant and NumPy. Times are in ms, rates in Hz. A measure that is
//! not defined (no spikes, too few intervals) is `None`, never NaN.

use sim_core::rng::Key;
use std::fmt;

/// A spike this close below an edge (in bins) counts as on it, since
/// `k * dt` is rarely exact.
const EDGE: f64 = 1e-6;

/// A stretch of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// When it starts, in ms.
    pub from: f64,
    /// When it ends, in ms.
    pub to: f64,
}

/// The spikes of the neurons of one population in a window, neuron by neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeTrains {
    window: Window,
    /// Where each neuron's times start in `times`, and the end of the last.
    starts: Vec<usize>,
    times: Vec<f64>,
}

impl SpikeTrains {
    /// Sorts spikes (`times` in ms, and who fired, in `0..size`) by neuron and time; spikes outside
    /// the window are left out.
    pub fn new(times: &[f64], neurons: &[u32], size: usize, window: Window) -> Result<Self, SpikeError> {
        check(times, neurons, size, window)?;
        let inside = || times.iter().zip(neurons).filter(|(time, _)| window.contains(**time));
        let mut starts = vec![0; size + 1];
        for (_, &neuron) in inside() {
            starts[neuron as usize + 1] += 1;
        }
        for neuron in 0..size {
            starts[neuron + 1] += starts[neuron];
        }
        let mut sorted = vec![0.0; starts[size]];
        let mut next = starts.clone();
        for (&time, &neuron) in inside() {
            let place = &mut next[neuron as usize];
            sorted[*place] = time;
            *place += 1;
        }
        for neuron in 0..size {
            sorted[starts[neuron]..starts[neuron + 1]].sort_by(f64::total_cmp);
        }
        Ok(SpikeTrains { window, starts, times: sorted })
    }

    /// How many neurons, silent ones included.
    pub fn size(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many spikes.
    pub fn spikes(&self) -> usize {
        self.times.len()
    }

    /// The window.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The times of one neuron, ascending, in ms.
    pub fn train(&self, neuron: usize) -> &[f64] {
        &self.times[self.starts[neuron]..self.starts[neuron + 1]]
    }

    /// The trains of all neurons.
    pub fn trains(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.size()).map(|neuron| self.train(neuron))
    }

    /// The mean rate of every neuron in Hz.
    pub fn rates(&self) -> Vec<f64> {
        let seconds = self.window.length() / 1000.0;
        self.trains().map(|train| train.len() as f64 / seconds).collect()
    }

    /// The mean rate of the population in Hz; `None` without neurons.
    pub fn mean_rate(&self) -> Option<f64> {
        mean(&self.rates())
    }

    /// A measure of every neuron that has at least `least` intervals; the others are counted.
    pub fn measure(&self, least: usize, of: impl Fn(&[f64]) -> Option<f64>) -> Measured {
        let mut measured = Measured::default();
        for train in self.trains() {
            match of(train) {
                Some(value) if train.len() > least => measured.values.push(value),
                _ => measured.left_out += 1,
            }
        }
        measured
    }

    /// All intervals between successive spikes of a neuron, in ms.
    pub fn intervals(&self) -> impl Iterator<Item = f64> {
        self.trains().flat_map(intervals)
    }

    /// The rate of the population over time: Hz per neuron, in whole bins of `bin` ms and a last
    /// shorter one if the window is no multiple of it.
    pub fn rate_course(&self, bin: f64) -> Vec<f64> {
        let length = self.window.length();
        let bins = (length / bin - EDGE).ceil().max(1.0) as usize;
        let mut counts = vec![0_u32; bins];
        for &time in &self.times {
            counts[bin_of(time, self.window.from, bin).min(bins - 1)] += 1;
        }
        let rate = |(index, count): (usize, u32)| {
            let width = bin.min(length - index as f64 * bin);
            f64::from(count) / (self.size().max(1) as f64 * width / 1000.0)
        };
        counts.into_iter().enumerate().map(rate).collect()
    }

    /// The Fano factor of one neuron's counts in whole bins of `bin` ms; `None` without spikes.
    pub fn fano_factor(&self, neuron: usize, bin: f64) -> Option<f64> {
        let bins = self.whole_bins(bin);
        fano_factor(&counts(self.train(neuron), self.window.from, bin, bins), bins)
    }

    /// The Fano factor of the summed counts of the population in whole bins of `bin` ms: 1 for
    /// independent Poisson neurons, up to the number of neurons if all fire together.
    pub fn population_fano_factor(&self, bin: f64) -> Option<f64> {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let bins = self.whole_bins(bin);
        fano_factor(&counts(&times, self.window.from, bin, bins), bins)
    }

    /// The correlation coefficients of the counts of all pairs among at most `most` neurons, in
    /// whole bins of `bin` ms. The neurons are drawn with `key` from those whose counts vary;
    /// a constant count (a silent neuron) has no correlation.
    pub fn correlations(&self, bin: f64, most: usize, key: Key) -> Correlations {
        let bins = self.whole_bins(bin);
        let mut drawn: Vec<(u64, usize)> = (0..self.size())
            .filter(|&neuron| !self.train(neuron).is_empty())
            .map(|neuron| (key.stream(neuron as u64).next_u64(), neuron))
            .collect();
        drawn.sort_unstable();
        let mut chosen: Vec<Counts> = drawn
            .iter()
            .map(|&(_, neuron)| Counts::new(counts(self.train(neuron), self.window.from, bin, bins), bins))
            .filter(|counts| counts.variance > 0)
            .take(most)
            .collect();
        chosen.shrink_to_fit();
        let pairs = (0..chosen.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let values = pairs.map(|(i, j)| chosen[i].correlation(&chosen[j])).collect();
        Correlations { values, neurons: chosen.len() }
    }

    fn whole_bins(&self, bin: f64) -> usize {
        (self.window.length() / bin + EDGE).floor().max(0.0) as usize
    }
}

impl Window {
    /// Whether a time lies in it.
    pub fn contains(self, time: f64) -> bool {
        self.from <= time && time <= self.to
    }

    /// How long it is, in ms.
    pub fn length(self) -> f64 {
        self.to - self.from
    }

    /// Whether it starts before it ends.
    pub fn is_sound(self) -> bool {
        self.from < self.to && self.length().is_finite()
    }
}

/// A measure over the neurons of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The values of those that have one, in the order of the neurons.
    pub values: Vec<f64>,
    /// How many neurons have none.
    pub left_out: usize,
}

/// Correlation coefficients of pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Correlations {
    /// One value a pair.
    pub values: Vec<f64>,
    /// How many neurons the pairs are made of.
    pub neurons: usize,
}

/// The intervals of ascending times, in ms.
pub fn intervals(train: &[f64]) -> impl Iterator<Item = f64> {
    train.windows(2).map(|pair| pair[1] - pair[0])
}

/// The coefficient of variation of the intervals; `None` below two intervals.
pub fn cv(train: &[f64]) -> Option<f64> {
    if train.len() < 3 {
        return None;
    }
    let intervals: Vec<f64> = intervals(train).collect();
    let mean = mean(&intervals)?;
    (mean > 0.0).then(|| variance(&intervals, mean).sqrt() / mean)
}

/// The local variation of the intervals; `None` below two intervals.
pub fn local_variation(train: &[f64]) -> Option<f64> {
    if train.len() < 3 {
        return None;
    }
    let terms = train.windows(3).map(|w| {
        let contrast = (w[2] - 2.0 * w[1] + w[0]) / (w[2] - w[0]);
        if w[2] > w[0] { contrast * contrast } else { 0.0 }
    });
    Some(3.0 * terms.sum::<f64>() / (train.len() - 2) as f64)
}

/// The mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The quantile `at` in [0, 1] of ascending values, interpolated linearly; `None` of nothing.
pub fn quantile(ascending: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * ascending.len().checked_sub(1)? as f64;
    let (low, part) = (place.floor() as usize, place - place.floor());
    let high = (low + 1).min(ascending.len() - 1);
    Some(ascending[low] + part * (ascending[high] - ascending[low]))
}

/// Spikes that do not belong together.
#[derive(Clone, Debug, PartialEq)]
pub enum SpikeError {
    /// Not as many times as neurons.
    Lengths {
        /// How many times.
        times: usize,
        /// How many neurons.
        neurons: usize,
    },
    /// A spike of a neuron that does not exist.
    Neuron {
        /// The neuron.
        neuron: u32,
        /// How many there are.
        size: usize,
    },
    /// A time that is no number.
    Time(f64),
    /// A window that does not start before it ends.
    Window(Window),
}

impl fmt::Display for SpikeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpikeError::Lengths { times, neurons } => {
                write!(f, "{times} spike times but {neurons} neuron numbers")
            }
            SpikeError::Neuron { neuron, size } => {
                write!(f, "a spike of neuron {neuron}, but there are only {size} neurons, counted from 0")
            }
            SpikeError::Time(time) => write!(f, "a spike time is {time} ms"),
            SpikeError::Window(window) => {
                write!(
                    f,
                    "the window from {} ms to {} ms does not start before it ends",
                    window.from, window.to
                )
            }
        }
    }
}

impl std::error::Error for SpikeError {}

fn check(times: &[f64], neurons: &[u32], size: usize, window: Window) -> Result<(), SpikeError> {
    if times.len() != neurons.len() {
        return Err(SpikeError::Lengths { times: times.len(), neurons: neurons.len() });
    }
    if !window.is_sound() {
        return Err(SpikeError::Window(window));
    }
    if let Some(&neuron) = neurons.iter().find(|&&neuron| neuron as usize >= size) {
        return Err(SpikeError::Neuron { neuron, size });
    }
    match times.iter().find(|time| !time.is_finite()) {
        Some(&time) => Err(SpikeError::Time(time)),
        None => Ok(()),
    }
}

/// A bin and how many spikes are in it.
type Bin = (usize, u32);

/// The counts of the bins that are not empty; times ascend.
fn counts(times: &[f64], start: f64, bin: f64, bins: usize) -> Vec<Bin> {
    let mut counts: Vec<Bin> = Vec::new();
    for &time in times {
        let mut index = bin_of(time, start, bin);
        if index == bins && time <= start + bin * (bins as f64 + EDGE) {
            index = bins.saturating_sub(1);
        }
        match counts.last_mut() {
            Some((last, count)) if *last == index => *count += 1,
            _ if index < bins => counts.push((index, 1)),
            _ => break,
        }
    }
    counts
}

fn bin_of(time: f64, start: f64, bin: f64) -> usize {
    ((time - start) / bin + EDGE).floor() as usize
}

fn variance(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64
}

fn fano_factor(counts: &[Bin], bins: usize) -> Option<f64> {
    let counts = Counts::new(counts.to_vec(), bins);
    // variance / mean = ((B Σn² − (Σn)²) / B²) / (Σn / B)
    (counts.sum > 0).then(|| counts.variance as f64 / (counts.sum as f64 * bins as f64))
}

/// The binned counts of one neuron; sums are whole numbers, so their order does not matter.
struct Counts {
    counts: Vec<Bin>,
    bins: i128,
    sum: i128,
    /// B Σn² − (Σn)² for B bins.
    variance: i128,
}

impl Counts {
    fn new(counts: Vec<Bin>, bins: usize) -> Self {
        let bins = bins as i128;
        let sum: i128 = counts.iter().map(|&(_, n)| i128::from(n)).sum();
        let squares: i128 = counts.iter().map(|&(_, n)| i128::from(n) * i128::from(n)).sum();
        Counts { counts, bins, sum, variance: bins * squares - sum * sum }
    }

    fn correlation(&self, other: &Counts) -> f64 {
        let (mut product, mut mine, mut theirs) =
            (0_i128, self.counts.iter().peekable(), other.counts.iter().peekable());
        while let (Some(&&(a, n)), Some(&&(b, m))) = (mine.peek(), theirs.peek()) {
            if a == b {
                product += i128::from(n) * i128::from(m);
            }
            if a <= b {
                mine.next();
            }
            if b <= a {
                theirs.next();
            }
        }
        let covariance = self.bins * product - self.sum * other.sum;
        covariance as f64 / (self.variance as f64 * other.variance as f64).sqrt()
    }
}

#[cfg(test)]
#[path = "statistics_tests.rs"]
mod tests;
