//! A group of cores that lives on one thread.

mod snapshot;

use super::arrived::Arrived;
use super::core::Core;
use super::draws::Draws;
use super::limits::{AXONS, SLOTS};
use super::living::Living;
use super::mail::{Event, Mail};
use super::neuron::Semantics;
use super::planes::Planes;
use super::programs::Programs;
use super::reference::slot;
use crate::team::Shard;
use multiversion::multiversion;
use sim_core::hints::{empty_on_huge_pages, fetch, on_huge_pages};
use sim_core::rng::Key;
use sim_core::spike::Spike;
use std::ops::Range;
use std::sync::Arc;

/// Cores ahead for which rows of the crossbar are asked for.
const AHEAD: usize = 8;

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
    /// Crossbars, 256 rows a core, each as [`Bits::bytes`](super::bits::Bits::bytes).
    rows: Vec<[u8; 32]>,
    /// Targets of the neurons, 256 a core, as [`Event::word`].
    targets: Vec<u32>,
    /// Events to come by slot, as `core · 256 + axon` in the group, and then letters to each group. Lists are
    /// written and read in sequence, where bits set at once would each be a line from somewhere.
    lists: Vec<Vec<u32>>,
    /// What arrives at each core in this tick.
    arrived: Vec<Arrived>,
    /// Cores with active axons in this tick: one bit each.
    awaited: Vec<u64>,
    /// Cores that change even if nothing arrives: one bit each.
    restless: Vec<u64>,
    planes: Planes,
    /// Cores that live in this tick.
    due: Vec<u32>,
    /// Neurons that fired in this tick, as `core · 256 + neuron` in the group.
    fired: Vec<u32>,
    mail: Arc<Mail>,
    epoch: usize,
    /// What neurons are called outside, 256 a core; `None`: by `core · 256 + neuron`.
    names: Option<Vec<u32>>,
    probes: Vec<GroupProbe>,
    /// Spikes of the last epoch.
    pub spikes: Vec<Spike>,
    /// Potentials of the last epoch: (tick, number of the probe, place in the probe, potential).
    pub samples: Vec<(i64, usize, usize, i32)>,
    /// Events that found their axon active already when they were due.
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
        let mut rows: Vec<[u8; 32]> = on_huge_pages(len * AXONS);
        let mut targets: Vec<u32> = on_huge_pages(len * AXONS);
        let mut living = empty_on_huge_pages(len);
        for (place, number) in range.clone().enumerate() {
            let core = &cores[number];
            for (row, own) in core.rows.iter().zip(&mut rows[place * AXONS..]) {
                *own = row.bytes();
            }
            for (target, neuron) in core.targets.iter().zip(&mut targets[place * AXONS..]) {
                *neuron = Event::of(*target).word();
            }
            living.push(Living::new(core, Draws::keyed(key, number), semantics, programs));
        }
        Group {
            semantics,
            number,
            names: names.map(|names| names[range.start * AXONS..range.end * AXONS].to_vec()),
            range,
            size,
            cores: living,
            rows,
            targets,
            lists: vec![Vec::new(); SLOTS + groups],
            arrived: vec![Arrived::default(); len],
            awaited: vec![0; len.div_ceil(64)],
            restless: all_of(len),
            planes: Planes::default(),
            due: Vec::new(),
            fired: Vec::new(),
            mail,
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
        live_cores(self);
        self.ticks += self.due.len() as u64;
        self.send(tick);
        self.sample(tick);
    }

    /// Makes axons active that are due, and lists the cores that have something to do.
    fn find_due(&mut self, tick: i64) {
        let mut due = std::mem::take(&mut self.lists[slot(tick)]);
        for place in due.drain(..) {
            let (core, axon) = (place as usize / AXONS, place as usize % AXONS);
            self.merged += u64::from(self.arrived[core].set(axon));
            self.awaited[core / 64] |= 1 << (core % 64);
        }
        self.lists[slot(tick)] = due;
        self.due.clear();
        for (word, (awaited, restless)) in self.awaited.iter_mut().zip(&self.restless).enumerate() {
            let mut left = std::mem::take(awaited) | restless;
            while left != 0 {
                self.due.push(word as u32 * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    #[inline(always)]
    fn live_core(&mut self, place: usize) {
        let arrived = &mut self.arrived[place];
        let rows = &self.rows[place * AXONS..][..AXONS];
        let ticked = self.cores[place].live(arrived, rows, &mut self.planes, self.semantics);
        arrived.clear();
        self.events += u64::from(ticked.events);
        let bit = 1 << (place % 64);
        let word = &mut self.restless[place / 64];
        *word = if ticked.rests { *word & !bit } else { *word | bit };
        ticked.fired.each(|neuron| {
            let neuron = place * AXONS + neuron;
            fetch(&self.targets, neuron);
            self.fired.push(neuron as u32);
        });
    }

    /// Tells who fired, and sends their events to where they go.
    fn send(&mut self, tick: i64) {
        let fired = std::mem::take(&mut self.fired);
        for &neuron in &fired {
            let target = Event::from_word(self.targets[neuron as usize]);
            if !target.is_none() {
                let event = target.fired(tick);
                let to = event.place() as u32 / AXONS as u32 / self.size as u32;
                // Whether it stays in the group is chosen without a branch.
                let stays = to as usize == self.number;
                let list = if stays { event.slot() } else { SLOTS + to as usize };
                let word = if stays { self.local(event) } else { event.word() };
                self.lists[list].push(word);
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

    /// Keeps an event of this group until it is due.
    #[inline(always)]
    fn schedule(&mut self, event: Event) {
        let local = self.local(event);
        self.lists[event.slot()].push(local);
    }

    #[inline(always)]
    fn local(&self, event: Event) -> u32 {
        (event.place() as u32).wrapping_sub((self.range.start * AXONS) as u32)
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
    fn settle(&mut self) {
        let mail = Arc::clone(&self.mail);
        mail.fetch(self.epoch, self.number, |event| self.schedule(event));
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
        for (to, letters) in self.lists[SLOTS..].iter_mut().enumerate() {
            self.mail.send(self.epoch, self.number, to, letters);
        }
        self.epoch = self.epoch.wrapping_add(1);
    }
}

/// Lets the cores that are due live a tick: one loop that is compiled for wide vectors.
#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512vl+avx512dq+popcnt+bmi1+bmi2",
    "x86_64+avx2+popcnt+bmi1"
))]
fn live_cores(group: &mut Group) {
    for i in 0..group.due.len() {
        if let Some(&soon) = group.due.get(i + AHEAD) {
            let first = soon as usize * AXONS;
            let axons = group.arrived[soon as usize].few().unwrap_or_default();
            axons.iter().for_each(|&axon| fetch(&group.rows, first + usize::from(axon)));
            group.cores[soon as usize].fetch();
        }
        group.live_core(group.due[i] as usize);
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
