//! Every pair is joined with the same probability.
//!
//! In-degrees are binomial(sources, p). For each target the sources that are passed over are drawn
//! at once: the number of failures before a success is geometric, ⌊ln u / ln(1 − p)⌋, exactly. So
//! the work grows with the synapses, not with the pairs.

use super::wiring::batch::{Batch, number};
use super::wiring::pairs::{AUTAPSES, Pairs};
use sim_core::math::{ln, log1p};
use sim_core::parameter::{Argument, Complaint, Kind, Parameter, Range};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Synapse, Wiring};
use sim_core::units::Dimension;

/// Every pair is joined with probability `p`.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "PairwiseBernoulli",
    summary: "every pair of neurons is joined with the same probability",
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
        Ok(Box::new(PairwiseBernoulli { pairs, p: site.arguments.number("p").min(1.0), key: site.key }))
    },
};

struct PairwiseBernoulli {
    pairs: Pairs,
    p: f64,
    key: Key,
}

impl Wiring for PairwiseBernoulli {
    fn count(&self) -> f64 {
        self.p * self.pairs.count() as f64
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        let candidates = self.pairs.sources_of_each();
        // −∞ for p = 1, where every skip is 0.
        let log_failure = log1p(-self.p);
        for target in targets {
            if self.p == 0.0 {
                break;
            }
            let mut stream = self.key.stream(u64::from(target));
            let mut index = 0;
            while index < candidates {
                let skip = (ln(stream.uniform()) / log_failure).floor();
                if skip >= f64::from(candidates - index) {
                    break;
                }
                index += skip as u32;
                batch.push(self.pairs.partner(target, index), target, number(target, index));
                index += 1;
            }
        }
        batch.finish();
    }
}
