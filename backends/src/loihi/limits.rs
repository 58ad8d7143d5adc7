//! What a core holds, and what a network on cores uses of it.
//!
//! Synaptic memory is counted as nengo-loihi 1.1.0 does: the list of an axon is cut into blocks of at most
//! 64 synapses, and a block takes 10 bits and for each synapse those of its weight, its delay, its tag and
//! the index of its compartment, rounded up to words of 64.

use super::axons::Axons;
use super::network::Quantised;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Limits of one generation of the chip. What is not published does not limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Its name.
    pub name: &'static str,
    /// Cores of a chip.
    pub cores: u32,
    /// Synapses of a chip.
    pub synapses: Option<u64>,
    /// What a core holds of each resource, in the order of [`Resource::ALL`].
    pub core: [Option<u64>; RESOURCES],
}

/// How many resources a core has.
pub const RESOURCES: usize = 9;

/// Something that a core has so much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Compartments.
    Compartments,
    /// Words of 64 bits for synapses.
    SynapticMemory,
    /// Entries for input axons: one for each source and weight format, two if it learns.
    InputAxons,
    /// Slots for output axons: one for each neuron, weight format and core it goes to, two in a large population.
    OutputAxons,
    /// Compartments times slots for delays.
    DelaySlots,
    /// Different decays, refractory times and bounds of v.
    CompartmentProfiles,
    /// Different thresholds.
    ThresholdProfiles,
    /// Different weight formats.
    SynapseFormats,
    /// Different presynaptic traces.
    TraceProfiles,
}

impl Resource {
    /// All of them.
    pub const ALL: [Resource; RESOURCES] = [
        Resource::Compartments,
        Resource::SynapticMemory,
        Resource::InputAxons,
        Resource::OutputAxons,
        Resource::DelaySlots,
        Resource::CompartmentProfiles,
        Resource::ThresholdProfiles,
        Resource::SynapseFormats,
        Resource::TraceProfiles,
    ];

    /// What its unit is called.
    pub fn words(self) -> &'static str {
        match self {
            Resource::Compartments => "compartments",
            Resource::SynapticMemory => "words of synaptic memory",
            Resource::InputAxons => "input axons",
            Resource::OutputAxons => "output axons",
            Resource::DelaySlots => "sums of delayed arrivals",
            Resource::CompartmentProfiles => "compartment profiles",
            Resource::ThresholdProfiles => "thresholds",
            Resource::SynapseFormats => "weight formats",
            Resource::TraceProfiles => "presynaptic traces",
        }
    }

    /// Where the limit is documented.
    pub fn source(self) -> &'static str {
        match self {
            Resource::Compartments
            | Resource::SynapticMemory
            | Resource::InputAxons
            | Resource::OutputAxons => "Davies et al. 2018",
            Resource::DelaySlots => "Davies et al. 2018; that slots and compartments trade is inferred",
            Resource::CompartmentProfiles
            | Resource::ThresholdProfiles
            | Resource::SynapseFormats
            | Resource::TraceProfiles => "tools on top of NxSDK",
        }
    }

    /// What would make it fit.
    pub fn remedy(self) -> &'static str {
        match self {
            Resource::Compartments => "use more cores or chips, or fewer neurons",
            Resource::SynapticMemory => "use fewer synapses, coarser weights or more chips",
            Resource::InputAxons => "let fewer sources reach the neurons of a core",
            Resource::OutputAxons => "let neurons reach fewer cores",
            Resource::DelaySlots => "shorten the longest delay",
            Resource::CompartmentProfiles => "draw decays, refractory times and lowest V from fewer values",
            Resource::ThresholdProfiles => "draw thresholds from fewer values",
            Resource::SynapseFormats => "use fewer different weights or projections",
            Resource::TraceProfiles => "let fewer projections onto a neuron learn with different traces",
        }
    }
}

/// Loihi (Davies et al. 2018, doi:10.1109/MM.2018.112130359); profiles as NxSDK had them.
pub static LOIHI1: Limits = Limits {
    name: "Loihi1",
    cores: 128,
    synapses: None,
    core: [
        Some(1024),
        Some(16_384),
        Some(4096),
        Some(4096),
        Some(8192),
        Some(32),
        Some(16),
        Some(16),
        Some(3),
    ],
};

/// Loihi 2 (Intel's technology brief of 2021): 1 M neurons and 120 M synapses a chip. What else a core
/// holds is not published.
pub static LOIHI2: Limits = Limits {
    name: "Loihi2",
    cores: 128,
    synapses: Some(120_000_000),
    core: [Some(8192), None, None, None, None, None, None, None, None],
};

/// Slots of the input table for an axon; a learning one has two.
pub fn input_slots(learning: bool) -> u64 {
    1 + u64::from(learning)
}

/// Synapses of a block of synaptic memory.
const BLOCK: u64 = 64;
/// Bits of a block besides its synapses.
const HEADER: u64 = 10;
/// Bits of the index of a compartment among 1024.
pub const INDEX_BITS: u64 = 10;

/// Words of 64 bits that a list of so many synapses takes, each of so many bits.
pub fn words(synapses: u64, bits: u64) -> u64 {
    let block = |synapses: u64| (HEADER + synapses * bits).div_ceil(64);
    let whole = synapses / BLOCK * block(BLOCK);
    whole + if synapses.is_multiple_of(BLOCK) { 0 } else { block(synapses % BLOCK) }
}

/// Bits of a synapse in a list of one format: weight, delay field, index; no tag, for nothing learns.
pub fn synapse_bits(network: &Quantised) -> Vec<u64> {
    let mut fields = vec![0_u8; network.formats.len()];
    for synapse in &network.synapses {
        let field = &mut fields[usize::from(synapse.format)];
        *field = (*field).max(synapse.delay - 1);
    }
    let bits = |(format, &field): (&super::weights::WeightFormat, &u8)| {
        u64::from(format.bits) + u64::from(u8::BITS - field.leading_zeros()) + INDEX_BITS
    };
    network.formats.iter().zip(&fields).map(bits).collect()
}

/// Slots of the input table for a list of each format.
pub fn slots(network: &Quantised) -> Vec<u64> {
    let learns = |format: usize| network.learned(format as u8).is_some();
    (0..network.formats.len()).map(|format| input_slots(learns(format))).collect()
}

/// For each format the number of its presynaptic trace, if it learns; equal traces have one number.
pub fn traces(network: &Quantised) -> Vec<Option<usize>> {
    let of = |format: usize| {
        let trace = network.learned(format as u8)?.profile.pre;
        network.learning.iter().position(|other| other.profile.pre == trace)
    };
    (0..network.formats.len()).map(of).collect()
}

/// What a core uses, in the order of [`Resource::ALL`].
pub type Use = [u64; RESOURCES];

/// What each core uses if neuron `n` lives on core `cores[n]`, of so many.
pub fn uses(network: &Quantised, axons: &Axons, cores: &[u32], count: usize) -> Vec<Use> {
    let mut uses = vec![[0; RESOURCES]; count];
    let (bits, slots, traces) = (synapse_bits(network), slots(network), traces(network));
    let mut kinds: Vec<[BTreeSet<u64>; 2]> = vec![Default::default(); count];
    let mut profiles: Vec<BTreeSet<Profile>> = vec![BTreeSet::new(); count];
    let mut longest = vec![0_u64; count];
    for (neuron, &core) in cores.iter().enumerate() {
        uses[core as usize][Resource::Compartments as usize] += 1;
        let compartment = &network.compartments[neuron];
        profiles[core as usize].insert(profile(compartment));
        kinds[core as usize][0].insert(u64::from(compartment.threshold));
    }
    for population in &axons.populations {
        // How many synapses of it are in each core.
        let mut lists: BTreeMap<u32, u64> = BTreeMap::new();
        for number in population.synapses(network) {
            let synapse = &network.synapses[number as usize];
            let core = cores[synapse.target as usize];
            *lists.entry(core).or_insert(0) += 1;
            longest[core as usize] = longest[core as usize].max(u64::from(synapse.delay));
        }
        let format = usize::from(population.format);
        for (&core, &synapses) in &lists {
            let there = &mut uses[core as usize];
            there[Resource::InputAxons as usize] += population.members.len() as u64 * slots[format];
            there[Resource::SynapticMemory as usize] += words(synapses, bits[format]);
            kinds[core as usize][1].insert(format as u64);
            for home in population.members.iter().filter_map(|member| cores.get(member.source as usize)) {
                uses[*home as usize][Resource::OutputAxons as usize] += population.kind.slots();
            }
        }
    }
    for (core, used) in uses.iter_mut().enumerate() {
        let [thresholds, formats] = &kinds[core];
        used[Resource::DelaySlots as usize] = used[Resource::Compartments as usize] * longest[core];
        used[Resource::CompartmentProfiles as usize] = profiles[core].len() as u64;
        used[Resource::ThresholdProfiles as usize] = thresholds.len() as u64;
        used[Resource::SynapseFormats as usize] = formats.len() as u64;
        used[Resource::TraceProfiles as usize] =
            distinct(formats.iter().map(|&format| traces[format as usize]));
    }
    uses
}

/// How many different traces there are among those of some formats.
pub fn distinct(traces: impl Iterator<Item = Option<usize>>) -> u64 {
    let mut all: Vec<usize> = traces.flatten().collect();
    all.sort_unstable();
    all.dedup();
    all.len() as u64
}

/// What compartments of one profile have in common.
pub type Profile = (u16, u16, u8, i32, i32, u8);

/// The profile of a compartment.
pub fn profile(of: &super::compartment::Compartment) -> Profile {
    (of.du, of.dv, of.refractory, of.v_min, of.v_max, of.bias_exponent)
}

/// A core that uses more of something than it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The core.
    pub core: usize,
    /// Of what.
    pub resource: Resource,
    /// How much it uses.
    pub used: u64,
    /// How much it has.
    pub limit: u64,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, over) = (self.resource.words(), self.used - self.limit);
        write!(f, "core {} uses {} {words}, {over} more than its {}", self.core, self.used, self.limit)
    }
}

/// Everything that cores use beyond the limits.
pub fn excesses(limits: &Limits, uses: &[Use]) -> Vec<Excess> {
    let mut found = Vec::new();
    for (core, used) in uses.iter().enumerate() {
        for (&resource, (&used, limit)) in Resource::ALL.iter().zip(used.iter().zip(&limits.core)) {
            if let Some(limit) = limit.filter(|&limit| used > limit) {
                found.push(Excess { core, resource, used, limit });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dense_list_of_1024_bytes_takes_sixteen_blocks_and_113_of_them_fill_a_core() {
        assert_eq!(words(1024, 8), 9216 / 64);
        assert!(113 * words(1024, 8) <= 16_384);
        assert!(114 * words(1024, 8) > 16_384);
    }

    #[test]
    fn a_list_takes_whole_words_block_by_block() {
        assert_eq!(words(0, 18), 0);
        assert_eq!(words(1, 18), 1);
        assert_eq!(words(3, 18), 1);
        assert_eq!(words(4, 18), 2);
        assert_eq!(words(64, 18), (10_u64 + 64 * 18).div_ceil(64));
        assert_eq!(words(65, 18), words(64, 18) + 1);
    }
}
