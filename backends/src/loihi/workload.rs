//! A chip full of compartments that keep firing at 20 Hz: what speed is measured on.
//!
//! Every compartment has a bias that takes it from rest to its threshold in 50 steps, and begins anywhere
//! on that way; nothing of v leaks, and u lasts one step. Thresholds are of sixteen values, as many as a
//! core holds, and biases in proportion. Half of the neurons excite and half inhibit, by as much, so that
//! what they do to each other moves spikes and evens out: the chip's mean rate is that of its biases, 20 Hz
//! at a step of 1 ms.
//!
//! A neuron has four lists of synapses, each on a core that chance chose so that every core gets as many:
//! 4,096 input axons, and 4,096 output axons, are all that a core has. With 32 synapses a list a spike is
//! 128 synaptic events. That is more than Loihi's synaptic memory holds, whatever the weights are: 131,072
//! synapses on 1,048,576 bits leave 8 for each, and the index of the compartment alone is 10. It keeps
//! every other limit; 13 synapses a list keep this one too.

use super::axons::Axons;
use super::build::{Integers, Layout, shards};
use super::compartment::{Compartment, Compartments};
use super::drive::Drive;
use super::limits::LOIHI1;
use super::machine::LoihiMachine;
use super::network::{Quantised, Synapse};
use super::placed::Placed;
use super::readings::Readings;
use super::semantics::NENGO;
use super::weights::{Signs, WeightFormat};
use crate::chip::partition::shuffle;
use sim_core::connect::Connectivity;
use sim_core::data::DataError;
use sim_core::network::Network;
use sim_core::rng::{Key, Stream};
use std::sync::Arc;

/// Compartments of a full core.
pub const COMPARTMENTS: usize = 1024;
/// Cores of a chip.
pub const CORES: usize = LOIHI1.cores as usize;
/// Lists of a neuron.
pub const LISTS: usize = 4;
/// Synapses of a list in the workload.
pub const IN_LIST: usize = 32;

/// So many full cores, whose neurons have four lists of `in_list` synapses each.
pub fn full_cores(cores: usize, in_list: usize, key: Key) -> (Quantised, Placed) {
    let neurons = cores * COMPARTMENTS;
    let format = |signs| WeightFormat { bits: 8, signs, exponent: 0 };
    let compartments: Vec<Compartment> = (0..neurons).map(compartment).collect();
    let mut network = Quantised {
        starts_at: Some(starts(&compartments, &mut key.named("starts").stream(0))),
        ..Quantised::new(
            &NENGO,
            compartments,
            0,
            vec![format(Signs::Excitatory), format(Signs::Inhibitory)],
            &[],
        )
    };
    let places = places(neurons, key.named("places"));
    network.synapses.reserve_exact(neurons * LISTS * in_list);
    for source in 0..neurons {
        let mut stream = key.named("synapses").stream(source as u64);
        let format = stream.below(2) as u8;
        for places in &places {
            let core = places[source] / COMPARTMENTS as u32;
            list(core, format, in_list, &mut stream, &mut network.synapses);
        }
        network.starts[source + 1] = network.synapses.len() as u32;
    }
    let homes: Vec<u32> = (0..neurons).map(|neuron| (neuron / COMPARTMENTS) as u32).collect();
    let placed = Placed::new(&network, &Axons::of(&network, &LOIHI1), &homes);
    (network, placed)
}

/// A machine of as many full cores as its network has room for; V and I are read in the chip's own units.
///
/// # Errors
/// Never: no stimulus asks for data.
pub fn machine(
    (network, connectivity): (Arc<Network>, Arc<Connectivity>),
    threads: usize,
) -> Result<LoihiMachine<Compartments>, DataError> {
    let cores = network.neurons() as usize / COMPARTMENTS;
    let (integers, placed) = full_cores(cores, IN_LIST, network.key("loihi"));
    let readings = Readings {
        semantics: Some(&NENGO),
        scales: vec![1.0],
        gains: vec![1.0; integers.neurons()],
        rests: vec![0.0; integers.neurons()],
        formats: Vec::new(),
        learning: Vec::new(),
    };
    let layout = Layout::mapped(integers.neurons(), &placed, integers.longest_delay(), threads);
    let numbers = Integers { network: &integers, noise: None };
    let shards = shards(&integers, (&layout, Some(&placed)), &numbers, &|_| Ok(Drive::default()))?;
    let ends = (network, connectivity);
    Ok(LoihiMachine::new(ends, Arc::new(readings), shards, (threads, threads), integers.shortest_delay()))
}

/// The threshold is passed in the 50th step: in 49.4 steps, and half a step is lost in going beyond it.
fn compartment(neuron: usize) -> Compartment {
    let threshold = 4800 + 100 * (neuron % 16) as u32;
    let bias = (f64::from(threshold) * 64.0 / 49.4 / 2.0).round();
    Compartment { threshold, bias_mantissa: bias as i16, bias_exponent: 1, ..Compartment::default() }
}

fn starts(compartments: &[Compartment], stream: &mut Stream) -> Vec<(i32, i32)> {
    compartments.iter().map(|of| (0, stream.below(of.threshold * 64) as i32)).collect()
}

/// For each list of a neuron the place of any neuron: its core is where the list is.
fn places(neurons: usize, key: Key) -> [Vec<u32>; LISTS] {
    std::array::from_fn(|number| {
        let mut places: Vec<u32> = (0..neurons as u32).collect();
        shuffle(&mut places, &mut key.stream(number as u64));
        places
    })
}

/// Adds synapses onto different compartments of a core, in their order.
fn list(core: u32, format: u8, count: usize, stream: &mut Stream, synapses: &mut Vec<Synapse>) {
    let mut taken = [0_u64; COMPARTMENTS / 64];
    let mut left = count;
    while left > 0 {
        let place = stream.below(COMPARTMENTS as u32) as usize;
        left -= usize::from(taken[place / 64] >> (place % 64) & 1 == 0);
        taken[place / 64] |= 1 << (place % 64);
    }
    let ones = (0..COMPARTMENTS as u32).filter(|place| taken[*place as usize / 64] >> (place % 64) & 1 == 1);
    synapses.extend(ones.map(|place| {
        let size = 1 + stream.below(20) as i16;
        let mantissa = if format == 0 { size } else { -size };
        Synapse { target: core * COMPARTMENTS as u32 + place, mantissa, delay: 1, format }
    }));
}

#[cfg(test)]
mod tests {
    use super::super::limits::{Resource, excesses, uses};
    use super::super::running::Running;
    use super::*;
    use sim_core::backend::Epoch;

    #[test]
    fn neurons_keep_firing_at_20_hz_with_128_synapses_a_spike() {
        let (network, placed) = full_cores(8, IN_LIST, Key::new(1));
        let layout = Layout::mapped(network.neurons(), &placed, 1, 1);
        let numbers = Integers { network: &network, noise: None };
        let shards = shards(&network, (&layout, Some(&placed)), &numbers, &|_| Ok(Drive::default()));
        let mut running = Running::new(shards.unwrap(), 1);
        let mut epoch = Epoch::default();
        let mut live = |steps: i64| {
            let mut spikes = 0;
            for _ in 0..steps {
                running.advance(running.now() + 1, &[], &mut epoch);
                spikes += epoch.spikes.len();
            }
            let mut events = 0;
            running.team.visit(|shard| events += shard.events);
            (spikes as f64, events as f64)
        };
        let (_, before) = live(500);
        let (spikes, after) = live(2000);
        let rate = spikes / network.neurons() as f64 / 2.0;
        assert!((rate - 20.0).abs() < 0.2, "{rate} Hz");
        assert!(((after - before) / spikes / 128.0 - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_full_core_keeps_every_limit_of_loihi_but_that_of_synaptic_memory() {
        let over = |in_list: usize| {
            let (network, _) = full_cores(8, in_list, Key::new(1));
            let homes: Vec<u32> = (0..network.neurons()).map(|neuron| (neuron / 1024) as u32).collect();
            let uses = uses(&network, &Axons::of(&network, &LOIHI1), &homes, 8);
            excesses(&LOIHI1, &uses)
        };
        // 52 synapses a neuron.
        assert!(over(13).is_empty());
        let over = over(IN_LIST);
        assert_eq!(over.len(), 8);
        assert!(over.iter().all(|excess| excess.resource == Resource::SynapticMemory));
    }
}
