//! Plain little-endian bytes of everything that lives, for checkpoints.
//!
//! Whoever lives in a machine writes its state with a [`Saver`] and reads it back in the same
//! order with a [`Loader`]. What is derived from the network file is not saved: a checkpoint is
//! restored into a machine loaded from the same file.

use std::fmt;

/// Collects state.
#[derive(Default)]
pub struct Saver {
    bytes: Vec<u8>,
}

/// Gives state back in the order it was saved.
pub struct Loader<'a> {
    bytes: &'a [u8],
}

/// A snapshot that does not fit the machine it is read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// The bytes end too early.
    Truncated,
    /// A list has another length than the machine's.
    WrongLength {
        /// Entries the machine has.
        expected: usize,
        /// Entries the snapshot has.
        found: usize,
    },
    /// Bytes are left over.
    Excess(usize),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Truncated => write!(f, "the checkpoint ends too early"),
            SnapshotError::WrongLength { expected, found } => {
                write!(f, "the checkpoint holds a list of {found} where this network has {expected}")
            }
            SnapshotError::Excess(bytes) => write!(f, "the checkpoint has {bytes} bytes too many"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// A number with a fixed little-endian form.
pub trait Plain: Copy {
    /// Bytes of one number.
    const SIZE: usize;
    /// Appends the number.
    fn put(self, out: &mut Vec<u8>);
    /// Reads the number from exactly [`Self::SIZE`] bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! plain {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            const SIZE: usize = size_of::<$number>();
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                let mut exact = [0; size_of::<$number>()];
                exact.copy_from_slice(bytes);
                <$number>::from_le_bytes(exact)
            }
        }
    )*};
}
plain!(u8, u16, i16, u32, i32, u64, i64, f32, f64);

impl Saver {
    /// Everything saved so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Saves one number.
    pub fn put<T: Plain>(&mut self, value: T) {
        value.put(&mut self.bytes);
    }

    /// Saves an unsigned count or number.
    pub fn u64(&mut self, value: u64) {
        self.put(value);
    }

    /// Saves a list with its length.
    pub fn list<T: Plain>(&mut self, values: &[T]) {
        self.u64(values.len() as u64);
        self.bytes.reserve(values.len() * T::SIZE);
        values.iter().for_each(|value| value.put(&mut self.bytes));
    }
}

impl<'a> Loader<'a> {
    /// Reads from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Loader { bytes }
    }

    /// Reads one number.
    pub fn get<T: Plain>(&mut self) -> Result<T, SnapshotError> {
        self.take(T::SIZE).map(T::get)
    }

    /// Reads an unsigned count or number.
    pub fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.get()
    }

    /// Reads a list of any length.
    pub fn list<T: Plain>(&mut self) -> Result<Vec<T>, SnapshotError> {
        let length = usize::try_from(self.u64()?).map_err(|_| SnapshotError::Truncated)?;
        let size = length.checked_mul(T::SIZE).ok_or(SnapshotError::Truncated)?;
        Ok(self.take(size)?.chunks_exact(T::SIZE).map(T::get).collect())
    }

    /// Reads a list into place; it must have the same length.
    pub fn list_into<T: Plain>(&mut self, values: &mut [T]) -> Result<(), SnapshotError> {
        let found = self.list::<T>()?;
        if found.len() != values.len() {
            return Err(SnapshotError::WrongLength { expected: values.len(), found: found.len() });
        }
        values.copy_from_slice(&found);
        Ok(())
    }

    /// Ends reading; nothing may be left.
    pub fn finish(self) -> Result<(), SnapshotError> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(SnapshotError::Excess(left)),
        }
    }

    fn take(&mut self, size: usize) -> Result<&'a [u8], SnapshotError> {
        if size > self.bytes.len() {
            return Err(SnapshotError::Truncated);
        }
        let (head, rest) = self.bytes.split_at(size);
        self.bytes = rest;
        Ok(head)
    }
}
