//! Rules of pairs → traces, products and an epoch of the chip.
//!
//! A postsynaptic spike reaches a synapse of the vocabulary one delay after it was fired; the chip sees
//! both spikes when they are fired. A trace that has decayed for the delay makes up for that, exactly for
//! all pairs but those that are less than the delay apart. The weight of 255 is the strongest; the impulse
//! of a trace and the mantissa and exponent of its product are those that come nearest to the step.

use super::super::learning::Trace;
use super::super::learning::epoch::Profile;
use super::super::learning::rule::{Factor, Gate, Product, Rule, Target, Variable};
use super::super::weights::Signs;
use super::loss::Parameter;
use sim_core::primitive::{Change, PairRule};

/// Longest epoch: longer ones than chips are used with make no learning cheaper here.
const LONGEST_EPOCH: usize = 8;
/// The strongest weight, in mantissas.
pub const STRONGEST: f64 = 255.0;
/// Largest mantissa of a product: four bits with sign.
const MANTISSA: i32 = 7;
/// Exponents of a product that lose no bit.
const EXPONENTS: std::ops::RangeInclusive<i32> = -7..=7;
/// A product of a weight and a trace is wider than the accumulator by so many bits.
const WIDE: i32 = 5;
/// Impulses: small ones decay coarsely, from larger ones two spikes saturate the trace.
const IMPULSES: std::ops::RangeInclusive<i32> = 1..=63;
/// From here on an impulse is fine enough.
const FINE: i32 = 24;

/// A projection's rule on the chip.
#[derive(Clone, Debug)]
pub struct Programmed {
    /// Traces and products.
    pub profile: Profile,
    /// The same in floats, in the unit of weights.
    pub real: PairRule,
    /// What was asked for and what it is.
    pub loss: Vec<Parameter>,
}

/// What a rule is programmed for.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// A mantissa of 1 in the unit of weights.
    pub unit: f64,
    /// Name of that unit.
    pub name: &'static str,
    /// Delay of the synapses in steps.
    pub delay: u8,
    /// Steps of an epoch.
    pub epoch: usize,
    /// Length of a step in ms.
    pub dt: f64,
}

/// An epoch in which no neuron that is held for so many steps after a spike fires twice.
pub fn epoch(refractory: u8) -> usize {
    (usize::from(refractory) + 1).min(LONGEST_EPOCH)
}

/// Programs a rule.
///
/// # Errors
/// What the chip cannot compute, or not finely enough.
pub fn program(rule: &PairRule, site: &Site) -> Result<Programmed, String> {
    if rule.low != 0.0 {
        return Err(format!(
            "weights that end at {} {}; on Loihi they end at 0, so let them end there",
            rule.low, site.name
        ));
    }
    let [tau_pre, tau_post] = [rule.keep_pre, rule.keep_post].map(|keep| -1.0 / sim_core::math::ln(keep));
    if f64::from(site.delay) >= tau_pre.min(tau_post) {
        return Err(format!(
            "a delay of {} steps, no less than a time constant of its traces; Loihi pairs spikes as they are \
             fired, so shorten the delay",
            site.delay
        ));
    }
    let decayed = |keep: f64| sim_core::math::pow(keep, f64::from(site.delay));
    let real = PairRule {
        at_post: seen(&rule.at_post, decayed(rule.keep_pre)),
        at_pre: seen(&rule.at_pre, 1.0 / decayed(rule.keep_post)),
        ..*rule
    };
    let mut products = Vec::new();
    let mut loss = vec![
        Parameter {
            name: "strongest weight",
            requested: rule.high,
            realised: STRONGEST * site.unit,
            unit: site.name,
        },
        Parameter {
            name: "way of a postsynaptic spike back",
            requested: f64::from(site.delay) * site.dt,
            realised: 0.0,
            unit: "ms",
        },
        Parameter {
            name: "weights change every",
            requested: 1.0,
            realised: site.epoch as f64,
            unit: "steps",
        },
    ];
    let mut side = |change: &Change, gate: Gate, variable: Variable, names: [&'static str; 2]| {
        let one = Side { change, gate, variable, negative: rule.negative, site };
        let impulse = one.traced(names[0], &mut products, &mut loss)?;
        one.fixed(names[1], &mut products, &mut loss)?;
        Ok::<i32, String>(impulse)
    };
    let x = side(
        &real.at_post,
        Gate::Post,
        Variable::Pre(0),
        ["change by a pair, presynaptic spike first", "change by a postsynaptic spike"],
    )?;
    let y = side(
        &real.at_pre,
        Gate::Pre,
        Variable::Post(0),
        ["change by a pair, postsynaptic spike first", "change by a presynaptic spike"],
    )?;
    let none = Trace { impulse: 0, tau: 1.0 };
    let profile = Profile {
        epoch: site.epoch,
        pre: [Trace { impulse: x, tau: tau_pre }, none],
        post: [Trace { impulse: y, tau: tau_post }, none, none],
        rules: vec![(Target::Weight, Rule { products })],
        signs: if rule.negative { Signs::Inhibitory } else { Signs::Excitatory },
    };
    Ok(Programmed { profile, real, loss })
}

/// A change by a trace of which the chip sees `part`⁻¹ of what it ought to see.
fn seen(change: &Change, part: f64) -> Change {
    Change { fixed: change.fixed, trace: change.trace * part, share: change.share * part }
}

/// What one kind of spike changes.
struct Side<'a> {
    change: &'a Change,
    gate: Gate,
    variable: Variable,
    negative: bool,
    site: &'a Site,
}

impl Side<'_> {
    /// Adds the product with the trace; returns the trace's impulse.
    fn traced(
        &self,
        name: &'static str,
        products: &mut Vec<Product>,
        loss: &mut Vec<Parameter>,
    ) -> Result<i32, String> {
        let Change { trace, share, .. } = *self.change;
        if trace == 0.0 && share == 0.0 {
            return Ok(0);
        }
        let sign = if self.negative { -1 } else { 1 };
        let mut factors = vec![Factor { variable: self.variable, constant: 0 }];
        // In mantissas: a number of them for each 1 of the trace, or a part of the weight.
        let (wanted, wide, direction, unit) = if share == 0.0 {
            (trace.abs() / self.site.unit, 0, sign * trace.signum() as i32, self.site.name)
        } else {
            let constant = (trace / share / self.site.unit).round().clamp(-256.0, 255.0) as i32;
            factors.push(Factor { variable: Variable::Own(Target::Weight), constant: sign * constant });
            (share.abs(), WIDE, share.signum() as i32, "of what is left")
        };
        let step = Step::nearest(wanted, wide, IMPULSES).ok_or_else(|| self.too_small(name, wanted, wide))?;
        products.push(Product {
            mantissa: direction * step.mantissa,
            exponent: step.exponent,
            gates: vec![self.gate],
            factors,
        });
        let scale = if share == 0.0 { self.site.unit } else { 1.0 };
        let (requested, realised) = (wanted * scale, step.size(wide) * scale);
        let sign = if trace + share * self.site.unit < 0.0 { -1.0 } else { 1.0 };
        loss.push(Parameter { name, requested: sign * requested, realised: sign * realised, unit });
        Ok(step.impulse)
    }

    /// Adds the product without a trace.
    fn fixed(
        &self,
        name: &'static str,
        products: &mut Vec<Product>,
        loss: &mut Vec<Parameter>,
    ) -> Result<(), String> {
        let fixed = self.change.fixed / self.site.unit;
        if fixed == 0.0 {
            return Ok(());
        }
        let step =
            Step::nearest(fixed.abs(), 0, 1..=1).ok_or_else(|| self.too_small(name, fixed.abs(), 0))?;
        let sign = if self.negative { -1 } else { 1 };
        let mantissa = sign * fixed.signum() as i32 * step.mantissa;
        products.push(Product {
            mantissa,
            exponent: step.exponent,
            gates: vec![self.gate],
            factors: Vec::new(),
        });
        let realised = fixed.signum() * step.size(0) * self.site.unit;
        loss.push(Parameter { name, requested: self.change.fixed, realised, unit: self.site.name });
        Ok(())
    }

    fn too_small(&self, name: &str, wanted: f64, wide: i32) -> String {
        let least = Step { impulse: 1, mantissa: 1, exponent: *EXPONENTS.start() }.size(wide);
        format!(
            "a {name}, of {:.3e} of the strongest weight; the least that Loihi adds is {:.3e}, and the most {:.3e}",
            wanted / if wide == 0 { STRONGEST } else { 1.0 },
            least / if wide == 0 { STRONGEST } else { 1.0 },
            Step { impulse: *IMPULSES.end(), mantissa: MANTISSA, exponent: *EXPONENTS.end() }.size(wide)
                / if wide == 0 { STRONGEST } else { 1.0 }
        )
    }
}

/// An impulse and the mantissa and exponent that it is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    impulse: i32,
    mantissa: i32,
    exponent: i32,
}

impl Step {
    fn size(&self, wide: i32) -> f64 {
        let power = sim_core::math::pow(2.0, f64::from(self.exponent - wide));
        f64::from(self.impulse) * f64::from(self.mantissa) * power
    }

    /// The nearest to a size, of nearly equal ones that with the finest trace; none within a third.
    fn nearest(size: f64, wide: i32, impulses: std::ops::RangeInclusive<i32>) -> Option<Step> {
        let all = impulses.flat_map(|impulse| {
            let of = move |mantissa| EXPONENTS.map(move |exponent| Step { impulse, mantissa, exponent });
            (1..=MANTISSA).flat_map(of)
        });
        // To within a hundredth steps count as equal, so that traces can be fine.
        let off = |step: &Step| ((step.size(wide) / size - 1.0).abs() * 100.0).floor();
        let coarse = |step: &Step| (FINE - step.impulse).max(0);
        let exactly = |step: &Step| (step.size(wide) / size - 1.0).abs();
        let best = all.min_by(|a, b| {
            let coarseness = coarse(a).cmp(&coarse(b));
            off(a).total_cmp(&off(b)).then(coarseness).then(exactly(a).total_cmp(&exactly(b)))
        })?;
        (exactly(&best) < 1.0 / 3.0).then_some(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_met_to_a_hundredth_wherever_the_chip_has_one_and_refused_beyond() {
        for size in [0.5, 1.0, 2.55, 3.3, 17.0, 100.0] {
            let step = Step::nearest(size, 0, IMPULSES).unwrap();
            assert!((step.size(0) / size - 1.0).abs() < 0.011, "{size}: {step:?}");
            assert!(step.impulse >= FINE, "{size}: {step:?}");
        }
        assert_eq!(Step::nearest(1e-3, 0, IMPULSES), None);
        assert_eq!(Step::nearest(1e6, 0, IMPULSES), None);
    }

    #[test]
    fn an_epoch_is_no_longer_than_a_neuron_is_silent_after_a_spike() {
        assert_eq!([0, 1, 4, 40].map(epoch), [1, 2, 5, 8]);
    }
}
