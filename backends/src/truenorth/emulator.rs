//! A chip, or several, that lives on threads: groups of cores, and what passes between them.
//!
//! An epoch is as long as the shortest delay between two groups, so that within it no group need hear from
//! another. When an axon becomes active is decided by ticks alone, so nothing depends on how cores are
//! grouped or on how many threads there are.

use super::core::{Core, Target, misfits};
use super::draws::Draws;
use super::group::{Group, GroupProbe};
use super::limits::{AXONS, LONGEST_DELAY, Widths};
use super::mail::{Event, Mail};
use super::neuron::Semantics;
use super::programs::Programs;
use super::reference::slot;
use crate::team::Team;
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::sync::Arc;

/// Groups for each thread: cores differ in what they have to do.
const GROUPS_A_THREAD: usize = 4;

/// Cores that live.
pub struct Emulator {
    team: Team<Group>,
    mail: Arc<Mail>,
    /// Cores of a group.
    size: usize,
    epoch: i64,
    epochs: usize,
    now: i64,
    inputs: Vec<Vec<u32>>,
}

/// How cores live.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The arithmetic where sources disagree.
    pub semantics: Semantics,
    /// Widths of the parameters.
    pub widths: Widths,
    /// The key of all draws.
    pub key: Key,
}

/// An axon that is made active from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// In this tick.
    pub tick: i64,
    /// Number of the core.
    pub core: u32,
    /// Number of the axon.
    pub axon: u8,
}

/// Neurons whose potential is sampled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Ticks between samples, which are taken at multiples of it.
    pub every: i64,
    /// (core, neuron).
    pub neurons: Vec<(usize, usize)>,
}

/// What an emulator did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that found their axon active already when they were due, and were merged with the one before.
    pub merged: u64,
    /// Events that reached a neuron through a crossbar.
    pub synaptic_events: u64,
    /// Ticks that cores lived: those with nothing to do are passed over.
    pub core_ticks: u64,
}

impl Emulator {
    /// Puts cores onto `threads` threads, at tick 0. `names` says what each neuron, 256 a core, is called
    /// in spikes, in place of `core · 256 + neuron`.
    ///
    /// # Errors
    /// What is illegal about the cores, each in one sentence.
    pub fn new(
        cores: &[Core],
        setting: Setting,
        threads: usize,
        names: Option<&[u32]>,
    ) -> Result<Emulator, Vec<String>> {
        let found = misfits(cores, &setting.widths);
        if !found.is_empty() {
            return Err(found);
        }
        let size = cores.len().div_ceil(threads.max(1) * GROUPS_A_THREAD).max(1);
        let count = cores.len().div_ceil(size);
        let mail = Arc::new(Mail::new(count));
        let mut programs = Programs::default();
        let groups = (0..count).map(|number| {
            let range = number * size..cores.len().min((number + 1) * size);
            let how = (setting.semantics, setting.key);
            Group::new((number, range, size), cores, how, (Arc::clone(&mail), count), names, &mut programs)
        });
        Ok(Emulator {
            team: Team::new(groups.collect(), threads),
            mail,
            size,
            epoch: shortest_delay(cores, size),
            epochs: 0,
            now: 0,
            inputs: vec![Vec::new(); count],
        })
    }

    /// The last tick that was lived; 0 at the start.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The most ticks that can be lived at once.
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Lives up to and including tick `until`, at most an epoch ahead. `inputs` fall in these ticks. Spikes are
    /// put behind those in `spikes`, in (tick, name) order.
    pub fn advance(&mut self, until: i64, inputs: &[Input], spikes: &mut Vec<Spike>) {
        debug_assert!(until <= self.now + self.epoch, "an epoch ends before an event reaches another group");
        for input in inputs {
            debug_assert!(input.tick > self.now && input.tick <= until, "an input falls in the epoch");
            let core = input.core as usize;
            let event = Event::new(slot(input.tick), core, input.axon.into());
            self.inputs[core / self.size].push(event.word());
        }
        for (group, inputs) in self.inputs.iter_mut().enumerate() {
            self.mail.send_in(self.epochs, group, inputs);
        }
        self.team.live(self.now, until, Vec::new());
        let before = spikes.len();
        self.team.visit(|group| spikes.append(&mut group.spikes));
        // What comes from one group and tick is mostly in order already, which a stable sort makes use of.
        spikes[before..].sort_by_key(|spike| (spike.step, spike.neuron));
        self.now = until;
        self.epochs = self.epochs.wrapping_add(1);
    }

    /// Chooses neurons whose potential is sampled, instead of those chosen before.
    pub fn probe(&mut self, probes: &[Probed]) {
        self.team.visit(|group| {
            let range = group.range();
            let own = |probe: &Probed| {
                let neurons = probe.neurons.iter().enumerate();
                let own = neurons.filter(|(_, (core, _))| range.contains(core));
                own.map(|(place, &(core, neuron))| (place, core, neuron)).collect()
            };
            let parts = probes.iter().enumerate();
            let parts =
                parts.map(|(number, probe)| GroupProbe { number, every: probe.every, neurons: own(probe) });
            group.probe(parts.filter(|part| !part.neurons.is_empty()).collect());
        });
    }

    /// Samples of the last epoch: (tick, number of the probe, place in the probe, potential), ordered.
    pub fn samples(&self) -> Vec<(i64, usize, usize, i32)> {
        let mut samples = Vec::new();
        self.team.visit(|group| samples.append(&mut group.samples));
        samples.sort_unstable();
        samples
    }

    /// Calls `with` with the draws of a core, if it has a stochastic neuron.
    pub fn draws(&self, core: usize, mut with: impl FnMut(&mut Draws)) {
        self.team.visit(|group| {
            if group.range().contains(&core)
                && let Some(draws) = group.draws(core)
            {
                with(draws);
            }
        });
    }

    /// Potential of a neuron.
    pub fn potential(&self, core: usize, neuron: usize) -> i32 {
        let mut found = 0;
        self.team.visit(|group| {
            if group.range().contains(&core) {
                found = group.potential(core, neuron);
            }
        });
        found
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.team.visit(|group| {
            counts.merged += group.merged;
            counts.synaptic_events += group.events;
            counts.core_ticks += group.ticks;
        });
        counts
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        out.put(self.now);
        let Counts { merged, synaptic_events, core_ticks } = self.counts();
        [merged, synaptic_events, core_ticks].into_iter().for_each(|count| out.u64(count));
        self.team.visit(|group| group.save(out));
    }

    /// Reads what [`Emulator::save`] wrote, on any number of threads.
    ///
    /// # Errors
    /// When it is of other cores.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        let (merged, events, ticks) = (from.u64()?, from.u64()?, from.u64()?);
        let mut result = Ok(());
        self.team.visit(|group| {
            if result.is_ok() {
                result = group.restore(from);
            }
            let first = group.range().start == 0;
            let count = |all| if first { all } else { 0 };
            (group.merged, group.events, group.ticks) = (count(merged), count(events), count(ticks));
        });
        result
    }
}

/// The shortest delay between two groups of `size` cores. A scheduler looks no further ahead than the
/// longest delay, so an epoch is not longer either.
fn shortest_delay(cores: &[Core], size: usize) -> i64 {
    let between = |(number, core): (usize, &Core)| {
        let delay = move |target: &Target| match *target {
            Target::Axon { core, delay, .. } if core as usize / size != number / size => Some(delay),
            _ => None,
        };
        core.targets.iter().filter_map(delay).min()
    };
    let shortest = cores.iter().enumerate().filter_map(between).min();
    i64::from(shortest.unwrap_or(LONGEST_DELAY))
}

/// What a neuron is called if nothing else is said.
pub fn name(core: usize, neuron: usize) -> u32 {
    (core * AXONS + neuron) as u32
}
