//! What Loihi's cores hold, counted from the lists in them and from nothing else.

use backends::loihi::axons::{AxonKind, Axons};
use backends::loihi::limits::{Limits, RESOURCES, Resource};
use backends::loihi::network::Quantised;
use backends::loihi::placed::Placed;
use std::collections::BTreeSet;

/// Cores of Loihi that hold little, so that small networks meet every limit.
pub static SMALL: Limits = Limits {
    name: "small",
    cores: 128,
    synapses: Some(2000),
    core: [Some(8), Some(60), Some(40), Some(40), Some(60), Some(6), Some(4), Some(3), Some(1)],
};

/// A core: its neurons and its lists.
#[derive(Clone, Default)]
pub struct Held {
    neurons: Vec<u32>,
    lists: Vec<List>,
}

/// Who shares a list of one format, how axons are written, and the numbers of its synapses.
#[derive(Clone)]
struct List {
    sources: Vec<u32>,
    format: u8,
    kind: AxonKind,
    synapses: Vec<u32>,
}

/// What was placed.
pub fn held(placed: &Placed) -> Vec<Held> {
    let list = |axon: &backends::loihi::placed::Axon| List {
        sources: axon.members.iter().map(|member| member.source).collect(),
        format: axon.format,
        kind: axon.kind,
        synapses: axon.synapses.iter().map(|&(number, _)| number).collect(),
    };
    let core = |core: &backends::loihi::placed::Core| Held {
        neurons: core.neurons.clone(),
        lists: core.axons.iter().map(list).collect(),
    };
    placed.cores.iter().map(core).collect()
}

/// What cores would hold if neurons were on these, the others on none.
fn holding(network: &Quantised, axons: &Axons, cores: &[usize], count: usize) -> Vec<Held> {
    let mut all = vec![Held::default(); count];
    for (neuron, &core) in cores.iter().enumerate() {
        all[core].neurons.push(neuron as u32);
    }
    for population in &axons.populations {
        let sources: Vec<u32> = population.members.iter().map(|member| member.source).collect();
        for (number, core) in all.iter_mut().enumerate() {
            let here = |synapse: &u32| {
                cores.get(network.synapses[*synapse as usize].target as usize) == Some(&number)
            };
            let synapses: Vec<u32> = population.synapses(network).filter(here).collect();
            if !synapses.is_empty() {
                let (sources, format, kind) = (sources.clone(), population.format, population.kind);
                core.lists.push(List { sources, format, kind, synapses });
            }
        }
    }
    all
}

/// Words of 64 bits of a list: blocks of 64 synapses with a header of ten bits.
fn words(mut synapses: u64, bits: u64) -> u64 {
    let mut words = 0;
    while synapses > 0 {
        let block = synapses.min(64);
        words += (10 + block * bits).div_ceil(64);
        synapses -= block;
    }
    words
}

/// What each core uses of each resource.
pub fn counted(network: &Quantised, cores: &[Held]) -> Vec<[u64; RESOURCES]> {
    let longest_of = |format: u8| {
        let own = network.synapses.iter().filter(|synapse| synapse.format == format);
        own.map(|synapse| synapse.delay - 1).max().unwrap_or(0)
    };
    let bits = |format: u8| {
        let delay = (0..8).find(|bits| u64::from(longest_of(format)) < 1 << bits).unwrap();
        u64::from(network.formats[usize::from(format)].bits) + delay + 10
    };
    let bits: Vec<u64> = (0..network.formats.len()).map(|format| bits(format as u8)).collect();
    let home = |source: u32| cores.iter().position(|core| core.neurons.contains(&source));
    let mut all = vec![[0; RESOURCES]; cores.len()];
    for (number, core) in cores.iter().enumerate() {
        let mut longest = 0;
        for List { sources, format, kind, synapses } in &core.lists {
            let delays = synapses.iter().map(|&synapse| network.synapses[synapse as usize].delay);
            longest = longest.max(delays.max().unwrap_or(0));
            all[number][Resource::SynapticMemory as usize] +=
                words(synapses.len() as u64, bits[usize::from(*format)]);
            let learns = network.learning.iter().any(|learned| learned.format == *format);
            all[number][Resource::InputAxons as usize] += sources.len() as u64 * if learns { 2 } else { 1 };
            let (most, slots) = match kind {
                AxonKind::Discrete => (1, 1),
                AxonKind::Pop16 => (32, 1),
                AxonKind::Pop32 => (512, 2),
            };
            assert!(sources.len() <= most);
            for home in sources.iter().filter_map(|&source| home(source)) {
                all[home][Resource::OutputAxons as usize] += slots;
            }
        }
        let own = || core.neurons.iter().map(|&neuron| &network.compartments[neuron as usize]);
        let profiles: BTreeSet<_> =
            own().map(|c| (c.du, c.dv, c.refractory, c.v_min, c.v_max, c.bias_exponent)).collect();
        let thresholds: BTreeSet<u32> = own().map(|compartment| compartment.threshold).collect();
        let formats: BTreeSet<u8> = core.lists.iter().map(|list| list.format).collect();
        all[number][Resource::Compartments as usize] = core.neurons.len() as u64;
        all[number][Resource::DelaySlots as usize] = core.neurons.len() as u64 * u64::from(longest);
        all[number][Resource::CompartmentProfiles as usize] = profiles.len() as u64;
        all[number][Resource::ThresholdProfiles as usize] = thresholds.len() as u64;
        all[number][Resource::SynapseFormats as usize] = formats.len() as u64;
        let learned = network.learning.iter().filter(|learned| formats.contains(&learned.format));
        let mut traces: Vec<_> = learned.map(|learned| learned.profile.pre).collect();
        traces.sort_by(|a, b| a[0].impulse.cmp(&b[0].impulse).then(a[0].tau.total_cmp(&b[0].tau)));
        traces.dedup();
        all[number][Resource::TraceProfiles as usize] = traces.len() as u64;
    }
    all
}

/// Whether some core holds more than it may.
pub fn too_much(limits: &Limits, used: &[[u64; RESOURCES]]) -> bool {
    let over = |used: &[u64; RESOURCES]| {
        used.iter().zip(&limits.core).any(|(used, limit)| limit.is_some_and(|limit| *used > limit))
    };
    used.iter().any(over)
}

/// Every neuron in order into the first core that takes it, each look a count of everything: the first
/// neuron that no core takes, and the cores of those before it.
pub fn first_refused(network: &Quantised, limits: &Limits) -> Option<(u32, Vec<usize>)> {
    let axons = Axons::of(network, limits);
    let mut cores: Vec<usize> = Vec::new();
    for neuron in 0..network.neurons() {
        let used = cores.iter().max().map_or(0, |last| last + 1);
        let takes = (0..(used + 1).min(limits.cores as usize)).find(|&core| {
            cores.push(core);
            let fits = !too_much(limits, &counted(network, &holding(network, &axons, &cores, used + 1)));
            cores.pop();
            fits
        });
        match takes {
            Some(core) => cores.push(core),
            None => return Some((neuron as u32, cores)),
        }
    }
    None
}

/// What a core would use of a resource if a neuron joined those that are on cores.
pub fn used_with(network: &Quantised, cores: &[usize], core: usize, resource: Resource) -> u64 {
    let mut cores = cores.to_vec();
    cores.push(core);
    let count = cores.iter().max().map_or(0, |last| last + 1);
    let used = counted(network, &holding(network, &Axons::of(network, &SMALL), &cores, count));
    used[core][resource as usize]
}
