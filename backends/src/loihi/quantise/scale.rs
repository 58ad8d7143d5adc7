//! Which integer one unit of v becomes, and how weights are written.
//!
//! A large scale makes thresholds, biases and weights finer, but sums overflow: a sum of arrivals has 22
//! bits, u and v have 24. So the scale is held below what a step's arrivals could reach, or four thresholds
//! at once where that is less. Below this, scales are tried that bring some weight exactly onto an integer,
//! and a fine grid of others, and the one with the least error is taken; of equally good ones the smallest,
//! which leaves v most room. A scale at which no sum can overflow is preferred to it if it is as good, as far
//! as weights of 8 bits can tell.

use super::super::semantics::{Bias, Semantics};
use super::super::weights::{LARGEST_WEIGHT, Signs, WeightFormat};
use super::bundles::{Bundle, Worst};
use super::neurons::{Lif, bias};
use super::plastic::STRONGEST;
use std::ops::RangeInclusive;

/// Scales of the grid in a factor of two.
const GRID: i32 = 32;
/// Factors of two below the largest scale that are searched.
const OCTAVES: i32 = 3;
/// Thresholds that may arrive at once.
const AT_ONCE: f64 = 4.0;
/// An error of this size, in thresholds, is a quarter of what the steps of a weight of 8 bits are.
const RESOLUTION: f64 = 1.0 / 1024.0;
/// The largest sum of arrivals, and the largest u and v.
const SUM: f64 = (1 << 21) as f64 - 64.0;
const REGISTER: f64 = (1 << 23) as f64 - 1.0;

/// Neurons of a population, with what can arrive at each.
pub struct Neurons<'a> {
    /// The neurons.
    pub lifs: &'a [Lif],
    /// What one step can bring.
    pub worst: &'a [Worst],
}

/// A scale, or why there is none.
pub enum Choice {
    /// The integer that one unit of v becomes.
    Scale(f64),
    /// Why not.
    None(String),
}

/// Chooses the scale of a population that these bundles reach.
pub fn choose(neurons: &Neurons<'_>, bundles: &[&Bundle], semantics: &Semantics) -> Choice {
    let Some(largest) = limit(neurons, AT_ONCE) else {
        return Choice::None("has no threshold above 0".into());
    };
    let smallest = 2.0 * 64.0 / neurons.lifs.iter().map(|lif| lif.threshold).fold(f64::INFINITY, f64::min);
    if smallest > largest {
        return Choice::None(format!(
            "its numbers are too far apart: a scale of {smallest:.3e} is needed for the lowest threshold, and at \
             most {largest:.3e} lets sums fit their registers"
        ));
    }
    let (off, bold) = best(neurons, bundles, smallest..=largest, semantics);
    // At this one all sources may fire at once.
    let safe = limit(neurons, f64::INFINITY)
        .filter(|all| *all >= smallest)
        .map(|all| best(neurons, bundles, smallest..=all, semantics))
        .filter(|(safe_off, scale)| safe_off.max(decayed(neurons, *scale)) <= off.max(RESOLUTION));
    Choice::Scale(safe.map_or(bold, |(_, scale)| scale))
}

/// By how many thresholds rounding in every step moves v, where u and v decay: half a unit each time, for as
/// long as they last.
fn decayed(neurons: &Neurons<'_>, scale: f64) -> f64 {
    let of = |lif: &Lif| {
        let lasts = |keep: f64| if keep > 0.0 && keep < 1.0 { 1.0 / (1.0 - keep) } else { 0.0 };
        let steps = lasts(lif.keep_u) * lasts(lif.keep_v).max(1.0) + lasts(lif.keep_v);
        0.5 * steps / (lif.threshold * scale)
    };
    neurons.lifs.iter().map(of).fold(0.0, f64::max)
}

/// The error of the best scale between two limits, and that scale.
fn best(
    neurons: &Neurons<'_>,
    bundles: &[&Bundle],
    limits: RangeInclusive<f64>,
    semantics: &Semantics,
) -> (f64, f64) {
    let largest = *limits.end();
    let grid = (0..=GRID * OCTAVES)
        .map(|step| largest / sim_core::math::pow(2.0, f64::from(step) / f64::from(GRID)));
    let scales = grid.chain(whole(bundles, largest)).filter(|scale| limits.contains(scale));
    // An error of rounding in the judgement itself is none.
    let judge = |scale| Some(error(neurons, bundles, scale, semantics)).filter(|off| *off > 1e-12);
    let judged = scales.map(|scale| (judge(scale).unwrap_or(0.0), scale));
    let least = judged.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    least.unwrap_or((f64::INFINITY, largest))
}

/// The largest scale with which sums fit, if no more than so many thresholds arrive at once.
fn limit(neurons: &Neurons<'_>, thresholds: f64) -> Option<f64> {
    let of = |(lif, worst): (&Lif, &Worst)| {
        let at_once = worst.0.max(-worst.1).min(thresholds * lif.threshold);
        let in_all = (at_once / (1.0 - lif.keep_u).max(1.0 / 4096.0)).min(thresholds * lif.threshold);
        let limits = [
            (131_071.0 * 64.0, lif.threshold),
            (SUM, at_once),
            (REGISTER, in_all.max(lif.threshold)),
            (REGISTER, lif.floor.unwrap_or(0.0).abs()),
            (REGISTER, lif.start.0.abs() * lif.gain),
            (REGISTER, lif.start.1.abs()),
            (4095.0 * 128.0, lif.drive.abs()),
        ];
        let bounds = limits.iter().filter(|(_, of)| *of > 0.0).map(|(limit, of)| limit / of);
        bounds.fold(f64::INFINITY, f64::min)
    };
    let least = neurons.lifs.iter().zip(neurons.worst).map(of).fold(f64::INFINITY, f64::min);
    let positive = neurons.lifs.iter().all(|lif| lif.threshold > 0.0);
    (positive && least.is_finite()).then_some(least)
}

/// Scales at which some weight is a whole mantissa.
fn whole<'a>(bundles: &'a [&Bundle], largest: f64) -> impl Iterator<Item = f64> + 'a {
    bundles.iter().flat_map(move |bundle| {
        let ends = [bundle.range.0.abs(), bundle.range.1.abs()];
        ends.into_iter().filter(|weight| weight.is_finite() && *weight > 0.0).flat_map(move |weight| {
            (1..=255).flat_map(move |mantissa| {
                let scale = 64.0 * f64::from(mantissa) / weight;
                let octaves = sim_core::math::ln(largest / scale) / std::f64::consts::LN_2;
                [scale, scale * sim_core::math::pow(2.0, octaves.floor().clamp(0.0, 7.0))]
            })
        })
    })
}

/// Root mean square of the relative errors of weights, thresholds and drives.
fn error(neurons: &Neurons<'_>, bundles: &[&Bundle], scale: f64, semantics: &Semantics) -> f64 {
    let (mut sum, mut parts) = (0.0, 0.0);
    for bundle in bundles.iter().filter(|bundle| bundle.count > 0) {
        let format = format_of(bundle, scale, semantics);
        let (mut off, mut size) = (0.0, 0.0);
        for value in &bundle.samples {
            let (_, realised) = mantissa(value * scale, format, semantics);
            off += (realised - value * scale) * (realised - value * scale);
            size += value * scale * value * scale;
        }
        sum += if size > 0.0 { off / size } else { 0.0 };
        parts += 1.0;
        if bundle.learns().is_some() {
            // The strongest weight is where learning ends.
            let strongest = bundle.range.0.abs().max(bundle.range.1.abs()) * scale;
            let unit = 64.0 * sim_core::math::pow(2.0, f64::from(format.exponent));
            let end = STRONGEST * unit / strongest - 1.0;
            sum += end * end;
            parts += 1.0;
        }
    }
    // All neurons of a large population need not be asked.
    let every = neurons.lifs.len().div_ceil(64).max(1);
    for lif in neurons.lifs.iter().step_by(every) {
        let compartment = lif.compartment(scale, semantics);
        let threshold = lif.realised_threshold(&compartment, scale, semantics) / lif.threshold - 1.0;
        let drive = if lif.drive == 0.0 || semantics.bias == Bias::Absent {
            0.0
        } else {
            let (mantissa, exponent) = bias(lif.drive * scale);
            f64::from(i32::from(mantissa) << exponent) / (lif.drive * scale) - 1.0
        };
        sum += (threshold * threshold + drive * drive) / neurons.lifs.len().div_ceil(every) as f64;
    }
    (sum / (parts + 1.0)).sqrt()
}

/// The format of a bundle for a scale: the smallest exponent that holds its largest weight, and no more
/// bits than its mantissas need.
pub fn format_of(bundle: &Bundle, scale: f64, semantics: &Semantics) -> WeightFormat {
    let signs = bundle.signs();
    let most = bundle.range.0.abs().max(bundle.range.1.abs()) * scale / 64.0;
    let most = if most.is_finite() { most } else { 0.0 };
    let limit = if signs == Signs::Mixed { 254.5 } else { 255.5 };
    // Mantissas of mixed signs are even; half as large again, small ones may be odd as well.
    let least = if signs == Signs::Mixed { -1 } else { 0 };
    let holds = |exponent: i8| most / sim_core::math::pow(2.0, f64::from(exponent)) < limit;
    let exponent = (least..7_i8).find(|&exponent| holds(exponent)).unwrap_or(7);
    let whole = WeightFormat { bits: 8, signs, exponent };
    if bundle.samples.len() > 16 || bundle.learns().is_some() {
        return whole;
    }
    // Few different weights: mantissas go as far up as they can, then low bits that none has are left out.
    let mantissas: Vec<i32> =
        bundle.samples.iter().map(|value| i32::from(mantissa(value * scale, whole, semantics).0)).collect();
    let largest = mantissas.iter().map(|mantissa| mantissa.abs()).max().unwrap_or(0);
    let used = mantissas.iter().fold(0, |all, mantissa| all | mantissa.abs());
    if used == 0 {
        return WeightFormat { bits: 1, ..whole };
    }
    let up = (255 / largest).ilog2().min((exponent + 8) as u32);
    let sign = u32::from(signs == Signs::Mixed);
    let bits = 8 + sign - (used.trailing_zeros() + up).min(7);
    // The chip cannot encode seven bits; a mixed format keeps the lowest bit for the sign.
    let bits = if bits >= 7 { 8 } else { bits };
    let format = WeightFormat { bits: bits as u8, signs, exponent: exponent - up as i8 };
    let same = |value: &f64| {
        mantissa(value * scale, format, semantics).1 == mantissa(value * scale, whole, semantics).1
    };
    if bundle.samples.iter().all(same) { format } else { whole }
}

/// The mantissa nearest to a weight in the scale of u, and what it adds to u.
pub fn mantissa(value: f64, format: WeightFormat, semantics: &Semantics) -> (i16, f64) {
    let unit = 64.0 * sim_core::math::pow(2.0, f64::from(format.exponent));
    let step = f64::from(1 << format.shift());
    let (low, high) = format.range();
    let nearest = (value / unit / step).round_ties_even() * step;
    let mantissa = nearest.clamp(f64::from(low), f64::from(high)) as i32;
    let effective = format.effective(mantissa, semantics.rounding);
    debug_assert!(effective.abs() <= LARGEST_WEIGHT);
    (mantissa as i16, f64::from(effective) * 64.0)
}

impl WeightFormat {
    /// Whether a mantissa is one of the ends of the format.
    pub fn is_largest(&self, mantissa: i32) -> bool {
        let (low, high) = self.range();
        (mantissa == low && low < 0) || (mantissa == high && high > 0)
    }
}

/// At most so many of the different values, ascending, the ends among them.
pub fn thinned(mut values: Vec<f64>, most: usize) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values.dedup();
    if values.len() <= most {
        return values;
    }
    (0..most).map(|place| values[place * (values.len() - 1) / (most - 1)]).collect()
}
