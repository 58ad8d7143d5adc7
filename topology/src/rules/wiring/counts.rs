//! Binomial and hypergeometric numbers, one uniform number each.
//!
//! The uniform number is spent outwards from the mode: first the probability of the mode is taken
//! off, then that of its neighbours above and below in turn, each from the one before by the ratio
//! of successive probabilities, until nothing is left. That is inversion of a reordered
//! distribution, so it is exact but for rounding (about 1e-13 in all), takes a number of steps of
//! the order of the standard deviation, and never rejects. The probability of the mode comes from
//! Loader's saddle-point form (2000, "Fast and accurate computation of binomial probabilities"),
//! which keeps full precision for any size.

use sim_core::math::{exp, ln, log1p};

/// How many of `n` independent trials of probability `p` succeed, for a uniform `u` in (0, 1).
pub fn binomial(u: f64, n: u64, p: f64) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    let (size, q) = (n as f64, 1.0 - p);
    let mode = ((size + 1.0) * p).floor().min(size);
    let up = |x: f64| (size - x) * p / ((x + 1.0) * q);
    let down = |x: f64| x * q / ((size - x + 1.0) * p);
    outwards(u, mode, binomial_probability(mode, size, p, q), (0.0, size), up, down)
}

/// How many good ones there are among `drawn` without replacement from `good` and `bad` ones, for a
/// uniform `u` in (0, 1); `drawn` is at most `good + bad`.
pub fn hypergeometric(u: f64, good: u64, bad: u64, drawn: u64) -> u64 {
    let (lowest, highest) = (drawn.saturating_sub(bad), drawn.min(good));
    if lowest >= highest {
        return highest;
    }
    let (good, bad, n) = (good as f64, bad as f64, drawn as f64);
    let range = (lowest as f64, highest as f64);
    let mode = ((n + 1.0) * ((good + 1.0) / (good + bad + 2.0))).floor().clamp(range.0, range.1);
    // Vandermonde: a binomial for the good and one for the bad, given the one for both together.
    let (p, q) = (n / (good + bad), (good + bad - n) / (good + bad));
    let at_mode = binomial_probability(mode, good, p, q) * binomial_probability(n - mode, bad, p, q)
        / binomial_probability(n, good + bad, p, q);
    let up = |x: f64| (good - x) * (n - x) / ((x + 1.0) * (bad - n + x + 1.0));
    let down = |x: f64| x * (bad - n + x) / ((good - x + 1.0) * (n - x + 1.0));
    outwards(u, mode, at_mode, range, up, down)
}

/// Spends `u` on the mode and then on its neighbours, and says where it runs out.
fn outwards(
    u: f64,
    mode: f64,
    at_mode: f64,
    (lowest, highest): (f64, f64),
    up: impl Fn(f64) -> f64,
    down: impl Fn(f64) -> f64,
) -> u64 {
    /// What is less likely than this is never drawn: `u` itself is no finer.
    const NEGLIGIBLE: f64 = 1e-18;
    let mut left = u - at_mode;
    let (mut above, mut p_above) = (mode, at_mode);
    let (mut below, mut p_below) = (mode, at_mode);
    while left >= 0.0 {
        let (can_rise, can_fall) =
            (above < highest && p_above > NEGLIGIBLE, below > lowest && p_below > NEGLIGIBLE);
        if can_rise {
            p_above *= up(above);
            above += 1.0;
            left -= p_above;
            if left < 0.0 {
                return above as u64;
            }
        }
        if can_fall {
            p_below *= down(below);
            below -= 1.0;
            left -= p_below;
            if left < 0.0 {
                return below as u64;
            }
        }
        if !can_rise && !can_fall {
            // Only a rounding error was left.
            break;
        }
    }
    mode as u64
}

/// The binomial probability of `x` out of `n`, where `q` = 1 − `p`, 0 < `p` < 1.
fn binomial_probability(x: f64, n: f64, p: f64, q: f64) -> f64 {
    if x == 0.0 {
        return exp(n * if p < 0.5 { log1p(-p) } else { ln(q) });
    }
    if x == n {
        return exp(n * if q < 0.5 { log1p(-q) } else { ln(p) });
    }
    let error = stirling_error(n) - stirling_error(x) - stirling_error(n - x);
    let log = error - deviance(x, n * p) - deviance(n - x, n * q);
    exp(log) * (n / (std::f64::consts::TAU * x * (n - x))).sqrt()
}

/// ln n! less Stirling's approximation of it, for whole n ≥ 1.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let factorial = (2..=n as u64).product::<u64>() as f64;
        return ln(factorial) - (n + 0.5) * ln(n) + n - 0.5 * ln(std::f64::consts::TAU);
    }
    let s = 1.0 / (n * n);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))) / n
}

/// x ln(x/m) + m − x without cancellation near x = m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * ln(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for odd in (3_u32..).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    /// χ² of counts against probabilities, classes below an expectation of 5 put together.
    fn chi_square(counts: &[u64], probability: impl Fn(usize) -> f64) -> (f64, f64) {
        let total: u64 = counts.iter().sum();
        let (mut chi, mut classes, mut rest) = (0.0, -1.0, (0.0, 0.0));
        for (x, &count) in counts.iter().enumerate() {
            let expected = probability(x) * total as f64;
            if expected < 5.0 {
                rest = (rest.0 + count as f64, rest.1 + expected);
            } else {
                chi += (count as f64 - expected).powi(2) / expected;
                classes += 1.0;
            }
        }
        if rest.1 > 0.5 {
            chi += (rest.0 - rest.1) * (rest.0 - rest.1) / rest.1;
            classes += 1.0;
        }
        (chi, classes)
    }

    fn choose(n: u64, k: u64) -> f64 {
        (1..=k).fold(1.0, |product, i| product * (n - k + i) as f64 / i as f64)
    }

    #[test]
    fn binomial_numbers_follow_the_binomial_distribution() {
        for (n, p) in [(1, 0.5), (7, 0.3), (40, 0.9), (300, 0.01), (1000, 0.5)] {
            let key = Key::new(n).named("binomial");
            let mut counts = vec![0; n as usize + 1];
            (0..20_000).for_each(|item| counts[binomial(key.uniform(item), n, p) as usize] += 1);
            let law =
                |k: usize| choose(n, k as u64) * p.powi(k as i32) * (1.0 - p).powi((n as usize - k) as i32);
            let (chi, freedom) = chi_square(&counts, law);
            assert!(chi < freedom + 4.5 * (2.0 * freedom).sqrt() + 6.0, "n {n} p {p}: χ² {chi}, {freedom}");
        }
    }

    #[test]
    fn hypergeometric_numbers_follow_the_hypergeometric_distribution() {
        for (good, bad, drawn) in [(3, 4, 5), (10, 90, 20), (60, 40, 50), (1, 500, 250), (100, 3, 50)] {
            let key = Key::new(good).named("hypergeometric");
            let mut counts = vec![0; drawn.min(good) as usize + 1];
            (0..20_000)
                .for_each(|item| counts[hypergeometric(key.uniform(item), good, bad, drawn) as usize] += 1);
            let law = |k: usize| {
                let k = k as u64;
                if drawn - k > bad {
                    return 0.0;
                }
                choose(good, k) * choose(bad, drawn - k) / choose(good + bad, drawn)
            };
            let (chi, freedom) = chi_square(&counts, law);
            assert!(chi < freedom + 4.5 * (2.0 * freedom).sqrt() + 6.0, "{good} {bad} {drawn}: χ² {chi}");
        }
    }

    #[test]
    fn huge_numbers_keep_their_mean_and_spread() {
        let draws = 300;
        let moments = |draw: &dyn Fn(f64) -> u64, mean: f64| {
            let key = Key::new(9).named("huge");
            // Stratified, so that the sample mean is good to far less than a standard deviation.
            let deviations: Vec<f64> =
                (0..draws).map(|i| draw((i as f64 + key.uniform(i)) / draws as f64) as f64 - mean).collect();
            let shift = deviations.iter().sum::<f64>() / draws as f64;
            (shift, (deviations.iter().map(|d| d * d).sum::<f64>() / draws as f64).sqrt())
        };
        let (n, p) = (1_000_000_000_u64, 0.3);
        let sd = (n as f64 * p * (1.0 - p)).sqrt();
        let (shift, spread) = moments(&|u| binomial(u, n, p), n as f64 * p);
        assert!(shift.abs() < 0.3 * sd && (spread / sd - 1.0).abs() < 0.2, "{shift} {spread} {sd}");

        let (good, bad, drawn) = (1_u64 << 61, 3_u64 << 60, 1_000_000_000);
        let share = 2.0 / 5.0;
        let sd = (drawn as f64 * share * (1.0 - share)).sqrt();
        let (shift, spread) = moments(&|u| hypergeometric(u, good, bad, drawn), drawn as f64 * share);
        assert!(shift.abs() < 0.3 * sd && (spread / sd - 1.0).abs() < 0.2, "{shift} {spread} {sd}");
    }

    #[test]
    fn the_probabilities_around_the_mode_add_up_to_one() {
        for (n, p) in [(1e9_f64, 0.5_f64), (1e9, 1e-3), (1e6, 0.3), (100.0, 0.07), (20.0, 0.5)] {
            let spread = 9.0 * (n * p * (1.0 - p)).sqrt() + 30.0;
            let (low, high) = ((n * p - spread).floor().max(0.0), (n * p + spread).floor().min(n));
            let mut sum = 0.0;
            let mut x = low;
            while x <= high {
                sum += binomial_probability(x, n, p, 1.0 - p);
                x += 1.0;
            }
            assert!((sum - 1.0).abs() < 1e-12, "n {n} p {p}: {sum}");
        }
    }

    #[test]
    fn the_last_uniform_number_is_far_in_the_tail_and_no_further() {
        // P(|Z| > 8.3) = 2⁻⁵³; the standard deviation is 15,811.
        let x = binomial(1.0 - f64::EPSILON / 2.0, 1_000_000_000, 0.5) as f64;
        let deviations = (x - 5e8).abs() / 15_811.0;
        assert!((7.0..9.0).contains(&deviations), "{deviations}");
    }

    #[test]
    fn what_cannot_vary_does_not() {
        assert_eq!(binomial(0.3, 0, 0.5), 0);
        assert_eq!(binomial(0.3, 9, 0.0), 0);
        assert_eq!(binomial(0.3, 9, 1.0), 9);
        assert_eq!(hypergeometric(0.3, 5, 7, 12), 5);
        assert_eq!(hypergeometric(0.3, 0, 7, 3), 0);
        assert_eq!(hypergeometric(0.3, 4, 0, 3), 3);
    }
}
