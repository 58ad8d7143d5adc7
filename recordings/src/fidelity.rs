//! How alike the spikes of two runs are, neuron by neuron.
//!
//! | measure | definition | source |
//! |---|---|---|
//! | rate difference | mean rate of B less that of A, Hz | |
//! | count correlation | Pearson coefficient of the counts of A and B over all neurons and bins; 1 if they keep step | |
//! | van Rossum distance | √(½ Σᵢⱼ sᵢ sⱼ e^(−\|tᵢ−tⱼ\|/τ)) over the spikes of both runs, s = 1 in A and −1 in B; 0 if equal, √½ for one spike more | van Rossum 2001, Neural Comput 13:751, doi:10.1162/089976601300014321 |
//! | coincidence factor | (hits − expected) / ((n_A + n_B)/2) / (1 − 2Δν_B), hits within ±Δ, expected 2Δν_B n_A; 1 if all coincide, 0 for chance | Jolivet et al. 2008, doi:10.1016/j.jneumeth.2007.11.006 |
//! | first difference | when a spike of one run first has no equal in the other | |
//!
//! The distance is the mean over all neurons, the factor that over the neurons that fire in either run. A
//! measure that is not defined is `None`. Times are in ms, rates in Hz.

use crate::statistics::{SpikeTrains, mean};
use sim_core::trains::{EQUAL, coincidence, merged, van_rossum};

/// What the measures are taken with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scales {
    /// Δ of the coincidence factor, in ms.
    pub delta: f64,
    /// τ of the van Rossum distance, in ms.
    pub tau: f64,
    /// Width of the bins of the count correlation, in ms.
    pub bin: f64,
}

/// How alike the spikes of one population are in two runs, A and B.
#[derive(Clone, Debug, PartialEq)]
pub struct Fidelity {
    /// Mean rates of A and of B in Hz.
    pub rates: [f64; 2],
    /// Spikes of A and of B.
    pub spikes: [usize; 2],
    /// Pearson coefficient of the counts.
    pub count_correlation: Option<f64>,
    /// Mean van Rossum distance of a neuron.
    pub van_rossum: f64,
    /// Mean coincidence factor of the neurons that fire.
    pub coincidence: Option<f64>,
    /// The first spike of one run without an equal in the other: when, in ms, and who.
    pub first_difference: Option<(f64, u32)>,
}

/// Compares two runs of as many neurons over the same window.
pub fn fidelity(a: &SpikeTrains, b: &SpikeTrains, scales: Scales) -> Fidelity {
    let pairs = || a.trains().zip(b.trains());
    let length = a.window().length();
    let distances: Vec<f64> = pairs().map(|(a, b)| van_rossum(a, b, scales.tau)).collect();
    let factors: Vec<f64> = pairs().filter_map(|(a, b)| coincidence(a, b, scales.delta, length)).collect();
    let first = |(neuron, (a, b)): (usize, (&[f64], &[f64]))| Some((first_difference(a, b)?, neuron as u32));
    Fidelity {
        rates: [a, b].map(|run| run.mean_rate().unwrap_or(0.0)),
        spikes: [a.spikes(), b.spikes()],
        count_correlation: count_correlation(a, b, scales.bin),
        van_rossum: mean(&distances).unwrap_or(0.0),
        coincidence: mean(&factors),
        first_difference: pairs().enumerate().filter_map(first).min_by(|x, y| x.0.total_cmp(&y.0)),
    }
}

fn first_difference(a: &[f64], b: &[f64]) -> Option<f64> {
    let apart = a.iter().zip(b).find(|(x, y)| (*x - *y).abs() > EQUAL).map(|(x, y)| x.min(*y));
    apart.or_else(|| a.get(b.len()).or_else(|| b.get(a.len())).copied())
}

/// Over all neurons and whole bins. Cells where both are silent need not be looked at one by one.
fn count_correlation(a: &SpikeTrains, b: &SpikeTrains, bin: f64) -> Option<f64> {
    let bins = (a.window().length() / bin + EQUAL).floor();
    let cells = bins * a.size() as f64;
    let place = |time: f64| ((time - a.window().from) / bin + EQUAL).floor();
    let (mut sums, mut squares, mut products) = ([0.0; 2], [0.0; 2], 0.0);
    for (a, b) in a.trains().zip(b.trains()) {
        let mut spikes = merged(a, b).filter(|(time, _)| place(*time) < bins).peekable();
        while let Some(&(time, _)) = spikes.peek() {
            let mut counts = [0.0; 2];
            while let Some((_, sign)) = spikes.next_if(|(other, _)| place(*other) == place(time)) {
                counts[usize::from(sign < 0.0)] += 1.0;
            }
            for run in 0..2 {
                sums[run] += counts[run];
                squares[run] += counts[run] * counts[run];
            }
            products += counts[0] * counts[1];
        }
    }
    let variance = |run: usize| squares[run] * cells - sums[run] * sums[run];
    let both = variance(0) * variance(1);
    (both > 0.0).then(|| (products * cells - sums[0] * sums[1]) / both.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Window;

    const SCALES: Scales = Scales { delta: 2.0, tau: 10.0, bin: 10.0 };

    fn run(trains: &[&[f64]]) -> SpikeTrains {
        let spikes: Vec<(f64, u32)> = trains
            .iter()
            .enumerate()
            .flat_map(|(neuron, train)| train.iter().map(move |&time| (time, neuron as u32)))
            .collect();
        let (times, neurons): (Vec<f64>, Vec<u32>) = spikes.into_iter().unzip();
        SpikeTrains::new(&times, &neurons, trains.len(), Window { from: 0.0, to: 1000.0 }).unwrap()
    }

    #[test]
    fn a_run_is_like_itself_in_every_measure() {
        let same = run(&[&[10.0, 30.0, 500.0], &[], &[999.0]]);
        let found = fidelity(&same, &same, SCALES);
        assert_eq!(found.rates[0], found.rates[1]);
        assert!((found.count_correlation.unwrap() - 1.0).abs() < 1e-12);
        assert!(found.van_rossum < 1e-7);
        assert!((found.coincidence.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(found.first_difference, None);
    }

    #[test]
    fn one_spike_more_is_a_distance_of_the_root_of_a_half() {
        let found = fidelity(&run(&[&[100.0]]), &run(&[&[]]), SCALES);
        assert!((found.van_rossum - 0.5_f64.sqrt()).abs() < 1e-12);
        assert_eq!(found.first_difference, Some((100.0, 0)));
        assert_eq!(found.coincidence, Some(0.0));
    }

    #[test]
    fn a_shifted_spike_is_as_far_as_the_formula_says() {
        // ½ (1 + 1 − 2 e^(−δ/τ))
        let found = fidelity(&run(&[&[100.0]]), &run(&[&[105.0]]), SCALES);
        assert!((found.van_rossum - (1.0 - f64::exp(-0.5)).sqrt()).abs() < 1e-12);
        assert_eq!(found.coincidence.map(|factor| factor < 0.0), Some(true), "5 ms are beyond ±2 ms");
    }

    #[test]
    fn the_distance_is_that_of_the_double_sum() {
        let (a, b) = (&[3.0, 17.5, 18.0, 44.0][..], &[2.0, 17.5, 60.0][..]);
        let all: Vec<(f64, f64)> = merged(a, b).collect();
        let sum: f64 = all
            .iter()
            .flat_map(|x| all.iter().map(move |y| x.1 * y.1 * f64::exp(-(x.0 - y.0).abs() / 7.0)))
            .sum();
        assert!((van_rossum(a, b, 7.0) - (0.5 * sum).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_first_difference_is_the_earliest_over_all_neurons() {
        let a = run(&[&[10.0, 400.0], &[20.0, 30.0]]);
        let b = run(&[&[10.0, 401.0], &[20.0]]);
        assert_eq!(fidelity(&a, &b, SCALES).first_difference, Some((30.0, 1)));
    }

    #[test]
    fn runs_that_fire_in_turns_are_anticorrelated() {
        let found = fidelity(&run(&[&[5.0, 25.0]]), &run(&[&[15.0, 35.0]]), SCALES);
        assert!(found.count_correlation.unwrap() < 0.0);
        assert_eq!(fidelity(&run(&[&[]]), &run(&[&[5.0]]), SCALES).count_correlation, None);
    }
}
