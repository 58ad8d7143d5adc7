//! Where the files of a run go.

use recordings::hdf5::plan::Plan;
use recordings::hdf5::reading::Recording;
use sim_core::network::Network;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The places of a run's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The recording.
    pub recording: PathBuf,
    /// The picture of all spikes.
    pub raster: PathBuf,
    /// The summary for programs.
    pub summary: PathBuf,
    /// The folder of checkpoints.
    pub checkpoints: PathBuf,
}

impl Output {
    /// All files in one folder: `spikes.h5`, `raster.svg`, `summary.json`.
    pub fn folder(folder: &Path) -> Self {
        Output {
            recording: folder.join("spikes.h5"),
            raster: folder.join("raster.svg"),
            summary: folder.join("summary.json"),
            checkpoints: folder.join("checkpoints"),
        }
    }

    /// What the file says, relative to it; else a folder `out/<name of the file>`.
    pub fn said(network: &Network, file: &Path) -> Self {
        let Some(said) = &network.output else {
            return Self::folder(&Path::new("out").join(file.file_stem().unwrap_or_default()));
        };
        let recording = file.parent().unwrap_or(Path::new("")).join(said);
        Output {
            raster: recording.with_extension("raster.svg"),
            summary: recording.with_extension("summary.json"),
            checkpoints: recording.with_extension("checkpoints"),
            recording,
        }
    }

    /// Makes room: folders are created, and what an earlier run left here is moved, all together, into
    /// a numbered folder beside it, not lost. Returns that folder.
    pub fn prepare(&self, network: &Network) -> io::Result<Option<PathBuf>> {
        if let Some(folder) = self.recording.parent() {
            if folder.is_file() {
                let message = format!("{} is a file, not a folder", folder.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
            }
            fs::create_dir_all(folder)?;
        }
        // Files beside a recording are those it names and, if it cannot be read, those in our way.
        let mut earlier = Plan::of(network).files(&self.recording);
        if let Ok(recording) = Recording::open(&self.recording) {
            earlier.extend(recording.files().map(Path::to_path_buf));
        }
        earlier.extend([self.raster.clone(), self.summary.clone(), self.checkpoints.clone()]);
        earlier.sort();
        earlier.dedup();
        earlier.retain(|path| path.exists());
        if earlier.is_empty() {
            return Ok(None);
        }
        // The names stay, since a recording knows the files beside it by name.
        let numbered = |number: u32| self.recording.with_extension(format!("previous-{number}"));
        let previous = (1..).map(numbered).find(|path| !path.exists()).expect("some number is free");
        fs::create_dir(&previous)?;
        for path in earlier {
            fs::rename(&path, previous.join(path.file_name().unwrap_or_default()))?;
        }
        Ok(Some(previous))
    }
}
