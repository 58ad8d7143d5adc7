//! The n-th source reaches the n-th target.

use super::wiring::batch::Batch;
use sim_core::parameter::Complaint;
use sim_core::rule::{ConnectionRule, Ends, Synapse, Wiring};
use std::ops::Range;

/// The n-th source reaches the n-th target, and nobody else.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "OneToOne",
    summary: "The n-th source neuron reaches the n-th target neuron, and nobody else.",
    parameters: &[],
    check: |_, ends| unequal_sizes(ends).into_iter().collect(),
    expected: |_, ends| Some(f64::from(ends.targets)),
    shrink: None,
    wire: |site| Ok(Box::new(OneToOne(site.ends.targets))),
};

/// A complaint if the populations differ in size.
pub fn unequal_sizes(ends: &Ends) -> Option<Complaint> {
    let Ends { source, target, sources, targets, .. } = ends;
    (sources != targets).then(|| {
        let message = format!(
            "both populations must have the same size, but \"{source}\" has {sources} neurons and \
             \"{target}\" has {targets}"
        );
        Complaint::about("", message)
    })
}

struct OneToOne(u32);

impl Wiring for OneToOne {
    fn count(&self) -> f64 {
        f64::from(self.0)
    }

    fn onto(&self, targets: Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        targets.for_each(|neuron| batch.push(neuron, neuron, u64::from(neuron)));
        batch.finish();
    }
}
