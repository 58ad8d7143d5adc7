//! How alike two spike trains are. Times are ascending and in ms.
//!
//! Sources: van Rossum 2001, Neural Comput 13:751, doi:10.1162/089976601300014321; Jolivet et al. 2008,
//! doi:10.1016/j.jneumeth.2007.11.006.

use crate::math::exp;

/// Times this close are one: `k · dt` is rarely exact.
pub const EQUAL: f64 = 1e-6;

/// Spikes of both trains in the order of time, with 1 for A and −1 for B.
pub fn merged<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(x), Some(y)) if x <= y => a.next().map(|&time| (time, 1.0)),
        (_, Some(_)) => b.next().map(|&time| (time, -1.0)),
        (_, None) => a.next().map(|&time| (time, 1.0)),
    })
}

/// Distance after van Rossum with time constant `tau`: √(½ Σᵢⱼ sᵢ sⱼ e^(−|tᵢ−tⱼ|/τ)), s = 1 in A and −1 in B.
///
/// The sum over pairs goes in one pass: `trace` is what all spikes before have left.
pub fn van_rossum(a: &[f64], b: &[f64], tau: f64) -> f64 {
    let (mut sum, mut trace, mut before) = (0.0, 0.0, 0.0);
    for (time, sign) in merged(a, b) {
        trace *= exp((before - time) / tau);
        sum += sign * trace + 0.5;
        trace += sign;
        before = time;
    }
    sum.max(0.0).sqrt()
}

/// Every spike meets at most one of the other train.
fn hits(a: &[f64], b: &[f64], delta: f64) -> usize {
    let (mut place, mut hits) = (0, 0);
    for &time in a {
        while b.get(place).is_some_and(|&other| other < time - delta - EQUAL) {
            place += 1;
        }
        if b.get(place).is_some_and(|&other| other <= time + delta + EQUAL) {
            place += 1;
            hits += 1;
        }
    }
    hits
}

/// Coincidence factor within ±`delta` over a time of `length`: 1 if all spikes coincide, 0 for chance; nothing
/// if neither fires, or so often that chance is all.
pub fn coincidence(a: &[f64], b: &[f64], delta: f64, length: f64) -> Option<f64> {
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    let by_chance = 2.0 * delta * n_b / length;
    (n_a + n_b > 0.0 && by_chance < 1.0).then(|| {
        let more = hits(a, b, delta) as f64 - by_chance * n_a;
        more / (0.5 * (n_a + n_b)) / (1.0 - by_chance)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_coincides_with_at_most_one_other() {
        assert_eq!(hits(&[10.0, 11.0], &[10.5], 2.0), 1);
        assert_eq!(hits(&[10.0], &[12.0], 2.0), 1);
        assert_eq!(hits(&[10.0, 20.0], &[21.0, 22.0], 2.0), 1);
    }
}
