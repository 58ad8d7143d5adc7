//! Discrete power laws between two degrees.

use sim_core::math::pow;
use sim_core::rng::Stream;

/// P(k) ∝ k^−exponent for k from a smallest to a largest degree.
///
/// A share of the nodes may begin one degree higher than the others, so that the mean can be any
/// number; both parts, and so the law above the smallest degree, are power laws.
#[derive(Clone, Debug)]
pub struct DegreeLaw {
    smallest: u32,
    largest: u32,
    /// Share of nodes whose smallest degree is one higher.
    higher: f64,
    /// For each degree from the smallest on, the sum of j^−exponent over degrees j from it.
    tail: Vec<f64>,
    mean: f64,
}

impl DegreeLaw {
    /// The law from `smallest` to `largest` (1 ≤ smallest ≤ largest), of an exponent up to 20: no
    /// share of a 32-bit degree is then too small for a number.
    pub fn new(exponent: f64, smallest: u32, largest: u32) -> Self {
        let (mut law, means) = DegreeLaw::with_means(exponent, smallest, largest);
        law.mean = means[0];
        law
    }

    /// The law with this mean whose smallest degree is `lowest` or as much above as it takes.
    /// Nothing if the mean is not between that of the law from `lowest` and `largest`.
    pub fn with_mean(exponent: f64, mean: f64, lowest: u32, largest: u32) -> Option<Self> {
        let (mut law, means) = DegreeLaw::with_means(exponent, lowest, largest);
        // Means grow with the smallest degree; the last one not above `mean` is where to begin.
        let below = means.partition_point(|&m| m <= mean);
        if below == 0 || mean > f64::from(largest) {
            return None;
        }
        let begin = below - 1;
        law.tail.drain(..begin);
        law.smallest += begin as u32;
        law.mean = mean;
        law.higher = match means.get(below) {
            Some(next) => (mean - means[begin]) / (next - means[begin]),
            None => 0.0,
        };
        Some(law)
    }

    /// The mean degree.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The smallest and the largest degree.
    pub fn bounds(&self) -> (u32, u32) {
        (self.smallest, self.largest)
    }

    /// Draws a degree by inversion.
    pub fn draw(&self, draws: &mut Stream) -> u32 {
        let skipped = usize::from(draws.uniform() < self.higher);
        let tail = &self.tail[skipped..];
        let bar = draws.uniform() * tail[0];
        self.smallest + (skipped + tail.partition_point(|&sum| sum >= bar) - 1) as u32
    }

    /// The law from `smallest`, its mean still open, and the means of the laws from each degree on.
    fn with_means(exponent: f64, smallest: u32, largest: u32) -> (Self, Vec<f64>) {
        let (mut sum, mut weighted) = (0.0, 0.0);
        let (mut tail, mut means): (Vec<f64>, Vec<f64>) = (smallest..=largest)
            .rev()
            .map(|degree| {
                let share = pow(f64::from(degree), -exponent);
                sum += share;
                weighted += share * f64::from(degree);
                (sum, weighted / sum)
            })
            .unzip();
        tail.reverse();
        means.reverse();
        (DegreeLaw { smallest, largest, higher: 0.0, tail, mean: f64::NAN }, means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    #[test]
    fn the_mean_of_a_law_is_that_of_its_sum() {
        let law = DegreeLaw::new(2.0, 1, 3);
        // (1 + 1/2 + 1/3) / (1 + 1/4 + 1/9)
        assert!((law.mean() - 66.0 / 49.0).abs() < 1e-14);
    }

    #[test]
    fn any_mean_between_the_smallest_laws_and_the_largest_degree_can_be_had() {
        for mean in [3.5, 10.0, 49.5, 50.0] {
            let law = DegreeLaw::with_mean(2.5, mean, 1, 50).unwrap();
            let mut draws = Key::new(2).stream(0);
            let degrees: Vec<f64> = (0..20_000).map(|_| f64::from(law.draw(&mut draws))).collect();
            let drawn = degrees.iter().sum::<f64>() / 20_000.0;
            assert!((drawn - mean).abs() < 0.35, "mean {drawn} instead of {mean}");
            let (low, high) = law.bounds();
            assert!(degrees.iter().all(|&k| (f64::from(low)..=f64::from(high)).contains(&k)));
        }
        assert!(DegreeLaw::with_mean(2.5, 50.1, 1, 50).is_none());
        assert!(DegreeLaw::with_mean(2.5, 1.1, 1, 50).is_none());
    }

    #[test]
    fn degrees_are_drawn_in_proportion_to_their_power() {
        let law = DegreeLaw::new(2.2, 2, 12);
        let mut draws = Key::new(4).stream(0);
        let mut counts = [0.0; 13];
        for _ in 0..50_000 {
            counts[law.draw(&mut draws) as usize] += 1.0;
        }
        let share = |k: u32| pow(f64::from(k), -2.2);
        let all: f64 = (2..=12).map(share).sum();
        let chi2: f64 = (2..=12)
            .map(|k| {
                let expected = 50_000.0 * share(k) / all;
                (counts[k as usize] - expected) * (counts[k as usize] - expected) / expected
            })
            .sum();
        // 10 degrees of freedom: P(χ² > 29.6) = 0.001.
        assert!(chi2 < 29.6, "χ² = {chi2}");
    }

    #[test]
    fn the_steepest_law_is_drawn_far_out_in_its_tail() {
        let law = DegreeLaw::new(20.0, 100_000, 200_000);
        let mut draws = Key::new(1).stream(0);
        let mean = (0..1000).map(|_| f64::from(law.draw(&mut draws))).sum::<f64>() / 1000.0;
        // Near the smallest degree the law is exponential, with a scale of 100 000 / 20.
        assert!((law.mean() - 105_555.0).abs() < 10.0, "{}", law.mean());
        assert!((mean - law.mean()).abs() < 700.0, "{mean}");
    }
}
