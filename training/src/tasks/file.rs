//! Data files: whole, unpacked, and read with checks.

use flate2::read::GzDecoder;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A data file or folder that cannot be used.
#[derive(Debug)]
pub struct DataProblem {
    /// Which.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

impl DataProblem {
    /// Something is wrong with `path`.
    pub fn new(path: &Path, message: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), message: message.to_string() }
    }
}

impl fmt::Display for DataProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.message)
    }
}

impl std::error::Error for DataProblem {}

/// The file in `folder` whose name has all of `parts`, in this order.
pub fn find(folder: &Path, parts: &[&str]) -> Result<PathBuf, DataProblem> {
    let fits = |name: &str| {
        let mut rest = name;
        parts.iter().all(|part| {
            rest.find(part).is_some_and(|at| {
                rest = &rest[at + part.len()..];
                true
            })
        })
    };
    let entries = std::fs::read_dir(folder).map_err(|error| DataProblem::new(folder, error))?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(fits))
        .collect();
    found.sort();
    let nothing = || DataProblem::new(folder, format!("there is no file *{}*", parts.join("*")));
    found.into_iter().next().ok_or_else(nothing)
}

/// All bytes of a file, unpacked if it is gzip.
pub fn bytes(path: &Path) -> Result<Bytes, DataProblem> {
    let problem = |error: std::io::Error| DataProblem::new(path, error);
    let mut packed = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut packed)).map_err(problem)?;
    let mut bytes = Vec::new();
    if packed.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(&packed[..]).read_to_end(&mut bytes).map_err(problem)?;
    } else {
        bytes = packed;
    }
    Ok(Bytes { path: path.to_owned(), bytes, at: 0 })
}

/// The bytes of a file, taken from the front.
pub struct Bytes {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
}

impl Bytes {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&[u8], DataProblem> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else {
            let message = format!(
                "it ends after {} bytes, and {count} more were expected at byte {}",
                self.bytes.len(),
                self.at
            );
            return Err(DataProblem::new(&self.path, message));
        };
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DataProblem> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next line, without its end, if it begins with this byte.
    pub fn line_if(&mut self, first: u8) -> Option<String> {
        let rest = &self.bytes[self.at..];
        if rest.first() != Some(&first) {
            return None;
        }
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        self.at += length;
        Some(String::from_utf8_lossy(&rest[..length]).trim_end().to_owned())
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Something is wrong at the place that was read last.
    pub fn problem(&self, message: impl fmt::Display) -> DataProblem {
        DataProblem::new(&self.path, format!("{message} (before byte {})", self.at))
    }
}
