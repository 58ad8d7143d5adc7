use crate::legal::check;
use backends::truenorth::emulator::{Emulator, Input as Active, Setting};
use backends::truenorth::limits::Widths;
use backends::truenorth::network::{Cell, Input, Quantised, Synapse};
use backends::truenorth::neuron::Semantics;
use backends::truenorth::place::{Names, Placed, place};
use backends::truenorth::unlimited::Unlimited;
use proptest::prelude::*;
use sim_core::rng::{Key, Stream};
use sim_core::spike::Spike;

struct Numbered;

impl Names for Numbered {
    fn neuron(&self, number: u32) -> String {
        format!("neuron {number} of E")
    }
}

/// What a random network is like.
#[derive(Clone, Debug)]
struct Kind {
    seed: u64,
    neurons: u32,
    /// Synapses onto each neuron.
    indegree: u32,
    /// Largest delay.
    delay: u32,
    /// Smallest delay.
    shortest: u32,
    /// Which weights there are.
    weights: Weights,
}

#[derive(Clone, Copy, Debug)]
enum Weights {
    /// Two, the same for all.
    Two,
    /// Four, others for each neuron.
    Four,
    /// -8 to 7.
    Sixteen,
}

fn kinds() -> impl Strategy<Value = Kind> {
    let weights = prop_oneof![Just(Weights::Two), Just(Weights::Four), Just(Weights::Sixteen)];
    (any::<u64>(), 1_u32..500, 0_u32..60, 1_u32..4, 0_u32..12, weights).prop_map(
        |(seed, neurons, indegree, shortest, longer, weights)| Kind {
            seed,
            neurons,
            indegree,
            delay: shortest + longer,
            shortest,
            weights,
        },
    )
}

fn weight(weights: Weights, target: u32, stream: &mut Stream) -> i32 {
    let which = stream.below(16) as i32;
    match weights {
        Weights::Two => [3, -5][which as usize % 2],
        Weights::Four => [2, -3, 40, -7][which as usize % 4] + (target % 5) as i32,
        Weights::Sixteen => which - 8,
    }
}

fn network(kind: &Kind) -> Quantised<i32> {
    let key = Key::new(kind.seed);
    let mut network = Quantised::default();
    for target in 0..kind.neurons {
        let stream = &mut key.stream(target.into());
        let threshold = 5 + stream.below(60) as i32;
        network.cells.push(Cell {
            leak: stream.below(5) as i32 - 2,
            reversal: stream.below(4) == 0,
            threshold,
            reset: (stream.below(2) == 0).then_some(0),
            floor: -(stream.below(50) as i32),
            start: stream.below(20) as i32 - 5,
        });
        for _ in 0..kind.indegree {
            let source = stream.below(kind.neurons);
            let delay = (kind.shortest + stream.below(kind.delay - kind.shortest + 1)) as u8;
            let weight = weight(kind.weights, target, stream);
            if weight != 0 {
                network.synapses.push(Synapse { source, target, delay, weight });
            }
        }
        if stream.below(2) == 0 {
            let weight = weight(kind.weights, target, stream);
            network.inputs.push(Input { target, weight, most: 1 + stream.below(3) as u8 });
        }
    }
    network.synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
    network
}

/// Spikes from outside: (tick, input, how many).
fn outside(kind: &Kind, network: &Quantised<i32>, ticks: i64) -> Vec<(i64, u32, u8)> {
    let key = Key::new(kind.seed).named("outside");
    let mut all = Vec::new();
    for tick in 1..=ticks {
        let stream = &mut key.stream(tick as u64);
        for (number, input) in network.inputs.iter().enumerate() {
            if stream.below(5) == 0 {
                all.push((tick, number as u32, 1 + stream.below(input.most.into()) as u8));
            }
        }
    }
    all
}

fn unmapped(network: &Quantised<i32>, outside: &[(i64, u32, u8)], ticks: i64) -> Vec<(i64, u32)> {
    let mut core = Unlimited::new(network.clone());
    let mut spikes = Vec::new();
    for tick in 1..=ticks {
        let now: Vec<(u32, u8)> = outside.iter().filter(|o| o.0 == tick).map(|o| (o.1, o.2)).collect();
        core.live(tick, &now, |neuron| spikes.push((tick, neuron)));
    }
    spikes
}

fn mapped(placed: &Placed, outside: &[(i64, u32, u8)], ticks: i64, threads: usize) -> Vec<(i64, u32)> {
    let setting = Setting { semantics: Semantics::default(), widths: Widths::default(), key: Key::new(0) };
    let mut chip = Emulator::new(&placed.cores, setting, threads, Some(&placed.names)).unwrap();
    let mut spikes: Vec<Spike> = Vec::new();
    while chip.now() < ticks {
        let (from, until) = (chip.now(), ticks.min(chip.now() + chip.epoch()));
        let mut active = Vec::new();
        for &(tick, input, count) in outside.iter().filter(|o| o.0 > from && o.0 <= until) {
            let axons = placed.inputs[input as usize][..count.into()].iter().flatten();
            active.extend(axons.map(|&(core, axon)| Active { tick, core, axon }));
        }
        chip.advance(until, &active, &mut spikes);
    }
    assert_eq!(chip.counts().merged, 0, "every axon has one driver");
    spikes.iter().map(|spike| (spike.step, spike.neuron)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_random_network_is_placed_legally_and_spikes_as_unplaced_or_is_refused_with_a_true_reason(
        kind in kinds(),
    ) {
        let network = network(&kind);
        match place(&network, 1, &Numbered) {
            Ok(placed) => {
                check(&network, &placed, 1);
                let outside = outside(&kind, &network, 40);
                let wanted = unmapped(&network, &outside, 40);
                for threads in [1, 3, 8] {
                    prop_assert_eq!(&mapped(&placed, &outside, 40, threads), &wanted);
                }
            }
            Err(reasons) => {
                // In-degrees are below 256 axons here, so only haste can stand in the way.
                prop_assert_eq!(reasons.len(), 1);
                prop_assert!(kind.shortest == 1, "{}", reasons[0]);
                prop_assert!(reasons[0].contains("a core has 256"), "{}", reasons[0]);
            }
        }
    }
}

fn cell() -> Cell<i32> {
    Cell { threshold: 3, floor: -10, reset: Some(0), ..Cell::default() }
}

/// One neuron that reaches so many others with this delay.
fn star(points: u32, delay: u8) -> Quantised<i32> {
    let synapse = |target| Synapse { source: 0, target, delay, weight: 3 };
    Quantised {
        cells: vec![cell(); points as usize + 1],
        synapses: (1..=points).map(synapse).collect(),
        inputs: vec![Input { target: 0, weight: 3, most: 1 }],
    }
}

#[test]
fn a_neuron_that_is_heard_in_many_cores_goes_through_splitters_of_splitters() {
    // Every point hears 200 inputs of its own, so that each has a core of its own.
    let mut network = star(300, 5);
    for target in 1..=300 {
        network.inputs.extend((0..200).map(|_| Input { target, weight: 1, most: 1 }));
    }
    let placed = place(&network, 1, &Numbered).unwrap();
    check(&network, &placed, 1);
    assert!(placed.splitters >= 300, "{}", placed.splitters);
    let spikes = mapped(&placed, &[(4, 0, 1)], 12, 2);
    assert_eq!(spikes, unmapped(&network, &[(4, 0, 1)], 12));
    assert_eq!((spikes.len(), spikes[1]), (301, (9, 1)));
    // Two steps are too few for two splitters on the way.
    network.synapses.iter_mut().for_each(|synapse| synapse.delay = 2);
    let reasons = place(&network, 1, &Numbered).unwrap_err();
    assert_eq!(
        reasons,
        [
            "neuron 0 of E reaches 300 axons, which takes splitters of splitters, and a delay is shorter than the 3 \
          steps that these need; longer delays up to 15 steps would fit"
        ]
    );
}

#[test]
fn a_neuron_that_hears_too_many_is_refused_with_who_how_many_and_what_would_help() {
    let mut network = star(2, 1);
    network.inputs.extend((0..300).map(|_| Input { target: 1, weight: 2, most: 1 }));
    let reasons = place(&network, 1, &Numbered).unwrap_err();
    assert_eq!(
        reasons,
        [
            "neuron 1 of E hears 301 sources through 301 axons; a core has 256, 45 fewer. Fewer synapses or inputs \
          onto it would fit; delays that differ count apart. So would one weight for many sources with delays of 3 \
          steps or more, which are counted on their way."
        ]
    );
}

#[test]
fn a_neuron_that_is_heard_in_too_many_cores_at_once_is_refused() {
    let mut network = star(300, 1);
    for target in 1..=300 {
        network.inputs.extend((0..200).map(|_| Input { target, weight: 1, most: 1 }));
    }
    let reasons = place(&network, 1, &Numbered).unwrap_err();
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].starts_with("the core of neuron 0 of E would hold 3"), "{}", reasons[0]);
    assert!(reasons[0].contains("Delays of 2 steps or more would go through splitters."), "{}", reasons[0]);
}
