//! Goes on with a recording where a checkpoint was taken.

use crate::hdf5::error::FileError;
use crate::hdf5::growing::{Column, Growing};
use crate::hdf5::layout::{Layout, files, lay_down, listings};
use crate::hdf5::numbers::{Source, join};
use crate::hdf5::plan::Plan;
use crate::hdf5::provenance::Provenance;
use crate::hdf5::recorder::Recorder;
use crate::hdf5::recovery::{Mark, marks, recover};
use sim_core::backend::Machine;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bytes copied at a time.
const BLOCK: usize = 1 << 22;

impl Recorder {
    /// Goes on with the recording at `path` from step `step`, to which the machine was restored.
    /// What was recorded after this step is dropped: in the end the recording holds what that of
    /// an uninterrupted run holds. The old files are replaced once the new ones hold everything.
    ///
    /// # Errors
    /// When the recording cannot be read, is of another network, was not flushed at this step, or
    /// cannot be written.
    pub fn resume(
        path: &Path,
        plan: Plan,
        provenance: &Provenance,
        machine: &dyn Machine,
        step: i64,
    ) -> Result<Recorder, FileError> {
        recover(path)?;
        let (names, _) = files(path, &plan);
        let old = names.iter().map(|name| Source::open(name)).collect::<Result<Vec<_>, _>>()?;
        let mark = mark_at(&old[0], step)?;
        let parts: Vec<PathBuf> = names.iter().map(|name| part(name)).collect();
        let mut layout = lay_down(&names, &parts, &plan, provenance, machine)?;
        let same = old[0].texts("saltus/streams").unwrap_or_default() == listings(&layout.streams, &names)
            && old[0].count("saltus/network", "seed") == Some(plan.seed)
            && old[0].number("saltus/network", "dt") == Some(plan.dt);
        if !same {
            parts.iter().for_each(|part| drop(std::fs::remove_file(part)));
            return Err(old[0].error("this is the recording of another network, seed or time step"));
        }
        copy_all(&old, &mark, &mut layout)?;
        layout.files.iter_mut().rev().try_for_each(Growing::open_to_readers)?;
        layout.files.iter_mut().try_for_each(Growing::flush)?;
        layout.files[0].overwrite(layout.flushed_until, &step.to_le_bytes())?;
        drop(old);
        // Files beside the recording first: whatever comes between, it can be resumed again.
        for (file, name) in layout.files.iter_mut().zip(&names).rev() {
            std::fs::rename(file.path(), name)
                .map_err(|error| FileError::io(name, "cannot be replaced", &error))?;
            file.moved(name);
        }
        Ok(Recorder::over(plan, layout, mark.counts, Some(step)))
    }
}

/// Takes over what stood in the old files at a mark.
fn copy_all(old: &[Source], mark: &Mark, new: &mut Layout) -> Result<(), FileError> {
    for (stream, cut) in new.streams.iter().zip(&mark.cuts) {
        for (name, &column) in stream.names.iter().zip(&stream.columns) {
            let path = join(&stream.group, name);
            copy(&old[stream.file], &path, &mut new.files[stream.file], column, cut.rows)?;
        }
    }
    copy(&old[0], "saltus/marks", &mut new.files[0], new.marks, mark.number as u64 + 1)
}

fn mark_at(old: &Source, step: i64) -> Result<Mark, FileError> {
    let marks = marks(old)?;
    let last = marks.last().map_or(0, |mark| mark.step);
    marks.into_iter().find(|mark| mark.step == step).ok_or_else(|| {
        old.error(format!(
            "this recording cannot go on at step {step}: it reaches step {last}, and was not flushed there"
        ))
    })
}

/// The name of a file until it is ready to take the place of the old one.
fn part(name: &Path) -> PathBuf {
    let mut part: OsString = name.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn copy(old: &Source, path: &str, new: &mut Growing, column: Column, rows: u64) -> Result<(), FileError> {
    if old.shape(path)?.first().is_none_or(|&there| (there as u64) < rows) {
        return Err(old.error(format!("/{path} has fewer than the {rows} rows it was flushed with")));
    }
    let block = (BLOCK / new.row_bytes(column)).max(1) as u64;
    for first in (0..rows).step_by(block as usize) {
        let bytes = old.rows(path, new.element(column), first, block.min(rows - first))?;
        new.append(column, &bytes);
        new.drain()?;
    }
    Ok(())
}
