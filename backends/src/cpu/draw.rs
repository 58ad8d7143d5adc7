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
    /// Number of its table among those built at once.
    pub table: u16,
    /// Number of the source neuron in the network.
    pub source: u32,
    /// Place of the target in its shard.
    pub place: u32,
    /// Delay in steps, at least 1.
    pub delay: u16,
    /// Weight, in the target's unit.
    pub weight: f64,
}

impl Drawn {
    /// Number of its table.
    #[inline]
    pub fn table(&self) -> usize {
        usize::from(self.table)
    }
}

/// Neighbouring slices of one population, in order, each with the number of its table.
#[derive(Debug)]
pub struct Neighbours<'a>(Vec<(u16, &'a Slice)>);

impl<'a> Neighbours<'a> {
    /// One slice alone, of table 0.
    pub fn alone(slice: &'a Slice) -> Self {
        Neighbours(vec![(0, slice)])
    }

    /// The slices of a population among those of some tables, put together where they touch.
    pub fn of(population: usize, tables: &'a [Vec<Slice>]) -> Vec<Self> {
        let own = |(table, slices): (usize, &'a Vec<Slice>)| {
            slices
                .iter()
                .filter(|slice| slice.population == population)
                .map(move |slice| (table as u16, slice))
        };
        let mut all: Vec<_> = tables.iter().enumerate().flat_map(own).collect();
        all.sort_by_key(|(_, slice)| slice.range.start);
        let touch = |a: &(u16, &Slice), b: &(u16, &Slice)| a.1.range.end == b.1.range.start;
        all.chunk_by(touch).map(|touching| Neighbours(touching.to_vec())).collect()
    }

    /// All their neurons.
    fn range(&self) -> Range<u32> {
        let first = self.0.first().map_or(0, |(_, slice)| slice.range.start);
        first..self.0.last().map_or(first, |(_, slice)| slice.range.end)
    }

    /// The slice that a neuron of theirs is in; `near` is where the last one was.
    #[inline]
    fn find(&self, neuron: u32, near: &mut usize) -> (u16, &Slice) {
        if !self.0[*near].1.range.contains(&neuron) {
            // They are few, and where the next neuron is cannot be foreseen: no branch.
            *near = self.0.iter().map(|(_, slice)| usize::from(slice.range.end <= neuron)).sum();
        }
        self.0[*near]
    }
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
    sources: u32,
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
            sources: network.populations[projection.source].size,
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

    /// Adds to each source's count, table by table, its synapses onto some slices; `counts` are those of
    /// all sources of the network. Draws who reaches whom and nothing else.
    pub fn count_onto(&self, slices: &Neighbours<'_>, counts: &mut [Vec<u32>]) {
        let mut near = 0;
        self.wiring.onto(slices.range(), &mut |synapses| {
            for synapse in synapses {
                let (table, _) = slices.find(synapse.target, &mut near);
                let count = &mut counts[usize::from(table)][(self.first_source + synapse.source) as usize];
                *count = count.saturating_add(1);
            }
        });
    }

    /// Hands over all synapses onto some slices, in the order of the recipe.
    pub fn onto(&self, slices: &Neighbours<'_>, take: &mut dyn FnMut(&[Drawn])) {
        let (mut numbers, mut weights, mut delays, mut steps) = Default::default();
        let (mut batch, mut near) = (Vec::new(), 0);
        self.wiring.onto(slices.range(), &mut |synapses| {
            numbers_of(synapses, &mut numbers);
            self.weight.draw_each(self.weight_key, &numbers, sized(&mut weights, synapses.len()));
            self.delay.draw_each(self.delay_key, &numbers, sized(&mut delays, synapses.len()));
            whole_steps(&delays, self.dt, sized(&mut steps, synapses.len()));
            batch.clear();
            batch.extend(synapses.iter().zip(&weights).zip(&steps).map(|((synapse, &weight), &delay)| {
                let (table, slice) = slices.find(synapse.target, &mut near);
                let index = (synapse.target - slice.range.start) as usize;
                let place = (slice.first_place + index) as u32;
                let source = self.first_source + synapse.source;
                Drawn { table, source, place, delay, weight }
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

/// The synapses of one projection onto neighbouring slices.
impl Recipe for (Draw<'_>, Neighbours<'_>) {
    fn constants(&self) -> Option<(u16, f64)> {
        let (Sampler::Constant(delay), Sampler::Constant(weight)) = (&self.0.delay, &self.0.weight) else {
            return None;
        };
        let mut steps = [0];
        whole_steps(&[*delay], self.0.dt, &mut steps);
        Some((steps[0], *weight))
    }

    fn targets(&self, table: usize) -> Option<(Range<usize>, Ports)> {
        let slice = self.1.0.iter().find(|(number, _)| usize::from(*number) == table)?.1;
        Some((slice.places(), slice.ports))
    }

    fn sources(&self) -> Range<usize> {
        let first = self.0.first_source as usize;
        first..first + self.0.sources as usize
    }

    fn count(&self, counts: &mut [Vec<u32>]) {
        self.0.count_onto(&self.1, counts);
    }

    fn hand_over(&self, take: &mut dyn FnMut(&[Drawn])) {
        self.0.onto(&self.1, take);
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
