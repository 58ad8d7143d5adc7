//! The limits of cores while neurons are being placed: what a move would use, list by list.
//!
//! This counts the same things as [`super::limits::uses`], a little at a time. A list is what one source
//! reaches in one core by one weight format: it takes words of the core, an input axon there and an output
//! axon of the core that the source lives on.

use super::limits::{Excess, Limits, Profile, Resource, Use, profile, synapse_bits, words};
use super::network::Quantised;
use crate::chip::partition::Capacity;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A neuron that is on no core.
const NOWHERE: u32 = u32::MAX;
/// Delays are counted by steps.
const DELAYS: usize = 64;

/// The limits of a chip's cores, and who is on them.
#[derive(Clone, Debug)]
pub struct CoreCapacity {
    wiring: Arc<Wiring>,
    limits: &'static Limits,
    cores: Vec<OnCore>,
    /// The core of each neuron.
    homes: Vec<u32>,
    /// For each (source, format): on which cores it has a list, and of how many synapses.
    lists: Vec<Vec<(u32, u32)>>,
}

/// What does not change while neurons are placed.
#[derive(Debug)]
struct Wiring {
    /// Per source the first of its groups, a group being a source with a format; one more at the end.
    groups: Vec<u32>,
    /// For each group its source, its format and the bits of a synapse.
    of_group: Vec<(u32, u8, u64)>,
    /// Per neuron the first of its entries; one more at the end.
    starts: Vec<u32>,
    /// Groups that reach a neuron, ascending, each with how many synapses.
    incoming: Vec<(u32, u32)>,
    /// For each neuron the longest delay of a synapse onto it.
    longest: Vec<u8>,
    /// For each neuron the numbers of its profile and its threshold.
    profiles: Vec<(u32, u32)>,
}

/// What is on a core.
#[derive(Clone, Debug)]
struct OnCore {
    used: Use,
    /// Neurons by their longest delay.
    by_delay: [u32; DELAYS],
    /// Neurons by profile, neurons by threshold, lists by format.
    profiles: BTreeMap<u32, u32>,
    thresholds: BTreeMap<u32, u32>,
    formats: Vec<u32>,
}

/// What some neurons would change.
struct Change {
    used: Use,
    /// Cores that get further output axons, and how many.
    outputs: Vec<(u32, u64)>,
}

impl CoreCapacity {
    /// So many empty cores for a network.
    pub fn new(network: &Quantised, limits: &'static Limits, cores: usize) -> Self {
        let wiring = Wiring::new(network);
        let empty = OnCore {
            used: Use::default(),
            by_delay: [0; DELAYS],
            profiles: BTreeMap::new(),
            thresholds: BTreeMap::new(),
            formats: vec![0; network.formats.len()],
        };
        CoreCapacity {
            limits,
            cores: vec![empty; cores],
            homes: vec![NOWHERE; network.neurons()],
            lists: vec![Vec::new(); wiring.of_group.len()],
            wiring: Arc::new(wiring),
        }
    }

    /// The same cores with other limits.
    pub fn limit_to(&mut self, limits: &'static Limits) {
        self.limits = limits;
    }

    /// What each core uses at present.
    pub fn uses(&self) -> Vec<Use> {
        self.cores.iter().map(|core| core.used).collect()
    }

    /// The first limit that keeps `neurons` from `core`, if any does.
    pub fn refuses(&self, neurons: &[u32], core: u32) -> Option<Excess> {
        let change = self.change(neurons, core);
        let over = |core: usize, resource: Resource, used: u64| {
            let limit = self.limits.core[resource as usize].filter(|&limit| used > limit)?;
            Some(Excess { core, resource, used, limit })
        };
        let here = Resource::ALL.into_iter();
        let mut here = here.filter_map(|r| over(core as usize, r, change.used[r as usize]));
        here.next().or_else(|| {
            let output = Resource::OutputAxons;
            let others = change.outputs.iter().filter(|(other, _)| *other != core);
            let used = |other: u32, more| self.cores[other as usize].used[output as usize] + more;
            others.filter_map(|&(other, more)| over(other as usize, output, used(other, more))).next()
        })
    }

    /// What a core would use with these neurons, and the output axons that other cores would need.
    fn change(&self, neurons: &[u32], core: u32) -> Change {
        let (wiring, on) = (&*self.wiring, &self.cores[core as usize]);
        let mut sorted = neurons.to_vec();
        sorted.sort_unstable();
        let mut used = on.used;
        let mut outputs: Vec<(u32, u64)> = Vec::new();
        let mut formats: Vec<u8> = Vec::new();
        for (group, more) in wiring.merged(neurons) {
            let (source, format, bits) = wiring.of_group[group as usize];
            let there = u64::from(self.list(group, core));
            used[Resource::SynapticMemory as usize] +=
                words(there + u64::from(more), bits) - words(there, bits);
            if there > 0 {
                continue;
            }
            used[Resource::InputAxons as usize] += 1;
            if on.formats[usize::from(format)] == 0 && !formats.contains(&format) {
                formats.push(format);
            }
            let home = if sorted.binary_search(&source).is_ok() {
                core
            } else {
                self.homes.get(source as usize).copied().unwrap_or(NOWHERE)
            };
            if home != NOWHERE {
                outputs.push((home, 1));
            }
        }
        for &neuron in neurons {
            let own: usize = wiring.groups_of(neuron).map(|group| self.lists[group].len()).sum();
            outputs.push((core, own as u64));
        }
        outputs.sort_unstable();
        let sum = |same: &[(u32, u64)]| (same[0].0, same.iter().map(|(_, more)| more).sum());
        let outputs: Vec<(u32, u64)> = outputs.chunk_by(|a, b| a.0 == b.0).map(sum).collect();
        let own = outputs.iter().find(|(of, _)| *of == core).map_or(0, |(_, more)| *more);
        used[Resource::OutputAxons as usize] += own;
        used[Resource::SynapseFormats as usize] += formats.len() as u64;
        let compartments = used[Resource::Compartments as usize] + neurons.len() as u64;
        used[Resource::Compartments as usize] = compartments;
        let longest = neurons.iter().map(|&neuron| wiring.longest[neuron as usize]).max().unwrap_or(0);
        used[Resource::DelaySlots as usize] = compartments * u64::from(longest.max(on.longest()));
        let distinct = |of: &dyn Fn(u32) -> u32, held: &BTreeMap<u32, u32>| {
            let mut new: Vec<u32> = neurons
                .iter()
                .map(|&neuron| of(neuron))
                .filter(|number| !held.contains_key(number))
                .collect();
            new.sort_unstable();
            new.dedup();
            new.len() as u64
        };
        used[Resource::CompartmentProfiles as usize] +=
            distinct(&|neuron| wiring.profiles[neuron as usize].0, &on.profiles);
        used[Resource::ThresholdProfiles as usize] +=
            distinct(&|neuron| wiring.profiles[neuron as usize].1, &on.thresholds);
        Change { used, outputs }
    }

    /// How many synapses a group has in a core.
    fn list(&self, group: u32, core: u32) -> u32 {
        let lists = &self.lists[group as usize];
        lists.iter().find(|(of, _)| *of == core).map_or(0, |(_, synapses)| *synapses)
    }
}

impl Capacity for CoreCapacity {
    fn cores(&self) -> usize {
        self.cores.len()
    }

    fn room(&self, core: u32) -> usize {
        let most = self.limits.core[Resource::Compartments as usize].unwrap_or(u64::MAX);
        (most - self.cores[core as usize].used[Resource::Compartments as usize].min(most)) as usize
    }

    fn fits(&self, neurons: &[u32], core: u32) -> bool {
        neurons.len() <= self.room(core) && self.refuses(neurons, core).is_none()
    }

    fn put(&mut self, neurons: &[u32], core: u32) {
        let change = self.change(neurons, core);
        for &(other, more) in change.outputs.iter().filter(|(other, _)| *other != core) {
            self.cores[other as usize].used[Resource::OutputAxons as usize] += more;
        }
        self.cores[core as usize].used = change.used;
        let wiring = Arc::clone(&self.wiring);
        for (group, more) in wiring.merged(neurons) {
            let lists = &mut self.lists[group as usize];
            match lists.iter_mut().find(|(of, _)| *of == core) {
                Some((_, synapses)) => *synapses += more,
                None => {
                    lists.push((core, more));
                    self.cores[core as usize].formats[usize::from(wiring.of_group[group as usize].1)] += 1;
                }
            }
        }
        for &neuron in neurons {
            self.homes[neuron as usize] = core;
            self.cores[core as usize].live(&wiring, neuron);
        }
    }

    fn take(&mut self, neurons: &[u32], core: u32) {
        let wiring = Arc::clone(&self.wiring);
        for &neuron in neurons {
            let own: usize = wiring.groups_of(neuron).map(|group| self.lists[group].len()).sum();
            self.cores[core as usize].used[Resource::OutputAxons as usize] -= own as u64;
            self.homes[neuron as usize] = NOWHERE;
            self.cores[core as usize].leave(&wiring, neuron);
        }
        for (group, fewer) in wiring.merged(neurons) {
            let (source, format, bits) = wiring.of_group[group as usize];
            let there = self.list(group, core);
            let used = &mut self.cores[core as usize].used;
            used[Resource::SynapticMemory as usize] -=
                words(u64::from(there), bits) - words(u64::from(there - fewer), bits);
            let lists = &mut self.lists[group as usize];
            if there > fewer {
                lists.iter_mut().filter(|(of, _)| *of == core).for_each(|(_, synapses)| *synapses -= fewer);
                continue;
            }
            lists.retain(|(of, _)| *of != core);
            used[Resource::InputAxons as usize] -= 1;
            self.cores[core as usize].formats[usize::from(format)] -= 1;
            let home = self.homes.get(source as usize).copied().unwrap_or(NOWHERE);
            if home != NOWHERE {
                self.cores[home as usize].used[Resource::OutputAxons as usize] -= 1;
            }
        }
        self.cores[core as usize].recount();
    }
}

impl OnCore {
    fn longest(&self) -> u8 {
        (0..DELAYS).rev().find(|&delay| self.by_delay[delay] > 0).unwrap_or(0) as u8
    }

    fn live(&mut self, wiring: &Wiring, neuron: u32) {
        let (profile, threshold) = wiring.profiles[neuron as usize];
        self.by_delay[usize::from(wiring.longest[neuron as usize]).min(DELAYS - 1)] += 1;
        *self.profiles.entry(profile).or_insert(0) += 1;
        *self.thresholds.entry(threshold).or_insert(0) += 1;
    }

    fn leave(&mut self, wiring: &Wiring, neuron: u32) {
        let (profile, threshold) = wiring.profiles[neuron as usize];
        self.by_delay[usize::from(wiring.longest[neuron as usize]).min(DELAYS - 1)] -= 1;
        for (held, number) in [(&mut self.profiles, profile), (&mut self.thresholds, threshold)] {
            if let Some(neurons) = held.get_mut(&number) {
                *neurons -= 1;
            }
            held.retain(|_, neurons| *neurons > 0);
        }
        self.used[Resource::Compartments as usize] -= 1;
    }

    /// Counts anew what follows from who is there.
    fn recount(&mut self) {
        self.used[Resource::DelaySlots as usize] =
            self.used[Resource::Compartments as usize] * u64::from(self.longest());
        self.used[Resource::CompartmentProfiles as usize] = self.profiles.len() as u64;
        self.used[Resource::ThresholdProfiles as usize] = self.thresholds.len() as u64;
        self.used[Resource::SynapseFormats as usize] =
            self.formats.iter().filter(|&&lists| lists > 0).count() as u64;
    }
}

impl Wiring {
    fn new(network: &Quantised) -> Self {
        let bits = synapse_bits(network);
        let (mut groups, mut of_group) = (vec![0], Vec::new());
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(network.synapses.len());
        let mut longest = vec![0; network.neurons()];
        for source in 0..network.sources() {
            let own = &network.synapses[network.row(source)];
            let first = of_group.len();
            for synapse in own {
                let known = of_group[first..].iter().position(|(_, format, _)| *format == synapse.format);
                let group = first
                    + known.unwrap_or_else(|| {
                        of_group.push((source as u32, synapse.format, bits[usize::from(synapse.format)]));
                        of_group.len() - 1 - first
                    });
                pairs.push((synapse.target, group as u32));
                let longest: &mut u8 = &mut longest[synapse.target as usize];
                *longest = (*longest).max(synapse.delay);
            }
            groups.push(of_group.len() as u32);
        }
        pairs.sort_unstable();
        let mut starts = vec![0; network.neurons() + 1];
        let mut incoming = Vec::new();
        for same in pairs.chunk_by(|a, b| a == b) {
            incoming.push((same[0].1, same.len() as u32));
            starts[same[0].0 as usize + 1] += 1;
        }
        (0..network.neurons()).for_each(|neuron| starts[neuron + 1] += starts[neuron]);
        let (mut profiles, mut thresholds): (BTreeMap<Profile, u32>, BTreeMap<u32, u32>) = Default::default();
        let numbers = network.compartments.iter().map(|compartment| {
            let next = profiles.len() as u32;
            let profile = *profiles.entry(profile(compartment)).or_insert(next);
            let next = thresholds.len() as u32;
            (profile, *thresholds.entry(compartment.threshold).or_insert(next))
        });
        let profiles = numbers.collect();
        Wiring { groups, of_group, starts, incoming, longest, profiles }
    }

    fn groups_of(&self, source: u32) -> std::ops::Range<usize> {
        self.groups[source as usize] as usize..self.groups[source as usize + 1] as usize
    }

    /// The groups that reach some neurons, each once, with all their synapses.
    fn merged(&self, neurons: &[u32]) -> Vec<(u32, u32)> {
        let of = |&neuron: &u32| {
            let own = self.starts[neuron as usize] as usize..self.starts[neuron as usize + 1] as usize;
            self.incoming[own].iter().copied()
        };
        let mut all: Vec<(u32, u32)> = neurons.iter().flat_map(of).collect();
        if neurons.len() > 1 {
            all.sort_unstable();
            let sum = |same: &[(u32, u32)]| (same[0].0, same.iter().map(|(_, synapses)| synapses).sum());
            all = all.chunk_by(|a, b| a.0 == b.0).map(sum).collect();
        }
        all
    }
}
