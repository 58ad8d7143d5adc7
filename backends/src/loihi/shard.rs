//! A shard: some compartments, all synapses onto them, and their life through an epoch.
//!
//! As on the chip, what arrives is summed in slots: one sum for each compartment and step to come. They
//! stand tile by tile, within a tile slot by slot. All spikes that come in are first sorted by tile, so that
//! the sums they add to stay in a near cache. Whole numbers may be added in any order; where sums are floats,
//! each is made in the order of (step of the spike, source, synapse), stimuli last.

use super::arithmetic::Cells;
use super::drive::Drive;
use super::plastic::{Plastic, Reading, steps};
use super::rows::{Block, Memory};
use super::tiles::{Arriving, Tiles};
use crate::team;
use sim_core::backend::Sample;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::time::{Duration, Instant};

/// Most compartments of a shard: a place is a `u16`.
pub const PLACES: usize = 1 << 16;

/// Blocks between asking for memory and using it.
const AHEAD: usize = 12;

/// A shard of a network.
pub struct Shard<C: Cells> {
    cells: C,
    /// The neuron of each place.
    neurons: Vec<u32>,
    tiles: Tiles,
    memory: Memory<C::Weight>,
    /// Synapses that learn, and the last step whose spikes they have heard of.
    plastic: Vec<Plastic<C::Weight>>,
    heard: i64,
    drive: Drive<C::Weight>,
    sums: Vec<C::Sum>,
    /// Which states it samples.
    pub probes: Vec<ShardProbe>,
    /// What it has to tell about the current epoch.
    pub told: Told,
    /// Spikes that arrived through synapses.
    pub events: u64,
    /// Neurons times steps with v other than 0 or a sum of arrivals other than 0, if they are counted.
    pub active: Option<u64>,
    /// Time spent delivering, stimulating, updating.
    pub stages: [Duration; 3],
    arriving: Arriving,
    fired: Vec<u32>,
}

/// The part of a probe that lies in a shard.
#[derive(Clone, Debug)]
pub struct ShardProbe {
    /// Number of the probe.
    pub probe: usize,
    /// Current (0) or voltage (1).
    pub register: usize,
    /// Steps between samples.
    pub every: i64,
    /// The neurons of it that live here.
    pub neurons: Vec<Probed>,
}

/// A neuron that is sampled.
#[derive(Clone, Copy, Debug)]
pub struct Probed {
    /// Its place in the shard.
    pub place: u32,
    /// Its place among the probe's values.
    pub at: u32,
    /// A sample is `offset + scale · register`.
    pub offset: f64,
    /// See `offset`.
    pub scale: f64,
}

/// What a shard has to tell about an epoch.
#[derive(Debug, Default)]
pub struct Told {
    /// Spikes of its neurons, by step.
    pub spikes: Vec<Spike>,
    /// Parts of samples, with the place of each value among the probe's.
    pub samples: Vec<(Sample, Vec<u32>)>,
}

impl<C: Cells> Shard<C> {
    /// A shard at rest. `neurons` are those of its places.
    pub fn new(
        cells: C,
        neurons: Vec<u32>,
        tiles: Tiles,
        (memory, plastic): (Memory<C::Weight>, Vec<Plastic<C::Weight>>),
        drive: Drive<C::Weight>,
    ) -> Self {
        let sums = vec![C::Sum::default(); tiles.begin(tiles.count())];
        Shard {
            cells,
            neurons,
            tiles,
            memory,
            plastic,
            heard: 0,
            drive,
            sums,
            probes: Vec::new(),
            told: Told::default(),
            events: 0,
            active: None,
            stages: [Duration::ZERO; 3],
            arriving: Arriving::default(),
            fired: Vec::new(),
        }
    }

    /// The neurons of its places.
    pub fn neurons(&self) -> &[u32] {
        &self.neurons
    }

    /// Its compartments.
    pub fn cells(&self) -> &C {
        &self.cells
    }

    /// How many synapses it holds, and the bytes of their memory.
    pub fn synapses(&self) -> (u64, u64) {
        let plastic: usize = self.plastic.iter().map(Plastic::count).sum();
        (self.memory.count() as u64 + plastic as u64, self.memory.bytes())
    }

    /// How many times a rule was worked out for a synapse.
    pub fn updates(&self) -> u64 {
        self.plastic.iter().map(Plastic::updates).sum()
    }

    /// The synapses that learn by a rule as they are in step `now`, given the spikes that the shard has not
    /// heard of.
    pub fn readings(&self, rule: usize, now: i64, spikes: &[Spike]) -> Vec<Reading> {
        let own = self.plastic.iter().filter(|plastic| plastic.rule == rule);
        own.flat_map(|plastic| plastic.readings((self.heard, now), spikes)).collect()
    }

    /// The spikes of steps up to `until` set out, and synapses learn from them.
    fn hear(&mut self, until: i64, incoming: &[Spike]) {
        if self.plastic.is_empty() {
            self.deliver(incoming);
            return;
        }
        for (step, spikes) in steps(self.heard, until, incoming) {
            self.deliver(spikes);
            let Shard { plastic, tiles, sums, events, .. } = self;
            for plastic in plastic {
                *events += plastic.hear::<C>(step, spikes, tiles, sums);
            }
        }
        self.heard = until;
    }

    fn deliver(&mut self, incoming: &[Spike]) {
        let Shard { arriving, memory, tiles, .. } = self;
        for (number, spike) in incoming.iter().enumerate() {
            if let Some(later) = incoming.get(number + 2 * AHEAD) {
                memory.fetch_start(later.neuron);
            }
            if let Some(soon) = incoming.get(number + AHEAD) {
                memory.fetch_list(soon.neuron);
            }
            arriving.listed.extend(memory.of(spike.neuron).iter().map(|&block| (block, spike.step)));
        }
        arriving.sort(tiles.count());
        let sorted = std::mem::take(&mut self.arriving.sorted);
        for (number, &(block, step)) in sorted.iter().enumerate() {
            if let Some(&(soon, _)) = sorted.get(number + AHEAD) {
                self.memory.fetch_block(soon);
            }
            self.add(block, step, 1);
        }
        self.arriving.sorted = sorted;
    }

    /// A spike of a source in step `step`, with a payload, sets out to all its synapses here.
    pub fn arrive(&mut self, source: u32, step: i64, payload: i32) {
        for number in 0..self.memory.of(source).len() {
            self.add(self.memory.of(source)[number], step, payload);
        }
    }

    #[inline(always)]
    fn add(&mut self, block: Block, step: i64, payload: i32) {
        let Shard { memory, tiles, sums, events, .. } = self;
        let (begin, size) = (tiles.begin(usize::from(block.tile)), tiles.slots * tiles.stride);
        let (sums, first) = (&mut sums[begin..begin + size], tiles.slot(step));
        let synapses = memory.synapses(block);
        for synapse in synapses {
            let place = (first + usize::from(synapse.offset)) & (size - 1);
            C::add(&mut sums[place], synapse.weight, payload);
        }
        *events += synapses.len() as u64;
    }

    /// Lives step `step`; who fires is in `told`.
    pub fn step(&mut self, step: i64) {
        let before = Instant::now();
        let Shard { tiles, drive, sums, cells, fired, active, .. } = self;
        drive.add::<C>(step, |step| tiles.slot(step), sums);
        let driven = Instant::now();
        for (tile, borders) in tiles.borders.windows(2).enumerate() {
            let begin = tiles.begin(tile) + tiles.slot(step);
            let sums = &mut sums[begin..begin + borders[1] - borders[0]];
            if let Some(active) = active {
                let places = (borders[0]..).zip(sums.iter());
                let busy = |&(place, sum): &(usize, &C::Sum)| {
                    *sum != C::Sum::default() || cells.state(1, place) != 0.0
                };
                *active += places.filter(busy).count() as u64;
            }
            cells.step(step, borders[0], sums, fired);
        }
        let neurons = &self.neurons;
        let spike = |place: u32| Spike { step, lead: 0.0, neuron: neurons[place as usize] };
        self.told.spikes.extend(self.fired.drain(..).map(spike));
        self.sample(step);
        self.stages[1] += driven - before;
        self.stages[2] += driven.elapsed();
    }

    fn sample(&mut self, step: i64) {
        for probe in self.probes.iter().filter(|probe| step % probe.every == 0) {
            let value = |probed: &Probed| {
                let register = self.cells.state(probe.register, probed.place as usize);
                probed.offset + probed.scale * register
            };
            let values = probe.neurons.iter().map(value).collect();
            let places = probe.neurons.iter().map(|probed| probed.at).collect();
            self.told.samples.push((Sample { probe: probe.probe, step, values }, places));
        }
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        self.cells.save(out);
        out.list(&self.sums);
        self.drive.save(out);
        self.plastic.iter().for_each(|plastic| plastic.save(out));
        out.put(self.heard);
        out.u64(self.events);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of another shard.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.cells.restore(from)?;
        from.list_into(&mut self.sums)?;
        self.drive.restore(from)?;
        self.plastic.iter_mut().try_for_each(|plastic| plastic.restore(from))?;
        self.heard = from.get()?;
        self.events = from.u64()?;
        Ok(())
    }
}

impl<C: Cells> team::Shard for Shard<C> {
    fn live(&mut self, from: i64, until: i64, incoming: &[Spike]) {
        let begin = Instant::now();
        self.hear(from, incoming);
        self.stages[0] += begin.elapsed();
        (from + 1..=until).for_each(|step| self.step(step));
    }
}
