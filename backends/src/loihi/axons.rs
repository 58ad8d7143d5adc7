//! Which axons share a list of synapses.
//!
//! A spike finds its synapses in a core through an axon of its own. Where sources reach the same neurons by
//! the same weights and delays, their axons may find the same list, which then takes memory once: the axons of
//! a population. A population of at most 32 is written in one slot of the output table for each source,
//! a larger one in two. So a large set of sources becomes one large population if the lists that are
//! spared are worth more than the slots, else several small ones. All of this is decided from the
//! network alone, before anything is placed: who has the same synapses has them on every core.

use super::limits::{Limits, Resource, synapse_bits, words};
use super::network::Quantised;
use std::collections::BTreeMap;

/// How axons are written in a core's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AxonKind {
    /// Of one source, with a list of its own.
    Discrete,
    /// Of a population of up to 32.
    Pop16,
    /// Of a larger one.
    Pop32,
}

impl AxonKind {
    /// Slots of the output table for each source and core.
    pub fn slots(self) -> u64 {
        match self {
            AxonKind::Discrete | AxonKind::Pop16 => 1,
            AxonKind::Pop32 => 2,
        }
    }

    /// The largest population.
    pub fn most(self) -> usize {
        match self {
            AxonKind::Discrete => 1,
            AxonKind::Pop16 => 32,
            AxonKind::Pop32 => 512,
        }
    }

    /// The kind for so many sources whose common list takes so many words.
    pub fn of(sources: usize, words: u64, limits: &Limits) -> AxonKind {
        if sources <= AxonKind::Pop16.most() {
            return if sources <= 1 { AxonKind::Discrete } else { AxonKind::Pop16 };
        }
        let share =
            |used: u64, of: Resource| limits.core[of as usize].map_or(0.0, |all| used as f64 / all as f64);
        let lists = |kind: AxonKind| sources.div_ceil(kind.most()) as u64;
        let spared = (lists(AxonKind::Pop16) - lists(AxonKind::Pop32)) * words;
        let slots = sources as u64 * (AxonKind::Pop32.slots() - AxonKind::Pop16.slots());
        if share(spared, Resource::SynapticMemory) > share(slots, Resource::OutputAxons) {
            AxonKind::Pop32
        } else {
            AxonKind::Pop16
        }
    }
}

/// A source of a population, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Neuron, or input from outside.
    pub source: u32,
    /// Number in the network of the first synapse of its list.
    pub first: u32,
}

/// Sources with one list of synapses, all of one weight format.
#[derive(Clone, Debug)]
pub struct Population {
    /// The sources.
    pub members: Vec<Member>,
    /// Number of the format.
    pub format: u8,
    /// How their axons are written.
    pub kind: AxonKind,
}

impl Population {
    /// Numbers of the synapses of its first member.
    pub fn synapses<'a>(&'a self, network: &'a Quantised) -> impl Iterator<Item = u32> + 'a {
        let own = network.row(self.members[0].source as usize);
        own.filter(|&number| network.synapses[number].format == self.format).map(|number| number as u32)
    }
}

/// All axons of a network.
#[derive(Clone, Debug)]
pub struct Axons {
    /// By their first member.
    pub populations: Vec<Population>,
    /// Per source the first of its entries; one more at the end.
    starts: Vec<u32>,
    of_source: Vec<u32>,
}

/// A list: its format, the number of its first synapse, how many there are, and whether they stand together.
#[derive(Clone, Copy)]
struct List {
    format: u8,
    first: u32,
    count: u32,
    together: bool,
}

impl Axons {
    /// Those of a network within these limits.
    pub fn of(network: &Quantised, limits: &Limits) -> Axons {
        let bits = synapse_bits(network);
        let mut alike: Vec<(List, Vec<Member>)> = Vec::new();
        let mut known: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for source in 0..network.sources() {
            for list in lists(network, source) {
                let member = Member { source: source as u32, first: list.first };
                let shares = list.together && network.learned(list.format).is_none();
                let same =
                    if shares { known.entry(hash(network, &list)).or_default() } else { &mut Vec::new() };
                match same.iter().find(|&&number| equal(network, &alike[number].0, &list)) {
                    Some(&number) => alike[number].1.push(member),
                    None => {
                        same.push(alike.len());
                        alike.push((list, vec![member]));
                    }
                }
            }
        }
        let mut populations = Vec::new();
        for (list, members) in alike {
            let words = words(u64::from(list.count), bits[usize::from(list.format)]);
            let kind = AxonKind::of(members.len(), words, limits);
            let part = |members: &[Member]| {
                let kind = if members.len() == 1 { AxonKind::Discrete } else { kind };
                Population { members: members.to_vec(), format: list.format, kind }
            };
            populations.extend(members.chunks(kind.most()).map(part));
        }
        Axons::by_source(network.sources(), populations)
    }

    fn by_source(sources: usize, populations: Vec<Population>) -> Axons {
        let mut starts = vec![0; sources + 1];
        let members = || populations.iter().flat_map(|population| &population.members);
        members().for_each(|member| starts[member.source as usize + 1] += 1);
        (0..sources).for_each(|source| starts[source + 1] += starts[source]);
        let mut next: Vec<u32> = starts.clone();
        let mut of_source = vec![0; members().count()];
        for (number, population) in populations.iter().enumerate() {
            for member in &population.members {
                let place = &mut next[member.source as usize];
                of_source[*place as usize] = number as u32;
                *place += 1;
            }
        }
        Axons { populations, starts, of_source }
    }

    /// Numbers of the populations that a source is in, one for each of its formats.
    pub fn of_source(&self, source: u32) -> &[u32] {
        let source = source as usize;
        &self.of_source[self.starts[source] as usize..self.starts[source + 1] as usize]
    }
}

/// The lists of a source, by the order in which their formats come.
fn lists(network: &Quantised, source: usize) -> Vec<List> {
    let mut found: Vec<List> = Vec::new();
    for number in network.row(source) {
        let (format, number) = (network.synapses[number].format, number as u32);
        match found.iter_mut().find(|list| list.format == format) {
            Some(list) => {
                list.together &= list.first + list.count == number;
                list.count += 1;
            }
            None => found.push(List { format, first: number, count: 1, together: true }),
        }
    }
    found
}

fn own<'a>(network: &'a Quantised, list: &List) -> &'a [super::network::Synapse] {
    &network.synapses[list.first as usize..(list.first + list.count) as usize]
}

fn equal(network: &Quantised, a: &List, b: &List) -> bool {
    a.count == b.count && own(network, a) == own(network, b)
}

/// FNV-1a over a list, a word at a time.
fn hash(network: &Quantised, list: &List) -> u64 {
    own(network, list).iter().fold(0xcbf2_9ce4_8422_2325, |hash, synapse| {
        let rest = u64::from(synapse.mantissa as u16) << 16 | u64::from(synapse.delay) << 8;
        let word = u64::from(synapse.target) << 32 | rest | u64::from(synapse.format);
        (hash ^ word).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::super::compartment::Compartment;
    use super::super::limits::LOIHI1;
    use super::super::network::Synapse;
    use super::super::semantics::NENGO;
    use super::super::weights::{Signs, WeightFormat};
    use super::*;

    /// So many sources onto so many targets, all alike but the last source.
    fn network(sources: u32, targets: u32) -> Quantised {
        let all: Vec<(u32, Synapse)> = (0..sources)
            .flat_map(|source| {
                let mantissa = if source + 1 == sources { 7 } else { 3 };
                (0..targets).map(move |target| (source, Synapse { target, mantissa, delay: 1, format: 0 }))
            })
            .collect();
        let format = WeightFormat { bits: 8, signs: Signs::Excitatory, exponent: 0 };
        let neurons = vec![Compartment::default(); sources.max(targets) as usize];
        Quantised::new(&NENGO, neurons, 0, vec![format], &all)
    }

    fn kinds(sources: u32, targets: u32) -> Vec<(AxonKind, usize)> {
        let axons = Axons::of(&network(sources, targets), &LOIHI1);
        axons.populations.iter().map(|population| (population.kind, population.members.len())).collect()
    }

    #[test]
    fn sources_with_the_same_synapses_share_them_and_one_that_differs_does_not() {
        use AxonKind::{Discrete, Pop16};
        assert_eq!(kinds(1, 5), [(Discrete, 1)]);
        assert_eq!(kinds(21, 5), [(Pop16, 20), (Discrete, 1)]);
        assert_eq!(kinds(71, 5), [(Pop16, 32), (Pop16, 32), (Pop16, 6), (Discrete, 1)]);
    }

    #[test]
    fn a_large_population_is_one_axon_kind_of_two_slots_only_where_lists_are_long() {
        assert_eq!(kinds(101, 900), [(AxonKind::Pop32, 100), (AxonKind::Discrete, 1)]);
        // 99 sources cost 99 / 4096 of the slots; three lists spared are 3 · words / 16384 of the memory.
        assert_eq!(AxonKind::of(100, 133, &LOIHI1), AxonKind::Pop16);
        assert_eq!(AxonKind::of(100, 134, &LOIHI1), AxonKind::Pop32);
    }
}
