//! A quantity: one value, or a distribution from which every neuron or synapse draws its own.

use crate::math::{exp, ln, log1p, normal_cdf, normal_quantile};
use crate::rng::Key;
use std::sync::Arc;

/// A value or a distribution, in base units.
///
/// Bounds redraw rather than clip, as NEST's `redraw` does: the distribution is the truncated one.
/// It is drawn through its quantile function, one uniform number a draw, never by rejection.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantity {
    /// The same everywhere.
    Constant(f64),
    /// Uniform in [low, high).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Normal, redrawn outside [min, max].
    Normal {
        /// Mean before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        sd: f64,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Log-normal with this mean and standard deviation *of the value*, redrawn outside [min, max].
    LogNormal {
        /// Mean of the value, before truncation.
        mean: f64,
        /// Standard deviation of the value, before truncation.
        sd: f64,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// `min` plus an exponential with this mean, redrawn above `max`.
    Exponential {
        /// Mean of the exponential part, before truncation.
        mean: f64,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Item by item, as listed.
    List(Arc<[f64]>),
}

impl Quantity {
    /// The value, if it is the same everywhere.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Quantity::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// The value of item `item`: a function of (`key`, `item`) alone.
    pub fn draw(&self, key: Key, item: u64) -> f64 {
        match self {
            Quantity::Constant(value) => *value,
            Quantity::List(values) => values[item as usize],
            distribution => distribution.quantile(key.uniform(item)),
        }
    }

    /// The value below which a share `u` (0 < `u` < 1) of the distribution lies.
    ///
    /// # Panics
    /// On a list, which has items and no distribution.
    pub fn quantile(&self, u: f64) -> f64 {
        match *self {
            Quantity::Constant(value) => value,
            Quantity::Uniform { low, high } => low + (high - low) * u,
            Quantity::Normal { mean, sd, min, max } => truncated_normal(mean, sd, min, max, u),
            Quantity::LogNormal { mean, sd, min, max } => {
                let (mu, sigma) = log_parameters(mean, sd);
                let log = |bound: f64| if bound > 0.0 { ln(bound) } else { f64::NEG_INFINITY };
                exp(truncated_normal(mu, sigma, log(min), log(max), u)).clamp(min, max)
            }
            Quantity::Exponential { mean, min, max } => {
                let share = 1.0 - exp(-(max - min) / mean);
                (min - mean * log1p(-u * share)).clamp(min, max)
            }
            Quantity::List(_) => panic!("a list has no quantiles"),
        }
    }

    /// The mean of the items, taking truncation into account.
    pub fn mean(&self) -> f64 {
        match self {
            Quantity::Constant(value) => *value,
            Quantity::List(values) => values.iter().sum::<f64>() / values.len().max(1) as f64,
            // The mean of the quantile function; 1000 points are exact to 1e-3 of the spread.
            _ => (0..1000).map(|i| self.quantile((f64::from(i) + 0.5) / 1000.0)).sum::<f64>() / 1000.0,
        }
    }

    /// The smallest and largest value that can be drawn.
    pub fn bounds(&self) -> (f64, f64) {
        match self {
            Quantity::Constant(value) => (*value, *value),
            Quantity::Uniform { low, high } => (*low, *high),
            Quantity::Normal { min, max, .. } => (*min, *max),
            Quantity::LogNormal { min, max, .. } => (min.max(0.0), *max),
            Quantity::Exponential { min, max, .. } => (*min, *max),
            Quantity::List(values) => values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v))),
        }
    }

    /// This quantity with every value multiplied by `factor`.
    pub fn scaled(&self, factor: f64) -> Quantity {
        let order = |a: f64, b: f64| if factor < 0.0 { (b, a) } else { (a, b) };
        match self {
            Quantity::Constant(value) => Quantity::Constant(value * factor),
            Quantity::List(values) => Quantity::List(values.iter().map(|v| v * factor).collect()),
            Quantity::Uniform { low, high } => {
                let (low, high) = order(low * factor, high * factor);
                Quantity::Uniform { low, high }
            }
            Quantity::Normal { mean, sd, min, max } => {
                let (min, max) = order(min * factor, max * factor);
                Quantity::Normal { mean: mean * factor, sd: sd * factor.abs(), min, max }
            }
            // A negative factor has no meaning for the one-sided distributions.
            Quantity::LogNormal { mean, sd, min, max } => Quantity::LogNormal {
                mean: mean * factor,
                sd: sd * factor,
                min: min * factor,
                max: max * factor,
            },
            Quantity::Exponential { mean, min, max } => {
                Quantity::Exponential { mean: mean * factor, min: min * factor, max: max * factor }
            }
        }
    }
}

fn truncated_normal(mean: f64, sd: f64, min: f64, max: f64, u: f64) -> f64 {
    if sd == 0.0 {
        return mean.clamp(min, max);
    }
    let (low, high) = ((min - mean) / sd, (max - mean) / sd);
    // In the upper tail 1 - P loses digits, so mirror the interval into the lower one.
    if low > 0.0 {
        return (mean - sd * between(-high, -low, 1.0 - u)).clamp(min, max);
    }
    (mean + sd * between(low, high, u)).clamp(min, max)
}

fn between(low: f64, high: f64, u: f64) -> f64 {
    let (p_low, p_high) = (normal_cdf(low), normal_cdf(high));
    let p = p_low + (p_high - p_low) * u;
    if p <= 0.0 {
        low
    } else if p >= 1.0 {
        high
    } else {
        normal_quantile(p)
    }
}

fn log_parameters(mean: f64, sd: f64) -> (f64, f64) {
    let variance = log1p((sd / mean) * (sd / mean));
    (ln(mean) - 0.5 * variance, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(quantity: &Quantity) -> Vec<f64> {
        let key = Key::new(1).named("sample");
        (0..20_000).map(|item| quantity.draw(key, item)).collect()
    }

    fn moments(values: &[f64]) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn a_log_normal_has_the_mean_and_spread_that_were_asked_for() {
        let q = Quantity::LogNormal { mean: 0.5, sd: 0.3, min: 0.0, max: f64::INFINITY };
        let (mean, sd) = moments(&sample(&q));
        assert!((mean - 0.5).abs() < 0.01 && (sd - 0.3).abs() < 0.02, "{mean} {sd}");
    }

    #[test]
    fn a_bounded_normal_is_redrawn_not_clipped() {
        let q = Quantity::Normal { mean: 1.5, sd: 0.75, min: 0.1, max: f64::INFINITY };
        let values = sample(&q);
        assert!(values.iter().all(|&v| v >= 0.1));
        let at_bound = values.iter().filter(|&&v| v < 0.1 + 1e-6).count();
        assert!(at_bound < 3, "{at_bound} values sit on the bound");
        let (mean, _) = moments(&values);
        assert!((mean - q.mean()).abs() < 0.02);
    }

    #[test]
    fn a_bound_far_in_the_tail_still_gives_values() {
        let q = Quantity::Normal { mean: 0.0, sd: 1.0, min: 12.0, max: f64::INFINITY };
        let values = sample(&q);
        assert!(values.iter().all(|v| v.is_finite() && *v >= 12.0 && *v < 14.0));
    }

    #[test]
    fn scaling_by_a_negative_number_mirrors_the_bounds() {
        let q = Quantity::Normal { mean: 2.0, sd: 1.0, min: 0.0, max: 9.0 }.scaled(-2.0);
        assert_eq!(q, Quantity::Normal { mean: -4.0, sd: 2.0, min: -18.0, max: -0.0 });
    }
}
