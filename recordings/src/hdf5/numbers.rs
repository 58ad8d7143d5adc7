//! Reads numbers of any type out of files of any maker.

use crate::hdf5::error::FileError;
use crate::hdf5::growing::Element;
use rust_hdf5::{ByteOrder, DatatypeMessage, H5Dataset, H5File, H5Type, Hdf5Error};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// How every HDF5 file begins.
const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";

/// A file opened for reading.
pub(crate) struct Source {
    path: PathBuf,
    file: H5File,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Source, FileError> {
        is_open(path)?;
        let file =
            H5File::open(path).map_err(|error| FileError::hdf5(path, "cannot be read as HDF5", &error))?;
        Ok(Source { path: path.to_path_buf(), file })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> FileError {
        FileError::new(&self.path, message)
    }

    /// Names of the groups inside a group, sorted; none if there is no such group.
    pub(crate) fn groups(&self, path: &str) -> Vec<String> {
        let group = path.split('/').try_fold(self.file.root_group(), |group, name| group.group(name));
        group.and_then(|group| group.group_names()).unwrap_or_default()
    }

    /// Names of the datasets at the top of the file, sorted.
    pub(crate) fn datasets(&self) -> Vec<String> {
        self.file.root_group().dataset_names().unwrap_or_default()
    }

    /// Whether there is such a dataset.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.file.dataset(path).is_ok()
    }

    /// The first of several names that is a dataset of a group.
    pub(crate) fn any<'a>(&self, group: &str, names: &[&'a str]) -> Option<&'a str> {
        names.iter().copied().find(|name| self.has(&join(group, name)))
    }

    pub(crate) fn shape(&self, path: &str) -> Result<Vec<usize>, FileError> {
        Ok(self.dataset(path)?.shape())
    }

    /// Numbers of any type.
    pub(crate) fn floats(&self, path: &str) -> Result<Vec<f64>, FileError> {
        let dataset = self.dataset(path)?;
        let read = dataset.read_numeric_as::<f64>().or_else(|error| match error {
            Hdf5Error::TypeMismatch(_) => match dataset.read_numeric_as::<i64>() {
                Ok(numbers) => Ok(numbers.into_iter().map(|number| number as f64).collect()),
                Err(_) => Ok(dataset.read_numeric_as::<u64>()?.into_iter().map(|n| n as f64).collect()),
            },
            other => Err(other),
        });
        read.map_err(|error| self.unreadable(path, &error))
    }

    /// Whole numbers ≥ 0 of any type.
    pub(crate) fn ids(&self, path: &str) -> Result<Vec<u64>, FileError> {
        let dataset = self.dataset(path)?;
        match dataset.read_numeric_as::<u64>() {
            Ok(numbers) => Ok(numbers),
            Err(Hdf5Error::TypeMismatch(_)) => self
                .floats(path)?
                .into_iter()
                .map(|number| {
                    let whole = number >= 0.0 && number.fract() == 0.0 && number < 2_f64.powi(53);
                    whole
                        .then_some(number as u64)
                        .ok_or_else(|| self.error(format!("/{path}: {number} is not an id")))
                })
                .collect(),
            Err(error) => Err(self.unreadable(path, &error)),
        }
    }

    /// Whole numbers.
    pub(crate) fn integers(&self, path: &str) -> Result<Vec<i64>, FileError> {
        self.dataset(path)?.read_numeric_as::<i64>().map_err(|error| self.unreadable(path, &error))
    }

    /// The bytes of some rows of a dataset that has this very type.
    pub(crate) fn rows(
        &self,
        path: &str,
        element: Element,
        first: u64,
        count: u64,
    ) -> Result<Vec<u8>, FileError> {
        fn read<T: H5Type, const N: usize>(
            dataset: &H5Dataset,
            starts: &[usize],
            counts: &[usize],
            bytes: fn(T) -> [u8; N],
        ) -> Result<Vec<u8>, Hdf5Error> {
            Ok(dataset.read_slice::<T>(starts, counts)?.into_iter().flat_map(bytes).collect())
        }
        let dataset = self.dataset(path)?;
        let (mut starts, mut counts) = (vec![0; dataset.ndims()], dataset.shape());
        if counts.is_empty() {
            return Err(self.error(format!("/{path} is a single number")));
        }
        (starts[0], counts[0]) = (first as usize, count as usize);
        let read = match element {
            Element::F32 => read(&dataset, &starts, &counts, f32::to_le_bytes),
            Element::F64 => read(&dataset, &starts, &counts, f64::to_le_bytes),
            Element::I64 => read(&dataset, &starts, &counts, i64::to_le_bytes),
            Element::U64 => read(&dataset, &starts, &counts, u64::to_le_bytes),
        };
        read.map_err(|error| self.unreadable(path, &error))
    }

    /// Lists of numbers, each as long as it is.
    pub(crate) fn sequences(&self, path: &str) -> Result<Vec<Vec<f64>>, FileError> {
        let dataset = self.dataset(path)?;
        let datatype = dataset.datatype().map_err(|error| self.unreadable(path, &error))?;
        let number = match &datatype {
            DatatypeMessage::VarLenSequence { base } => number_of(base),
            _ => None,
        };
        let (size, number) =
            number.ok_or_else(|| self.error(format!("/{path} does not hold lists of numbers")))?;
        let lists = dataset.read_vlen_bytes().map_err(|error| self.unreadable(path, &error))?;
        Ok(lists.iter().map(|bytes| bytes.chunks_exact(size).map(number).collect()).collect())
    }

    /// Whether a dataset holds texts.
    pub(crate) fn is_text(&self, path: &str) -> Result<bool, FileError> {
        let datatype = self.dataset(path)?.datatype().map_err(|error| self.unreadable(path, &error))?;
        Ok(matches!(datatype, DatatypeMessage::VarLenString { .. } | DatatypeMessage::FixedString { .. }))
    }

    /// Texts of any kind.
    pub(crate) fn texts(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.dataset(path)?.read_strings().map_err(|error| self.unreadable(path, &error))
    }

    /// An attribute of a dataset that is a text.
    pub(crate) fn word(&self, path: &str, name: &str) -> Option<String> {
        self.file.dataset(path).ok()?.attr(name).ok()?.read_string().ok()
    }

    /// An attribute of a dataset that is a number.
    pub(crate) fn number(&self, path: &str, name: &str) -> Option<f64> {
        let attribute = self.file.dataset(path).ok()?.attr(name).ok()?;
        let float = attribute.read_numeric_as::<f64>().ok().and_then(|numbers| numbers.first().copied());
        float.or_else(|| self.count(path, name).map(|count| count as f64))
    }

    /// An attribute of a dataset that is a whole number ≥ 0.
    pub(crate) fn count(&self, path: &str, name: &str) -> Option<u64> {
        let attribute = self.file.dataset(path).ok()?.attr(name).ok()?;
        attribute.read_numeric_as::<u64>().ok()?.first().copied()
    }

    fn dataset(&self, path: &str) -> Result<H5Dataset, FileError> {
        self.file.dataset(path).map_err(|error| match error {
            Hdf5Error::NotFound(_) => self.error(format!("there is no /{path}")),
            other => self.unreadable(path, &other),
        })
    }

    fn unreadable(&self, path: &str, error: &Hdf5Error) -> FileError {
        self.error(format!("/{path} cannot be read: {error}"))
    }
}

/// Bytes of a number of a list, and how they are read.
type Number = (usize, fn(&[u8]) -> f64);

/// How numbers of a list are read; nothing if they are of no usual kind.
fn number_of(base: &DatatypeMessage) -> Option<Number> {
    fn bytes<const N: usize>(bytes: &[u8]) -> [u8; N] {
        std::array::from_fn(|at| bytes[at])
    }
    Some(match *base {
        DatatypeMessage::FloatingPoint { size, byte_order: ByteOrder::LittleEndian, .. } => match size {
            2 => (2, |b| half(u16::from_le_bytes(bytes(b)))),
            4 => (4, |b| f32::from_le_bytes(bytes(b)).into()),
            8 => (8, |b| f64::from_le_bytes(bytes(b))),
            _ => return None,
        },
        DatatypeMessage::FixedPoint { size, byte_order: ByteOrder::LittleEndian, signed, .. } => {
            match (size, signed) {
                (1, false) => (1, |b| b[0].into()),
                (1, true) => (1, |b| (b[0] as i8).into()),
                (2, false) => (2, |b| u16::from_le_bytes(bytes(b)).into()),
                (2, true) => (2, |b| i16::from_le_bytes(bytes(b)).into()),
                (4, false) => (4, |b| u32::from_le_bytes(bytes(b)).into()),
                (4, true) => (4, |b| i32::from_le_bytes(bytes(b)).into()),
                (8, false) => (8, |b| u64::from_le_bytes(bytes(b)) as f64),
                (8, true) => (8, |b| i64::from_le_bytes(bytes(b)) as f64),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// A number in half precision (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction / 1024.0 * 2f64.powi(-14),
        31 => {
            if fraction == 0.0 {
                f64::INFINITY
            } else {
                f64::NAN
            }
        }
        _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// Whether a writer has the file open, or left it without closing it.
///
/// # Errors
/// When it is not an HDF5 file, or only the beginning of one.
pub(crate) fn is_open(path: &Path) -> Result<bool, FileError> {
    let unreadable = |error| FileError::io(path, "cannot be read", &error);
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(FileError::new(path, "this is not a file"));
    }
    let mut head = Vec::new();
    file.take(64).read_to_end(&mut head).map_err(unreadable)?;
    if !head.starts_with(SIGNATURE) {
        let what = if head.is_empty() { "this file is empty" } else { "this is not an HDF5 file" };
        return Err(FileError::new(path, what));
    }
    // Versions 0 and 1 of the superblock do not tell whether the file is open. Where the superblock
    // has the size of addresses, how the file is open, and where the file ends:
    let (size, open, end) = match head.get(8) {
        Some(0) => (13, None, 40),
        Some(1) => (13, None, 44),
        _ => (9, Some(11), 28),
    };
    let is_open = open.is_some_and(|open| head.get(open).is_some_and(|&flags| flags != 0));
    if let Some(end) = head.get(end..end + 8)
        && head[size] == 8
        && !is_open
    {
        let whole = end.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
        if about.len() < whole {
            let message = format!("this file is cut off: it has {} of {whole} bytes", about.len());
            return Err(FileError::new(path, message));
        }
    }
    Ok(is_open)
}

/// A path inside a group; the root group is empty.
pub(crate) fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.into() } else { format!("{group}/{name}") }
}
