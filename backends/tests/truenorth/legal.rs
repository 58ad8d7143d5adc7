//! Whether a placement is legal and says the same as the network, worked out from the cores alone.

use backends::truenorth::core::{Target, misfits};
use backends::truenorth::group::UNNAMED;
use backends::truenorth::limits::{CORES, NEURONS, Widths};
use backends::truenorth::network::Quantised;
use backends::truenorth::place::Placed;
use std::collections::BTreeMap;

/// What reaches a place from a source: (place, delay) → weight.
type Reached = BTreeMap<(usize, u8), i32>;

/// Panics where a placement breaks a limit or differs from the network.
pub fn check(network: &Quantised<i32>, placed: &Placed, chips: usize) {
    let watched = network.cells.len();
    let network = placed.counted.as_ref().unwrap_or(network);
    assert_eq!(misfits(&placed.cores, &Widths::default()), Vec::<String>::new());
    assert!(placed.cores.len() <= chips * CORES);
    let neurons = network.cells.len();
    let mut copies: Vec<Vec<usize>> = vec![Vec::new(); neurons];
    for (place, &lives) in placed.lives.iter().enumerate().filter(|(_, lives)| **lives != UNNAMED) {
        copies[lives as usize].push(place);
        let core = &placed.cores[place / NEURONS];
        let (cell, neuron) = (&network.cells[lives as usize], &core.neurons[place % NEURONS]);
        assert_eq!(*neuron, cell.neuron(neuron.weights), "a copy has its neuron's parameters");
        assert_eq!(core.potentials[place % NEURONS], cell.start);
    }
    for (neuron, places) in copies.iter().enumerate() {
        let here = places.iter().filter(|&&place| placed.names[place] == neuron as u32);
        let expected = usize::from(neuron < watched);
        assert_eq!(here.count(), expected, "neuron {neuron} is watched in one place, a gate in none");
        assert!(places.contains(&placed.place(neuron)));
    }
    for (neuron, places) in copies.iter().enumerate() {
        let mut reached = Reached::new();
        places.iter().for_each(|&place| follow(placed, place, 0, &mut reached));
        let mut wanted = Reached::new();
        let first = network.synapses.partition_point(|synapse| (synapse.source as usize) < neuron);
        let own = network.synapses[first..].iter().take_while(|synapse| synapse.source as usize == neuron);
        for synapse in own {
            for &place in &copies[synapse.target as usize] {
                *wanted.entry((place, synapse.delay)).or_default() += synapse.weight;
            }
        }
        assert_eq!(reached, wanted, "what neuron {neuron} reaches");
    }
    for (input, spikes) in network.inputs.iter().zip(&placed.inputs) {
        assert_eq!(spikes.len(), usize::from(input.most));
        for axons in spikes {
            let mut reached = Reached::new();
            for &(core, axon) in axons {
                arrive(placed, (core, axon), 0, &mut reached);
            }
            let places = copies[input.target as usize].iter();
            let wanted: Reached = places.map(|&place| ((place, 0), input.weight)).collect();
            assert_eq!(reached, if input.weight == 0 { Reached::new() } else { wanted });
        }
    }
}

fn follow(placed: &Placed, place: usize, passed: u8, reached: &mut Reached) {
    let core = &placed.cores[place / NEURONS];
    if let Target::Axon { core, axon, delay } = core.targets[place % NEURONS] {
        arrive(placed, (core, axon), passed + delay, reached);
    }
}

fn arrive(placed: &Placed, (number, axon): (u32, u8), passed: u8, reached: &mut Reached) {
    let core = &placed.cores[number as usize];
    for neuron in core.rows[usize::from(axon)].ones() {
        let place = number as usize * NEURONS + neuron;
        let kind = usize::from(core.axon_types[usize::from(axon)]);
        if placed.lives[place] == UNNAMED {
            assert_eq!(
                (core.neurons[neuron].alpha, core.neurons[neuron].weights[kind]),
                (1, 1),
                "a splitter"
            );
            follow(placed, place, passed, reached);
        } else {
            *reached.entry((place, passed)).or_default() += i32::from(core.neurons[neuron].weights[kind]);
        }
    }
}
