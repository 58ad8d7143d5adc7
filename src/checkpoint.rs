//! Checkpoints: everything that lives, so that a run goes on with the same bits.
//!
//! A checkpoint file is a magic word, the step, a digest of the network it belongs to, for how many
//! threads the machine is cut, its bytes, and a digest of all that. It is written beside its place and then renamed, so a
//! file with its final name is always whole. `run.json` beside the files says what was being run.

use sim_core::backend::{Epoch, Machine};
use sim_core::observer::{Observer, ObserverError};
use sim_core::snapshot::{Loader, Plain, Saver};
use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"SALTUS02";
const HEADER: usize = 32;

/// Writes checkpoints as a run goes.
pub struct Checkpoints {
    folder: PathBuf,
    every: i64,
    network: u64,
}

impl Checkpoints {
    /// Checkpoints every `every` steps into a folder; `network` is the [`digest`] of the network.
    pub fn new(folder: PathBuf, every: i64, network: u64) -> Self {
        Checkpoints { folder, every, network }
    }

    /// Writes a checkpoint of the machine as it is.
    pub fn write(&self, machine: &dyn Machine) -> Result<(), ObserverError> {
        let mut saver = Saver::default();
        machine.save(&mut saver);
        let state = saver.into_bytes();
        let mut bytes = Vec::with_capacity(state.len() + HEADER + 8);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&machine.now().to_le_bytes());
        bytes.extend_from_slice(&self.network.to_le_bytes());
        bytes.extend_from_slice(&(machine.parts() as u64).to_le_bytes());
        bytes.extend_from_slice(&state);
        let whole = digest(&bytes);
        bytes.extend_from_slice(&whole.to_le_bytes());
        let path = self.folder.join(format!("step-{:012}.checkpoint", machine.now()));
        write_whole(&path, &bytes).map_err(|error| {
            ObserverError::new(format!("the checkpoint {} was not written: {error}", path.display()))
        })
    }
}

impl Observer for Checkpoints {
    fn next_stop(&self, now: i64) -> Option<i64> {
        Some((now / self.every + 1) * self.every)
    }

    fn see(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), ObserverError> {
        if epoch.until % self.every == 0 { self.write(machine) } else { Ok(()) }
    }
}

/// A checkpoint that cannot be resumed.
#[derive(Debug)]
pub struct ResumeError(String);

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ResumeError {}

/// The newest whole checkpoint in a folder, or the file itself if `place` is one.
pub fn newest(place: &Path) -> Result<PathBuf, ResumeError> {
    if place.is_file() {
        return Ok(place.to_owned());
    }
    let entries =
        fs::read_dir(place).map_err(|error| ResumeError(format!("{}: {error}", place.display())))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "checkpoint"));
    files.sort();
    let nothing = || {
        ResumeError(format!(
            "{} holds no checkpoint: the run ended before its first, or has no checkpoint_every in simulation",
            place.display()
        ))
    };
    files.pop().ok_or_else(nothing)
}

/// A whole checkpoint that belongs to the network that is to go on.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Checkpoint {
    /// Reads a checkpoint and makes sure that it is whole and that of a network.
    pub fn open(path: PathBuf, network: u64) -> Result<Checkpoint, ResumeError> {
        let fail = |what: &str| ResumeError(format!("{}: {what}", path.display()));
        let mut bytes = fs::read(&path).map_err(|error| fail(&error.to_string()))?;
        if bytes.len() < HEADER + 8 || &bytes[..8] != MAGIC {
            return Err(fail("this is not a checkpoint of this version of Saltus"));
        }
        let whole = bytes.split_off(bytes.len() - 8);
        if digest(&bytes).to_le_bytes() != *whole {
            return Err(fail("the file is damaged: its check sum is wrong"));
        }
        if bytes[16..24] != network.to_le_bytes() {
            return Err(fail("the checkpoint belongs to another network, seed or duration of step"));
        }
        Ok(Checkpoint { path, bytes })
    }

    /// For how many threads the machine was cut.
    pub fn parts(&self) -> usize {
        u64::get(&self.bytes[24..HEADER]) as usize
    }

    /// Puts a machine that is cut alike where the checkpoint left it.
    pub fn restore(&self, machine: &mut dyn Machine) -> Result<(), ResumeError> {
        let mut loader = Loader::new(&self.bytes[HEADER..]);
        let restored = machine.restore(&mut loader).and_then(|()| loader.finish());
        restored.map_err(|error| ResumeError(format!("{}: {error}", self.path.display())))
    }
}

/// Writes a file so that it is whole or not there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("partial");
    let written = fs::File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
        // Nothing half-written is left behind; that removing it may fail too changes nothing.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    Ok(())
}

/// A 64-bit digest (FNV-1a over 8-byte words): tells damage from wholeness, not friend from foe.
pub fn digest(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    let chunks = bytes.chunks_exact(8);
    let rest =
        chunks.remainder().iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| mix(hash, u64::from(byte)));
    let words = chunks.map(|chunk| {
        u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]])
    });
    words.fold(mix(rest, bytes.len() as u64), mix)
}
