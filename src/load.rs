//! From a checked network to a loaded machine, with the backend and threads that the user chose.

use crate::progress::Progress;
use crate::room::shortage;
use sim_core::backend::{Backend, Load, Machine};
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

/// Network → machine, for a number of threads and cut for a number of threads, or why not, in words.
pub fn build(
    network: &Arc<Network>,
    backend: &Backend,
    files: &dyn DataFiles,
    (threads, parts): (usize, usize),
    quiet: bool,
) -> Result<Box<dyn Machine>, String> {
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
    let machine = (backend.load)(load);
    bar.finish_and_clear();
    machine.map_err(|refusal| format!("{} cannot take this network\n{refusal}", backend.name))
}
