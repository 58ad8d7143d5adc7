//! The engine of epochs, as lava-nc 0.10.0 models it.
//!
//! Within an epoch of T steps only the last spike of either end keeps its time; an earlier one raises its
//! traces at once. At the end of the epoch traces are brought through its T steps with those spikes in
//! their places, the rule's products are worked out with the traces as they were when the gate opened,
//! and the numbers of each synapse change once.
//!
//! ```text
//! trace    x ← ⌊x e^(−1/τ)⌋ + (chance < fraction);   x ← min(127, x + impulse) at a spike
//! product  mantissa · Π (variable + constant)  >> max(0, Σ widths + 4 − 15)  << (exponent + 7), 15 bits
//! number   a ← z · 2⁷; for each product a ← saturate(a + product); z ← clip(round by chance(a / 2⁷))
//! ```

use super::super::weights::Signs;
use super::rule::{Gate, Product, Rule, Target, Variable};
use super::{Draw, LARGEST_TRACE, Random, Trace, round};
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// Bits below the point of what is accumulated.
const FRACTION: i32 = 7;
/// The largest product: fifteen bits and a sign.
const LARGEST: i32 = (1 << 15) - 1;

/// What the synapses of a learning rule share.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Steps of an epoch, 1 to 63.
    pub epoch: usize,
    /// x1 and x2.
    pub pre: [Trace; 2],
    /// y1, y2 and y3.
    pub post: [Trace; 3],
    /// What changes, and how.
    pub rules: Vec<(Target, Rule)>,
    /// Which weights there are.
    pub signs: Signs,
}

/// The numbers of a synapse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synapse {
    /// Number of its source among the engine's.
    pub pre: u32,
    /// Number of its target among the engine's.
    pub post: u32,
    /// Weight, eight bits and sign.
    pub weight: i32,
    /// Delay, six bits.
    pub delay: i32,
    /// Tag, eight bits and sign.
    pub tag: i32,
}

/// Plastic synapses with the traces of their ends.
#[derive(Clone, Debug)]
pub struct Epochs {
    profile: Profile,
    pre: Ends<2>,
    post: Ends<3>,
    synapses: Vec<Synapse>,
    /// Times that a synapse was looked at.
    updates: u64,
}

/// Traces of one side.
#[derive(Clone, Debug)]
struct Ends<const N: usize> {
    values: Vec<[i32; N]>,
    /// The step of the epoch in which the last spike fell, from 1 on; 0 for none.
    phase: Vec<usize>,
    /// For each end the values after each step of the epoch that is ending.
    history: Vec<[i32; N]>,
}

impl<const N: usize> Ends<N> {
    fn new(count: usize, epoch: usize) -> Self {
        let rest = |count| vec![[0; N]; count];
        Ends { values: rest(count), phase: vec![0; count], history: rest(count * epoch) }
    }

    fn spike(&mut self, end: usize, phase: usize, traces: &[Trace; N]) {
        if self.phase[end] > 0 {
            for (value, trace) in self.values[end].iter_mut().zip(traces) {
                *value = trace.raised(*value);
            }
        }
        self.phase[end] = phase;
    }

    /// Brings the traces to the end of an epoch that follows step `before`.
    fn advance(&mut self, traces: &[Trace; N], before: i64, chance: &mut dyn FnMut(usize, i64) -> f64) {
        let kept = traces.map(|trace| sim_core::math::exp(-1.0 / trace.tau));
        let epoch = self.history.len() / self.values.len().max(1);
        for (end, values) in self.values.iter_mut().enumerate() {
            for step in 0..epoch {
                for ((value, trace), kept) in values.iter_mut().zip(traces).zip(kept) {
                    *value = round(f64::from(*value) * kept, || chance(end, before + 1 + step as i64));
                    if step + 1 == self.phase[end] {
                        *value = trace.raised(*value);
                    }
                }
                self.history[end * epoch + step] = *values;
            }
        }
    }

    fn save(&self, out: &mut Saver) {
        out.list(self.values.as_flattened());
        out.list(&self.phase.iter().map(|&phase| phase as u64).collect::<Vec<u64>>());
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(self.values.as_flattened_mut())?;
        let mut phases = vec![0_u64; self.phase.len()];
        from.list_into(&mut phases)?;
        let epoch = self.history.len() / self.values.len().max(1);
        if phases.iter().any(|&phase| phase > epoch as u64) {
            return Err(SnapshotError::Truncated);
        }
        self.phase = phases.into_iter().map(|phase| phase as usize).collect();
        Ok(())
    }

    /// The values of an end after step `phase` of the epoch.
    fn at(&self, end: usize, phase: usize) -> &[i32; N] {
        let epoch = self.history.len() / self.values.len().max(1);
        &self.history[end * epoch + phase - 1]
    }
}

impl Epochs {
    /// Synapses at rest between so many sources and targets.
    pub fn new(profile: Profile, pre: usize, post: usize, synapses: Vec<Synapse>) -> Self {
        let (pre, post) = (Ends::new(pre, profile.epoch), Ends::new(post, profile.epoch));
        Epochs { profile, pre, post, synapses, updates: 0 }
    }

    /// How many times a rule was worked out for a synapse.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The synapses as they are.
    pub fn synapses(&self) -> &[Synapse] {
        &self.synapses
    }

    /// x1 and x2 of a source.
    pub fn pre_traces(&self, pre: usize) -> [i32; 2] {
        self.pre.values[pre]
    }

    /// y1, y2 and y3 of a target.
    pub fn post_traces(&self, post: usize) -> [i32; 3] {
        self.post.values[post]
    }

    /// A spike of a source in step `step`, from 1 on.
    pub fn pre_spike(&mut self, pre: usize, step: i64) {
        self.pre.spike(pre, self.profile.phase(step), &self.profile.pre);
    }

    /// A spike of a target in step `step`.
    pub fn post_spike(&mut self, post: usize, step: i64) {
        self.post.spike(post, self.profile.phase(step), &self.profile.post);
    }

    /// Step `step` is over; if an epoch ends with it, synapses learn.
    pub fn end_of_step(&mut self, step: i64, random: &mut dyn Random) {
        if self.profile.phase(step) != self.profile.epoch {
            return;
        }
        let epoch = (step - 1) / self.profile.epoch as i64;
        let before = step - self.profile.epoch as i64;
        self.pre.advance(&self.profile.pre, before, &mut |end, step| random.uniform(Draw::Pre, end, step));
        self.post.advance(&self.profile.post, before, &mut |end, step| random.uniform(Draw::Post, end, step));
        let by_spikes = self.profile.by_spikes();
        for number in 0..self.synapses.len() {
            let old = self.synapses[number];
            if by_spikes && self.pre.phase[old.pre as usize] == 0 && self.post.phase[old.post as usize] == 0 {
                continue;
            }
            self.updates += 1;
            let mut new = old;
            for (target, rule) in &self.profile.rules {
                let products = rule.products.iter().map(|product| self.product(product, &old, epoch));
                // The accumulator has the sign and the bits of the number, and those below the point.
                let (low, high) = self.profile.range(*target);
                let (least, largest) = (low << FRACTION, ((high + 1) << FRACTION) - 1);
                let largest = if high == 0 { 0 } else { largest };
                let wide = products.fold(old.number(*target) << FRACTION, |sum, product| {
                    (sum + product).clamp(least, largest)
                });
                let exact = f64::from(wide) / f64::from(1 << FRACTION);
                let rounded = round(exact, || random.uniform(Draw::Round(*target), number, step));
                new.set(*target, rounded.clamp(low, high));
            }
            self.synapses[number] = new;
        }
        self.pre.phase.fill(0);
        self.post.phase.fill(0);
    }

    /// Writes what lives.
    pub fn save(&self, out: &mut Saver) {
        self.pre.save(out);
        self.post.save(out);
        let numbers: Vec<i32> =
            self.synapses.iter().flat_map(|synapse| [synapse.weight, synapse.delay, synapse.tag]).collect();
        out.list(&numbers);
        out.u64(self.updates);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of other synapses.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.pre.restore(from)?;
        self.post.restore(from)?;
        let mut numbers = vec![0; 3 * self.synapses.len()];
        from.list_into(&mut numbers)?;
        for (synapse, numbers) in self.synapses.iter_mut().zip(numbers.chunks_exact(3)) {
            (synapse.weight, synapse.delay, synapse.tag) = (numbers[0], numbers[1], numbers[2]);
        }
        self.updates = from.u64()?;
        Ok(())
    }

    /// One product of a synapse in 2⁷ths; 0 where a gate is closed.
    fn product(&self, product: &Product, synapse: &Synapse, epoch: i64) -> i32 {
        let (pre, post) = (synapse.pre as usize, synapse.post as usize);
        let mut phase = self.profile.epoch;
        for gate in &product.gates {
            phase = match gate {
                Gate::Pre => self.pre.phase[pre],
                Gate::Post => self.post.phase[post],
                Gate::Every(power) if (epoch + 1) % (1 << power.min(&62)) != 0 => 0,
                Gate::Every(_) => phase,
            };
            if phase == 0 {
                return 0;
            }
        }
        let (x, y) = (self.pre.at(pre, phase), self.post.at(post, phase));
        let (mut value, mut width) = (i64::from(product.mantissa), 0);
        for factor in &product.factors {
            let (variable, least, largest) = match factor.variable {
                Variable::Pre(number) => (x[number.min(1)], -LARGEST_TRACE, LARGEST_TRACE),
                Variable::Post(number) => (y[number.min(2)], -LARGEST_TRACE, LARGEST_TRACE),
                Variable::Own(target) => (synapse.number(target), -256, 255),
            };
            value = value.saturating_mul(i64::from((variable + factor.constant).clamp(least, largest)));
            width += factor.variable.width() as i32;
        }
        // A wide product is scaled down before it is scaled up again.
        let value = value >> (width + 4 - 15).clamp(0, 63);
        let shift = (product.exponent + FRACTION).clamp(-63, 30);
        let value = if shift < 0 { value >> -shift } else { value.saturating_mul(1 << shift) };
        value.clamp(-i64::from(LARGEST), i64::from(LARGEST)) as i32
    }
}

impl Profile {
    /// The step of its epoch that a step is, from 1 on.
    fn phase(&self, step: i64) -> usize {
        ((step - 1) % self.epoch as i64) as usize + 1
    }

    /// Whether nothing changes where no spike was.
    fn by_spikes(&self) -> bool {
        let mut products = self.rules.iter().flat_map(|(_, rule)| &rule.products);
        products.all(|product| product.gates.iter().any(|gate| !matches!(gate, Gate::Every(_))))
    }

    /// The least and the largest number of a kind.
    fn range(&self, target: Target) -> (i32, i32) {
        match (target, self.signs) {
            (Target::Weight, Signs::Excitatory) => (0, 255),
            (Target::Weight, Signs::Inhibitory) => (-256, 0),
            (Target::Weight, Signs::Mixed) | (Target::Tag, _) => (-256, 255),
            (Target::Delay, _) => (0, 63),
        }
    }
}

impl Synapse {
    fn number(&self, target: Target) -> i32 {
        match target {
            Target::Weight => self.weight,
            Target::Delay => self.delay,
            Target::Tag => self.tag,
        }
    }

    fn set(&mut self, target: Target, number: i32) {
        match target {
            Target::Weight => self.weight = number,
            Target::Delay => self.delay = number,
            Target::Tag => self.tag = number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(rule: &str, target: Target) -> Profile {
        let trace = Trace { impulse: 64, tau: 1e9 };
        let rules = vec![(target, Rule::parse(rule).unwrap())];
        Profile { epoch: 4, pre: [trace; 2], post: [trace; 3], rules, signs: Signs::Mixed }
    }

    fn learn(rule: &str, target: Target, pre: &[i64], post: &[i64]) -> Synapse {
        let start = Synapse { pre: 0, post: 0, weight: 10, delay: 5, tag: 0 };
        let mut engine = Epochs::new(profile(rule, target), 1, 1, vec![start]);
        for step in 1..=4 {
            pre.iter().filter(|&&at| at == step).for_each(|_| engine.pre_spike(0, step));
            post.iter().filter(|&&at| at == step).for_each(|_| engine.post_spike(0, step));
            engine.end_of_step(step, &mut |_: Draw, _: usize, _: i64| 1.0);
        }
        engine.synapses()[0]
    }

    #[test]
    fn a_gate_sees_the_traces_of_its_own_moment() {
        // The pre spike comes first, so at y0 x1 is 64, and at x0 y1 is still 0.
        let after = learn("2^-3*x1*y0 - 2^-3*y1*x0", Target::Weight, &[1], &[3]);
        assert_eq!(after.weight, 10 + 63 / 8);
        let after = learn("2^-3*x1*y0 - 2^-3*y1*x0", Target::Weight, &[3], &[1]);
        assert_eq!(after.weight, 10 - 63 / 8 - 1);
    }

    #[test]
    fn delays_and_tags_learn_too_within_their_bits() {
        assert_eq!(learn("3*x0", Target::Delay, &[2], &[]).delay, 8);
        assert_eq!(learn("127*x0", Target::Delay, &[2], &[]).delay, 63);
        assert_eq!(learn("u0*w", Target::Tag, &[], &[]).tag, 10);
        assert_eq!(learn("u1*w", Target::Tag, &[], &[]).tag, 0);
    }
}
