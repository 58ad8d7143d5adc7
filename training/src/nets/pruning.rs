//! Which samples of a batch are worth a gradient (spike-aware data pruning, arXiv 2510.04098).
//!
//! A sample is kept with a probability that grows with a bound on the length of its gradient, and counts by as much
//! more as it is kept less often, so that the mean of what is learnt is that of the whole batch. The bound is ours:
//! for a read-out that is fed by spikes s_t and errs by δ, |∂L/∂W| ≤ |δ| Σ_t |s_t|, and |s_t| is the root of the
//! number of spikes. It follows from the forward pass alone.

use crate::weights::numbers;
use burn::tensor::{Tensor, activation::softmax};
use sim_core::rng::Stream;

/// The samples that are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Their places in the batch.
    pub places: Vec<usize>,
    /// What each counts, 1/(N p).
    pub shares: Vec<f32>,
}

/// How large the gradient of each sample may be, from the spikes `[step][sample][neuron]` of the layer before the
/// read-out, the odds `[sample][class]` that follow, and labels.
pub fn bounds(before: &Tensor<3>, odds: Tensor<2>, labels: &[usize]) -> Vec<f64> {
    let ([steps, samples, _], [_, classes]) = (before.dims(), odds.dims());
    let answers = numbers(softmax(odds, 1));
    let fired = numbers(before.clone().sum_dim(2));
    let bound = |(sample, label): (usize, &usize)| {
        let error = |(class, p): (usize, &f32)| f64::from(*p) - f64::from(u8::from(class == *label));
        let row = answers[sample * classes..][..classes].iter().enumerate();
        let length = row.map(error).map(|error| error * error).sum::<f64>().sqrt();
        length * (0..steps).map(|step| f64::from(fired[step * samples + sample]).sqrt()).sum::<f64>()
    };
    labels.iter().enumerate().map(bound).collect()
}

/// Keeps about `share` of the samples with these bounds.
pub fn kept(bounds: &[f64], share: f64, stream: &mut Stream) -> Kept {
    let probabilities = probabilities(bounds, share);
    let mut kept = Kept { places: Vec::new(), shares: Vec::new() };
    for (place, p) in probabilities.iter().enumerate() {
        if stream.uniform() < *p {
            kept.places.push(place);
            kept.shares.push((1.0 / (bounds.len() as f64 * p)) as f32);
        }
    }
    if kept.places.is_empty() {
        // An empty batch has no loss; a sample that counts nothing has one, which changes nothing.
        kept = Kept { places: vec![0], shares: vec![0.0] };
    }
    kept
}

/// A probability for each sample, as its bound but at most 1, and `share` on average. None is below a tenth of
/// `share`, so that none counts more than ten times what it would count among equals.
fn probabilities(bounds: &[f64], share: f64) -> Vec<f64> {
    const LEAST: f64 = 0.1;
    let n = bounds.len() as f64;
    let mean = bounds.iter().sum::<f64>() / n;
    if mean <= 0.0 {
        return vec![share; bounds.len()];
    }
    let at = |scale: f64| bounds.iter().map(move |bound| (scale * bound / mean).clamp(LEAST * share, 1.0));
    let (mut low, mut high) = (0.0, 1.0);
    while at(high).sum::<f64>() < share * n && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if at(middle).sum::<f64>() < share * n { low = middle } else { high = middle }
    }
    at(high).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    #[test]
    fn the_mean_of_what_is_kept_is_that_of_all_and_varies_less_than_among_equals() {
        let key = Key::new(4).named("pruning");
        let mut draw = key.named("sizes").stream(0);
        // Gradients of one number, whose bounds are near their sizes.
        let gradients: Vec<f64> =
            (0..64).map(|_| libm::exp(1.5 * draw.normal()) * draw.normal().signum()).collect();
        let bounds: Vec<f64> =
            gradients.iter().map(|gradient| gradient.abs() * (1.0 + draw.uniform())).collect();
        let whole = gradients.iter().sum::<f64>() / 64.0;
        let measure = |bounds: &[f64], name: &str| {
            let key = key.named(name);
            let rounds = 20_000;
            let (mut sum, mut squares, mut count) = (0.0, 0.0, 0);
            for round in 0..rounds {
                let Kept { places, shares } = kept(bounds, 0.4, &mut key.stream(round));
                let mean: f64 =
                    places.iter().zip(&shares).map(|(&k, share)| gradients[k] * f64::from(*share)).sum();
                sum += mean;
                squares += (mean - whole) * (mean - whole);
                count += places.len();
            }
            let (rounds, variance) = (rounds as f64, squares / rounds as f64);
            assert!((sum / rounds - whole).abs() < 4.0 * (variance / rounds).sqrt(), "{name} is biased");
            assert!((count as f64 / rounds - 0.4 * 64.0).abs() < 0.2, "{name} keeps {count}");
            variance
        };
        let (by_bound, equal) = (measure(&bounds, "by bound"), measure(&[1.0; 64], "equal"));
        assert!(by_bound < 0.5 * equal, "{by_bound} is not far below {equal}");
    }

    #[test]
    fn a_sample_without_error_is_still_learnt_from_now_and_then() {
        let probabilities = probabilities(&[0.0, 1.0, 1.0, 100.0], 0.5);
        assert!(probabilities[0] > 0.0 && probabilities[3] == 1.0, "{probabilities:?}");
        assert!((probabilities.iter().sum::<f64>() - 2.0).abs() < 1e-6, "{probabilities:?}");
    }
}
