//! From a checked network to a loaded machine, with the backend and threads that the user chose.

use crate::progress::Progress;
use crate::room::shortage;
use backends::chip::{Chip, Mapped};
use sim_core::backend::{Backend, Load, Machine, Refusal};
use sim_core::connect::connect;
use sim_core::data::DataFiles;
use sim_core::network::Network;
use std::sync::Arc;

/// The number of threads that was said, or one for each core.
pub fn threads(said: Option<usize>) -> usize {
    said.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |cores| cores.get())).max(1)
}

/// The backend with this name, `LoihiReal` or `loihi-real`; no name is the usual one.
pub fn backend(name: &str) -> Option<&'static Backend> {
    let name = if name.is_empty() { "Cpu".into() } else { name.replace('-', "") };
    backends::ALL.iter().copied().find(|backend| backend.name.eq_ignore_ascii_case(&name))
}

/// The chip of this backend, if it is one.
pub fn chip(backend: &Backend) -> Option<&'static Chip> {
    backends::CHIPS.iter().copied().find(|chip| chip.backend.name == backend.name)
}

/// Network → machine, for a number of threads and cut for a number of threads, or why not, in words.
pub fn build(
    network: &Arc<Network>,
    backend: &Backend,
    files: &dyn DataFiles,
    threads: (usize, usize),
    quiet: bool,
) -> Result<Box<dyn Machine>, String> {
    loaded(network, backend, files, threads, quiet, |load| (backend.load)(load))
}

/// Network → mapping onto a chip, or why not, in words.
pub fn map(
    network: &Arc<Network>,
    chip: &Chip,
    files: &dyn DataFiles,
    threads: usize,
    quiet: bool,
) -> Result<Box<dyn Mapped>, String> {
    loaded(network, chip.backend, files, (threads, threads), quiet, |load| (chip.map)(&load))
}

fn loaded<T>(
    network: &Arc<Network>,
    backend: &Backend,
    files: &dyn DataFiles,
    (threads, parts): (usize, usize),
    quiet: bool,
    onto: impl FnOnce(Load<'_>) -> Result<T, Refusal>,
) -> Result<T, String> {
    if let Some(shortage) = shortage(network) {
        return Err(shortage);
    }
    let connectivity = connect(network, files).map_err(|error| error.to_string())?;
    let bar = Progress::building(quiet);
    let load = Load {
        network: Arc::clone(network),
        connectivity: Arc::new(connectivity),
        arguments: &network.backend.arguments(backend.parameters),
        files,
        threads,
        parts,
        progress: &|share| bar.set_position((share * 100.0) as u64),
    };
    let made = onto(load);
    bar.finish_and_clear();
    made.map_err(|refusal| format!("{} cannot take this network\n{refusal}", backend.name))
}
