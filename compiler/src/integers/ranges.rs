//! How large values are: seen on some questions, and turned into grains.

use super::Grains;
use crate::layers::Program;
use crate::layers::run::{Asked, Place};
use std::collections::BTreeMap;

/// Values kept of each place at most.
const KEPT: usize = 1 << 14;

/// Sizes of values, seen at each place of a program.
#[derive(Clone, Debug, Default)]
pub struct Ranges(BTreeMap<Place, Vec<f32>>);

impl Ranges {
    /// Those of a program on some questions.
    pub fn of(program: &Program, questions: &[Asked]) -> Self {
        let mut ranges = Self::default();
        // A step through all values that keeps as many as wanted of each place, whatever their order.
        let mut seen: BTreeMap<Place, usize> = BTreeMap::new();
        for asked in questions {
            program.run(asked, |place, values| {
                let count = seen.entry(place).or_default();
                let kept = ranges.0.entry(place).or_default();
                for value in values {
                    let at = spread(*count);
                    if kept.len() < KEPT {
                        kept.push(value.abs());
                    } else if at < KEPT {
                        kept[at] = value.abs();
                    }
                    *count += 1;
                }
            });
        }
        ranges
    }

    /// The sizes at some places, after a function.
    pub fn sizes(&self, places: &[Place], of: impl Fn(f32) -> f64) -> Vec<f64> {
        places.iter().filter_map(|place| self.0.get(place)).flatten().map(|size| of(*size)).collect()
    }
}

/// Numbers spread over all entries, more and more rarely within what is kept: entry `count` of a reservoir.
fn spread(count: usize) -> usize {
    let mixed = (count as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((u128::from(mixed) * (count as u128 + 1)) >> 64) as usize
}

/// The power of two that numbers of `bits` digits are multiples of: with it they come closest to these sizes in the mean of
/// squares, or have room for all of them.
pub fn grain(sizes: &[f64], bits: u32, by: Grains) -> f64 {
    let most = ((1_u64 << bits) - 1) as f64;
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return 1.0;
    }
    let widest = libm::ceil(libm::log2(largest / most)) as i32;
    if by == Grains::Roomy {
        return libm::exp2(f64::from(widest + 1));
    }
    let error = |grain: f64| -> f64 {
        let off = |size: f64| size - (size / grain + 0.5).floor().min(most) * grain;
        sizes.iter().map(|size| off(*size) * off(*size)).sum()
    };
    let candidates = (widest - FINER..=widest).map(|exponent| libm::exp2(f64::from(exponent)));
    candidates.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or(1.0)
}

/// By how many powers of two a grain may cut off the largest sizes.
const FINER: i32 = 3;
