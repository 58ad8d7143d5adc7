//! Who reaches whom, as cores count it.

use crate::loihi::limits::{Profile, profile, synapse_bits, words};
use crate::loihi::network::Quantised;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What does not change while neurons are placed.
#[derive(Debug)]
pub struct Wiring {
    /// For each group, a source with a format, the source, the format and the bits of a synapse.
    pub of_group: Vec<(u32, u8, u64)>,
    /// Per neuron the first of its entries; one more at the end.
    starts: Vec<u32>,
    /// Groups that reach a neuron, ascending, each with how many synapses.
    incoming: Vec<(u32, u32)>,
    /// For each neuron the longest delay of a synapse onto it.
    pub longest: Vec<u8>,
    /// The longest of these.
    pub longest_of_all: u8,
    /// For each neuron the words of its synapses if no list is shared, and one more a list, which is the most
    /// that another cut into blocks adds.
    pub words_alone: Vec<u32>,
    /// For each neuron the numbers of its profile and its threshold.
    pub profiles: Vec<(u32, u32)>,
    /// How many different profiles, thresholds and formats there are.
    pub kinds: [u64; 3],
}

thread_local! {
    /// For each group how many synapses some neurons have of it, all 0 between uses; and which have any.
    static COUNTS: RefCell<(Vec<u32>, Vec<u32>)> = RefCell::default();
}

impl Wiring {
    /// The wiring of a network.
    pub fn new(network: &Quantised) -> Self {
        let bits = synapse_bits(network);
        let mut of_group = Vec::new();
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
        let alone = |neuron: usize| {
            let own = &incoming[starts[neuron] as usize..starts[neuron + 1] as usize];
            own.iter().map(|&(group, n)| words(u64::from(n), of_group[group as usize].2) as u32 + 1).sum()
        };
        Wiring {
            words_alone: (0..network.neurons()).map(alone).collect(),
            longest_of_all: longest.iter().copied().max().unwrap_or(0),
            kinds: [profiles.len() as u64, thresholds.len() as u64, network.formats.len() as u64],
            of_group,
            starts,
            incoming,
            longest,
            profiles: numbers,
        }
    }

    /// The groups that reach a neuron, each with how many synapses.
    pub fn onto(&self, neuron: u32) -> &[(u32, u32)] {
        &self.incoming[self.starts[neuron as usize] as usize..self.starts[neuron as usize + 1] as usize]
    }

    /// Calls `take` with each group that reaches some neurons, and all its synapses there, for as long as it
    /// says that it wants more.
    pub fn merged(&self, neurons: &[u32], mut take: impl FnMut(u32, u32) -> bool) {
        if let [neuron] = neurons {
            self.onto(*neuron).iter().all(|&(group, synapses)| take(group, synapses));
            return;
        }
        COUNTS.with_borrow_mut(|(counts, found)| {
            counts.resize(counts.len().max(self.of_group.len()), 0);
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
