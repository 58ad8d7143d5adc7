//! A shard: some compartments, all synapses onto them, and their life through an epoch.
//!
//! As on the chip, what arrives is summed in slots: one sum for each compartment and step to come. Whole
//! numbers may be added in any order; where sums are floats, each is made in the order of (step of the
//! spike, source, synapse), stimuli last.

use super::arithmetic::Cells;
use super::drive::Drive;
use super::rows::{Routes, Rows};
use crate::team;
use sim_core::backend::Sample;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::time::{Duration, Instant};

/// Most compartments of a shard: a place is a `u16`.
pub const PLACES: usize = 1 << 16;

/// Rows between asking for memory and using it.
const AHEAD: usize = 12;

/// A shard of a network.
pub struct Shard<C: Cells> {
    cells: C,
    /// The neuron of each place.
    neurons: Vec<u32>,
    rows: Rows<C::Weight>,
    routes: Routes,
    drive: Drive<C::Weight>,
    /// Slots one behind the other, a power of two of them.
    sums: Vec<C::Sum>,
    slots: usize,
    /// Which states it samples.
    pub probes: Vec<ShardProbe>,
    /// What it has to tell about the current epoch.
    pub told: Told,
    /// Spikes that arrived through synapses.
    pub events: u64,
    /// Time spent delivering, stimulating, updating.
    pub stages: [Duration; 3],
    arriving: Vec<(u32, i64)>,
    fired: Vec<u32>,
}

/// The part of a probe that lies in a shard.
#[derive(Clone, Debug)]
pub struct ShardProbe {
    /// Number of the probe.
    pub probe: usize,
    /// Current (0) or voltage (1).
    pub register: usize,
    /// A sample is `offset + scale · register`.
    pub scale: (f64, f64),
    /// Steps between samples.
    pub every: i64,
    /// For each neuron its place here, and its place among the probe's values.
    pub neurons: Vec<(u32, u32)>,
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
    /// A shard at rest. `neurons` are those of its places, `longest` is the longest delay in steps.
    pub fn new(
        cells: C,
        neurons: Vec<u32>,
        (rows, routes): (Rows<C::Weight>, Routes),
        drive: Drive<C::Weight>,
        longest: usize,
    ) -> Self {
        let slots = longest.max(1).next_power_of_two();
        let sums = vec![C::Sum::default(); slots * cells.len()];
        Shard {
            cells,
            neurons,
            rows,
            routes,
            drive,
            sums,
            slots,
            probes: Vec::new(),
            told: Told::default(),
            events: 0,
            stages: [Duration::ZERO; 3],
            arriving: Vec::new(),
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
        (self.rows.synapses() as u64, self.rows.bytes() + self.routes.bytes())
    }

    /// The place of the slot for a step.
    #[inline]
    fn slot(&self, step: i64) -> usize {
        (step as usize & (self.slots - 1)) * self.cells.len()
    }

    fn deliver(&mut self, incoming: &[Spike]) {
        let mut arriving = std::mem::take(&mut self.arriving);
        for (number, spike) in incoming.iter().enumerate() {
            if let Some(soon) = incoming.get(number + AHEAD) {
                self.routes.fetch(soon.neuron);
            }
            self.routes.follow(spike.neuron, spike.step, &mut arriving);
        }
        for number in 0..arriving.len() {
            for level in 0..3 {
                if let Some(&(soon, _)) = arriving.get(number + (3 - level) * AHEAD) {
                    self.rows.fetch(soon, level);
                }
            }
            let (row, step) = arriving[number];
            self.arrive(row, step, 1);
        }
        arriving.clear();
        self.arriving = arriving;
    }

    /// A spike of step `step` with a payload sets out to the synapses of a row.
    pub fn arrive(&mut self, row: u32, step: i64, payload: i32) {
        let (places, mask) = (self.cells.len(), self.slots as i64 - 1);
        let (sums, events) = (&mut self.sums, &mut self.events);
        self.rows.each(row, |delay, stretch| {
            let first = ((step + delay) & mask) as usize * places;
            let sums = &mut sums[first..first + places];
            for synapse in stretch {
                C::add(&mut sums[usize::from(synapse.place)], synapse.weight, payload);
            }
            *events += stretch.len() as u64;
        });
    }

    /// Lives step `step`; who fires is in `told`.
    pub fn step(&mut self, step: i64) {
        let (first, places) = (self.slot(step), self.cells.len());
        let before = Instant::now();
        self.drive.add::<C>(step, places, &mut self.sums);
        let driven = Instant::now();
        let sums = &mut self.sums[first..first + places];
        self.cells.step(step, sums, &mut self.fired);
        let neurons = &self.neurons;
        let spike = |place: u32| Spike { step, lead: 0.0, neuron: neurons[place as usize] };
        self.told.spikes.extend(self.fired.drain(..).map(spike));
        self.sample(step);
        self.stages[1] += driven - before;
        self.stages[2] += driven.elapsed();
    }

    fn sample(&mut self, step: i64) {
        for probe in self.probes.iter().filter(|probe| step % probe.every == 0) {
            let value = |&(place, _): &(u32, u32)| {
                let register = self.cells.state(probe.register, place as usize);
                probe.scale.0 + probe.scale.1 * register
            };
            let values = probe.neurons.iter().map(value).collect();
            let places = probe.neurons.iter().map(|&(_, place)| place).collect();
            self.told.samples.push((Sample { probe: probe.probe, step, values }, places));
        }
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        self.cells.save(out);
        out.list(&self.sums);
        self.drive.save(out);
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
        self.events = from.u64()?;
        Ok(())
    }
}

impl<C: Cells> team::Shard for Shard<C> {
    fn live(&mut self, from: i64, until: i64, incoming: &[Spike]) {
        let begin = Instant::now();
        self.deliver(incoming);
        self.stages[0] += begin.elapsed();
        (from + 1..=until).for_each(|step| self.step(step));
    }
}
