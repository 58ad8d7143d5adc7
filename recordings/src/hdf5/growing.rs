//! A file that grows while others may read it, and of which a kill takes nothing that was flushed.
//!
//! Everything but rows is laid down first (groups, attributes, fixed datasets), then the file is
//! opened to readers, and from then on only columns grow and a few fixed numbers are overwritten.
//! Rows are collected in memory and go to the file in whole chunks; a flush also writes the chunk
//! that is not full yet, padded, and moves the ends of the columns to the true number of rows.

use crate::hdf5::error::FileError;
use rust_hdf5::swmr::SwmrFileWriter;
use rust_hdf5::{DatatypeMessage, H5Type, Hdf5Error};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Elements in a chunk: 128 KiB of doubles, so that short recordings stay small.
const CHUNK: u64 = 16_384;
/// Elements of a row that share a chunk; longer rows are cut.
const LONGEST: u64 = 1 << 20;

/// The type of a column's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F32,
    F64,
    I64,
    U64,
}

impl Element {
    pub(crate) fn size(self) -> usize {
        match self {
            Element::F32 => 4,
            Element::F64 | Element::I64 | Element::U64 => 8,
        }
    }

    fn datatype(self) -> DatatypeMessage {
        match self {
            Element::F32 => DatatypeMessage::f32_type(),
            Element::F64 => DatatypeMessage::f64_type(),
            Element::I64 => DatatypeMessage::i64_type(),
            Element::U64 => DatatypeMessage::u64_type(),
        }
    }

    /// Appends the bytes of a number.
    pub(crate) fn put(self, value: f64, bytes: &mut Vec<u8>) {
        match self {
            Element::F32 => bytes.extend_from_slice(&(value as f32).to_le_bytes()),
            Element::F64 => bytes.extend_from_slice(&value.to_le_bytes()),
            Element::I64 => bytes.extend_from_slice(&(value as i64).to_le_bytes()),
            Element::U64 => bytes.extend_from_slice(&(value as u64).to_le_bytes()),
        }
    }
}

/// Number of a dataset in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dataset(usize);

/// Number of a growing dataset among the file's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column(usize);

impl Column {
    /// Its number among the columns of its file.
    pub(crate) fn number(self) -> usize {
        self.0
    }
}

/// A dataset that grows by rows.
struct Rows {
    dataset: Dataset,
    element: Element,
    /// Elements in a row; absent for a plain list of numbers.
    width: Option<u64>,
    rows_per_chunk: u64,
    /// Elements of a row in one chunk.
    tile: u64,
    /// Rows in whole chunks, which are in the file.
    complete: u64,
    /// Bytes of the rows after them.
    pending: Vec<u8>,
    /// Rows that the last flush left in the file.
    flushed: u64,
}

impl Rows {
    fn row_bytes(&self) -> usize {
        self.width.unwrap_or(1) as usize * self.element.size()
    }

    fn count(&self) -> u64 {
        self.complete + (self.pending.len() / self.row_bytes()) as u64
    }
}

/// The file.
pub(crate) struct Growing {
    path: PathBuf,
    /// Gone when a write failed or the file was closed.
    writer: Option<SwmrFileWriter>,
    columns: Vec<Rows>,
    groups: BTreeSet<String>,
    /// Keeps a shared lock while the file grows, so that nobody takes it for an abandoned one.
    lock: Option<File>,
}

impl Growing {
    /// Creates the file, or replaces the one that is there.
    pub(crate) fn create(path: &Path) -> Result<Growing, FileError> {
        let writer = SwmrFileWriter::create(path)
            .map_err(|error| FileError::hdf5(path, "cannot create the recording", &error))?;
        Ok(Growing {
            path: path.to_path_buf(),
            writer: Some(writer),
            columns: Vec::new(),
            groups: BTreeSet::new(),
            lock: None,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells the file that it has been renamed.
    pub(crate) fn moved(&mut self, path: &Path) {
        self.path = path.to_path_buf();
    }

    /// Creates a group and those above it, as far as they are not there.
    pub(crate) fn group(&mut self, path: &str) -> Result<(), FileError> {
        if !self.groups.insert(path.to_string()) {
            return Ok(());
        }
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !parent.is_empty() {
            self.group(parent)?;
        }
        self.write(|writer| writer.create_group(&format!("/{parent}"), name))
    }

    /// A dataset of numbers that keeps its length.
    pub(crate) fn fixed<T: H5Type>(&mut self, path: &str, values: &[T]) -> Result<Dataset, FileError> {
        self.write(|writer| writer.write_dataset(path, &[values.len() as u64], values)).map(Dataset)
    }

    /// A single number that can be overwritten while the file grows.
    pub(crate) fn number(&mut self, path: &str, value: i64) -> Result<Dataset, FileError> {
        self.write(|writer| {
            let dataset = writer.create_dataset_typed(path, DatatypeMessage::i64_type(), &[])?;
            writer.write_dataset_raw(dataset, &value.to_le_bytes())?;
            Ok(Dataset(dataset))
        })
    }

    /// A text of any length.
    pub(crate) fn text(&mut self, path: &str, text: &str) -> Result<Dataset, FileError> {
        // Attributes end at 64 KiB, and a network file that lists positions is longer.
        let size = u32::try_from(text.len().max(1))
            .map_err(|_| FileError::new(&self.path, "a text of more than 4 GiB"))?;
        let datatype = DatatypeMessage::FixedString { size, padding: 1, charset: 1 };
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(size as usize, 0);
        self.write(|writer| writer.write_dataset_typed(path, datatype, &[], &bytes)).map(Dataset)
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, path: &str, texts: &[&str]) -> Result<Dataset, FileError> {
        self.write(|writer| writer.write_string_dataset(path, texts)).map(Dataset)
    }

    /// A second name for a dataset of a group.
    pub(crate) fn link(&mut self, group: &str, name: &str, target: &str) -> Result<(), FileError> {
        self.write(|writer| {
            writer.create_hard_link(&format!("/{group}"), name, &format!("/{group}/{target}"))
        })
    }

    /// A dataset that grows: a list of numbers, or rows of `width` numbers (not 0).
    pub(crate) fn column(
        &mut self,
        path: &str,
        element: Element,
        width: Option<u64>,
    ) -> Result<(Column, Dataset), FileError> {
        let tile = width.unwrap_or(1).min(LONGEST);
        let rows_per_chunk = (CHUNK / width.unwrap_or(1)).max(1);
        let (dims, max, chunk) = match width {
            None => (vec![0], vec![None], vec![rows_per_chunk]),
            Some(width) => (vec![0, width], vec![None, Some(width)], vec![rows_per_chunk, tile]),
        };
        let dataset = self.write(|writer| {
            writer.create_grid_dataset_with_max(path, element.datatype(), &dims, &max, &chunk, None)
        })?;
        let dataset = Dataset(dataset);
        let (complete, pending, flushed) = (0, Vec::new(), 0);
        let rows = Rows { dataset, element, width, rows_per_chunk, tile, complete, pending, flushed };
        self.columns.push(rows);
        Ok((Column(self.columns.len() - 1), dataset))
    }

    /// Does something with the library that lays down structure: attributes, mostly.
    pub(crate) fn write<T>(
        &mut self,
        write: impl FnOnce(&mut SwmrFileWriter) -> Result<T, Hdf5Error>,
    ) -> Result<T, FileError> {
        let path = self.path.clone();
        let Some(writer) = &mut self.writer else {
            return Err(FileError::new(&path, "the recording had to be given up"));
        };
        write(writer).map_err(|error| {
            self.abandon();
            FileError::hdf5(&path, "cannot write the recording", &error)
        })
    }

    /// An attribute of a dataset that is a text.
    pub(crate) fn describe(&mut self, dataset: Dataset, name: &str, text: &str) -> Result<(), FileError> {
        self.write(|writer| writer.set_dataset_attr_string(dataset.0, name, text))
    }

    /// An attribute of a dataset that is a number.
    pub(crate) fn annotate<T: H5Type>(
        &mut self,
        dataset: Dataset,
        name: &str,
        value: T,
    ) -> Result<(), FileError> {
        self.write(|writer| writer.set_dataset_attr_numeric(dataset.0, name, &value))
    }

    /// Overwrites a fixed dataset.
    pub(crate) fn overwrite(&mut self, dataset: Dataset, bytes: &[u8]) -> Result<(), FileError> {
        self.write(|writer| writer.write_dataset_raw(dataset.0, bytes))
    }

    /// Opens the file to readers: from here on only columns grow.
    pub(crate) fn open_to_readers(&mut self) -> Result<(), FileError> {
        self.write(SwmrFileWriter::start_swmr)?;
        // Windows locks bind the writer too; there, nothing is locked.
        #[cfg(unix)]
        {
            let file = File::open(&self.path).map_err(|e| FileError::io(&self.path, "cannot lock", &e))?;
            // A file system without locks still gets its recording.
            self.lock = file.try_lock_shared().is_ok().then_some(file);
        }
        Ok(())
    }

    /// Appends bytes to a column; rows count once they are whole.
    pub(crate) fn append(&mut self, column: Column, bytes: &[u8]) {
        self.columns[column.0].pending.extend_from_slice(bytes);
    }

    /// How many rows a column has, in the file or not.
    pub(crate) fn rows(&self, column: Column) -> u64 {
        self.columns[column.0].count()
    }

    /// All columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = Column> {
        (0..self.columns.len()).map(Column)
    }

    /// The type of a column's numbers.
    pub(crate) fn element(&self, column: Column) -> Element {
        self.columns[column.0].element
    }

    /// Bytes in a row of a column.
    pub(crate) fn row_bytes(&self, column: Column) -> usize {
        self.columns[column.0].row_bytes()
    }

    /// Writes chunks that have become full.
    pub(crate) fn drain(&mut self) -> Result<(), FileError> {
        for number in 0..self.columns.len() {
            let rows = &self.columns[number];
            let chunk = rows.rows_per_chunk as usize * rows.row_bytes();
            let whole = rows.pending.len() / chunk;
            if whole == 0 {
                continue;
            }
            for index in 0..whole {
                self.write_chunk(number, index, chunk)?;
            }
            let rows = &mut self.columns[number];
            rows.pending.drain(..whole * chunk);
            rows.complete += whole as u64 * rows.rows_per_chunk;
        }
        Ok(())
    }

    /// Makes everything appended so far safe against a kill.
    pub(crate) fn flush(&mut self) -> Result<(), FileError> {
        self.drain()?;
        let mut grown = false;
        for number in 0..self.columns.len() {
            let rows = &self.columns[number];
            let count = rows.count();
            if count == rows.flushed {
                continue;
            }
            if !rows.pending.is_empty() {
                let chunk = rows.rows_per_chunk as usize * rows.row_bytes();
                let length = rows.pending.len();
                self.columns[number].pending.resize(chunk, 0);
                let written = self.write_chunk(number, 0, chunk);
                self.columns[number].pending.truncate(length);
                written?;
            }
            let rows = &self.columns[number];
            let (dataset, dims) = (rows.dataset, rows.width.map_or(vec![count], |width| vec![count, width]));
            self.write(|writer| writer.set_extent(dataset.0, &dims))?;
            self.columns[number].flushed = count;
            grown = true;
        }
        if grown { self.write(SwmrFileWriter::flush) } else { Ok(()) }
    }

    /// Makes it an ordinary file.
    pub(crate) fn close(&mut self) -> Result<(), FileError> {
        self.flush()?;
        self.lock = None;
        match self.writer.take() {
            Some(writer) => writer
                .close()
                .map_err(|error| FileError::hdf5(&self.path, "cannot finish the recording", &error)),
            None => Ok(()),
        }
    }

    /// Writes the chunk that starts `index` whole chunks into the pending bytes, cut into tiles.
    fn write_chunk(&mut self, column: usize, index: usize, bytes: usize) -> Result<(), FileError> {
        let Growing { path, writer, columns, .. } = self;
        let Some(writer) = writer else {
            return Err(FileError::new(path, "the recording had to be given up"));
        };
        let rows = &columns[column];
        let data = &rows.pending[index * bytes..][..bytes];
        let place = rows.complete / rows.rows_per_chunk + index as u64;
        let written = match rows.width {
            None => writer.write_chunk_at(rows.dataset.0, &[place], data),
            Some(width) if width <= rows.tile => writer.write_chunk_at(rows.dataset.0, &[place, 0], data),
            Some(_) => data.chunks(rows.tile as usize * rows.element.size()).enumerate().try_for_each(
                |(tile, part)| {
                    let mut part = part.to_vec();
                    part.resize(rows.tile as usize * rows.element.size(), 0);
                    writer.write_chunk_at(rows.dataset.0, &[place, tile as u64], &part)
                },
            ),
        };
        let written = written.map_err(|error| FileError::hdf5(path, "cannot write the recording", &error));
        if written.is_err() {
            self.abandon();
        }
        written
    }

    /// Leaves the file as the last flush left it. Dropping the writer would rewrite the file's
    /// structure, which on a full disk could spoil what is safe, so it is forgotten instead.
    fn abandon(&mut self) {
        self.lock = None;
        std::mem::forget(self.writer.take());
    }
}

impl Drop for Growing {
    /// A file that was not closed stays open to recovery, also when another one beside it failed.
    fn drop(&mut self) {
        self.abandon();
    }
}
