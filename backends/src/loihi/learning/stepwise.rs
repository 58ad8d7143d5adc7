//! Learning in every step, as brian2-loihi 0.5.2 does it.
//!
//! In each step: spikes raise their traces, presynaptic ones when they arrive, postsynaptic ones in the
//! step after they fired; the rule is worked out from these values, what it adds is rounded away from 0,
//! the weight is brought to its precision and clipped; then traces decay, rounded by chance.

use super::rule::{Gate, Rule, Target, Variable};
use super::{Draw, Random, Trace, round_by_chance};

/// One plastic synapse with its traces.
#[derive(Clone, Debug)]
pub struct Stepwise {
    rule: Rule,
    traces: [Trace; 4],
    /// x1, x2, y1, y2.
    values: [i32; 4],
    weight: i32,
    /// The least and the largest weight.
    range: (i32, i32),
    /// Low bits of a weight that its format does not hold.
    shift: u32,
    /// Whether the postsynaptic neuron fired in the step before.
    fired: bool,
}

impl Stepwise {
    /// A synapse at rest; `traces` are x1, x2, y1, y2. The weight keeps to `range`, in multiples of
    /// 2^`shift`.
    ///
    /// # Errors
    /// The name of a variable that this model does not have.
    pub fn new(
        rule: Rule,
        traces: [Trace; 4],
        weight: i32,
        (range, shift): ((i32, i32), u32),
    ) -> Result<Self, &'static str> {
        for variable in rule.variables() {
            match variable {
                Variable::Post(2) => return Err("y3"),
                Variable::Own(Target::Delay) => return Err("d"),
                Variable::Own(Target::Tag) => return Err("t"),
                _ => {}
            }
        }
        Ok(Stepwise { rule, traces, values: [0; 4], weight, range, shift, fired: false })
    }

    /// The weight.
    pub fn weight(&self) -> i32 {
        self.weight
    }

    /// x1, x2, y1, y2.
    pub fn traces(&self) -> [i32; 4] {
        self.values
    }

    /// Sets the traces to recorded values.
    pub fn resynchronise(&mut self, values: [i32; 4]) {
        self.values = values;
    }

    /// Lives step `step`, from 1 on, in which a presynaptic spike arrives or not and the postsynaptic
    /// neuron fires or not.
    pub fn step(&mut self, step: i64, (pre, post): (bool, bool), random: &mut dyn Random) {
        let before = std::mem::replace(&mut self.fired, post);
        let spikes = [pre, pre, before, before];
        for ((value, trace), spike) in self.values.iter_mut().zip(&self.traces).zip(spikes) {
            if spike {
                *value = trace.raised(*value);
            }
        }
        let change = self.change(step, pre, before);
        let away_from_zero = change.signum() * change.abs().ceil();
        let multiple = f64::from(1 << self.shift);
        let chance = if self.shift == 0 { 1.0 } else { random.uniform(Draw::Round(Target::Weight), 0, step) };
        let weight = (f64::from(self.weight) + away_from_zero) / multiple;
        let rounded = i64::from(round_by_chance(weight, chance)) << self.shift;
        self.weight = rounded.clamp(i64::from(self.range.0), i64::from(self.range.1)) as i32;
        let chances = [Draw::Pre, Draw::Post].map(|draw| random.uniform(draw, 0, step));
        for (place, (value, trace)) in self.values.iter_mut().zip(&self.traces).enumerate() {
            *value = round_by_chance(decayed(*value, trace), chances[place / 2]);
        }
    }

    /// What the rule adds, before rounding. Factors are small whole numbers and powers of two, so no
    /// digit is lost.
    fn change(&self, step: i64, pre: bool, post: bool) -> f64 {
        let open = |gate: &Gate| match gate {
            Gate::Pre => pre,
            Gate::Post => post,
            Gate::Every(power) => (step - 1) % (1_i64 << power.min(&62)) == 0,
        };
        let value = |variable: Variable| match variable {
            Variable::Pre(number) => self.values[number.min(1)],
            Variable::Post(number) => self.values[2 + number.min(1)],
            Variable::Own(_) => self.weight,
        };
        let products = self.rule.products.iter().filter(|product| product.gates.iter().all(open));
        products
            .map(|product| {
                let factors = product.factors.iter().map(|f| f64::from(value(f.variable) + f.constant));
                factors.product::<f64>() * f64::from(product.mantissa) * power_of_two(product.exponent)
            })
            .sum()
    }
}

/// A trace one step later, before rounding.
pub fn decayed(value: i32, trace: &Trace) -> f64 {
    f64::from(value) * (1.0 - 1.0 / trace.tau)
}

fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + i64::from(exponent.clamp(-1022, 1023))) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pre_spike_after_a_post_spike_weakens_and_the_weight_stays_in_range() {
        let trace = Trace { impulse: 16, tau: 8.0 };
        let rule = Rule::parse("x1*y0 - y1*x0").unwrap();
        let mut synapse = Stepwise::new(rule, [trace; 4], 20, ((0, 255), 0)).unwrap();
        let mut never = |_: Draw, _: usize, _: i64| 1.0;
        synapse.step(1, (false, true), &mut never);
        synapse.step(2, (true, false), &mut never);
        // y1 is 16 in step 2, and so is x1, but the post spike of step 1 opens y0 in step 2 too.
        assert_eq!(synapse.weight(), 20);
        synapse.step(3, (true, false), &mut never);
        assert_eq!(synapse.weight(), 6);
        for step in 4..20 {
            synapse.step(step, (true, step == 4), &mut never);
        }
        assert_eq!(synapse.weight(), 0);
    }

    #[test]
    fn powers_of_two_are_exact() {
        assert_eq!([-3, 0, 5].map(power_of_two), [0.125, 1.0, 32.0]);
    }
}
