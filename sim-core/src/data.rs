//! Numbers that a network file leaves to another file, asked for through one small contract.
//!
//! No wing but `recordings` knows a file format: whoever needs an edge list or a spike list asks
//! [`DataFiles`], which the roof supplies. Tests pass tables from memory ([`NoFiles`] for none).

use std::fmt;

/// A table of numbers: columns of equal length, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Column names and values.
    pub columns: Vec<(String, Vec<f64>)>,
}

impl Table {
    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, values)| values.as_slice())
    }
}

/// Reads data files; paths are relative to the network file.
pub trait DataFiles: Sync {
    /// The edges of a SONATA edge file: columns `source` and `target` (node ids), and, if the file
    /// has them, `weight` (`syn_weight`) and `delay` (ms). `population` may be empty when the file
    /// has only one.
    fn edges(&self, path: &str, population: &str) -> Result<Table, DataError>;
    /// The spikes of a SONATA spike file: columns `time` (ms, ascending) and `neuron`.
    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError>;
}

/// A data file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError {
    /// The file, as the network file names it.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for DataError {}

/// A world without data files.
pub struct NoFiles;

impl DataFiles for NoFiles {
    fn edges(&self, path: &str, _: &str) -> Result<Table, DataError> {
        Err(DataError { path: path.into(), message: "no such file".into() })
    }

    fn spikes(&self, path: &str, _: &str) -> Result<Table, DataError> {
        Err(DataError { path: path.into(), message: "no such file".into() })
    }
}
