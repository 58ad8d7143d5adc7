//! Every pair is joined with the same probability.
//!
//! In-degrees are therefore binomial(sources, p), and given its in-degree every set of sources of a
//! target is equally likely. So each target draws its in-degree by one random number, then a set of
//! that size: exactly the law of one trial a pair, at one random number a synapse.

use super::fixed_indegree::Sources;
use super::wiring::batch::Batch;
use super::wiring::counts::binomial;
use super::wiring::pairs::{AUTAPSES, Pairs};
use sim_core::parameter::{Argument, Complaint, Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Synapse, Wiring};
use sim_core::units::Dimension;

/// Every pair is joined with probability `p`.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "PairwiseBernoulli",
    summary: "Every pair of neurons is joined with the same probability.",
    parameters: &[
        Parameter::required(
            "p",
            Kind::Value(Dimension::Number),
            Range::Probability,
            "probability that a pair is joined",
        ),
        AUTAPSES,
    ],
    check: |arguments, _| {
        let p = arguments.number("p");
        if p <= 1.0 {
            return vec![];
        }
        let message = format!("the probability would have to be {p} to keep the in-degrees");
        vec![Complaint::about("p", message).help("scale in-degrees down at least as much as neurons")]
    },
    expected: |arguments, ends| {
        Some(arguments.number("p").min(1.0) * Pairs::new(arguments, ends).count() as f64)
    },
    // In-degrees are p × sources. Above 1 it is left for `check` to refuse: a cap would change them.
    shrink: Some(|arguments, _, neurons, indegrees| {
        let p = arguments.number("p") * indegrees / neurons;
        arguments.clone().with("p", Argument::Value(p))
    }),
    wire: |site| {
        let pairs = Pairs::new(site.arguments, site.ends);
        let (indegrees, sources) = (site.key.named("indegrees"), site.key.named("sources"));
        let p = site.arguments.number("p").min(1.0);
        Ok(Box::new(PairwiseBernoulli { pairs, p, indegrees, sources }))
    },
};

struct PairwiseBernoulli {
    pairs: Pairs,
    p: f64,
    indegrees: Key,
    sources: Key,
}

impl Wiring for PairwiseBernoulli {
    fn count(&self) -> f64 {
        self.p * self.pairs.count() as f64
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        let mut sources = Sources::new(self.pairs, false);
        let candidates = u64::from(self.pairs.sources_of_each());
        for target in targets {
            let u = self.indegrees.uniform(u64::from(target));
            let indegree = binomial(u, candidates, self.p) as u32;
            sources.draw(target, indegree, self.sources, &mut batch);
        }
        batch.finish();
    }
}
