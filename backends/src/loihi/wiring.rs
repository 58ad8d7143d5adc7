//! Who hears whom, as capacities ask for it: what does not change while neurons are placed.

use super::axons::{Axons, Population};
use super::limits::{Profile, distinct, profile, slots, synapse_bits, traces, words};
use super::network::Quantised;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What does not change while neurons are placed.
#[derive(Debug)]
pub struct Wiring {
    /// Populations of axons: sources with a list of synapses.
    pub axons: Axons,
    /// For each format the bits of a synapse.
    pub bits: Vec<u64>,
    /// Per neuron the first of its entries; one more at the end.
    starts: Vec<u32>,
    /// Populations that reach a neuron, ascending, each with how many synapses.
    incoming: Vec<(u32, u32)>,
    /// For each neuron the longest delay of a synapse onto it.
    pub longest: Vec<u8>,
    /// The longest of these.
    pub longest_of_all: u8,
    /// For each neuron the words of its synapses if no list is shared, and one more a list, which is the most
    /// that another cut into blocks adds.
    pub words_alone: Vec<u32>,
    /// For each neuron the entries of the input table for its axons, and their output slots.
    pub axons_alone: Vec<[u32; 2]>,
    /// For each neuron the numbers of its profile and its threshold.
    pub profiles: Vec<(u32, u32)>,
    /// Slots of the input table for a list of each format, and the presynaptic trace of each that learns.
    pub slots: Vec<u64>,
    pub traces: Vec<Option<usize>>,
    /// How many different profiles, thresholds, formats and presynaptic traces there are.
    pub kinds: [u64; 4],
}

thread_local! {
    /// For each population how many synapses some neurons have of it, all 0 between uses; and which have any.
    static COUNTS: RefCell<(Vec<u32>, Vec<u32>)> = RefCell::default();
}

impl Wiring {
    /// Of a network with these axons.
    pub fn new(network: &Quantised, axons: Axons) -> Self {
        let (bits, slots) = (synapse_bits(network), slots(network));
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(network.synapses.len());
        for (number, population) in (0..).zip(&axons.populations) {
            let target = |synapse: u32| network.synapses[synapse as usize].target;
            pairs.extend(population.synapses(network).map(|synapse| (target(synapse), number)));
        }
        let mut longest = vec![0; network.neurons()];
        for synapse in &network.synapses {
            let longest: &mut u8 = &mut longest[synapse.target as usize];
            *longest = (*longest).max(synapse.delay);
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
        let numbers: Vec<(u32, u32)> = numbers.collect();
        let own = |neuron: usize| &incoming[starts[neuron] as usize..starts[neuron + 1] as usize];
        let of = |number: u32| &axons.populations[number as usize];
        let words_alone = |neuron: usize| {
            let list = |&(number, n): &(u32, u32)| words(u64::from(n), bits[usize::from(of(number).format)]);
            own(neuron).iter().map(|entry| list(entry) as u32 + 1).sum()
        };
        let axons_alone = |neuron: usize| {
            own(neuron).iter().fold([0, 0], |[inputs, outputs], &(number, _)| {
                let (population, members) = (of(number), of(number).members.len() as u64);
                let entries = members * slots[usize::from(population.format)];
                [inputs + entries as u32, outputs + (members * population.kind.slots()) as u32]
            })
        };
        Wiring {
            words_alone: (0..network.neurons()).map(words_alone).collect(),
            axons_alone: (0..network.neurons()).map(axons_alone).collect(),
            longest_of_all: longest.iter().copied().max().unwrap_or(0),
            kinds: [
                profiles.len() as u64,
                thresholds.len() as u64,
                network.formats.len() as u64,
                distinct(traces(network).into_iter()),
            ],
            slots,
            traces: traces(network),
            axons,
            bits,
            starts,
            incoming,
            longest,
            profiles: numbers,
        }
    }

    /// Entries of the input table for a population.
    pub fn inputs(&self, population: &Population) -> u64 {
        population.members.len() as u64 * self.slots[usize::from(population.format)]
    }

    /// The populations that reach a neuron, ascending, each with how many synapses.
    pub fn onto(&self, neuron: u32) -> &[(u32, u32)] {
        &self.incoming[self.starts[neuron as usize] as usize..self.starts[neuron as usize + 1] as usize]
    }

    /// Calls `take` with each population that reaches some neurons, and all its synapses there, for as long as
    /// it says that it wants more.
    pub fn merged(&self, neurons: &[u32], mut take: impl FnMut(u32, u32) -> bool) {
        if let [neuron] = neurons {
            self.onto(*neuron).iter().all(|&(group, synapses)| take(group, synapses));
            return;
        }
        COUNTS.with_borrow_mut(|(counts, found)| {
            counts.resize(counts.len().max(self.axons.populations.len()), 0);
            for &(group, synapses) in neurons.iter().flat_map(|&neuron| self.onto(neuron)) {
                let count = &mut counts[group as usize];
                if *count == 0 {
                    found.push(group);
                }
                *count += synapses;
            }
            let mut go_on = true;
            for group in found.drain(..) {
                let count = std::mem::take(&mut counts[group as usize]);
                go_on = go_on && take(group, count);
            }
        });
    }
}
