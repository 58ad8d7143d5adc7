//! A fixed number of synapses between pairs drawn at random.
//!
//! In-degrees are multinomial (hypergeometric without multapses). They are drawn by halving the
//! targets again and again, so that any target's in-degree is found without the others'; the
//! sources of each target are then drawn by the target's own stream.

use super::fixed_indegree::Sources;
use super::wiring::batch::Batch;
use super::wiring::halving::Halving;
use super::wiring::pairs::{AUTAPSES, MULTAPSES, Pairs, count};
use sim_core::parameter::{Argument, Arguments, Complaint, Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Ends, Site, Synapse, Wiring};

/// `n` synapses between pairs drawn at random.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "FixedTotal",
    summary: "N synapses in all, between source and target neurons drawn at random.",
    parameters: &[
        Parameter::required("n", Kind::Integer, Range::Between(0.0, MOST), "synapses in all"),
        AUTAPSES,
        MULTAPSES,
    ],
    check: |arguments, ends| total_complaints(count(arguments, "n"), "n", arguments, ends),
    expected: |arguments, _| Some(count(arguments, "n") as f64),
    shrink: Some(|arguments, _, neurons, indegrees| {
        let n = (arguments.number("n") * neurons * indegrees).round_ties_even();
        arguments.clone().with("n", Argument::Integer(n as i64))
    }),
    wire: |site| Ok(Box::new(FixedTotal::new(count(site.arguments, "n"), site))),
};

/// The largest total: whole numbers up to here are exact in floating point.
pub(super) const MOST: f64 = (1_u64 << 53) as f64;

/// What is impossible about `n` synapses in all.
pub(super) fn total_complaints(
    n: u64,
    parameter: &'static str,
    arguments: &Arguments,
    ends: &Ends,
) -> Vec<Complaint> {
    let pairs = Pairs::new(arguments, ends);
    let between = format!("between \"{}\" and \"{}\"", ends.source, ends.target);
    if n > 0 && pairs.count() == 0 {
        let message = format!("{n} synapses are needed but there is no pair of neurons {between}");
        return vec![Complaint::about(parameter, message).help("set n to 0 or leave the projection out")];
    }
    if !arguments.flag("multapses") && n > pairs.count() {
        let message =
            format!("{n} different pairs are needed but there are only {} {between}", pairs.count());
        return vec![Complaint::about(parameter, message).help("lower n or allow multapses")];
    }
    // Synapses of one target are numbered in 32 bits; half of that leaves room for chance.
    if n / u64::from(ends.targets.max(1)) > u64::from(u32::MAX / 2) {
        let message = format!("{n} synapses are more than {} onto each target", u32::MAX / 2);
        return vec![Complaint::about(parameter, message)];
    }
    vec![]
}

/// The recipe, also that of [`TotalFromProbability`](super::total_from_probability).
pub(super) struct FixedTotal {
    pairs: Pairs,
    n: u64,
    multapses: bool,
    indegrees: Halving,
    sources: Key,
}

impl FixedTotal {
    pub(super) fn new(n: u64, site: &Site<'_>) -> Self {
        let pairs = Pairs::new(site.arguments, site.ends);
        let multapses = site.arguments.flag("multapses");
        let room = (!multapses).then_some(u64::from(pairs.sources_of_each()));
        let indegrees = Halving { key: site.key.named("indegrees"), room, few: 0 };
        FixedTotal { pairs, n, multapses, indegrees, sources: site.key.named("sources") }
    }
}

impl Wiring for FixedTotal {
    fn count(&self) -> f64 {
        self.n as f64
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        let mut sources = Sources::new(self.pairs, self.multapses);
        self.indegrees.spread(self.n, self.pairs.targets, targets, &mut |stretch| {
            sources.draw(stretch.places.start, stretch.items as u32, self.sources, &mut batch);
        });
        batch.finish();
    }
}
