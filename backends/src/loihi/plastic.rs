//! Plastic synapses of a shard: one set for each rule.
//!
//! A spike sets out with the weight that a synapse has when it is fired, as learning after the step before
//! left it. Then the rule hears who fired in the step. All of that follows from the network's spikes, in
//! order; so it is done when a shard is told of them, and does not depend on how a run is cut.

use super::arithmetic::Cells;
use super::build::{Layout, Numbers};
use super::network::Quantised;
use super::placed::Placed;
use super::tiles::Tiles;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;

/// Synapses with the rule that changes them.
pub trait Engine<W>: Send {
    /// All spikes of a step are known: sources and targets that fired, by their numbers in the engine.
    fn hear(&mut self, step: i64, sources: &[u32], targets: &[u32]);
    /// What a synapse adds for a spike.
    fn weight(&self, synapse: usize) -> W;
    /// The same as a number: in units of 64, or in floats in the unit of weights.
    fn number(&self, synapse: usize) -> f64;
    /// How many times the rule was worked out for a synapse.
    fn updates(&self) -> u64;
    /// Another one in the same state.
    fn fork(&self) -> Box<dyn Engine<W>>;
    /// Writes what lives.
    fn save(&self, out: &mut Saver);
    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of other synapses.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}

/// Who the synapses of an engine connect.
#[derive(Clone, Debug, Default)]
pub struct Wires {
    /// Numbers of the sources in the network, ascending.
    pub sources: Vec<u32>,
    /// Numbers of the targets, ascending.
    pub targets: Vec<u32>,
    /// For each synapse the places of its ends in these lists, and its number in the network; by source.
    pub synapses: Vec<(u32, u32, u32)>,
}

/// A plastic synapse as it is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Its source in the network.
    pub source: u32,
    /// Its target in the network.
    pub target: u32,
    /// Its number in the network.
    pub synapse: u32,
    /// See [`Engine::number`].
    pub number: f64,
}

/// The plastic synapses of one rule onto a shard.
pub struct Plastic<W> {
    /// Number of the rule in the network.
    pub rule: usize,
    wires: Wires,
    /// Per source the first of its synapses; one more at the end.
    starts: Vec<usize>,
    /// For each synapse its tile, and where its sum stands from the first one of the spike's step.
    sums: Vec<(u16, u16)>,
    engine: Box<dyn Engine<W>>,
}

impl<W: Copy> Plastic<W> {
    /// Adds what the spikes of a step bring, then learns from them; `spikes` are ascending. Returns how
    /// many synapses transmitted.
    pub fn hear<C: Cells<Weight = W>>(
        &mut self,
        step: i64,
        spikes: &[Spike],
        tiles: &Tiles,
        sums: &mut [C::Sum],
    ) -> u64 {
        let size = tiles.slots * tiles.stride;
        let mut events = 0;
        for source in fired(&self.wires.sources, spikes) {
            let own = self.starts[source as usize]..self.starts[source as usize + 1];
            events += own.len() as u64;
            for synapse in own {
                let (tile, offset) = self.sums[synapse];
                let place = (tiles.slot(step) + usize::from(offset)) & (size - 1);
                let sum = &mut sums[tiles.begin(usize::from(tile)) + place];
                C::add(sum, self.engine.weight(synapse), 1);
            }
        }
        self.learn(step, spikes);
        events
    }

    fn learn(&mut self, step: i64, spikes: &[Spike]) {
        let (sources, targets) = (fired(&self.wires.sources, spikes), fired(&self.wires.targets, spikes));
        self.engine.hear(step, &sources, &targets);
    }

    /// The synapses as they are once the rule has heard of `spikes` in steps after `heard` up to `now`.
    pub fn readings(&self, (heard, now): (i64, i64), spikes: &[Spike]) -> Vec<Reading> {
        let mut engine = self.engine.fork();
        for (step, spikes) in steps(heard, now, spikes) {
            let (sources, targets) = (fired(&self.wires.sources, spikes), fired(&self.wires.targets, spikes));
            engine.hear(step, &sources, &targets);
        }
        let reading = |(place, &(source, target, synapse)): (usize, &(u32, u32, u32))| Reading {
            source: self.wires.sources[source as usize],
            target: self.wires.targets[target as usize],
            synapse,
            number: engine.number(place),
        };
        self.wires.synapses.iter().enumerate().map(reading).collect()
    }

    /// How many synapses there are.
    pub fn count(&self) -> usize {
        self.sums.len()
    }

    /// How many times the rule was worked out for a synapse.
    pub fn updates(&self) -> u64 {
        self.engine.updates()
    }

    /// Writes what lives.
    pub fn save(&self, out: &mut Saver) {
        self.engine.save(out);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of other synapses.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.engine.restore(from)
    }
}

/// Steps after `from` up to `until`, each with its spikes.
pub fn steps(from: i64, until: i64, spikes: &[Spike]) -> impl Iterator<Item = (i64, &[Spike])> {
    (from + 1..=until).map(move |step| {
        let first = spikes.partition_point(|spike| spike.step < step);
        let end = spikes.partition_point(|spike| spike.step <= step);
        (step, &spikes[first..end])
    })
}

/// The places in an ascending list of neurons of those that fired.
fn fired(neurons: &[u32], spikes: &[Spike]) -> Vec<u32> {
    let place = |spike: &Spike| neurons.binary_search(&spike.neuron).ok().map(|place| place as u32);
    spikes.iter().filter_map(place).collect()
}

/// A synapse that is to be built: source, number, target, place of the target in the shard.
type Found = (u32, u32, u32, usize);

/// The plastic synapses of a shard, as an unlimited core has them or as its cores' axons list them.
pub fn of_shard<N: Numbers>(
    network: &Quantised,
    (layout, placed): (&Layout, Option<&Placed>),
    numbers: &N,
    shard: usize,
) -> Vec<Plastic<<N::Cells as Cells>::Weight>> {
    let one = |(rule, learned): (usize, &super::network::Learned)| {
        let mut found = match placed {
            None => unplaced(network, layout, shard, learned.format),
            Some(placed) => on_cores(network, layout, placed, shard, learned.format),
        };
        found.sort_unstable();
        build(network, &layout.tiles[shard], numbers, rule, &found)
    };
    network.learning.iter().enumerate().map(one).collect()
}

fn unplaced(network: &Quantised, layout: &Layout, shard: usize, format: u8) -> Vec<Found> {
    let of = |source: usize| {
        network.row(source).filter_map(move |number| {
            let synapse = &network.synapses[number];
            let (own, place) = layout.at[synapse.target as usize];
            let here = usize::from(own) == shard && synapse.format == format;
            here.then_some((source as u32, number as u32, synapse.target, usize::from(place)))
        })
    };
    (0..network.sources()).flat_map(of).collect()
}

fn on_cores(network: &Quantised, layout: &Layout, placed: &Placed, shard: usize, format: u8) -> Vec<Found> {
    let mut found = Vec::new();
    let mut first = 0;
    for core in &placed.cores[layout.cores(shard)] {
        for axon in core.axons.iter().filter(|axon| axon.format == format) {
            // Lists that learn are shared by nobody.
            let source = axon.members[0].source;
            found.extend(axon.synapses.iter().map(|&(number, slot)| {
                let target = network.synapses[number as usize].target;
                (source, number, target, first + usize::from(slot))
            }));
        }
        first += core.neurons.len();
    }
    found
}

fn build<N: Numbers>(
    network: &Quantised,
    tiles: &Tiles,
    numbers: &N,
    rule: usize,
    found: &[Found],
) -> Plastic<<N::Cells as Cells>::Weight> {
    let distinct = |of: fn(&Found) -> u32| {
        let mut all: Vec<u32> = found.iter().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (sources, targets) = (distinct(|found| found.0), distinct(|found| found.2));
    let mut starts = vec![0; sources.len() + 1];
    let place = |list: &[u32], neuron: u32| list.binary_search(&neuron).unwrap_or_default() as u32;
    let mut synapses = Vec::with_capacity(found.len());
    let mut sums = Vec::with_capacity(found.len());
    for &(source, number, target, at) in found {
        let (source, tile) = (place(&sources, source), tiles.tile(at));
        starts[source as usize + 1] += 1;
        synapses.push((source, place(&targets, target), number));
        let delay = network.synapses[number as usize].delay;
        sums.push((tile as u16, tiles.offset(delay, at - tiles.borders[tile])));
    }
    (0..sources.len()).for_each(|source| starts[source + 1] += starts[source]);
    let wires = Wires { sources, targets, synapses };
    let engine = numbers.engine(rule, &wires);
    Plastic { rule, wires, starts, sums, engine }
}
