//! From a recipe to synapses with weight and delay, for one slice of a shard.

use super::cut::Slice;
use super::placing::Recipe;
use multiversion::multiversion;
use sim_core::connect::Connectivity;
use sim_core::network::{Network, Projection};
use sim_core::neuron::Ports;
use sim_core::quantity::{Quantity, Sampler};
use sim_core::rng::Key;
use sim_core::rule::{Synapse, Wiring};
use std::ops::Range;
use std::sync::Arc;

/// A synapse ready to be placed.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// Number of the source neuron in the network.
    pub source: u32,
    /// Place of the target in its shard.
    pub cell: u16,
    /// Delay in steps, at least 1.
    pub delay: u16,
    /// Weight, in the target's unit.
    pub weight: f64,
}

/// Longest delay in steps.
pub const LONGEST_DELAY: f64 = u16::MAX as f64;

/// Draws weight and delay of each synapse of one projection, by the synapse's own number.
pub struct Draw<'a> {
    wiring: &'a dyn Wiring,
    /// Whether a weight may be negative.
    pub negative: bool,
    weight: Sampler,
    weight_key: Key,
    delay: Sampler,
    delay_key: Key,
    dt: f64,
    first_source: u32,
}

impl<'a> Draw<'a> {
    /// Prepares the draws of projection number `number`.
    pub fn new(network: &Network, connectivity: &'a Connectivity, number: usize) -> Self {
        let projection = &network.projections[number];
        let wiring = connectivity.wiring(number);
        let weights = weight_of(wiring, projection);
        Draw {
            wiring,
            negative: weights.bounds().0 < 0.0,
            weight: weights.sampler(),
            weight_key: projection.key.named("weight"),
            delay: delay_of(wiring, projection).sampler(),
            delay_key: projection.key.named("delay"),
            dt: network.dt,
            first_source: network.populations[projection.source].first,
        }
    }

    /// Weight of a synapse.
    pub fn weight(&self, synapse: &Synapse) -> f64 {
        self.weight.draw(self.weight_key, synapse.number)
    }

    /// Delay of a synapse in whole steps.
    pub fn delay(&self, synapse: &Synapse) -> u16 {
        let mut steps = [0];
        whole_steps(&[self.delay.draw(self.delay_key, synapse.number)], self.dt, &mut steps);
        steps[0]
    }

    /// Adds to each source's count its synapses onto a slice; `counts` are those of all sources of the
    /// network. Draws who reaches whom and nothing else.
    pub fn count_onto(&self, slice: &Slice, counts: &mut [u32]) {
        let counts = &mut counts[self.first_source as usize..];
        self.wiring.onto(slice.range.clone(), &mut |synapses| {
            for synapse in synapses {
                let count = &mut counts[synapse.source as usize];
                *count = count.saturating_add(1);
            }
        });
    }

    /// Hands over all synapses onto a slice, in the order of the recipe.
    pub fn onto(&self, slice: &Slice, take: &mut dyn FnMut(&[Drawn])) {
        let (mut numbers, mut weights, mut delays, mut steps) = Default::default();
        let mut batch = Vec::new();
        self.wiring.onto(slice.range.clone(), &mut |synapses| {
            numbers_of(synapses, &mut numbers);
            self.weight.draw_each(self.weight_key, &numbers, sized(&mut weights, synapses.len()));
            self.delay.draw_each(self.delay_key, &numbers, sized(&mut delays, synapses.len()));
            whole_steps(&delays, self.dt, sized(&mut steps, synapses.len()));
            batch.clear();
            batch.extend(synapses.iter().zip(&weights).zip(&steps).map(|((synapse, &weight), &delay)| {
                let index = (synapse.target - slice.range.start) as usize;
                let cell = (slice.first_place + index) as u16;
                Drawn { source: self.first_source + synapse.source, cell, delay, weight }
            }));
            take(&batch);
        });
    }
}

fn numbers_of(synapses: &[Synapse], numbers: &mut Vec<u64>) {
    numbers.clear();
    numbers.extend(synapses.iter().map(|synapse| synapse.number));
}

/// A slice of `len` values, whichever.
fn sized<T: Clone + Default>(values: &mut Vec<T>, len: usize) -> &mut [T] {
    values.resize(len, T::default());
    values
}

/// Delays in whole steps, at least one. What can be drawn [fits](super::misfits); only the endless
/// tail of a distribution is cut.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn whole_steps(delays: &[f64], dt: f64, steps: &mut [u16]) {
    for (steps, &delay) in steps.iter_mut().zip(delays) {
        *steps = (delay / dt).round().clamp(1.0, LONGEST_DELAY) as u16;
    }
}

/// The synapses of one projection onto one slice.
impl Recipe for (Draw<'_>, &Slice) {
    fn constants(&self) -> Option<(u16, f64)> {
        let (Sampler::Constant(delay), Sampler::Constant(weight)) = (&self.0.delay, &self.0.weight) else {
            return None;
        };
        let mut steps = [0];
        whole_steps(&[*delay], self.0.dt, &mut steps);
        Some((steps[0], *weight))
    }

    fn targets(&self) -> (Range<usize>, Ports) {
        (self.1.places(), self.1.ports)
    }

    fn count(&self, counts: &mut [u32]) {
        self.0.count_onto(self.1, counts);
    }

    fn hand_over(&self, take: &mut dyn FnMut(&[Drawn])) {
        self.0.onto(self.1, take);
    }
}

/// The weights of a projection's synapses, in the unit of the target.
pub fn weight_of(wiring: &dyn Wiring, projection: &Projection) -> Quantity {
    own_or(wiring.weights(), projection.weight.as_ref())
}

/// The delays of a projection's synapses, in ms.
pub fn delay_of(wiring: &dyn Wiring, projection: &Projection) -> Quantity {
    own_or(wiring.delays(), projection.delay.as_ref())
}

/// What the file says, or else what the rule brings.
fn own_or(own: Option<Arc<[f64]>>, said: Option<&Quantity>) -> Quantity {
    match (said, own) {
        (Some(said), _) => said.clone(),
        (None, Some(own)) => Quantity::List(own),
        (None, None) => Quantity::Constant(0.0),
    }
}
