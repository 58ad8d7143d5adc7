//! A ring whose synapses come from the nearest neurons, some of them rewired.
//!
//! The directed form of the small world of Watts and Strogatz (1998, doi:10.1038/30918): every
//! target has synapses from its `k` nearest neighbours on a ring, alternately the next above and
//! below; the source end of each is moved with probability `p_rewire` to a neuron drawn uniformly
//! from those that do not reach the target yet. Between two populations of one size the neuron at
//! the target's own place is the nearest; within one population it is left out.

use super::one_to_one::unequal_sizes;
use super::wiring::batch::{Batch, number};
use super::wiring::pairs::{MOST_OF_ONE, count_of_one};
use sim_core::parameter::{Argument, Complaint, Kind, Parameter, Range};
use sim_core::rng::{Key, Stream};
use sim_core::rule::{ConnectionRule, Ends, Synapse, Wiring};
use sim_core::units::Dimension;

/// The `k` nearest on a ring, each rewired with probability `p_rewire`.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "SmallWorld",
    summary: "Every target neuron is reached by its k nearest on a ring, some rewired at random.",
    parameters: &[
        Parameter::required(
            "k",
            Kind::Integer,
            Range::Between(0.0, MOST_OF_ONE),
            "synapses onto each target neuron",
        ),
        Parameter::required(
            "p_rewire",
            Kind::Value(Dimension::Number),
            Range::Probability,
            "probability that a synapse comes from anywhere instead",
        ),
    ],
    check: |arguments, ends| {
        if let Some(complaint) = unequal_sizes(ends) {
            return vec![complaint.help("a small world needs one ring of places for sources and targets")];
        }
        let (k, most) = (count_of_one(arguments, "k"), neighbours(ends));
        if ends.targets == 0 || k <= most {
            return vec![];
        }
        let message = format!("each target needs {k} neighbours but \"{}\" has only {most}", ends.source);
        vec![Complaint::about("k", message).help(format!("set k to {most} or less"))]
    },
    expected: |arguments, ends| Some(f64::from(count_of_one(arguments, "k")) * f64::from(ends.targets)),
    shrink: Some(|arguments, _, _, indegrees| {
        let k = (arguments.number("k") * indegrees).round();
        arguments.clone().with("k", Argument::Integer(k as i64))
    }),
    wire: |site| {
        Ok(Box::new(SmallWorld {
            size: site.ends.targets,
            recurrent: site.ends.recurrent,
            k: count_of_one(site.arguments, "k").min(neighbours(site.ends)),
            p_rewire: site.arguments.number("p_rewire"),
            key: site.key,
        }))
    },
};

/// How many sources may reach one target.
fn neighbours(ends: &Ends) -> u32 {
    ends.sources.saturating_sub(u32::from(ends.recurrent))
}

struct SmallWorld {
    size: u32,
    recurrent: bool,
    k: u32,
    p_rewire: f64,
    key: Key,
}

impl Wiring for SmallWorld {
    fn count(&self) -> f64 {
        f64::from(self.k) * f64::from(self.size)
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        let mut ring = Ring { joined: vec![false; self.size as usize], sources: Vec::new() };
        for target in targets {
            self.lay(target, &mut ring);
            self.rewire(target, &mut ring, &mut self.key.stream(u64::from(target)));
            for (k, &source) in ring.sources.iter().enumerate() {
                batch.push(source, target, number(target, k as u32));
            }
        }
        batch.finish();
    }
}

/// The sources of one target.
struct Ring {
    /// Whether a neuron is among the sources.
    joined: Vec<bool>,
    sources: Vec<u32>,
}

impl SmallWorld {
    /// Fills the ring with the nearest neighbours of a target, the nearest first.
    fn lay(&self, target: u32, ring: &mut Ring) {
        for source in ring.sources.drain(..) {
            ring.joined[source as usize] = false;
        }
        for nth in u32::from(self.recurrent)..self.k + u32::from(self.recurrent) {
            let steps = nth.div_ceil(2);
            let offset = if nth % 2 == 1 { steps } else { self.size - steps };
            let source = (u64::from(target) + u64::from(offset)) % u64::from(self.size);
            ring.joined[source as usize] = true;
            ring.sources.push(source as u32);
        }
    }

    fn rewire(&self, target: u32, ring: &mut Ring, stream: &mut Stream) {
        let taken =
            |ring: &Ring, source: u32| ring.joined[source as usize] || self.recurrent && source == target;
        let free = self.size - u32::from(self.recurrent) - self.k;
        // A crowded ring keeps a list of who is free, where drawing again and again would take long.
        let mut list: Vec<u32> = if free < self.size / 2 {
            (0..self.size).filter(|&source| !taken(ring, source)).collect()
        } else {
            Vec::new()
        };
        for nth in 0..ring.sources.len() {
            if free == 0 || stream.uniform() >= self.p_rewire {
                continue;
            }
            let old = ring.sources[nth];
            let new = if list.is_empty() {
                loop {
                    let source = stream.below(self.size);
                    if !taken(ring, source) {
                        break source;
                    }
                }
            } else {
                let place = stream.below(free) as usize;
                std::mem::replace(&mut list[place], old)
            };
            ring.joined[old as usize] = false;
            ring.joined[new as usize] = true;
            ring.sources[nth] = new;
        }
    }
}
