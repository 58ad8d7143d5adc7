//! Random chips and what is put into them.

use backends::truenorth::bits::Bits;
use backends::truenorth::core::{Core, Target};
use backends::truenorth::emulator::Input;
use backends::truenorth::neuron::{Crossing, Neuron, ResetMode, Saturation, Semantics};
use proptest::prelude::*;
use sim_core::rng::{Key, Stream};

/// What a random chip is like.
#[derive(Clone, Debug)]
pub struct Kind {
    pub seed: u64,
    pub cores: usize,
    pub axons: usize,
    pub neurons: usize,
    /// Largest weight.
    pub weights: u32,
    /// Bits of the thresholds.
    pub thresholds: u32,
    /// One neuron in so many is stochastic; 0 for none.
    pub stochastic: u32,
    /// One neuron in so many has a leak; 0 for none.
    pub leaky: u32,
    /// One axon in so many is made active from outside in a tick.
    pub quiet: u32,
    pub semantics: Semantics,
}

pub fn kinds() -> impl Strategy<Value = Kind> {
    let size = prop_oneof![Just(256_usize), 1_usize..40];
    let saturation =
        prop_oneof![Just(Saturation::EachAddition), Just(Saturation::OncePerTick), Just(Saturation::Nemo)];
    let crossing = prop_oneof![Just(Crossing::Overshoots), Just(Crossing::Stops)];
    let semantics =
        (saturation, crossing).prop_map(|(saturation, crossing)| Semantics { saturation, crossing });
    let many = prop_oneof![Just(0_u32), Just(1), Just(2), Just(20)];
    let numbers = (prop_oneof![Just(3_u32), Just(255)], 2_u32..19);
    (any::<u64>(), 1_usize..7, size, numbers, (many.clone(), many), 2_u32..60, semantics).prop_map(
        |(seed, cores, size, (weights, thresholds), (stochastic, leaky), quiet, semantics)| Kind {
            seed,
            cores,
            axons: size,
            neurons: size,
            weights,
            thresholds,
            stochastic,
            leaky,
            quiet,
            semantics,
        },
    )
}

fn one_in(stream: &mut Stream, many: u32) -> bool {
    many > 0 && stream.below(many) == 0
}

fn signed(stream: &mut Stream, most: u32) -> i32 {
    stream.below(2 * most + 1) as i32 - most as i32
}

fn neuron(kind: &Kind, stream: &mut Stream) -> Neuron {
    let mut neuron = Neuron {
        weights: std::array::from_fn(|_| signed(stream, kind.weights) as i16),
        alpha: stream.below(1 << kind.thresholds) as i32,
        beta: stream.below(1 << kind.thresholds) as i32,
        reset: signed(stream, 1 << (kind.thresholds - 1)),
        saturates: one_in(stream, 3),
        ..Neuron::default()
    };
    neuron.mode = match stream.below(5) {
        0 | 1 => ResetMode::Absolute,
        2 | 3 => ResetMode::Linear,
        _ => ResetMode::None,
    };
    if one_in(stream, kind.leaky) {
        neuron.leak = signed(stream, kind.weights) as i16;
        neuron.leak_reversal = one_in(stream, 2);
    }
    if one_in(stream, kind.stochastic) {
        neuron.stochastic_weights = std::array::from_fn(|_| one_in(stream, 3));
        neuron.stochastic_leak = one_in(stream, 3);
        neuron.mask = if one_in(stream, 3) { (1 << stream.below(18)) - 1 } else { 0 };
    }
    neuron
}

pub fn chip(kind: &Kind) -> Vec<Core> {
    let key = Key::new(kind.seed).named("chip");
    (0..kind.cores)
        .map(|number| {
            let stream = &mut key.stream(number as u64);
            // Most chips have cores that are alike.
            let many = if one_in(stream, 2) { kind.neurons } else { 1 };
            let models: Vec<Neuron> = (0..many).map(|_| neuron(kind, stream)).collect();
            let neurons: Vec<Neuron> = (0..kind.neurons).map(|j| models[j % many]).collect();
            let target = |stream: &mut Stream| Target::Axon {
                core: stream.below(kind.cores as u32),
                axon: stream.below(kind.axons as u32) as u8,
                delay: 1 + stream.below(15) as u8,
            };
            Core {
                axon_types: (0..kind.axons).map(|_| stream.below(4) as u8).collect(),
                rows: (0..kind.axons)
                    .map(|_| (0..kind.neurons).filter(|_| one_in(stream, 3)).collect::<Bits>())
                    .collect(),
                potentials: neurons.iter().map(|_| signed(stream, 1 << kind.thresholds)).collect(),
                targets: neurons
                    .iter()
                    .map(|_| if one_in(stream, 6) { Target::Out } else { target(stream) })
                    .collect(),
                neurons,
            }
        })
        .collect()
}

/// What is made active from outside in the ticks `1..=ticks`.
pub fn inputs(kind: &Kind, ticks: i64) -> Vec<Input> {
    let key = Key::new(kind.seed).named("inputs");
    let mut inputs = Vec::new();
    for tick in 1..=ticks {
        let stream = &mut key.stream(tick as u64);
        // Now and then nothing comes for a while.
        if tick / 20 % 2 == 1 {
            continue;
        }
        for core in 0..kind.cores as u32 {
            let active = (0..kind.axons).filter(|_| one_in(stream, kind.quiet));
            inputs.extend(active.map(|axon| Input { tick, core, axon: axon as u8 }));
        }
    }
    inputs
}
