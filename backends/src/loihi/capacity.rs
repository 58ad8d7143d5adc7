//! The limits of cores while neurons are being placed: what a move would use, list by list.
//!
//! This counts the same things as [`super::limits::uses`], a little at a time. A list is what one source
//! or several alike reach in one core by one weight format: it takes words of the core, and for each of its
//! sources an input axon there and an output axon of the core that the source lives on.

use super::axons::{Axons, Member};
use super::limits::{Excess, Limits, Resource, Use, distinct, words};
use super::network::Quantised;
use super::wiring::Wiring;
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
    /// For each population of axons: on which cores it has a list, and of how many synapses.
    lists: Vec<Vec<(u32, u32)>>,
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
    /// What their core would use.
    used: Use,
    /// Output axons that each core would need besides.
    outputs: Vec<u32>,
}

impl CoreCapacity {
    /// So many empty cores for a network.
    pub fn new(network: &Quantised, limits: &'static Limits, axons: Axons, cores: usize) -> Self {
        let wiring = Wiring::new(network, axons);
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
            lists: vec![Vec::new(); wiring.axons.populations.len()],
            wiring: Arc::new(wiring),
        }
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
            let others = change.outputs.iter().enumerate();
            let others = others.filter(|&(other, &more)| other != core as usize && more > 0);
            let used = |other: usize, more| self.cores[other].used[output as usize] + u64::from(more);
            others.filter_map(|(other, &more)| over(other, output, used(other, more))).next()
        })
    }

    /// Whether neurons fit even if they share nothing with who is there: a quick look that may promise too
    /// little.
    fn surely_fits(&self, neurons: &[u32], core: u32) -> bool {
        let (wiring, on) = (&*self.wiring, &self.cores[core as usize]);
        let mut most = on.used;
        let mut outputs = 0;
        for &neuron in neurons {
            let [inputs, slots] = wiring.axons_alone[neuron as usize];
            most[Resource::SynapticMemory as usize] += u64::from(wiring.words_alone[neuron as usize]);
            most[Resource::InputAxons as usize] += u64::from(inputs);
            outputs += u64::from(slots);
            most[Resource::OutputAxons as usize] += self.slots_of(neuron);
        }
        most[Resource::OutputAxons as usize] += outputs;
        let compartments = on.used[Resource::Compartments as usize] + neurons.len() as u64;
        most[Resource::Compartments as usize] = compartments;
        most[Resource::DelaySlots as usize] = compartments * u64::from(wiring.longest_of_all);
        let [profiles, thresholds, formats, traces] = wiring.kinds;
        most[Resource::CompartmentProfiles as usize] = profiles;
        most[Resource::ThresholdProfiles as usize] = thresholds;
        most[Resource::SynapseFormats as usize] = formats;
        most[Resource::TraceProfiles as usize] = traces;
        let holds = |resource: Resource, used: u64| {
            self.limits.core[resource as usize].is_none_or(|limit| used <= limit)
        };
        let output = Resource::OutputAxons;
        Resource::ALL.into_iter().all(|resource| holds(resource, most[resource as usize]))
            && self.cores.iter().all(|other| holds(output, other.used[output as usize] + outputs))
    }

    /// What a core would use with these neurons, and the output axons that other cores would need.
    fn change(&self, neurons: &[u32], core: u32) -> Change {
        let (wiring, on) = (&*self.wiring, &self.cores[core as usize]);
        let mut sorted = neurons.to_vec();
        sorted.sort_unstable();
        let mut used = on.used;
        let mut outputs = vec![0_u32; self.cores.len()];
        let mut formats: Vec<u8> = Vec::new();
        wiring.merged(neurons, |group, more| {
            let population = &wiring.axons.populations[group as usize];
            let (format, bits) = (population.format, wiring.bits[usize::from(population.format)]);
            let there = u64::from(self.list(group, core));
            used[Resource::SynapticMemory as usize] +=
                words(there + u64::from(more), bits) - words(there, bits);
            if there > 0 {
                return;
            }
            used[Resource::InputAxons as usize] += wiring.inputs(population);
            if on.formats[usize::from(format)] == 0 && !formats.contains(&format) {
                formats.push(format);
            }
            let slots = population.kind.slots() as u32;
            for Member { source, .. } in &population.members {
                match self.homes.get(*source as usize) {
                    Some(&NOWHERE) if sorted.binary_search(source).is_ok() => outputs[core as usize] += slots,
                    Some(&NOWHERE) | None => {}
                    Some(&home) => outputs[home as usize] += slots,
                }
            }
        });
        for &neuron in neurons {
            outputs[core as usize] += self.slots_of(neuron) as u32;
        }
        used[Resource::OutputAxons as usize] += u64::from(outputs[core as usize]);
        used[Resource::SynapseFormats as usize] += formats.len() as u64;
        used[Resource::TraceProfiles as usize] = on.traces(wiring, &formats);
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

    /// Slots of the output table that a neuron needs for the lists that there are.
    fn slots_of(&self, neuron: u32) -> u64 {
        let slots = |&number: &u32| {
            let kind = self.wiring.axons.populations[number as usize].kind;
            self.lists[number as usize].len() as u64 * kind.slots()
        };
        self.wiring.axons.of_source(neuron).iter().map(slots).sum()
    }

    /// How many synapses a population has in a core.
    fn list(&self, group: u32, core: u32) -> u32 {
        let lists = &self.lists[group as usize];
        lists.iter().find(|(of, _)| *of == core).map_or(0, |(_, synapses)| *synapses)
    }
}

impl Capacity for CoreCapacity {
    /// Lists of synapses are counted, not neurons.
    fn price(&self) -> u64 {
        20
    }

    fn cores(&self) -> usize {
        self.cores.len()
    }

    fn room(&self, core: u32) -> usize {
        let most = self.limits.core[Resource::Compartments as usize].unwrap_or(u64::MAX);
        (most - self.cores[core as usize].used[Resource::Compartments as usize].min(most)) as usize
    }

    fn fits(&self, neurons: &[u32], core: u32) -> bool {
        neurons.len() <= self.room(core)
            && (self.surely_fits(neurons, core) || self.refuses(neurons, core).is_none())
    }

    fn put(&mut self, neurons: &[u32], core: u32) {
        let change = self.change(neurons, core);
        for (on, &more) in self.cores.iter_mut().zip(&change.outputs) {
            on.used[Resource::OutputAxons as usize] += u64::from(more);
        }
        self.cores[core as usize].used = change.used;
        let wiring = Arc::clone(&self.wiring);
        wiring.merged(neurons, |group, more| {
            let lists = &mut self.lists[group as usize];
            match lists.iter_mut().find(|(of, _)| *of == core) {
                Some((_, synapses)) => *synapses += more,
                None => {
                    lists.push((core, more));
                    let format = wiring.axons.populations[group as usize].format;
                    self.cores[core as usize].formats[usize::from(format)] += 1;
                }
            }
        });
        for &neuron in neurons {
            self.homes[neuron as usize] = core;
            self.cores[core as usize].live(&wiring, neuron);
        }
    }

    fn take(&mut self, neurons: &[u32], core: u32) {
        let wiring = Arc::clone(&self.wiring);
        for &neuron in neurons {
            self.cores[core as usize].used[Resource::OutputAxons as usize] -= self.slots_of(neuron);
            self.homes[neuron as usize] = NOWHERE;
            self.cores[core as usize].leave(&wiring, neuron);
        }
        wiring.merged(neurons, |group, fewer| {
            let population = &wiring.axons.populations[group as usize];
            let (format, bits) = (population.format, wiring.bits[usize::from(population.format)]);
            let there = self.list(group, core);
            let used = &mut self.cores[core as usize].used;
            used[Resource::SynapticMemory as usize] -=
                words(u64::from(there), bits) - words(u64::from(there - fewer), bits);
            let lists = &mut self.lists[group as usize];
            if there > fewer {
                lists.iter_mut().filter(|(of, _)| *of == core).for_each(|(_, synapses)| *synapses -= fewer);
                return;
            }
            lists.retain(|(of, _)| *of != core);
            used[Resource::InputAxons as usize] -= wiring.inputs(population);
            self.cores[core as usize].formats[usize::from(format)] -= 1;
            for member in &population.members {
                let home = self.homes.get(member.source as usize).copied().unwrap_or(NOWHERE);
                if home != NOWHERE {
                    self.cores[home as usize].used[Resource::OutputAxons as usize] -= population.kind.slots();
                }
            }
        });
        self.cores[core as usize].recount(&wiring);
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
    fn recount(&mut self, wiring: &Wiring) {
        self.used[Resource::DelaySlots as usize] =
            self.used[Resource::Compartments as usize] * u64::from(self.longest());
        self.used[Resource::CompartmentProfiles as usize] = self.profiles.len() as u64;
        self.used[Resource::ThresholdProfiles as usize] = self.thresholds.len() as u64;
        self.used[Resource::SynapseFormats as usize] =
            self.formats.iter().filter(|&&lists| lists > 0).count() as u64;
        self.used[Resource::TraceProfiles as usize] = self.traces(wiring, &[]);
    }

    /// How many different presynaptic traces there are, with those of lists of more formats.
    fn traces(&self, wiring: &Wiring, more: &[u8]) -> u64 {
        let there = |format: &usize| self.formats[*format] > 0 || more.contains(&(*format as u8));
        distinct((0..self.formats.len()).filter(there).map(|format| wiring.traces[format]))
    }
}
