//! How many units of potential one of the file's is.

/// Different numbers that are looked at; of more, every so-many-th.
const LOOKED_AT: usize = 2000;
/// Largest whole scale that is tried.
const LARGEST: u32 = 4096;

/// The scale with the least sum of squared relative errors of some numbers, each with the largest whole number
/// that may stand for it; of equal ones the smallest whole one. So whole numbers in range have scale 1.
pub fn best_scale(numbers: impl Iterator<Item = (f64, i64)>) -> f64 {
    let numbers = numbers.filter(|(number, _)| *number != 0.0 && number.is_finite());
    let mut all: Vec<(f64, i64)> = numbers.map(|(number, most)| (number.abs(), most)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.dedup();
    let most = all.iter().map(|&(number, most)| most as f64 / number).fold(f64::INFINITY, f64::min);
    if most == f64::INFINITY {
        return 1.0;
    }
    let step = all.len().div_ceil(LOOKED_AT).max(1);
    let looked_at: Vec<f64> = all.iter().step_by(step).map(|(number, _)| *number).collect();
    let error = |scale: f64| -> f64 {
        let of = |number: &f64| {
            let error = (number * scale).round() / scale / number - 1.0;
            error * error
        };
        looked_at.iter().map(of).sum()
    };
    let whole = (1..=LARGEST).map(f64::from).take_while(|scale| *scale <= most);
    let candidates = whole.chain([most, most / 2.0, most / 3.0]);
    // Of equal errors the first, which is the smallest whole one.
    let better = |best: (f64, f64), next: (f64, f64)| if next.1 < best.1 { next } else { best };
    candidates.map(|scale| (scale, error(scale))).reduce(better).map_or(1.0, |best| best.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_range_stay_as_they_are() {
        assert_eq!(best_scale([(3.0, 255), (-6.0, 255), (20.0, 262_143)].into_iter()), 1.0);
        assert_eq!(best_scale([(0.0, 255)].into_iter()), 1.0);
    }

    #[test]
    fn fractions_become_whole_where_a_scale_does_that() {
        assert_eq!(best_scale([(0.25, 255), (1.5, 255), (20.0, 262_143)].into_iter()), 4.0);
    }

    #[test]
    fn what_is_too_large_is_made_smaller() {
        let scale = best_scale([(1000.0, 255), (20_000.0, 262_143)].into_iter());
        assert!(scale <= 0.255 && scale > 0.08, "{scale}");
    }
}
