//! Every source reaches every target.

use super::wiring::batch::{Batch, number};
use super::wiring::pairs::{AUTAPSES, Pairs};
use sim_core::rule::{ConnectionRule, Synapse, Wiring};
use std::ops::Range;

/// Every source reaches every target once.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "AllToAll",
    summary: "Every source neuron reaches every target neuron once.",
    parameters: &[AUTAPSES],
    check: |_, _| vec![],
    expected: |arguments, ends| Some(Pairs::new(arguments, ends).count() as f64),
    shrink: None,
    wire: |site| Ok(Box::new(AllToAll(Pairs::new(site.arguments, site.ends)))),
};

struct AllToAll(Pairs);

impl Wiring for AllToAll {
    fn count(&self) -> f64 {
        self.0.count() as f64
    }

    fn onto(&self, targets: Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        for target in targets {
            for index in 0..self.0.sources_of_each() {
                batch.push(self.0.partner(target, index), target, number(target, index));
            }
        }
        batch.finish();
    }
}
