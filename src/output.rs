//! Where the files of a run go.

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

    /// Makes room: folders are created, and an earlier recording is moved aside, not lost.
    /// Returns where it was moved to.
    pub fn prepare(&self) -> io::Result<Option<PathBuf>> {
        if let Some(folder) = self.recording.parent() {
            fs::create_dir_all(folder)?;
        }
        if !self.recording.exists() {
            return Ok(None);
        }
        let numbered = |number: u32| self.recording.with_extension(format!("previous-{number}.h5"));
        let previous = (1..).map(numbered).find(|path| !path.exists()).expect("some number is free");
        fs::rename(&self.recording, &previous)?;
        Ok(Some(previous))
    }
}
