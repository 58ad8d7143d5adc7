//! Whether another heavy- or light-tailed law describes a tail better than the power law.
//!
//! Both laws are fitted to the same values ≥ x_min by maximum likelihood; the ratio of their
//! likelihoods is judged by Vuong's test (1989, doi:10.2307/1912557; Clauset et al. 2009, appendix C).

use crate::graphs::power_law::{Fit, Tally};
use crate::graphs::zeta::log_zeta;
use libm::erfc;
use sim_core::math::{exp, ln};

/// The power law compared with another law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The other law: `exponential` or `log-normal`.
    pub law: &'static str,
    /// Logarithm of the ratio of likelihoods: above 0 the power law is better, below 0 the other.
    pub log_ratio: f64,
    /// Probability of a ratio at least as far from 0 if neither law were better. Unless it is small,
    /// the data do not tell the two apart.
    pub p_value: f64,
}

/// Compares a fit with the exponential P(x) ∝ exp(−λx) and with the log-normal, rounded to whole
/// numbers; both cut off below x_min.
pub fn compare(tally: &Tally, fit: &Fit) -> [Comparison; 2] {
    let tail: Vec<(f64, f64)> =
        tally.from(fit.x_min).map(|(value, count)| (f64::from(value), count as f64)).collect();
    let x_min = f64::from(fit.x_min);
    let log_norm = log_zeta(fit.exponent, x_min).value;
    let power = |x: f64| -fit.exponent * ln(x) - log_norm;
    let exponential = exponential(&tail, x_min);
    let log_normal = log_normal(&tail, x_min);
    [
        vuong("exponential", &tail, power, exponential),
        vuong("log-normal", &tail, power, |x| log_normal.log_share(x)),
    ]
}

fn vuong(
    law: &'static str,
    tail: &[(f64, f64)],
    power: impl Fn(f64) -> f64,
    other: impl Fn(f64) -> f64,
) -> Comparison {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for &(value, count) in tail {
        let ratio = power(value) - other(value);
        n += count;
        sum += count * ratio;
        squares += count * ratio * ratio;
    }
    let variance = (squares - sum * sum / n).max(0.0);
    let p_value = if variance > 0.0 { erfc(sum.abs() / (2.0 * variance).sqrt()) } else { 1.0 };
    Comparison { law, log_ratio: sum, p_value }
}

/// ln P of the likeliest exponential: its mean is that of the values.
fn exponential(tail: &[(f64, f64)], x_min: f64) -> impl Fn(f64) -> f64 {
    let n: f64 = tail.iter().map(|&(_, count)| count).sum();
    let mean = tail.iter().map(|&(value, count)| value * count).sum::<f64>() / n - x_min;
    let lambda = ln(1.0 + 1.0 / mean);
    let log_norm = -ln(1.0 + mean);
    move |x| log_norm - lambda * (x - x_min)
}

/// A log-normal law on whole numbers: x stands for the values from x − 1/2 to x + 1/2.
#[derive(Clone, Copy)]
struct LogNormal {
    mu: f64,
    sigma: f64,
    log_norm: f64,
}

impl LogNormal {
    fn new(mu: f64, sigma: f64, x_min: f64) -> Self {
        let mut law = LogNormal { mu, sigma, log_norm: 0.0 };
        law.log_norm = ln(law.above(x_min - 0.5).max(f64::MIN_POSITIVE));
        law
    }

    fn above(&self, x: f64) -> f64 {
        0.5 * erfc((ln(x) - self.mu) / (self.sigma * std::f64::consts::SQRT_2))
    }

    fn log_share(&self, x: f64) -> f64 {
        // Where the difference of the two tails loses its digits the density stands in for it.
        let (low, high) = (self.above(x - 0.5), self.above(x + 0.5));
        let share = low - high;
        let log_share = if share > 1e-9 * low && share > f64::MIN_POSITIVE {
            ln(share)
        } else {
            let z = (ln(x) - self.mu) / self.sigma;
            -0.5 * z * z - ln(x * self.sigma) - 0.5 * ln(2.0 * std::f64::consts::PI)
        };
        log_share - self.log_norm
    }
}

/// The likeliest log-normal, by the simplex method of Nelder & Mead (1965) over μ and ln σ.
fn log_normal(tail: &[(f64, f64)], x_min: f64) -> LogNormal {
    let n: f64 = tail.iter().map(|&(_, count)| count).sum();
    let mean = tail.iter().map(|&(value, count)| ln(value) * count).sum::<f64>() / n;
    let spread = tail.iter().map(|&(value, count)| (ln(value) - mean) * (ln(value) - mean) * count);
    let sigma = (spread.sum::<f64>() / n).sqrt().max(1e-3);
    let cost = |[mu, log_sigma]: [f64; 2]| {
        // A power law is the limit of μ → −∞; there the numbers end long before the likelihood does.
        if mu < -50.0 || log_sigma.abs() > 4.0 {
            return f64::INFINITY;
        }
        let law = LogNormal::new(mu, exp(log_sigma), x_min);
        -tail.iter().map(|&(value, count)| count * law.log_share(value)).sum::<f64>()
    };
    let [mu, log_sigma] = lowest(cost, [mean, ln(sigma)], 0.5);
    LogNormal::new(mu, exp(log_sigma), x_min)
}

/// The lowest point of a function of two variables near `start`.
fn lowest(cost: impl Fn([f64; 2]) -> f64, start: [f64; 2], width: f64) -> [f64; 2] {
    let [a, b] = start;
    let mut corners = [start, [a + width, b], [a, b + width]].map(|point| (cost(point), point));
    for _ in 0..400 {
        corners.sort_by(|one, other| one.0.total_cmp(&other.0));
        if corners[2].0 - corners[0].0 <= 1e-10 * corners[0].0.abs() {
            break;
        }
        let middle = [0, 1].map(|i| 0.5 * (corners[0].1[i] + corners[1].1[i]));
        let worst = corners[2].1;
        let along = |step: f64| {
            let point = [0, 1].map(|i| middle[i] + step * (worst[i] - middle[i]));
            (cost(point), point)
        };
        let reflected = along(-1.0);
        let replacement = if reflected.0 < corners[0].0 {
            let expanded = along(-2.0);
            if expanded.0 < reflected.0 { expanded } else { reflected }
        } else if reflected.0 < corners[1].0 {
            reflected
        } else {
            let contracted = if reflected.0 < corners[2].0 { along(-0.5) } else { along(0.5) };
            if contracted.0 < reflected.0.min(corners[2].0) {
                contracted
            } else {
                let best = corners[0].1;
                for corner in &mut corners[1..] {
                    let point = [0, 1].map(|i| 0.5 * (best[i] + corner.1[i]));
                    *corner = (cost(point), point);
                }
                continue;
            }
        };
        corners[2] = replacement;
    }
    corners.sort_by(|one, other| one.0.total_cmp(&other.0));
    corners[0].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphs::power_law::{Sampler, fit};
    use sim_core::rng::{Key, Stream};

    fn draws() -> Stream {
        Key::new(21).stream(0)
    }

    /// The fit from x_min = 1, as a law for all of the data.
    fn whole(tally: &Tally) -> Fit {
        let (n, logs) = tally.from(1).fold((0, 0.0), |(n, logs), (value, count)| {
            (n + count, logs + count as f64 * f64::from(value).ln())
        });
        let exponent = crate::graphs::power_law::likeliest_exponent(logs / n as f64, 1.0).unwrap();
        Fit { exponent, standard_error: 0.0, x_min: 1, tail: n, ks: 0.0 }
    }

    #[test]
    fn a_power_law_beats_the_exponential_and_is_not_beaten_by_a_log_normal() {
        let law = Sampler::new(2.3, 2);
        let mut draws = draws();
        let tally = Tally::new((0..10_000).map(|_| law.draw(&mut draws)));
        let [exponential, log_normal] = compare(&tally, &fit(&tally).unwrap());
        assert!(exponential.log_ratio > 0.0 && exponential.p_value < 1e-6, "{exponential:?}");
        assert!(log_normal.log_ratio > 0.0 || log_normal.p_value > 0.1, "{log_normal:?}");
    }

    #[test]
    fn exponential_data_are_told_from_a_power_law() {
        let mut draws = draws();
        let tally = Tally::new((0..2000).map(|_| 1 + (draws.exponential() * 5.0) as u32));
        let [exponential, _] = compare(&tally, &whole(&tally));
        assert!(exponential.log_ratio < 0.0 && exponential.p_value < 1e-6, "{exponential:?}");
    }

    #[test]
    fn the_log_normal_fit_finds_its_parameters() {
        let mut draws = draws();
        let tally =
            Tally::new((0..20_000).map(|_| sim_core::math::exp(4.0 + 0.5 * draws.normal()).round() as u32));
        let tail: Vec<(f64, f64)> = tally.from(1).map(|(x, n)| (f64::from(x), n as f64)).collect();
        let law = log_normal(&tail, 1.0);
        // Standard errors: σ/√n = 0.0035 and σ/√(2n) = 0.0025.
        assert!((law.mu - 4.0).abs() < 0.011 && (law.sigma - 0.5).abs() < 0.008, "{} {}", law.mu, law.sigma);
        let [_, log_normal] = compare(&tally, &whole(&tally));
        assert!(log_normal.log_ratio < 0.0 && log_normal.p_value < 1e-6, "{log_normal:?}");
    }
}
