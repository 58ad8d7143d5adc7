//! A group of cores that lives on one thread.

use super::bits::Bits;
use super::core::Core;
use super::draws::Draws;
use super::limits::{AXONS, SLOTS};
use super::living::{Living, Programs};
use super::mail::{Event, Mail};
use super::neuron::Semantics;
use super::planes::Planes;
use super::reference::slot;
use crate::team::Shard;
use sim_core::hints::{fetch, on_huge_pages};
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::ops::Range;
use std::sync::Arc;

/// Cores ahead for which rows of the crossbar are asked for.
const AHEAD: usize = 6;

/// A group of cores.
pub struct Group {
    semantics: Semantics,
    /// Number of the group.
    number: usize,
    /// Its cores in the chip.
    range: Range<usize>,
    /// Cores of a group, but for the last one, which may have fewer.
    size: usize,
    cores: Vec<Living>,
    /// Crossbars, 256 rows a core.
    rows: Vec<Bits>,
    /// Targets of the neurons, 256 a core.
    targets: Vec<Event>,
    /// Active axons, slot by slot: one entry for each core.
    scheduled: Vec<Bits>,
    /// Cores with active axons, slot by slot: one bit for each core.
    awaited: Vec<u64>,
    /// Cores that change even if nothing arrives: one bit each.
    restless: Vec<u64>,
    planes: Planes,
    /// Cores that live in this tick.
    due: Vec<u32>,
    /// Neurons that fired in this tick, as `core · 256 + neuron` in the group.
    fired: Vec<u32>,
    mail: Arc<Mail>,
    letters: Vec<Vec<Event>>,
    epoch: usize,
    /// What neurons are called outside, 256 a core; `None`: by `core · 256 + neuron`.
    names: Option<Vec<u32>>,
    probes: Vec<GroupProbe>,
    /// Spikes of the last epoch.
    pub spikes: Vec<Spike>,
    /// Potentials of the last epoch: (tick, number of the probe, place in the probe, potential).
    pub samples: Vec<(i64, usize, usize, i32)>,
    /// Events that found their axon active already in their tick.
    pub merged: u64,
    /// Events that reached a neuron through a crossbar.
    pub events: u64,
    /// Ticks that cores lived.
    pub ticks: u64,
}

/// Neurons of a group whose potential is sampled.
pub struct GroupProbe {
    /// Number of the probe.
    pub number: usize,
    /// Ticks between samples.
    pub every: i64,
    /// (place in the probe, core in the chip, neuron).
    pub neurons: Vec<(usize, usize, usize)>,
}

/// Name of a neuron that nobody hears of.
pub const UNNAMED: u32 = u32::MAX;

impl Group {
    /// Group number `number` of cores `range` of a chip.
    pub fn new(
        (number, range, size): (usize, Range<usize>, usize),
        cores: &[Core],
        (semantics, key): (Semantics, Key),
        (mail, groups): (Arc<Mail>, usize),
        names: Option<&[u32]>,
        programs: &mut Programs,
    ) -> Group {
        let len = range.len();
        let mut rows: Vec<Bits> = on_huge_pages(len * AXONS);
        let mut targets = vec![Event::new(0, 0, 0); len * AXONS];
        let mut living = Vec::with_capacity(len);
        for (place, number) in range.clone().enumerate() {
            let core = &cores[number];
            rows[place * AXONS..][..core.rows.len()].copy_from_slice(&core.rows);
            for (target, neuron) in core.targets.iter().zip(&mut targets[place * AXONS..]) {
                *neuron = Event::of(*target);
            }
            living.push(Living::new(core, Draws::keyed(key, number), semantics, programs));
        }
        let words = len.div_ceil(64);
        Group {
            semantics,
            number,
            names: names.map(|names| names[range.start * AXONS..range.end * AXONS].to_vec()),
            range,
            size,
            cores: living,
            rows,
            targets,
            scheduled: vec![Bits::NONE; SLOTS * len],
            awaited: vec![0; SLOTS * words],
            restless: all_of(len),
            planes: Planes::default(),
            due: Vec::new(),
            fired: Vec::new(),
            mail,
            letters: vec![Vec::new(); groups],
            epoch: 0,
            probes: Vec::new(),
            spikes: Vec::new(),
            samples: Vec::new(),
            merged: 0,
            events: 0,
            ticks: 0,
        }
    }

    /// Chooses what is sampled.
    pub fn probe(&mut self, probes: Vec<GroupProbe>) {
        self.probes = probes;
    }

    /// The cores of the group.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Potential of a neuron of core number `core` of the chip.
    pub fn potential(&self, core: usize, neuron: usize) -> i32 {
        self.cores[core - self.range.start].potential(neuron)
    }

    /// The draws of core number `core` of the chip, if it has a stochastic neuron.
    pub fn draws(&mut self, core: usize) -> Option<&mut Draws> {
        self.cores[core - self.range.start].draws()
    }

    fn tick(&mut self, tick: i64) {
        self.find_due(tick);
        let first = slot(tick) * self.cores.len();
        for i in 0..self.due.len() {
            if let Some(&soon) = self.due.get(i + AHEAD) {
                let soon = soon as usize;
                self.scheduled[first + soon].ones().for_each(|axon| fetch(&self.rows, soon * AXONS + axon));
            }
            self.live_core(self.due[i] as usize, first);
        }
        self.ticks += self.due.len() as u64;
        self.send(tick);
        self.sample(tick);
    }

    /// Lists the cores that have something to do.
    fn find_due(&mut self, tick: i64) {
        let words = self.restless.len();
        let awaited = &mut self.awaited[slot(tick) * words..][..words];
        self.due.clear();
        for (word, (awaited, restless)) in awaited.iter_mut().zip(&self.restless).enumerate() {
            let mut left = std::mem::take(awaited) | restless;
            while left != 0 {
                self.due.push(word as u32 * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    #[inline(always)]
    fn live_core(&mut self, place: usize, first: usize) {
        let active = std::mem::take(&mut self.scheduled[first + place]);
        let rows = &self.rows[place * AXONS..][..AXONS];
        let ticked = self.cores[place].live(active, rows, &mut self.planes, self.semantics);
        self.events += u64::from(ticked.events);
        let bit = 1 << (place % 64);
        let word = &mut self.restless[place / 64];
        *word = if ticked.rests { *word & !bit } else { *word | bit };
        self.fired.extend(ticked.fired.ones().map(|neuron| (place * AXONS + neuron) as u32));
    }

    /// Tells who fired, and sends their events to where they go.
    fn send(&mut self, tick: i64) {
        let fired = std::mem::take(&mut self.fired);
        for &neuron in &fired {
            let target = self.targets[neuron as usize];
            if target.is_none() {
                continue;
            }
            let event = target.fired(tick);
            let core = event.place() / AXONS;
            if self.range.contains(&core) {
                self.activate(event);
            } else {
                self.letters[core / self.size].push(event);
            }
        }
        let spike = |neuron| Spike { step: tick, lead: 0.0, neuron };
        match &self.names {
            None => {
                let start = (self.range.start * AXONS) as u32;
                self.spikes.extend(fired.iter().map(|&neuron| spike(start + neuron)));
            }
            Some(names) => {
                let named = fired.iter().map(|&neuron| names[neuron as usize]);
                self.spikes.extend(named.filter(|&name| name != UNNAMED).map(spike));
            }
        }
        self.fired = fired;
        self.fired.clear();
    }

    /// Makes an axon of this group active.
    #[inline(always)]
    fn activate(&mut self, event: Event) {
        let (slot, place) = (event.slot(), event.place() - self.range.start * AXONS);
        let core = place / AXONS;
        let merged = self.scheduled[slot * self.cores.len() + core].set(place % AXONS);
        self.merged += u64::from(merged);
        self.awaited[slot * self.restless.len() + core / 64] |= 1 << (core % 64);
    }

    fn sample(&mut self, tick: i64) {
        for probe in self.probes.iter().filter(|probe| tick % probe.every == 0) {
            for &(place, core, neuron) in &probe.neurons {
                let potential = self.cores[core - self.range.start].potential(neuron);
                self.samples.push((tick, probe.number, place, potential));
            }
        }
    }

    /// Takes in the letters on their way to this group, which is as good now as at the next epoch.
    pub fn settle(&mut self) {
        let mail = Arc::clone(&self.mail);
        mail.fetch(self.epoch, self.number, |event| self.activate(event));
    }

    /// Writes everything that lives, core by core, so that it does not matter how cores are grouped.
    pub fn save(&mut self, out: &mut Saver) {
        self.settle();
        for (place, core) in self.cores.iter().enumerate() {
            out.list(&core.potentials());
            let slots = (0..SLOTS).flat_map(|slot| self.scheduled[slot * self.cores.len() + place].0);
            out.list(&slots.collect::<Vec<u64>>());
            core.save_draws(out);
        }
    }

    /// Reads what [`Group::save`] wrote.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.mail.fetch(self.epoch, self.number, |_| {});
        let all = all_of(self.cores.len());
        self.awaited.chunks_mut(all.len().max(1)).for_each(|slot| slot.copy_from_slice(&all));
        self.restless = all;
        for place in 0..self.cores.len() {
            let mut potentials = self.cores[place].potentials();
            from.list_into(&mut potentials)?;
            self.cores[place].set_potentials(&potentials, self.semantics);
            let mut slots = [0_u64; SLOTS * 4];
            from.list_into(&mut slots)?;
            for (slot, words) in slots.as_chunks::<4>().0.iter().enumerate() {
                self.scheduled[slot * self.cores.len() + place] = Bits(*words);
            }
            self.cores[place].restore_draws(from)?;
        }
        Ok(())
    }
}

impl Shard for Group {
    fn live(&mut self, from: i64, until: i64, _: &[Spike]) {
        self.spikes.clear();
        self.samples.clear();
        self.settle();
        for tick in from + 1..=until {
            self.tick(tick);
        }
        for (to, letters) in self.letters.iter_mut().enumerate() {
            self.mail.send(self.epoch, self.number, to, letters);
        }
        self.epoch = self.epoch.wrapping_add(1);
    }
}

/// One bit for each of `len` cores.
fn all_of(len: usize) -> Vec<u64> {
    let mut bits = vec![u64::MAX; len.div_ceil(64)];
    if let Some(last) = bits.last_mut().filter(|_| !len.is_multiple_of(64)) {
        *last = (1 << (len % 64)) - 1;
    }
    bits
}
