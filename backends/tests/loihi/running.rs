//! A network gives the same spikes and states however it is placed, cut and run.

use super::random::{learning, networks};
use backends::loihi::arithmetic::Cells;
use backends::loihi::axons::Axons;
use backends::loihi::build::{Integers, Layout, shards};
use backends::loihi::drive::Drive;
use backends::loihi::limits::LOIHI1;
use backends::loihi::network::Quantised;
use backends::loihi::placed::Placed;
use backends::loihi::running::Running;
use proptest::prelude::*;
use sim_core::backend::Epoch;
use sim_core::snapshot::{Loader, Saver};
use sim_core::spike::Spike;
use std::collections::BTreeMap;

const STEPS: i64 = 40;

/// Step, neuron of every spike; and u and v of every neuron at the end.
type Life = (Vec<(i64, u32)>, Vec<(i64, i64)>);

/// Inputs fire in turn.
fn inputs(network: &Quantised, now: i64) -> Vec<Spike> {
    let first = network.neurons() as u32;
    let fires = |input: &u32| (now + 3 * i64::from(*input)) % 5 == 0;
    let inputs = (0..network.inputs as u32).filter(fires);
    inputs.map(|input| Spike { step: now, lead: 0.0, neuron: first + input }).collect()
}

fn running(network: &Quantised, placed: Option<&Placed>, parts: usize) -> Running<impl Cells> {
    let longest = network.longest_delay();
    let layout = match placed {
        Some(placed) => Layout::mapped(network.neurons(), placed, longest, parts),
        None => Layout::unmapped(network, longest, parts),
    };
    let numbers = Integers { network, noise: None };
    let shards = shards(network, (&layout, placed), &numbers, &|_| Ok(Drive::new(Vec::new()))).unwrap();
    Running::new(shards, parts)
}

fn states<C: Cells>(running: &Running<C>, neurons: usize) -> Vec<(i64, i64)> {
    let mut states = vec![(0, 0); neurons];
    running.team.visit(|shard| {
        for (place, &neuron) in shard.neurons().iter().enumerate() {
            let of = |register| shard.cells().state(register, place) as i64;
            states[neuron as usize] = (of(0), of(1));
        }
    });
    states
}

fn life(network: &Quantised, placed: Option<&Placed>, parts: usize) -> Life {
    let mut running = running(network, placed, parts);
    let (mut spikes, mut epoch) = (Vec::new(), Epoch::default());
    for step in 1..=STEPS {
        running.advance(step, &inputs(network, step - 1), &mut epoch);
        spikes.extend(epoch.spikes.iter().map(|spike| (spike.step, spike.neuron)));
    }
    let states = states(&running, network.neurons());
    (spikes, states)
}

/// The same by a table of what is due, one neuron at a time.
fn plainly(network: &Quantised) -> Life {
    use backends::loihi::compartment::Compartments;
    let mut due: BTreeMap<(i64, u32), i32> = BTreeMap::new();
    let alone = |&one: &_| Compartments::new(&[one], network.semantics, None);
    let mut cells: Vec<Compartments> = network.compartments.iter().map(alone).collect();
    let mut spikes: Vec<(i64, u32)> = Vec::new();
    for step in 1..=STEPS {
        let outside = inputs(network, step - 1).into_iter().map(|spike| (spike.step, spike.neuron));
        let before: Vec<(i64, u32)> =
            spikes.iter().copied().filter(|(at, _)| *at == step - 1).chain(outside).collect();
        for (at, source) in before {
            for synapse in &network.synapses[network.row(source as usize)] {
                let sum = due.entry((at + i64::from(synapse.delay), synapse.target)).or_default();
                *sum += i32::from(network.weight(synapse));
            }
        }
        for (neuron, cell) in (0..).zip(&mut cells) {
            let mut fired = Vec::new();
            cell.step(step, 0, &mut [due.remove(&(step, neuron)).unwrap_or(0)], &mut fired);
            spikes.extend(fired.iter().map(|_| (step, neuron)));
        }
    }
    let states = cells.iter().map(|cell| (i64::from(cell.u()[0]), i64::from(cell.v()[0]))).collect();
    (spikes, states)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn placed_anyhow_and_cut_anyhow_a_network_lives_as_one_neuron_at_a_time_does(
        network in networks(40),
        cores in prop::collection::vec(0_u32..7, 40),
    ) {
        let plain = plainly(&network);
        prop_assert_eq!(&plain, &life(&network, None, 1));
        let placed = Placed::new(&network, &Axons::of(&network, &LOIHI1), &cores[..network.neurons()]);
        prop_assert_eq!(&plain, &life(&network, Some(&placed), 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn large_networks_live_alike_on_1_2_3_and_8_threads_mapped_or_not(
        network in learning(5_000),
        cores in prop::collection::vec(0_u32..9, 5_000),
    ) {
        let one = life(&network, None, 1);
        let placed = Placed::new(&network, &Axons::of(&network, &LOIHI1), &cores[..network.neurons()]);
        for parts in [1, 2, 3, 8] {
            prop_assert_eq!(&one, &life(&network, None, parts));
            prop_assert_eq!(&one, &life(&network, Some(&placed), parts));
        }
    }

    #[test]
    fn a_network_goes_on_from_what_was_saved(network in learning(200)) {
        let (mut whole, mut again) = (running(&network, None, 1), running(&network, None, 1));
        let mut epoch = Epoch::default();
        for step in 1..=20 {
            whole.advance(step, &inputs(&network, step - 1), &mut epoch);
        }
        let mut saver = Saver::default();
        whole.save(&mut saver);
        let bytes = saver.into_bytes();
        let mut loader = Loader::new(&bytes);
        again.restore(&mut loader, network.neurons()).unwrap();
        loader.finish().unwrap();
        for step in 21..=STEPS {
            let mut other = Epoch::default();
            whole.advance(step, &inputs(&network, step - 1), &mut epoch);
            again.advance(step, &inputs(&network, step - 1), &mut other);
            prop_assert_eq!(&epoch.spikes, &other.spikes);
        }
        prop_assert_eq!(states(&whole, network.neurons()), states(&again, network.neurons()));
    }
}
