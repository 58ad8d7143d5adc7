//! A chip full of neurons that keep firing at 20 Hz: what speed is measured on.
//!
//! Every neuron has a leak of λ and a threshold of 50 λ whose value is taken off when it spikes, so that
//! nothing of its drive is lost: alone it would fire every 50 ticks, from a random potential at the start
//! on. Each neuron excites one axon anywhere on the chips, and each axon is that of one neuron, after 1 to
//! 15 ticks; a row of the crossbar reaches 128 of 256 neurons, so every spike is 128 synaptic events. Axons of
//! weight 1, -1, 2 and -2 are equally many, so what neurons do to each other moves spikes and evens out:
//! the chip's mean rate is that of its leaks, 20 Hz at a tick of 1 ms, and single neurons are within a few
//! percent of it, by how many axons of either sign they happen to have.

use super::bits::Bits;
use super::core::{Core, Target};
use super::drive::Drive;
use super::emulator::{Emulator, Setting};
use super::limits::{AXONS, NEURONS, TYPES, Widths};
use super::machine::{Body, TrueNorth};
use super::neuron::{Neuron, ResetMode, Semantics};
use super::place::Placed;
use super::quantise::Quantisation;
use crate::chip::partition::shuffle;
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::rng::{Key, Stream};
use std::sync::Arc;

/// Neurons that an axon reaches.
pub const SYNAPSES: u32 = 128;
/// Ticks between two spikes of a neuron.
pub const PERIOD: i32 = 50;

/// Whether the neurons of a chip are copies of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// All have the same parameters.
    Alike,
    /// Each has a leak, a threshold and weights of its own.
    Varied,
}

/// So many full cores.
pub fn full_cores(cores: usize, likeness: Likeness, key: Key) -> Vec<Core> {
    let mut axons: Vec<u32> = (0..(cores * AXONS) as u32).collect();
    shuffle(&mut axons, &mut key.named("targets").stream(0));
    let core = |(number, axons): (usize, &[u32])| core(axons, likeness, &mut key.stream(number as u64));
    axons.chunks(NEURONS).enumerate().map(core).collect()
}

/// A machine of as many full cores as its network has room for; V is read in the chip's own units.
///
/// # Errors
/// What is illegal about the cores, each in one sentence, if they are more than can be emulated.
pub fn machine(
    (network, connectivity): (Arc<Network>, Arc<Connectivity>),
    likeness: Likeness,
    threads: usize,
) -> Result<TrueNorth, Vec<String>> {
    let neurons = network.neurons();
    let key = network.key("truenorth");
    let cores = full_cores(neurons as usize / NEURONS, likeness, key);
    let setting = Setting { semantics: Semantics::default(), widths: Widths::default(), key };
    let emulator = Emulator::new(&cores, setting, threads, None)?;
    let names: Vec<u32> = (0..neurons).collect();
    let home = |&neuron: &u32| (neuron as usize / NEURONS, neuron as usize % NEURONS);
    let homes = names.iter().map(home).collect();
    let placed = Placed { cores, lives: names.clone(), names, homes, ..Placed::default() };
    let quantisation =
        Quantisation { scales: vec![1.0], rests: vec![0.0; neurons as usize], ..Quantisation::default() };
    let body = Body::Placed(emulator, Arc::new(placed));
    Ok(TrueNorth::new((network, connectivity), Arc::new(quantisation), Drive::default(), body))
}

/// A core whose neurons excite these axons, given as `core · 256 + axon`.
fn core(axons: &[u32], likeness: Likeness, stream: &mut Stream) -> Core {
    let target = |(&place, delay): (&u32, u32)| Target::Axon {
        core: place / AXONS as u32,
        axon: (place % AXONS as u32) as u8,
        delay: 1 + delay as u8,
    };
    let mut delays = [0; NEURONS];
    stream.fill_below(15, &mut delays);
    let rows = (0..AXONS).map(|_| row(stream)).collect();
    let neurons: Vec<Neuron> = (0..NEURONS).map(|_| neuron(likeness, stream)).collect();
    Core {
        axon_types: (0..AXONS).map(|axon| (axon % TYPES) as u8).collect(),
        rows,
        potentials: neurons.iter().map(|neuron| stream.below(neuron.alpha as u32) as i32).collect(),
        targets: axons.iter().zip(delays).map(target).collect(),
        neurons,
    }
}

fn neuron(likeness: Likeness, stream: &mut Stream) -> Neuron {
    let (leak, scale) = match likeness {
        Likeness::Alike => (8, 1),
        Likeness::Varied => (8 + stream.below(9) as i32, 1 + stream.below(2) as i16),
    };
    let alpha = PERIOD * leak;
    Neuron {
        weights: [1, -1, 2, -2].map(|weight| weight * scale),
        leak: leak as i16,
        alpha,
        beta: alpha,
        mode: ResetMode::Linear,
        ..Neuron::default()
    }
}

/// A row with [`SYNAPSES`] bits: random ones, then some set or cleared.
fn row(stream: &mut Stream) -> Bits {
    let mut row = Bits(std::array::from_fn(|_| stream.next_u64()));
    while row.count() != SYNAPSES {
        let neuron = stream.below(NEURONS as u32) as usize;
        if row.has(neuron) == (row.count() > SYNAPSES) {
            row.0[neuron / 64] ^= 1 << (neuron % 64);
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_keep_firing_at_20_hz_with_128_synapses_a_spike() {
        for likeness in [Likeness::Alike, Likeness::Varied] {
            let cores = full_cores(12, likeness, Key::new(1));
            let (semantics, widths) = (Semantics::default(), Widths::default());
            let setting = Setting { semantics, widths, key: Key::new(1) };
            let mut chip = Emulator::new(&cores, setting, 1, None).unwrap();
            let mut spikes = Vec::new();
            let mut live = |until: i64| {
                spikes.clear();
                while chip.now() < until {
                    chip.advance(until.min(chip.now() + chip.epoch()), &[], &mut spikes);
                }
                (spikes.len() as f64, chip.counts())
            };
            let (_, before) = live(500);
            let (spikes, after) = live(2500);
            let rate = spikes / (12.0 * 256.0) / 2.0;
            assert!((rate - 20.0).abs() < 0.2, "{likeness:?}: {rate} Hz");
            let events = (after.synaptic_events - before.synaptic_events) as f64;
            assert!((events / spikes / 128.0 - 1.0).abs() < 0.01);
            assert_eq!(after.core_ticks, 12 * 2500);
        }
    }
}
