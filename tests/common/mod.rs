//! What the integration tests share: a network's life, from text to spikes.

// Each test file uses a part of it.
#![allow(dead_code)]

pub mod loihi;
pub mod loihi_files;

use saltus::open::read;
use sim_core::backend::{Epoch, Load, Machine};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::parameter::Arguments;
use sim_core::snapshot::{Loader, Saver};
use sim_core::spike::Spike;
use std::sync::Arc;

/// The text of a shipped network.
pub fn shipped(name: &str) -> String {
    let path = format!("{}/networks/{name}.ron", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A checked network.
pub fn network(text: &str, settings: &[&str]) -> Arc<Network> {
    let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_string()).collect();
    Arc::new(read("test.ron", text, &settings).unwrap_or_else(|mistakes| panic!("{mistakes}")))
}

/// A network loaded onto a number of threads.
pub fn load(network: &Arc<Network>, threads: usize) -> Box<dyn Machine> {
    load_cut(network, threads, threads)
}

/// A network loaded onto a number of threads but cut for `parts`.
fn load_cut(network: &Arc<Network>, threads: usize, parts: usize) -> Box<dyn Machine> {
    let connectivity = Arc::new(connect(network, &NoFiles).unwrap());
    let load = Load {
        network: Arc::clone(network),
        connectivity,
        arguments: &Arguments::defaults(&[]),
        files: &NoFiles,
        threads,
        parts,
        progress: &|_| {},
    };
    (backends::cpu::BACKEND.load)(load).unwrap()
}

/// Lives until a step in epochs of at most `most` steps, and returns the spikes.
pub fn live(machine: &mut dyn Machine, until: i64, most: i64) -> Vec<Spike> {
    let (mut epoch, mut spikes) = (Epoch::default(), Vec::new());
    while machine.now() < until {
        let end = until.min(machine.now() + machine.epoch().min(most));
        machine.advance(end, &mut epoch);
        spikes.append(&mut epoch.spikes);
    }
    spikes
}

/// A new machine on a number of threads that goes on where another one stands.
pub fn resume(network: &Arc<Network>, machine: &dyn Machine, threads: usize) -> Box<dyn Machine> {
    let mut saver = Saver::default();
    machine.save(&mut saver);
    let bytes = saver.into_bytes();
    let mut again = load_cut(network, threads, machine.parts());
    let mut loader = Loader::new(&bytes);
    again.restore(&mut loader).unwrap();
    loader.finish().unwrap();
    again
}

/// The spikes of a run that went through a checkpoint at step `at` onto other threads; epochs are of
/// at most `most` steps before it.
pub fn resumed(network: &Arc<Network>, threads: [usize; 2], at: i64, most: i64) -> Vec<Spike> {
    let mut machine = load(network, threads[0]);
    let mut spikes = live(&mut *machine, at, most);
    let mut again = resume(network, &*machine, threads[1]);
    spikes.extend(live(&mut *again, network.duration, i64::MAX));
    spikes
}

/// Spikes as what a recording says of them: population, index, the bits of the time; in that order.
pub fn table(network: &Network, spikes: &[Spike]) -> Vec<(String, u32, u64)> {
    let mut rows: Vec<_> = spikes
        .iter()
        .map(|spike| {
            let (population, index) = network.locate(spike.neuron);
            (network.populations[population].name.clone(), index, spike.time(network.dt).to_bits())
        })
        .collect();
    rows.sort_unstable();
    rows
}
