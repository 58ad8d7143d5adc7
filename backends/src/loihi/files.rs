//! Data files as they were when the network was mapped, for the machines that are made of it later.

use sim_core::data::{DataError, DataFiles, Table};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Kind of table, path, population.
type Name = (bool, String, String);

/// What other files said when they were asked.
#[derive(Default)]
pub struct Remembered {
    tables: Mutex<BTreeMap<Name, Result<Table, DataError>>>,
}

/// Asks files and remembers the answers.
pub struct Asking<'a> {
    files: &'a dyn DataFiles,
    answers: &'a Remembered,
}

impl Remembered {
    /// Files that ask `files` and remember here.
    pub fn asking<'a>(&'a self, files: &'a dyn DataFiles) -> Asking<'a> {
        Asking { files, answers: self }
    }

    fn recall(&self, name: Name, ask: impl FnOnce() -> Result<Table, DataError>) -> Result<Table, DataError> {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.entry(name).or_insert_with(ask).clone()
    }
}

fn unknown(path: &str) -> Result<Table, DataError> {
    Err(DataError { path: path.into(), message: "was not read when the network was mapped".into() })
}

impl DataFiles for Remembered {
    fn edges(&self, path: &str, population: &str) -> Result<Table, DataError> {
        self.recall((false, path.into(), population.into()), || unknown(path))
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        self.recall((true, path.into(), population.into()), || unknown(path))
    }
}

impl DataFiles for Asking<'_> {
    fn edges(&self, path: &str, population: &str) -> Result<Table, DataError> {
        let name = (false, path.into(), population.into());
        self.answers.recall(name, || self.files.edges(path, population))
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        let name = (true, path.into(), population.into());
        self.answers.recall(name, || self.files.spikes(path, population))
    }
}
