//! Data files as they were when a network was mapped, for the machines that are made of it later.

use sim_core::data::{DataError, DataFiles, Table};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Path and population.
type Name = (String, String);

/// Spike files that were asked for, with the answers.
#[derive(Default)]
pub struct Kept(Mutex<BTreeMap<Name, Result<Table, DataError>>>);

/// Asks files, and keeps what they say of spikes.
pub struct Keeping<'a>(pub &'a dyn DataFiles, pub &'a Kept);

impl DataFiles for Keeping<'_> {
    fn edges(&self, path: &str, population: &str) -> Result<Table, DataError> {
        self.0.edges(path, population)
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        let answer = self.0.spikes(path, population);
        let mut kept = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert((path.into(), population.into()), answer.clone());
        answer
    }
}

impl DataFiles for Kept {
    fn edges(&self, path: &str, _: &str) -> Result<Table, DataError> {
        Err(not_kept(path))
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(path.into(), population.into())).cloned().unwrap_or_else(|| Err(not_kept(path)))
    }
}

fn not_kept(path: &str) -> DataError {
    DataError { path: path.into(), message: "was not read when the network was mapped".into() }
}
