//! Spoken words as 700 trains of spikes, in the layout of the Heidelberg datasets (SHD, SSC).

use crate::tasks::file::{DataProblem, find};
use crate::tasks::words::{Word, WordSet};
use recordings::hdf5::words;
use std::path::Path;

/// Channels of the cochlea that the datasets were made with.
const CHANNELS: u64 = 700;
/// Width of a bin, s.
const BIN: f64 = 0.005;

/// Words from `…train…h5` and `…test…h5` in a folder.
pub fn spoken(folder: &Path) -> Result<WordSet, DataProblem> {
    let (train, test) = (file(&find(folder, &["train", ".h5"])?)?, file(&find(folder, &["test", ".h5"])?)?);
    let most = train.iter().chain(&test).map(|word| usize::from(word.label)).max().unwrap_or(0);
    Ok(WordSet { train, test, shape: [1, CHANNELS as usize, 1], classes: most + 1 })
}

fn file(path: &Path) -> Result<Vec<Word>, DataProblem> {
    let patterns = words::read(path).map_err(|error| DataProblem::new(path, error.message))?;
    let word = |pattern: words::Pattern| {
        let small = |number: u64, what: &str| {
            u8::try_from(number)
                .map_err(|_| DataProblem::new(path, format!("{what} {number} is more than 255")))
        };
        let event = |&(time, unit): &(f64, u64)| {
            if unit >= CHANNELS {
                return Err(DataProblem::new(path, format!("a spike of unit {unit} of {CHANNELS}")));
            }
            // Words last a second or so; a spike after minutes counts as one at the end.
            Ok(((time / BIN).min(f64::from(u16::MAX)) as u16, unit as u32))
        };
        let mut events = pattern.spikes.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        events.sort_unstable();
        events.dedup();
        Ok(Word {
            label: small(pattern.label, "the label")?,
            speaker: small(pattern.speaker, "speaker")?,
            events,
        })
    };
    patterns.into_iter().map(word).collect()
}
