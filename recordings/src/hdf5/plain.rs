//! Files of fixed tables, written in one go: edges for a network, graphs for other programs.

use crate::hdf5::error::FileError;
use crate::hdf5::layout::{MAGIC, VERSION};
use rust_hdf5::{DatatypeMessage, H5File, H5Type, Hdf5Error};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A file that is being written.
pub struct Plain {
    path: PathBuf,
    file: H5File,
    groups: BTreeSet<String>,
}

/// The edges of a population of a SONATA edge file, one entry for each.
#[derive(Debug)]
pub struct Edges<'a> {
    /// Name of the source population.
    pub source: &'a str,
    /// Name of the target population.
    pub target: &'a str,
    /// Source neurons.
    pub sources: &'a [u32],
    /// Target neurons.
    pub targets: &'a [u32],
    /// Weights, in the unit of the target.
    pub weights: &'a [f64],
    /// Delays in ms, if they differ.
    pub delays: Option<&'a [f64]>,
}

impl Plain {
    /// Begins a file; one that is there is replaced.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(path: &Path) -> Result<Plain, FileError> {
        let file =
            H5File::create(path).map_err(|error| FileError::hdf5(path, "cannot be created", &error))?;
        Ok(Plain { path: path.to_path_buf(), file, groups: BTreeSet::new() })
    }

    /// Ends it.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(self) -> Result<(), FileError> {
        self.file.close().map_err(|error| FileError::hdf5(&self.path, "cannot be written", &error))
    }

    /// Says that this is a SONATA file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sonata(&mut self) -> Result<(), FileError> {
        let root = self.file.root_group();
        let said = root.set_attr_numeric("magic", &MAGIC);
        let said = said.and_then(|()| root.set_attr_array_numeric("version", &VERSION));
        self.written(said)
    }

    /// Writes `/edges/<population>`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn edges(&mut self, population: &str, edges: &Edges<'_>) -> Result<(), FileError> {
        let group = format!("edges/{population}");
        self.group(&format!("{group}/0"))?;
        for (name, ids, end) in
            [("source_node_id", edges.sources, edges.source), ("target_node_id", edges.targets, edges.target)]
        {
            let ids: Vec<u64> = ids.iter().map(|&id| u64::from(id)).collect();
            let place = format!("{group}/{name}");
            self.numbers(&place, &[ids.len()], &ids)?;
            let said = self.file.dataset_writer(&place).and_then(|dataset| {
                let attribute =
                    dataset.new_attr::<rust_hdf5::VarLenUnicode>().shape(()).create("node_population")?;
                attribute.write_string(end)
            });
            self.written(said)?;
        }
        let count = edges.sources.len();
        self.numbers(&format!("{group}/edge_type_id"), &[count], &vec![-1_i64; count])?;
        self.reals(&format!("{group}/0/syn_weight"), &[count], edges.weights)?;
        match edges.delays {
            Some(delays) => self.numbers(&format!("{group}/0/delay"), &[count], delays),
            None => Ok(()),
        }
    }

    /// Writes `/spikes/<population>`: times in ms, ascending, and who fired.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn spikes(&mut self, population: &str, spikes: &[(f64, u32)]) -> Result<(), FileError> {
        let group = format!("spikes/{population}");
        let times: Vec<f64> = spikes.iter().map(|spike| spike.0).collect();
        let neurons: Vec<u64> = spikes.iter().map(|spike| u64::from(spike.1)).collect();
        self.numbers(&format!("{group}/timestamps"), &[times.len()], &times)?;
        self.numbers(&format!("{group}/node_ids"), &[neurons.len()], &neurons)?;
        let said = self.file.dataset_writer(&format!("{group}/timestamps")).and_then(|dataset| {
            dataset.new_attr::<rust_hdf5::VarLenUnicode>().shape(()).create("units")?.write_string("ms")
        });
        self.written(said)
    }

    /// Lays down a group and those around it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn group(&mut self, path: &str) -> Result<(), FileError> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for part in ends.map(|end| &path[..end]) {
            if self.groups.insert(part.to_string()) {
                let made = self.file.create_group(part).map(drop);
                self.written(made)?;
            }
        }
        Ok(())
    }

    /// One text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(&mut self, path: &str, text: &str) -> Result<(), FileError> {
        self.texts(path, &[], &[text])
    }

    /// Texts in rows.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn texts(&mut self, path: &str, shape: &[usize], texts: &[&str]) -> Result<(), FileError> {
        self.around(path)?;
        let size = texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1);
        // Padded with zeros, of which readers take none as part of a text.
        let datatype = DatatypeMessage::FixedString { size: size as u32, padding: 1, charset: 1 };
        let mut bytes = vec![0; size * texts.len()];
        for (place, text) in bytes.chunks_exact_mut(size).zip(texts) {
            place[..text.len()].copy_from_slice(text.as_bytes());
        }
        let builder = self.file.new_dataset::<u8>().datatype(datatype);
        let builder = if shape.is_empty() { builder.scalar() } else { builder.shape(shape) };
        let made = builder.create(path).and_then(|dataset| match bytes.is_empty() {
            true => Ok(()),
            false => dataset.write_raw_bytes(&bytes),
        });
        self.written(made)
    }

    /// Real numbers in rows, in single precision where that loses nothing.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn reals(&mut self, path: &str, shape: &[usize], values: &[f64]) -> Result<(), FileError> {
        let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let same = single.iter().zip(values).all(|(&single, &value)| f64::from(single) == value);
        if same { self.numbers(path, shape, &single) } else { self.numbers(path, shape, values) }
    }

    /// Whole numbers in rows.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn whole(
        &mut self,
        path: &str,
        shape: &[usize],
        values: impl Iterator<Item = i64>,
    ) -> Result<(), FileError> {
        self.numbers(path, shape, &values.collect::<Vec<_>>())
    }

    pub(crate) fn numbers<T: H5Type>(
        &mut self,
        path: &str,
        shape: &[usize],
        values: &[T],
    ) -> Result<(), FileError> {
        self.around(path)?;
        let builder = self.file.new_dataset::<T>();
        let builder = if shape.is_empty() { builder.scalar() } else { builder.shape(shape) };
        let made = builder.create(path).and_then(|dataset| match values.is_empty() {
            true => Ok(()),
            false => dataset.write_raw(values),
        });
        self.written(made)
    }

    /// Lays down the group that a dataset is in.
    fn around(&mut self, path: &str) -> Result<(), FileError> {
        match path.rsplit_once('/') {
            Some((group, _)) => self.group(group),
            None => Ok(()),
        }
    }

    fn written<T>(&self, done: Result<T, Hdf5Error>) -> Result<T, FileError> {
        done.map_err(|error| FileError::hdf5(&self.path, "cannot be written", &error))
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> FileError {
        FileError::new(&self.path, message)
    }
}
