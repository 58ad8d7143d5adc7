//! The synapses that the network file lists.

use super::wiring::batch::Batch;
use super::wiring::edges::Edges;
use sim_core::parameter::{Complaint, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends, Synapse, Wiring};

/// The synapses that the network file lists; a synapse's number is its place in the list.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "List",
    summary: "The synapses listed as pairs (source, target).",
    parameters: &[Parameter::required(
        "pairs",
        Kind::Pairs,
        Range::Any,
        "pairs (source, target) of indices, counted from 0",
    )],
    check: |arguments, ends| unknown_neuron(&arguments.pairs("pairs"), ends).into_iter().collect(),
    expected: |arguments, _| Some(arguments.pairs("pairs").len() as f64),
    shrink: None,
    wire: |site| {
        let pairs = site.arguments.pairs("pairs");
        Ok(Box::new(List(Edges::new(site.ends.targets, pairs.iter().copied()))))
    },
};

/// A complaint about the first pair that names a neuron there is not.
fn unknown_neuron(pairs: &[(u32, u32)], ends: &Ends) -> Option<Complaint> {
    pairs.iter().enumerate().find_map(|(place, &(source, target))| {
        let (index, end, name, size) = if source >= ends.sources {
            (source, "source", &ends.source, ends.sources)
        } else if target >= ends.targets {
            (target, "target", &ends.target, ends.targets)
        } else {
            return None;
        };
        let message = format!(
            "pair {place} is ({source}, {target}), but there is no {end} {index}: \
             \"{name}\" has {size} neurons"
        );
        Some(Complaint::about("pairs", message).help("neurons and pairs are counted from 0"))
    })
}

struct List(Edges);

impl Wiring for List {
    fn count(&self) -> f64 {
        self.0.count() as f64
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        self.0.onto(targets, &mut batch);
        batch.finish();
    }
}
