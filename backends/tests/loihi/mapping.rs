//! Every network is mapped within all limits, or refused for a true reason.

use super::random::learning;
use backends::chip::partition::Capacity;
use backends::loihi::axons::Axons;
use backends::loihi::capacity::CoreCapacity;
use backends::loihi::limits::{LOIHI1, Limits, RESOURCES, Resource, excesses, synapse_bits, uses, words};
use backends::loihi::network::Quantised;
use backends::loihi::place::place;
use backends::loihi::placed::Placed;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Small cores, so that small networks meet every limit.
static SMALL: Limits = Limits {
    name: "small",
    cores: 128,
    synapses: None,
    core: [Some(8), Some(60), Some(40), Some(40), Some(60), Some(6), Some(4), Some(3), Some(1)],
};

/// What each core uses, counted from what it holds and from nothing else.
fn counted(network: &Quantised, placed: &Placed) -> Vec<[u64; RESOURCES]> {
    let bits = synapse_bits(network);
    let mut all = vec![[0; RESOURCES]; placed.cores.len()];
    let mut home = vec![None; network.sources()];
    for (number, core) in placed.cores.iter().enumerate() {
        core.neurons.iter().for_each(|&neuron| home[neuron as usize] = Some(number));
    }
    for (number, core) in placed.cores.iter().enumerate() {
        let mut longest = 0;
        for axon in &core.axons {
            let synapses = axon.synapses.len() as u64;
            all[number][Resource::SynapticMemory as usize] += words(synapses, bits[usize::from(axon.format)]);
            let learned = network.learning.iter().any(|learned| learned.format == axon.format);
            all[number][Resource::InputAxons as usize] +=
                axon.members.len() as u64 * if learned { 2 } else { 1 };
            for home in axon.members.iter().filter_map(|member| home[member.source as usize]) {
                assert!(axon.members.len() <= axon.kind.most());
                all[home][Resource::OutputAxons as usize] +=
                    if axon.members.len() > 32 { 2 } else { axon.kind.slots() };
            }
            let delay = |&(synapse, _): &(u32, u16)| u64::from(network.synapses[synapse as usize].delay);
            longest = axon.synapses.iter().map(delay).max().unwrap_or(0).max(longest);
        }
        let own = || core.neurons.iter().map(|&neuron| &network.compartments[neuron as usize]);
        let profiles: BTreeSet<_> =
            own().map(|c| (c.du, c.dv, c.refractory, c.v_min, c.v_max, c.bias_exponent)).collect();
        let thresholds: BTreeSet<u32> = own().map(|compartment| compartment.threshold).collect();
        let formats: BTreeSet<u8> = core.axons.iter().map(|axon| axon.format).collect();
        all[number][Resource::Compartments as usize] = core.neurons.len() as u64;
        all[number][Resource::DelaySlots as usize] = core.neurons.len() as u64 * longest;
        all[number][Resource::CompartmentProfiles as usize] = profiles.len() as u64;
        all[number][Resource::ThresholdProfiles as usize] = thresholds.len() as u64;
        all[number][Resource::SynapseFormats as usize] = formats.len() as u64;
        let learned = network.learning.iter().filter(|learned| formats.contains(&learned.format));
        let traces: BTreeSet<i32> = learned.map(|learned| learned.profile.pre[0].impulse).collect();
        all[number][Resource::TraceProfiles as usize] = traces.len() as u64;
    }
    all
}

/// Whether every neuron lives once and every synapse is in one list of its source and its target's core.
fn is_whole(network: &Quantised, placed: &Placed) -> bool {
    let mut neurons: Vec<u32> = placed.cores.iter().flat_map(|core| core.neurons.iter().copied()).collect();
    neurons.sort_unstable();
    let mut synapses = Vec::new();
    for core in &placed.cores {
        for axon in &core.axons {
            for (&member, &(listed, slot)) in axon
                .members
                .iter()
                .flat_map(|member| axon.synapses.iter().map(move |synapse| (member, synapse)))
            {
                let number = axon.number(member, listed);
                let (synapse, shared) =
                    (&network.synapses[number as usize], &network.synapses[listed as usize]);
                let right = network.row(member.source as usize).contains(&(number as usize))
                    && core.neurons[usize::from(slot)] == synapse.target
                    && synapse.format == axon.format
                    && synapse == shared;
                if !right {
                    return false;
                }
                synapses.push(number);
            }
        }
    }
    synapses.sort_unstable();
    neurons.iter().copied().eq(0..network.neurons() as u32)
        && synapses.iter().copied().eq(0..network.synapses.len() as u32)
}

/// Why a neuron that lives alone does not fit, if it does not: then no placement exists.
fn never_fits(network: &Quantised, limits: &'static Limits) -> bool {
    let alone = CoreCapacity::new(network, limits, Axons::of(network, limits), network.neurons());
    (0..network.neurons() as u32).any(|neuron| !alone.fits(&[neuron], 0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_network_is_mapped_within_all_limits_or_refused_for_a_true_reason(network in learning(60)) {
        match place(&network, &SMALL, 1, 7) {
            Ok(found) => {
                let placed = Placed::new(&network, &found.axons, &found.cores);
                prop_assert!(is_whole(&network, &placed));
                let used = counted(&network, &placed);
                prop_assert_eq!(&used, &uses(&network, &found.axons, &found.cores, placed.cores.len()));
                prop_assert_eq!(excesses(&SMALL, &used), []);
                let sites: BTreeSet<u32> = found.sites.iter().copied().collect();
                prop_assert_eq!(sites.len(), placed.cores.len());
            }
            Err(why) => {
                // With twice as many cores as neurons only what a neuron needs alone, or what its targets
                // make of its outputs, can stand in the way.
                prop_assert!(never_fits(&network, &SMALL) || why.contains("output axons"), "{}", why);
                prop_assert!(why.contains("fits none of the 128 cores"), "{}", why);
            }
        }
    }

    #[test]
    fn what_fits_while_it_is_on_another_core_fits_when_it_is_on_none(
        network in learning(40), first in 0_u32..40, several in 1_u32..4, from in 0_u32..4, to in 0_u32..4,
    ) {
        let neurons = network.neurons() as u32;
        let moved: Vec<u32> = (0..several.min(neurons)).map(|next| (first + next) % neurons).collect();
        let mut capacity = CoreCapacity::new(&network, &SMALL, Axons::of(&network, &SMALL), 4);
        for neuron in 0..neurons {
            capacity.put(&[neuron], if moved.contains(&neuron) { from } else { neuron % 4 });
        }
        let there_already = capacity.fits(&moved, to);
        capacity.take(&moved, from);
        prop_assert!(from == to || !there_already || capacity.fits(&moved, to));
    }

    #[test]
    fn what_capacities_count_move_by_move_is_what_is_counted_at_once(
        network in learning(40),
        moves in prop::collection::vec((0_u32..40, 0_u32..5), 1..120),
    ) {
        static ENDLESS: Limits = Limits { name: "endless", cores: 5, synapses: None, core: [None; RESOURCES] };
        static SLIGHTLY: Limits = Limits { name: "tight", cores: 5, synapses: None, core: SMALL.core };
        let axons = Axons::of(&network, &SMALL);
        let neurons = network.neurons() as u32;
        let mut cores: Vec<u32> = (0..neurons).map(|neuron| neuron % 5).collect();
        let mut capacity = CoreCapacity::new(&network, &ENDLESS, axons.clone(), 5);
        for (neuron, &core) in (0..).zip(&cores) {
            capacity.put(&[neuron], core);
        }
        for (neuron, core) in moves {
            let pair: Vec<u32> =
                [neuron % neurons, (neuron + 1) % neurons].into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            pair.iter().for_each(|&neuron| capacity.take(&[neuron], cores[neuron as usize]));
            let mut tight = CoreCapacity::new(&network, &SLIGHTLY, axons.clone(), 5);
            let others = (0..).zip(&cores).filter(|(neuron, _)| !pair.contains(neuron));
            others.for_each(|(neuron, &core)| tight.put(&[neuron], core));
            let fits = tight.fits(&pair, core);
            capacity.put(&pair, core);
            pair.iter().for_each(|&neuron| cores[neuron as usize] = core);
            let used = uses(&network, &axons, &cores, 5);
            prop_assert_eq!(capacity.uses(), used.clone());
            let over = excesses(&SLIGHTLY, &used);
            // It answers for the core and for those whose outputs grow; others may have been full before.
            if over.is_empty() {
                prop_assert!(fits);
            }
            if over.iter().any(|excess| excess.core == core as usize) {
                prop_assert!(!fits);
            }
        }
    }
}

#[test]
fn a_neuron_with_too_many_sources_is_named_with_the_limit_and_by_how_much() {
    use backends::loihi::compartment::Compartment;
    use backends::loihi::network::Synapse;
    use backends::loihi::semantics::NENGO;
    use backends::loihi::weights::{Signs, WeightFormat};
    let synapse = Synapse { target: 0, mantissa: 1, delay: 1, format: 0 };
    let all: Vec<(u32, Synapse)> = (1..=5000).map(|source| (source, synapse)).collect();
    let format = WeightFormat { bits: 8, signs: Signs::Excitatory, exponent: 0 };
    let neurons = vec![Compartment::default(); 5001];
    let mut network = Quantised::new(&NENGO, neurons, 0, vec![format], &all);
    network.populations = vec![("hub".into(), 0..1), ("leaves".into(), 1..5001)];
    let why = place(&network, &LOIHI1, 1, 1).unwrap_err();
    assert_eq!(
        why,
        "neuron 0 of population \"hub\" fits none of the 128 cores: 128 of them have too few input axons (with \
         it core 0 uses 5000 input axons, 904 more than its 4096); let fewer sources reach the neurons of a core"
    );
}
