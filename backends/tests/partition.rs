//! Partitions hold every limit, are no worse than filling cores in order, and depend on nothing but the
//! network, the limits and the seed.

use backends::chip::hypergraph::Hypergraph;
use backends::chip::partition::{
    CoreLedger, CoreLimits, CoreUse, Fanin, Misfit, NeuronCount, partition, sequential,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const NEURONS: u32 = 60;

/// Synapses among the neurons and from five inputs, with what every source fires.
fn network() -> impl Strategy<Value = (Vec<(u32, u32)>, Vec<u64>)> {
    let synapses = proptest::collection::vec((0..NEURONS + 5, 0..NEURONS), 0..400);
    (synapses, proptest::collection::vec(0..40_u64, NEURONS as usize + 5))
}

fn words(source: u32, synapses: u32) -> u64 {
    u64::from((10 + synapses * (8 + source % 3)).div_ceil(64))
}

/// What cores use, counted from scratch and in another way than the partitioner does.
fn counted(synapses: &[(u32, u32)], cores: &[u32], count: usize) -> Vec<CoreUse> {
    let mut uses = vec![CoreUse::default(); count];
    cores.iter().for_each(|&core| uses[core as usize].neurons += 1);
    let mut lists: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for &(source, target) in synapses {
        *lists.entry((source, cores[target as usize])).or_default() += 1;
    }
    for (&(source, core), &synapses) in &lists {
        uses[core as usize].input_axons += 1;
        uses[core as usize].words += words(source, synapses);
        if source < NEURONS {
            uses[cores[source as usize] as usize].output_edges += 1;
        }
    }
    uses
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_core_stays_within_every_limit_or_the_refusal_is_true(
        (synapses, spikes) in network(), neurons in 6..40_usize, axons in 8..70_usize, memory in 20..200_u64,
        edges in 10..150_usize, cores in 2..16_usize, seed: u64,
    ) {
        let graph = Hypergraph::of_synapses(NEURONS as usize, synapses.iter().copied(), &spikes);
        let limits = CoreLimits { neurons, input_axons: axons, words: memory, output_edges: edges };
        let fanin = Arc::new(Fanin::of_synapses(NEURONS as usize, synapses.iter().copied()));
        let ledger = CoreLedger::new(cores, limits, fanin, words);
        match partition(&graph, &ledger, seed) {
            Ok(found) => {
                let within = |used: &CoreUse| {
                    used.neurons <= neurons && used.input_axons <= axons && used.words <= memory && used.output_edges <= edges
                };
                let uses = counted(&synapses, &found.cores, cores);
                prop_assert!(uses.iter().all(within), "{uses:?}");
                prop_assert_eq!(found.messages, graph.messages(&found.cores));
                if let Ok(in_order) = sequential(&graph, &ledger) {
                    prop_assert!(found.messages <= graph.messages(&in_order));
                }
            }
            Err(Misfit::Alone { neuron }) => {
                let onto: BTreeSet<u32> = synapses.iter().filter(|one| one.1 == neuron).map(|one| one.0).collect();
                let needed: u64 = onto.iter().map(|&source| {
                    words(source, synapses.iter().filter(|&&one| one == (source, neuron)).count() as u32)
                }).sum();
                prop_assert!(onto.len() > axons || needed > memory);
            }
            Err(Misfit::Full { neuron, placed }) => {
                prop_assert!(neuron < NEURONS && placed < NEURONS as usize);
            }
        }
    }

    #[test]
    fn the_result_depends_on_the_network_the_limits_and_the_seed_only(
        (synapses, spikes) in network(), limit in 10..40_usize, seed: u64,
    ) {
        let graph = Hypergraph::of_synapses(NEURONS as usize, synapses.iter().copied(), &spikes);
        let mut turned = synapses.clone();
        turned.reverse();
        prop_assert_eq!(&Hypergraph::of_synapses(NEURONS as usize, turned.into_iter(), &spikes), &graph);
        let capacity = NeuronCount::new(8, limit);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| partition(&graph, &capacity, seed))
        };
        prop_assert_eq!(on(1), on(3));
    }
}

#[test]
fn two_groups_that_only_talk_among_themselves_come_apart() {
    // Neighbours in the list belong to different groups.
    let synapses =
        (0..40_u32).flat_map(|a| (0..40_u32).map(move |b| (a, b))).filter(|(a, b)| a != b && a % 2 == b % 2);
    let graph = Hypergraph::of_synapses(40, synapses, &[3; 40]);
    let found = partition(&graph, &NeuronCount::new(2, 20), 1).expect("it fits");
    assert_eq!(found.messages, 0);
    assert_eq!(graph.messages(&sequential(&graph, &NeuronCount::new(2, 20)).expect("it fits")), 120);
}

#[test]
fn a_core_whose_senders_are_full_is_left_for_more_cores() {
    // Eight sources on the first core reach every core with a target; it may send along 16 edges.
    let synapses = (0..8_u32).flat_map(|source| (8..32_u32).map(move |target| (source, target)));
    let graph = Hypergraph::of_synapses(32, synapses.clone(), &[1; 32]);
    let limits = CoreLimits { neurons: 14, input_axons: 99, words: 50, output_edges: 16 };
    let ledger = CoreLedger::new(32, limits, Arc::new(Fanin::of_synapses(32, synapses)), words);
    assert!(matches!(sequential(&graph, &ledger), Err(Misfit::Full { .. })));
    assert!(partition(&graph, &ledger, 1).is_ok());
}

#[test]
fn a_neuron_that_fits_nowhere_is_named() {
    let synapses = [(0, 3), (1, 3), (2, 3)];
    let graph = Hypergraph::of_synapses(4, synapses.into_iter(), &[1; 4]);
    let fanin = Arc::new(Fanin::of_synapses(4, synapses.into_iter()));
    let limits = CoreLimits { neurons: 4, input_axons: 2, words: 99, output_edges: 9 };
    let ledger = CoreLedger::new(3, limits, fanin, words);
    assert_eq!(partition(&graph, &ledger, 1), Err(Misfit::Alone { neuron: 3 }));
    let few = NeuronCount::new(1, 3);
    assert_eq!(partition(&graph, &few, 1), Err(Misfit::Full { neuron: 3, placed: 3 }));
    assert_eq!(
        partition(&Hypergraph::of_synapses(0, [].into_iter(), &[]), &few, 1).map(|found| found.messages),
        Ok(0)
    );
}
