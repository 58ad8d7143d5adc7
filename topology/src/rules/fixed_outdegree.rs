//! Every source has the same number of synapses, onto targets drawn at random.
//!
//! Where a target may be drawn twice, every synapse draws its own, so cheaply that those outside the
//! range of targets asked for are drawn in vain. Where targets must differ, each source spreads its
//! synapses over them by halving them, with keyed draws, until few are left in a stretch; these few
//! are then drawn inside it, and a range costs the synapses onto it and little more.

use super::wiring::batch::{Batch, number};
use super::wiring::distinct::Distinct;
use super::wiring::halving::{Halving, Stretch};
use super::wiring::pairs::{AUTAPSES, MOST_OF_ONE, MULTAPSES, Pairs, count_of_one, degree_complaints};
use sim_core::parameter::{Argument, Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Synapse, Wiring};

/// Every source has exactly `n` synapses.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "FixedOutdegree",
    summary: "Every source neuron has n synapses, onto target neurons drawn at random.",
    parameters: &[
        Parameter::required(
            "n",
            Kind::Integer,
            Range::Between(0.0, MOST_OF_ONE),
            "synapses from each source neuron",
        ),
        AUTAPSES,
        MULTAPSES,
    ],
    check: |arguments, ends| {
        let pairs = Pairs::new(arguments, ends);
        let onto = (ends.target.as_str(), ends.targets);
        degree_complaints(arguments, &pairs, ("source", "target"), ends.sources, onto)
    },
    expected: |arguments, ends| Some(f64::from(count_of_one(arguments, "n")) * f64::from(ends.sources)),
    // The total shrinks with neurons × in-degrees and the sources with neurons.
    shrink: Some(|arguments, _, _, indegrees| {
        let n = (arguments.number("n") * indegrees).round();
        arguments.clone().with("n", Argument::Integer(n as i64))
    }),
    wire: |site| {
        Ok(Box::new(FixedOutdegree {
            pairs: Pairs::new(site.arguments, site.ends),
            n: count_of_one(site.arguments, "n"),
            multapses: site.arguments.flag("multapses"),
            key: site.key,
        }))
    },
};

/// A stretch with no more synapses than this is not halved again: enough to make the cost of halving
/// small beside that of drawing, few enough to throw away what falls outside the range asked for.
const FEW: u64 = 64;

/// Independent targets drawn in one go.
const AT_ONCE: usize = 256;

struct FixedOutdegree {
    pairs: Pairs,
    n: u32,
    multapses: bool,
    key: Key,
}

impl Wiring for FixedOutdegree {
    fn count(&self) -> f64 {
        f64::from(self.n) * f64::from(self.pairs.sources)
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        if self.multapses {
            self.independent(&targets, &mut batch);
        } else {
            self.distinct(&targets, &mut batch);
        }
        batch.finish();
    }
}

impl FixedOutdegree {
    /// Targets of a source, as indices among those that it may reach.
    fn wanted(&self, source: u32, targets: &std::ops::Range<u32>) -> std::ops::Range<u32> {
        self.pairs.index_from(source, targets.start)..self.pairs.index_from(source, targets.end)
    }

    fn independent(&self, targets: &std::ops::Range<u32>, batch: &mut Batch<'_>) {
        let key = self.key.named("targets");
        let all = u64::from(self.n) * u64::from(self.pairs.sources);
        let mut drawn = [0; AT_ONCE];
        let (mut source, mut k) = (0, 0);
        for first in (0..all).step_by(AT_ONCE) {
            let drawn = &mut drawn[..(all - first).min(AT_ONCE as u64) as usize];
            key.below_each(first, self.pairs.targets_of_each(), drawn);
            let mut rest = &*drawn;
            while !rest.is_empty() {
                let (own, others) = rest.split_at(rest.len().min((self.n - k) as usize));
                let wanted = self.wanted(source, targets);
                for (k, &index) in (k..).zip(own) {
                    if wanted.contains(&index) {
                        batch.push(source, self.pairs.partner(source, index), number(source, k));
                    }
                }
                k += own.len() as u32;
                if k == self.n {
                    (source, k) = (source + 1, 0);
                }
                rest = others;
            }
        }
    }

    fn distinct(&self, targets: &std::ops::Range<u32>, batch: &mut Batch<'_>) {
        let pairs = self.pairs;
        let mut distinct = Distinct::new(pairs.targets_of_each());
        for source in 0..pairs.sources {
            let key = self.key.numbered(u64::from(source));
            let halving = Halving { key: key.named("halving"), room: Some(1), few: FEW };
            let places = key.named("places");
            let wanted = self.wanted(source, targets);
            let mut draw = |Stretch { number: stretch, places: inside, before, items }: Stretch| {
                let mut stream = places.stream(stretch);
                let drawn = distinct.draw(items as u32, inside.end - inside.start, &mut stream);
                for (k, index) in (before..).zip(drawn.iter().map(|index| inside.start + index)) {
                    if wanted.contains(&index) {
                        batch.push(source, pairs.partner(source, index), number(source, k as u32));
                    }
                }
            };
            halving.spread(u64::from(self.n), pairs.targets_of_each(), wanted.clone(), &mut draw);
        }
    }
}
