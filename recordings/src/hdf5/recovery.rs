//! Makes the recording of an interrupted run whole.

use crate::hdf5::error::FileError;
use crate::hdf5::layout::range;
use crate::hdf5::numbers::{Source, is_open, join};
use crate::hdf5::reading::{flushed_until, read_range, streams};
use rust_hdf5::{H5File, Hdf5Error};
use std::fs;
use std::path::{Path, PathBuf};

/// What [`recover`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// The step up to which the recording reaches.
    pub until: i64,
    /// The same in ms.
    pub until_ms: f64,
    /// The files that had to be repaired; none if the recording was whole.
    pub repaired: Vec<PathBuf>,
}

/// Everything that grows in one file, with the rows it had at a mark.
pub(super) struct Cut {
    /// The file beside the recording, if it is not the recording itself.
    pub(super) file: Option<String>,
    pub(super) group: String,
    pub(super) rows: u64,
}

/// What stood in a recording of ours at a flush.
pub(super) struct Mark {
    pub(super) step: i64,
    /// Number among the marks.
    pub(super) number: usize,
    pub(super) cuts: Vec<Cut>,
    /// Spikes in the open bin of each rate.
    pub(super) counts: Vec<u64>,
}

/// Names of the growing datasets that a group may have, by the group's first word.
const GROWING: [(&str, &[&str]); 4] = [
    ("spikes", &["timestamps", "node_ids"]),
    ("rates", &["values"]),
    ("report", &["data", "data64"]),
    ("weights", &["weight", "time"]),
];

/// Makes the recording of an interrupted run whole: everything up to its last flush, in ordinary
/// files that every reader opens. A recording that is whole is left alone.
///
/// # Errors
/// When the file is not a recording of Saltus, is still being written, or cannot be read or written.
pub fn recover(path: &Path) -> Result<Recovered, FileError> {
    let interrupted_main = is_open(path)?;
    if interrupted_main {
        drop(hold(path)?);
    }
    let main = Source::open(path)?;
    let mark = confirmed(&main)?;
    let dt = main.number("saltus/network", "dt").unwrap_or(f64::NAN);
    let (until, until_ms) = (mark.step, mark.step as f64 * dt);
    let mut beside: Vec<String> = mark.cuts.iter().filter_map(|cut| cut.file.clone()).collect();
    beside.dedup();
    let mut repaired = Vec::new();
    for name in beside {
        let file = path.with_file_name(&name);
        // One that is gone is passed over, as in reading: the others are worth no less.
        if file.exists() && is_open(&file)? {
            let source = Source::open(&file)?;
            let cuts = mark.cuts.iter().filter(|cut| cut.file.as_ref() == Some(&name));
            repair(source, cuts, None)?;
            repaired.push(file);
        }
    }
    // The file itself comes last: as long as it is not whole, this can be done again.
    if interrupted_main {
        repair(main, mark.cuts.iter().filter(|cut| cut.file.is_none()), Some(mark.number as u64 + 1))?;
        repaired.push(path.to_path_buf());
    }
    Ok(Recovered { until, until_ms, repaired })
}

/// All marks that were confirmed.
pub(super) fn marks(main: &Source) -> Result<Vec<Mark>, FileError> {
    if !main.has("saltus/marks") || !main.has("saltus/flushed_until") {
        return Err(main.error("this is an HDF5 file, but not a recording of Saltus"));
    }
    let streams = streams(main)?;
    let (shape, numbers) = (main.shape("saltus/marks")?, main.integers("saltus/marks")?);
    let width = shape.last().copied().unwrap_or(0);
    if shape.len() != 2 || width <= streams.len() {
        return Err(main.error("/saltus/marks does not fit /saltus/streams"));
    }
    let confirmed = flushed_until(main)?;
    let rows = numbers.chunks_exact(width).enumerate().filter(|(_, row)| row[0] <= confirmed);
    Ok(rows
        .map(|(number, row)| {
            let (rows, counts) = row[1..].split_at(streams.len());
            let cut = |((file, group), &rows): (&(Option<String>, String), &i64)| Cut {
                file: file.clone(),
                group: group.clone(),
                rows: rows.max(0) as u64,
            };
            let cuts = streams.iter().zip(rows).map(cut).collect();
            Mark { step: row[0], number, cuts, counts: counts.iter().map(|&n| n.max(0) as u64).collect() }
        })
        .collect())
}

/// Paths of the growing datasets that a group may have.
fn growing(group: &str) -> impl Iterator<Item = String> + '_ {
    let kind = group.split('/').next().unwrap_or_default();
    let names = GROWING.iter().find(|(word, _)| *word == kind).map_or(&[][..], |(_, names)| names);
    names.iter().map(move |name| join(group, name))
}

fn confirmed(main: &Source) -> Result<Mark, FileError> {
    let last = marks(main)?.pop();
    last.ok_or_else(|| main.error("the run was interrupted before anything was recorded"))
}

fn repair<'a>(
    source: Source,
    cuts: impl Iterator<Item = &'a Cut>,
    marks: Option<u64>,
) -> Result<(), FileError> {
    // Everything is looked at while reading, since a file open for writing tells little.
    let mut extents = Vec::new();
    let mut ranges = Vec::new();
    for cut in cuts {
        for path in growing(&cut.group).filter(|path| source.has(path)) {
            let mut shape = source.shape(&path)?;
            if let Some(rows) = shape.first_mut() {
                *rows = (*rows).min(cut.rows as usize);
            }
            extents.push((path, shape));
        }
        for path in [join(&cut.group, "mapping/time"), join(&cut.group, "time")] {
            if source.has(&path) && !extents.iter().any(|(growing, _)| *growing == path) {
                let [start, _, step] = read_range(&source, &path)?;
                ranges.push((path, range(start, step, cut.rows)));
            }
        }
    }
    if let Some(count) = marks {
        let mut shape = source.shape("saltus/marks")?;
        shape[0] = count as usize;
        extents.push(("saltus/marks".into(), shape));
    }
    let path = source.path().to_path_buf();
    drop(source);
    let held = hold(&path)?;
    // On a copy: a full disk or a kill half-way must not take what the file holds.
    let copy = path.with_extension("repairing");
    let failed = |error| FileError::io(&path, "cannot be repaired", &error);
    let done = fs::copy(&path, &copy)
        .map_err(failed)
        .and_then(|_| {
            rewrite(&copy, &extents, &ranges)
                .map_err(|error| FileError::hdf5(&path, "cannot be repaired", &error))
        })
        .and_then(|()| {
            fs::File::open(&copy)
                .and_then(|file| file.sync_all())
                .and_then(|()| fs::rename(&copy, &path))
                .map_err(failed)
        });
    if done.is_err() {
        // Only a copy is lost; that it may not go away either changes nothing.
        let _ = fs::remove_file(&copy);
    }
    drop(held);
    done
}

/// Keeps others from a file, and finds out whether a run still holds it: its rows would go on into
/// the file that the repaired copy replaces. On a file system without locks nobody is kept away.
fn hold(path: &Path) -> Result<fs::File, FileError> {
    let file = fs::File::open(path).map_err(|error| FileError::io(path, "cannot be read", &error))?;
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            Err(FileError::new(path, "cannot be repaired: a run is still writing it"))
        }
        Err(fs::TryLockError::Error(_)) | Ok(()) => Ok(file),
    }
}

fn rewrite(
    path: &Path,
    extents: &[(String, Vec<usize>)],
    ranges: &[(String, [f64; 3])],
) -> Result<(), Hdf5Error> {
    let file = H5File::open_rw(path)?;
    for (dataset, shape) in extents {
        file.dataset_writer(dataset)?.set_extent(shape)?;
    }
    for (dataset, range) in ranges {
        file.dataset_writer(dataset)?.write_raw(range)?;
    }
    file.set_attr_numeric("recovered", &1_u8)?;
    file.close()
}
