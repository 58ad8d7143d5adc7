//! Pairs joined with a probability that falls with their distance.
//!
//! Every pair is an independent trial, but not every pair is looked at. For each target the sources
//! stand in boxes ([`Space`]); in a box no pair is more likely than one at the distance of the box.
//! So the sources of a box are first tried with that bound, skipping from one success to the next,
//! and each success is kept with probability (its own probability / bound): exactly the law asked
//! for, at a cost that follows the synapses.

use super::batch::{Batch, number};
use super::pairs::Pairs;
use super::space::Space;
use sim_core::math::log1p;
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::rng::{Key, Stream};
use sim_core::rule::{Ends, Places, Site, Synapse, Wiring};
use sim_core::units::Dimension;
use std::sync::Arc;

/// A probability that does not rise with distance.
pub trait Law: Send + Sync {
    /// The probability for a pair at this distance, given squared in µm².
    fn probability(&self, squared_distance: f64) -> f64;
}

/// The probability where two neurons are at one place.
pub const P_MAX: Parameter = Parameter::required(
    "p_max",
    Kind::Value(Dimension::Number),
    Range::Probability,
    "probability that a pair at distance 0 is joined",
);

/// The distance beyond which nobody is joined.
pub const CUTOFF: Parameter = Parameter::optional(
    "cutoff",
    Kind::Value(Dimension::Length),
    Range::Positive,
    "distance beyond which no pair is joined",
);

/// Whether the layer has no border.
pub const PERIODIC: Parameter =
    Parameter::flag("periodic", false, "whether the layer goes on at the opposite border");

/// The square of the cutoff, infinite if there is none.
pub fn squared_cutoff(arguments: &Arguments) -> f64 {
    arguments.try_number("cutoff").map_or(f64::INFINITY, |cutoff| cutoff * cutoff)
}

/// What is impossible between these two populations: no places, or no common period.
pub fn check(arguments: &Arguments, ends: &Ends) -> Vec<Complaint> {
    let lost = |places: &Option<Arc<Places>>, name: &str| {
        places.is_none().then(|| {
            let message = format!("distances are needed, but \"{name}\" does not say where its neurons are");
            Complaint::about("", message).help(format!("give \"{name}\" a layout"))
        })
    };
    let mut complaints: Vec<Complaint> = lost(&ends.source_places, &ends.source).into_iter().collect();
    if !ends.recurrent {
        complaints.extend(lost(&ends.target_places, &ends.target));
    }
    if let (Some(sources), Some(targets), true) =
        (&ends.source_places, &ends.target_places, arguments.flag("periodic"))
        && sources.extent != targets.extent
    {
        let size = |[x, y, z]: [f64; 3]| format!("{x} × {y} × {z} µm");
        let message = format!(
            "periodic layers must have the same extent, but \"{}\" has {} and \"{}\" has {}",
            ends.source,
            size(sources.extent),
            ends.target,
            size(targets.extent)
        );
        complaints.push(Complaint::about("periodic", message));
    }
    complaints
}

/// How many synapses are expected: exact for small populations, else judged from some targets.
pub fn expected(law: impl Law, arguments: &Arguments, ends: &Ends) -> Option<f64> {
    Some(Near::new(law, arguments, ends, Key::new(0))?.count)
}

/// The recipe.
pub fn wire(law: impl Law + 'static, site: &Site<'_>) -> Box<dyn Wiring> {
    match Near::new(law, site.arguments, site.ends, site.key) {
        Some(near) => Box::new(near),
        None => Box::new(Nobody),
    }
}

struct Near<L> {
    law: L,
    pairs: Pairs,
    space: Space,
    targets: Arc<Places>,
    key: Key,
    count: f64,
}

impl<L: Law> Near<L> {
    /// Nothing if places are missing, which `check` refuses.
    fn new(law: L, arguments: &Arguments, ends: &Ends, key: Key) -> Option<Self> {
        let sources = ends.source_places.as_ref()?;
        let targets = ends.target_places.clone()?;
        let space = Space::new(sources, arguments.flag("periodic"));
        let mut near = Near { law, pairs: Pairs::new(arguments, ends), space, targets, key, count: 0.0 };
        near.count = near.estimate();
        Some(near)
    }

    /// The expected number of synapses, from all targets or a random sample of them.
    fn estimate(&self) -> f64 {
        /// Pairs to look at, at most.
        const EFFORT: u32 = 1 << 21;
        if self.space.is_empty() || self.pairs.targets == 0 {
            return 0.0;
        }
        let sample = (EFFORT / self.space.len() as u32).max(32);
        let onto = |target: u32| {
            let own = if self.pairs.skip_self { self.law.probability(0.0) } else { 0.0 };
            self.sum(self.space.wrapped(self.targets.points[target as usize]), 0) - own
        };
        if self.pairs.targets <= sample {
            return (0..self.pairs.targets).map(onto).sum();
        }
        let mut stream = Key::new(0).named("expected").stream(0);
        let sum: f64 = (0..sample).map(|_| onto(stream.below(self.pairs.targets))).sum();
        sum * f64::from(self.pairs.targets) / f64::from(sample)
    }

    /// The sum of the probabilities from the sources in a box.
    fn sum(&self, point: [f64; 3], number: u32) -> f64 {
        /// Synapses that are too few to count.
        const NEGLIGIBLE: f64 = 1e-9;
        let part = self.space.part(number);
        if self.law.probability(self.space.squared_gap(point, part)) * f64::from(part.count) < NEGLIGIBLE {
            return 0.0;
        }
        match part.second {
            Some(second) => self.sum(point, number + 1) + self.sum(point, second),
            None => (part.first..part.first + part.count)
                .map(|place| self.law.probability(self.space.squared_distance(point, place)))
                .sum(),
        }
    }

    fn draw(&self, search: &mut Search, number: u32, take: &mut dyn FnMut(u32)) {
        /// A box in which fewer tries than this will succeed is tried as a whole.
        const RARE: f64 = 0.5;
        let part = self.space.part(number);
        let bound = self.law.probability(self.space.squared_gap(search.point, part));
        if bound <= 0.0 {
            return;
        }
        match part.second {
            Some(second) if bound * f64::from(part.count) > RARE => {
                self.draw(search, number + 1, take);
                self.draw(search, second, take);
            }
            _ => search.tries(part.count, bound, |search, nth| {
                let place = part.first + nth;
                let p = self.law.probability(self.space.squared_distance(search.point, place));
                if search.stream.uniform() * bound < p {
                    take(self.space.neuron(place));
                }
            }),
        }
    }
}

/// The search for the sources of one target.
struct Search {
    point: [f64; 3],
    stream: Stream,
    /// An exponential number: how much hazard −ln(1 − p) is passed before the next success.
    left: f64,
}

impl Search {
    /// Makes `count` tries of probability `bound` and shows the numbers of those that succeed.
    ///
    /// Hazard that is left over is taken on to the next box, so that boxes in which nothing happens
    /// cost no random number.
    fn tries(&mut self, count: u32, bound: f64, mut success: impl FnMut(&mut Self, u32)) {
        // Infinite for bound = 1, where no try is passed over.
        let hazard = -log1p(-bound);
        let mut next = 0;
        while next < count {
            let passed = self.left / hazard;
            if passed >= f64::from(count - next) {
                self.left = (self.left - f64::from(count - next) * hazard).max(0.0);
                return;
            }
            next += passed as u32;
            success(self, next);
            self.left = self.stream.exponential();
            next += 1;
        }
    }
}

impl<L: Law> Wiring for Near<L> {
    fn count(&self) -> f64 {
        self.count
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        if self.space.is_empty() {
            return;
        }
        let mut batch = Batch::new(take);
        for target in targets {
            let mut stream = self.key.stream(u64::from(target));
            let left = stream.exponential();
            let point = self.space.wrapped(self.targets.points[target as usize]);
            self.draw(&mut Search { point, stream, left }, 0, &mut |source| {
                if !(self.pairs.skip_self && source == target) {
                    batch.push(source, target, number(target, source));
                }
            });
        }
        batch.finish();
    }
}

/// The recipe where there are no places.
struct Nobody;

impl Wiring for Nobody {
    fn count(&self) -> f64 {
        0.0
    }

    fn onto(&self, _: std::ops::Range<u32>, _: &mut dyn FnMut(&[Synapse])) {}
}
