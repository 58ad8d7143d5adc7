//! The limits of cores while neurons are being placed: what a move would use, list by list.
//!
//! This counts the same things as [`super::limits::uses`], a little at a time. A list is what one source
//! or several alike reach in one core by one weight format: it takes words of the core, and for each of its
//! sources an input axon there and an output axon of the core that the source lives on.

use super::axons::{Axons, Member};
use super::limits::{Excess, Limits, Resource, Use, words};
use super::network::Quantised;
use super::on_core::OnCore;
use super::wiring::Wiring;
use crate::chip::partition::Capacity;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A neuron that is on no core.
const NOWHERE: u32 = u32::MAX;

/// The limits of a chip's cores, and who is on them.
#[derive(Clone, Debug)]
pub struct CoreCapacity {
    wiring: Arc<Wiring>,
    limits: &'static Limits,
    cores: Vec<OnCore>,
    /// The core of each neuron.
    homes: Vec<u32>,
    /// The slots of output tables that each source needs, over all cores.
    reach: Vec<u32>,
    /// The output axons that each core uses.
    outputs: Vec<u64>,
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
        CoreCapacity {
            limits,
            cores: vec![OnCore::new(network.formats.len()); cores],
            homes: vec![NOWHERE; network.neurons()],
            reach: vec![0; network.sources()],
            outputs: vec![0; cores],
            wiring: Arc::new(wiring),
        }
    }

    /// What each core uses at present.
    pub fn uses(&self) -> Vec<Use> {
        (0..self.cores.len()).map(|core| self.used(core)).collect()
    }

    fn used(&self, core: usize) -> Use {
        let mut used = self.cores[core].used;
        used[Resource::OutputAxons as usize] = self.outputs[core];
        used
    }

    /// The first limit that keeps `neurons` from `core`, if any does.
    pub fn refuses(&self, neurons: &[u32], core: u32) -> Option<Excess> {
        self.excess(core, &self.change(neurons, core, |_| true))
    }

    /// The first limit that a change to a core breaks.
    fn excess(&self, core: u32, change: &Change) -> Option<Excess> {
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
            let used = |other: usize, more| self.outputs[other] + u64::from(more);
            others.filter_map(|(other, &more)| over(other, output, used(other, more))).next()
        })
    }

    /// Whether neurons fit. Of those that do not, few synapses have to be counted where a core is nearly full.
    fn exactly_fits(&self, neurons: &[u32], core: u32) -> bool {
        let [axons, memory] =
            [Resource::InputAxons, Resource::SynapticMemory].map(|resource| resource as usize);
        let most = |resource: usize| self.limits.core[resource].unwrap_or(u64::MAX);
        let (axon_limit, memory_limit) = (most(axons), most(memory));
        let change =
            self.change(neurons, core, |used| used[axons] <= axon_limit && used[memory] <= memory_limit);
        self.excess(core, &change).is_none()
    }

    /// Whether neurons fit even if they share nothing with who is there: a quick look that may promise too
    /// little.
    fn surely_fits(&self, neurons: &[u32], core: u32) -> bool {
        let (wiring, on) = (&*self.wiring, &self.cores[core as usize]);
        let mut most = self.used(core as usize);
        let mut outputs = 0;
        for &neuron in neurons {
            let [inputs, slots] = wiring.axons_alone[neuron as usize];
            most[Resource::SynapticMemory as usize] += u64::from(wiring.words_alone[neuron as usize]);
            most[Resource::InputAxons as usize] += u64::from(inputs);
            outputs += u64::from(slots);
            most[Resource::OutputAxons as usize] += u64::from(self.reach[neuron as usize]);
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
            && holds(output, self.outputs.iter().max().unwrap_or(&0) + outputs)
    }

    /// What a core would use with these neurons, and the output axons that other cores would need; not all of
    /// it if `go_on` says of what was counted so far that this is enough.
    fn change(&self, neurons: &[u32], core: u32, go_on: impl Fn(&Use) -> bool) -> Change {
        let (wiring, on) = (&*self.wiring, &self.cores[core as usize]);
        let mut sorted = neurons.to_vec();
        sorted.sort_unstable();
        let mut used = self.used(core as usize);
        let mut outputs = vec![0_u32; self.cores.len()];
        let mut formats: Vec<u8> = Vec::new();
        wiring.merged(neurons, |group, more| {
            let population = &wiring.axons.populations[group as usize];
            let (format, bits) = (population.format, wiring.bits[usize::from(population.format)]);
            let there = on.lists.get(&group).map_or(0, |&synapses| u64::from(synapses));
            used[Resource::SynapticMemory as usize] +=
                words(there + u64::from(more), bits) - words(there, bits);
            if there > 0 {
                return go_on(&used);
            }
            used[Resource::InputAxons as usize] += wiring.inputs(population);
            if on.formats[usize::from(format)] == 0 && !formats.contains(&format) {
                formats.push(format);
            }
            let slots = population.kind.slots() as u32;
            for Member { source, .. } in &population.members {
                match self.homes.get(*source as usize) {
                    Some(_) if sorted.binary_search(source).is_ok() => outputs[core as usize] += slots,
                    Some(&NOWHERE) | None => {}
                    Some(&home) => outputs[home as usize] += slots,
                }
            }
            go_on(&used)
        });
        outputs[core as usize] += neurons.iter().map(|&neuron| self.reach[neuron as usize]).sum::<u32>();
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
}

impl Capacity for CoreCapacity {
    /// Lists of synapses are counted, not neurons.
    fn price(&self) -> u64 {
        3
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
            && (self.surely_fits(neurons, core) || self.exactly_fits(neurons, core))
    }

    fn put(&mut self, neurons: &[u32], core: u32) {
        let Self { wiring, cores, homes, reach, outputs, .. } = self;
        let on = &mut cores[core as usize];
        for &neuron in neurons {
            outputs[core as usize] += u64::from(reach[neuron as usize]);
            homes[neuron as usize] = core;
            on.live(wiring, neuron);
        }
        wiring.merged(neurons, |group, more| {
            let population = &wiring.axons.populations[group as usize];
            let (format, bits) = (population.format, wiring.bits[usize::from(population.format)]);
            let list = on.lists.entry(group).or_insert(0);
            let before = std::mem::replace(list, *list + more);
            on.used[Resource::SynapticMemory as usize] +=
                words(u64::from(before + more), bits) - words(u64::from(before), bits);
            if before == 0 {
                on.used[Resource::InputAxons as usize] += wiring.inputs(population);
                on.formats[usize::from(format)] += 1;
                let slots = population.kind.slots();
                for &Member { source, .. } in &population.members {
                    reach[source as usize] += slots as u32;
                    let home = homes.get(source as usize).and_then(|&home| outputs.get_mut(home as usize));
                    home.into_iter().for_each(|output| *output += slots);
                }
            }
            true
        });
        on.recount(wiring);
    }

    fn take(&mut self, neurons: &[u32], core: u32) {
        let Self { wiring, cores, homes, reach, outputs, .. } = self;
        let on = &mut cores[core as usize];
        wiring.merged(neurons, |group, fewer| {
            let population = &wiring.axons.populations[group as usize];
            let (format, bits) = (population.format, wiring.bits[usize::from(population.format)]);
            let Some(list) = on.lists.get_mut(&group) else { return true };
            let before = std::mem::replace(list, *list - fewer);
            on.used[Resource::SynapticMemory as usize] -=
                words(u64::from(before), bits) - words(u64::from(before - fewer), bits);
            if before == fewer {
                on.lists.remove(&group);
                on.used[Resource::InputAxons as usize] -= wiring.inputs(population);
                on.formats[usize::from(format)] -= 1;
                let slots = population.kind.slots();
                for &Member { source, .. } in &population.members {
                    reach[source as usize] -= slots as u32;
                    let home = homes.get(source as usize).and_then(|&home| outputs.get_mut(home as usize));
                    home.into_iter().for_each(|output| *output -= slots);
                }
            }
            true
        });
        for &neuron in neurons {
            outputs[core as usize] -= u64::from(reach[neuron as usize]);
            homes[neuron as usize] = NOWHERE;
            on.leave(wiring, neuron);
        }
        on.recount(wiring);
    }
}
