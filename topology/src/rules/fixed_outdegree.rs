//! Every source has the same number of synapses, onto targets drawn at random.
//!
//! Each source spreads its synapses over the targets by halving them, with keyed draws, until few
//! are left in a stretch; these few are then drawn inside it. A range of targets therefore costs the
//! synapses onto it and little more, though the draws belong to the sources.

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
        let pairs = self.pairs;
        let room = (!self.multapses).then_some(1);
        let mut distinct = Distinct::new(if self.multapses { 0 } else { pairs.targets_of_each() });
        let mut batch = Batch::new(take);
        for source in 0..pairs.sources {
            let key = self.key.numbered(u64::from(source));
            let halving = Halving { key: key.named("halving"), room, few: FEW };
            let places = key.named("places");
            let wanted = pairs.index_from(source, targets.start)..pairs.index_from(source, targets.end);
            let mut place = |index: u32, k: u64| {
                if wanted.contains(&index) {
                    batch.push(source, pairs.partner(source, index), number(source, k as u32));
                }
            };
            let mut draw = |Stretch { number, places: inside, before, items }: Stretch| {
                let mut stream = places.stream(number);
                let length = inside.end - inside.start;
                if self.multapses {
                    (before..before + items).for_each(|k| place(inside.start + stream.below(length), k));
                } else {
                    let drawn = distinct.draw(items as u32, length, &mut stream);
                    (before..).zip(drawn).for_each(|(k, &index)| place(inside.start + index, k));
                }
            };
            halving.spread(u64::from(self.n), pairs.targets_of_each(), wanted.clone(), &mut draw);
        }
        batch.finish();
    }
}
