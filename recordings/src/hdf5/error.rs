//! What can go wrong with a file.

use rust_hdf5::Hdf5Error;
use sim_core::data::DataError;
use sim_core::observer::ObserverError;
use std::fmt;
use std::path::{Path, PathBuf};

/// A file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl FileError {
    /// Puts an error into words.
    pub fn new(path: &Path, message: impl Into<String>) -> Self {
        FileError { path: path.to_path_buf(), message: message.into() }
    }

    pub(crate) fn hdf5(path: &Path, doing: &str, error: &Hdf5Error) -> Self {
        FileError::new(path, format!("{doing}: {error}"))
    }

    pub(crate) fn io(path: &Path, doing: &str, error: &std::io::Error) -> Self {
        FileError::new(path, format!("{doing}: {error}"))
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for FileError {}

impl From<FileError> for ObserverError {
    fn from(error: FileError) -> Self {
        ObserverError::new(error.to_string())
    }
}

impl From<FileError> for DataError {
    fn from(error: FileError) -> Self {
        DataError { path: error.path.display().to_string(), message: error.message }
    }
}
