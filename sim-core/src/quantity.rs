//! A quantity: one value, or a distribution from which every neuron or synapse draws its own.

use crate::math::{exp, ln, log1p, normal_cdf, normal_quantile, normal_quantiles};
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
        self.sampler().draw(key, item)
    }

    /// Prepares for many draws: what does not depend on the item is computed once.
    pub fn sampler(&self) -> Sampler {
        match self {
            Quantity::Constant(value) => Sampler::Constant(*value),
            Quantity::List(values) => Sampler::List(values.clone()),
            Quantity::Uniform { low, high } => Sampler::Uniform { low: *low, width: high - low },
            Quantity::Normal { mean, sd, min, max } => {
                Sampler::Normal(TruncatedNormal::new(*mean, *sd, *min, *max))
            }
            Quantity::LogNormal { mean, sd, min, max } => {
                let variance = log1p((sd / mean) * (sd / mean));
                let mu = ln(*mean) - 0.5 * variance;
                let log = |bound: f64| if bound > 0.0 { ln(bound) } else { f64::NEG_INFINITY };
                let normal = TruncatedNormal::new(mu, variance.sqrt(), log(*min), log(*max));
                Sampler::LogNormal { normal, min: *min, max: *max }
            }
            Quantity::Exponential { mean, min, max } => Sampler::Exponential {
                mean: *mean,
                share: 1.0 - exp(-(max - min) / mean),
                min: *min,
                max: *max,
            },
        }
    }

    /// The mean of the items, taking truncation into account.
    pub fn mean(&self) -> f64 {
        match self {
            Quantity::Constant(value) => *value,
            Quantity::List(values) => values.iter().sum::<f64>() / values.len().max(1) as f64,
            // The mean of the quantile function; 1000 points are exact to 1e-3 of the spread.
            _ => {
                let sampler = self.sampler();
                (0..1000).map(|i| sampler.quantile((f64::from(i) + 0.5) / 1000.0)).sum::<f64>() / 1000.0
            }
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

/// A [`Quantity`] made ready to be drawn many times.
#[derive(Clone, Debug)]
pub enum Sampler {
    /// The same everywhere.
    Constant(f64),
    /// Item by item.
    List(Arc<[f64]>),
    /// Uniform from `low` over `width`.
    Uniform {
        /// Lower end.
        low: f64,
        /// Distance to the upper end.
        width: f64,
    },
    /// Truncated normal.
    Normal(TruncatedNormal),
    /// Exponential of a truncated normal.
    LogNormal {
        /// The normal distribution of the logarithm.
        normal: TruncatedNormal,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
    /// Truncated exponential.
    Exponential {
        /// Mean before truncation.
        mean: f64,
        /// Share of the untruncated distribution that lies below `max`.
        share: f64,
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
    },
}

impl Sampler {
    /// The value of item `item`: a function of (`key`, `item`) alone.
    pub fn draw(&self, key: Key, item: u64) -> f64 {
        match self {
            Sampler::Constant(value) => *value,
            Sampler::List(values) => values[item as usize],
            distribution => distribution.quantile(key.uniform(item)),
        }
    }

    /// [`draw`](Self::draw) of each of `items`, into a slice of the same length.
    pub fn draw_each(&self, key: Key, items: &[u64], values: &mut [f64]) {
        match self {
            Sampler::Constant(value) => values.fill(*value),
            Sampler::List(list) => {
                values.iter_mut().zip(items).for_each(|(value, &item)| *value = list[item as usize])
            }
            distribution => {
                key.uniforms(items, values);
                distribution.quantiles(values);
            }
        }
    }

    /// Puts in place of each value its [`quantile`](Self::quantile).
    fn quantiles(&self, values: &mut [f64]) {
        match self {
            Sampler::Normal(normal) => normal.quantiles(values),
            Sampler::LogNormal { normal, min, max } => {
                normal.quantiles(values);
                values.iter_mut().for_each(|value| *value = exp(*value).clamp(*min, *max));
            }
            other => values.iter_mut().for_each(|value| *value = other.quantile(*value)),
        }
    }

    /// The value below which a share `u` (0 < `u` < 1) of the distribution lies; a list, which has
    /// items and no distribution, is read as its empirical one.
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Sampler::Constant(value) => *value,
            Sampler::List(values) => values[((u * values.len() as f64) as usize).min(values.len() - 1)],
            Sampler::Uniform { low, width } => low + width * u,
            Sampler::Normal(normal) => normal.quantile(u),
            Sampler::LogNormal { normal, min, max } => exp(normal.quantile(u)).clamp(*min, *max),
            Sampler::Exponential { mean, share, min, max } => {
                (min - mean * log1p(-u * share)).clamp(*min, *max)
            }
        }
    }
}

/// A normal distribution cut to [min, max], drawn through its quantile function.
#[derive(Clone, Copy, Debug)]
pub struct TruncatedNormal {
    mean: f64,
    sd: f64,
    min: f64,
    max: f64,
    /// In the upper tail 1 - P loses digits, so an interval there is mirrored into the lower one.
    mirrored: bool,
    p_low: f64,
    p_width: f64,
}

impl TruncatedNormal {
    fn new(mean: f64, sd: f64, min: f64, max: f64) -> Self {
        let (low, high) = ((min - mean) / sd, (max - mean) / sd);
        let mirrored = low > 0.0;
        let (low, high) = if mirrored { (-high, -low) } else { (low, high) };
        let p_low = normal_cdf(low);
        TruncatedNormal { mean, sd, min, max, mirrored, p_low, p_width: normal_cdf(high) - p_low }
    }

    fn quantile(&self, u: f64) -> f64 {
        if self.sd == 0.0 {
            return self.mean.clamp(self.min, self.max);
        }
        self.value(normal_quantile(self.probability(u)))
    }

    /// Puts in place of each value its [`quantile`](Self::quantile).
    fn quantiles(&self, values: &mut [f64]) {
        if self.sd == 0.0 {
            return values.fill(self.mean.clamp(self.min, self.max));
        }
        values.iter_mut().for_each(|value| *value = self.probability(*value));
        normal_quantiles(values);
        values.iter_mut().for_each(|value| *value = self.value(*value));
    }

    /// The probability, in the whole distribution, of what is below a share `u` of the cut one.
    #[inline]
    fn probability(&self, u: f64) -> f64 {
        let share = if self.mirrored { 1.0 - u } else { u };
        self.p_low + self.p_width * share
    }

    /// What is `z` standard deviations from the mean. Beyond the smallest positive probability these
    /// are infinitely many, and the bound itself is the only value left.
    #[inline]
    fn value(&self, z: f64) -> f64 {
        let value = if self.mirrored { self.mean - self.sd * z } else { self.mean + self.sd * z };
        value.clamp(self.min, self.max)
    }
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
    fn many_items_at_once_draw_what_each_draws() {
        let normal = |mean, sd, min, max| Quantity::Normal { mean, sd, min, max };
        let key = Key::new(4).named("many");
        let items: Vec<u64> = (0..1000).map(|item| item * 0x1_0000_0001 % 1000).collect();
        for quantity in [
            Quantity::Constant(2.5),
            Quantity::List((0..1000).map(|i| f64::from(i * i)).collect()),
            Quantity::Uniform { low: -1.0, high: 4.0 },
            normal(1.5, 0.75, 0.1, f64::INFINITY),
            normal(0.0, 1.0, 12.0, f64::INFINITY),
            normal(0.0, 1.0, -60.0, -50.0),
            normal(3.0, 0.0, 0.0, 2.0),
            Quantity::LogNormal { mean: 0.5, sd: 0.3, min: 0.0, max: 0.9 },
            Quantity::Exponential { mean: 2.0, min: 0.5, max: 9.0 },
        ] {
            let mut values = vec![0.0; items.len()];
            quantity.sampler().draw_each(key, &items, &mut values);
            for (&item, value) in items.iter().zip(values) {
                assert_eq!(value.to_bits(), quantity.draw(key, item).to_bits(), "{quantity:?}");
            }
        }
    }

    #[test]
    fn scaling_by_a_negative_number_mirrors_the_bounds() {
        let q = Quantity::Normal { mean: 2.0, sd: 1.0, min: 0.0, max: 9.0 }.scaled(-2.0);
        assert_eq!(q, Quantity::Normal { mean: -4.0, sd: 2.0, min: -18.0, max: -0.0 });
    }
}
