//! Data files that a network file names: SONATA edges and spikes.

use crate::hdf5::error::FileError;
use crate::hdf5::numbers::{Source, join};
use crate::hdf5::reading::{Recording, choose};
use sim_core::data::{DataError, DataFiles, Table};
use std::path::{Path, PathBuf};

/// The folder that paths in a network file are relative to.
#[derive(Clone, Debug)]
pub struct Folder {
    base: PathBuf,
}

impl Folder {
    /// Data files are looked for from here; absolute paths stand as they are.
    pub fn new(base: &Path) -> Folder {
        Folder { base: base.to_path_buf() }
    }
}

impl DataFiles for Folder {
    fn edges(&self, path: &str, population: &str) -> Result<Table, DataError> {
        edges(&self.base.join(path), population).map_err(|error| named(path, error))
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        spikes(&self.base.join(path), population).map_err(|error| named(path, error))
    }
}

/// The error under the name that the network file uses.
fn named(path: &str, error: FileError) -> DataError {
    DataError { path: path.into(), message: error.message }
}

fn spikes(path: &Path, population: &str) -> Result<Table, FileError> {
    let spikes = Recording::open(path)?.spikes(population)?;
    let neurons = spikes.neurons.into_iter().map(|neuron| neuron as f64).collect();
    Ok(Table { columns: vec![("time".into(), spikes.times), ("neuron".into(), neurons)] })
}

fn edges(path: &Path, population: &str) -> Result<Table, FileError> {
    let source = Source::open(path)?;
    let population = choose(&source, "edges", "edges of", population, source.groups("edges"))?;
    let group = format!("edges/{population}");
    let mut columns = Vec::new();
    for (name, dataset) in [("source", "source_node_id"), ("target", "target_node_id")] {
        let ids = source.ids(&join(&group, dataset))?;
        columns.push((name.to_string(), ids.into_iter().map(|id| id as f64).collect::<Vec<_>>()));
    }
    let count = columns[0].1.len();
    if columns[1].1.len() != count {
        return Err(source.error(format!("/{group} has {count} sources and {} targets", columns[1].1.len())));
    }
    let groups: Vec<String> =
        source.groups(&group).into_iter().filter(|name| name.parse::<u32>().is_ok()).collect();
    if groups.len() > 1 {
        let listed = groups.join(", ");
        return Err(source.error(format!("/{group} has the groups {listed}; only files with one are read")));
    }
    for (name, attribute) in [("weight", "syn_weight"), ("delay", "delay")] {
        let path = groups.first().map(|name| format!("{group}/{name}/{attribute}"));
        if let Some(path) = path.filter(|path| source.has(path)) {
            columns.push((name.to_string(), attributes(&source, &group, &path, count)?));
        }
    }
    Ok(Table { columns })
}

/// The values of an attribute in the order of the edges, which may point into its group.
fn attributes(source: &Source, group: &str, path: &str, count: usize) -> Result<Vec<f64>, FileError> {
    let values = source.floats(path)?;
    let index = format!("{group}/edge_group_index");
    if !source.has(&index) {
        return match values.len() == count {
            true => Ok(values),
            false => Err(source.error(format!("/{path} has {} values for {count} edges", values.len()))),
        };
    }
    let places = source.ids(&index)?;
    if places.len() != count {
        return Err(source.error(format!("/{index} has {} entries for {count} edges", places.len())));
    }
    let value = |&place: &u64| usize::try_from(place).ok().and_then(|place| values.get(place)).copied();
    places
        .iter()
        .map(value)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| source.error(format!("/{index} points beyond the {} values of /{path}", values.len())))
}
