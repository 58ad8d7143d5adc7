//! Every target has the same number of synapses, from sources drawn at random.

use super::wiring::batch::Batch;
use super::wiring::distinct::Distinct;
use super::wiring::pairs::{AUTAPSES, MOST_OF_ONE, MULTAPSES, Pairs, count_of_one, degree_complaints};
use sim_core::parameter::{Argument, Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Synapse, Wiring};

/// Every target has exactly `n` synapses.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "FixedIndegree",
    summary: "Every target neuron has n synapses, from source neurons drawn at random.",
    parameters: &[
        Parameter::required(
            "n",
            Kind::Integer,
            Range::Between(0.0, MOST_OF_ONE),
            "synapses onto each target neuron",
        ),
        AUTAPSES,
        MULTAPSES,
    ],
    check: |arguments, ends| {
        let pairs = Pairs::new(arguments, ends);
        let from = (ends.source.as_str(), ends.sources);
        degree_complaints(arguments, &pairs, ("target", "source"), ends.targets, from)
    },
    expected: |arguments, ends| Some(f64::from(count_of_one(arguments, "n")) * f64::from(ends.targets)),
    shrink: Some(|arguments, _, _, indegrees| {
        let n = (arguments.number("n") * indegrees).round();
        arguments.clone().with("n", Argument::Integer(n as i64))
    }),
    wire: |site| {
        Ok(Box::new(FixedIndegree {
            pairs: Pairs::new(site.arguments, site.ends),
            n: count_of_one(site.arguments, "n"),
            multapses: site.arguments.flag("multapses"),
            key: site.key,
        }))
    },
};

struct FixedIndegree {
    pairs: Pairs,
    n: u32,
    multapses: bool,
    key: Key,
}

impl Wiring for FixedIndegree {
    fn count(&self) -> f64 {
        f64::from(self.n) * f64::from(self.pairs.targets)
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        let mut sources = Sources::new(self.pairs, self.multapses);
        for target in targets {
            sources.draw(target, self.n, self.key, &mut batch);
        }
        batch.finish();
    }
}

/// Sources drawn in one go.
const AT_ONCE: u32 = 256;

/// Draws the sources of one target after another.
pub(super) struct Sources {
    pairs: Pairs,
    /// Present where the sources of a target must differ.
    distinct: Option<Distinct>,
}

impl Sources {
    pub(super) fn new(pairs: Pairs, multapses: bool) -> Self {
        Sources { pairs, distinct: (!multapses).then(|| Distinct::new(pairs.sources_of_each())) }
    }

    /// Draws `n` sources of `target`, every choice equally likely.
    pub(super) fn draw(&mut self, target: u32, n: u32, key: Key, batch: &mut Batch<'_>) {
        let (pairs, candidates) = (self.pairs, self.pairs.sources_of_each());
        let mut stream = key.stream(u64::from(target));
        match &mut self.distinct {
            None => {
                let mut drawn = [0; AT_ONCE as usize];
                for first in (0..n).step_by(AT_ONCE as usize) {
                    let drawn = &mut drawn[..AT_ONCE.min(n - first) as usize];
                    stream.fill_below(candidates, drawn);
                    batch.extend(drawn.iter().map(|&index| pairs.partner(target, index)), target, first);
                }
            }
            Some(distinct) => {
                let drawn = distinct.draw(n, candidates, &mut stream);
                for (first, drawn) in (0..n).step_by(AT_ONCE as usize).zip(drawn.chunks(AT_ONCE as usize)) {
                    batch.extend(drawn.iter().map(|&index| pairs.partner(target, index)), target, first);
                }
            }
        }
    }
}
