//! Labelled patterns of spikes in the layout of the Heidelberg datasets (Cramer et al. 2022, IEEE TNNLS 33:2744):
//!
//! | path | what |
//! |---|---|
//! | `/spikes/times`, `/spikes/units` | of each pattern the times (s, often in half precision) and channels of its spikes |
//! | `/labels` | of each pattern what it is |
//! | `/extra/speaker` | of each pattern who spoke it; may be missing |

use crate::hdf5::error::FileError;
use crate::hdf5::numbers::Source;
use std::path::Path;

/// A labelled pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// What it is.
    pub label: u64,
    /// Who spoke it; 0 if the file does not say.
    pub speaker: u64,
    /// Time in s and channel of each spike, as they stand in the file.
    pub spikes: Vec<(f64, u64)>,
}

/// Reads all patterns of a file.
///
/// # Errors
/// If the file is not there, not HDF5, in another layout, or its lists do not fit each other.
pub fn read(path: &Path) -> Result<Vec<Pattern>, FileError> {
    let source = Source::open(path)?;
    let labels = source.ids("labels")?;
    let speakers =
        if source.has("extra/speaker") { source.ids("extra/speaker")? } else { vec![0; labels.len()] };
    let (times, units) = (source.sequences("spikes/times")?, source.sequences("spikes/units")?);
    let counts = [labels.len(), speakers.len(), times.len(), units.len()];
    if counts.iter().any(|count| *count != labels.len()) {
        let [labels, speakers, times, units] = counts;
        return Err(source.error(format!(
            "it has {labels} labels, {speakers} speakers, {times} lists of times and {units} of units"
        )));
    }
    let lists = times.into_iter().zip(units).enumerate();
    let spikes = lists.map(|(at, (times, units))| {
        if times.len() != units.len() {
            let message = format!("pattern {at} has {} times and {} units", times.len(), units.len());
            return Err(source.error(message));
        }
        let spike = |(time, unit): (f64, f64)| {
            let fits = time.is_finite() && time >= 0.0 && unit >= 0.0 && unit.fract() == 0.0;
            let problem = || source.error(format!("pattern {at} has a spike of unit {unit} at {time} s"));
            fits.then_some((time, unit as u64)).ok_or_else(problem)
        };
        times.into_iter().zip(units).map(spike).collect::<Result<Vec<_>, _>>()
    });
    let spikes = spikes.collect::<Result<Vec<_>, _>>()?;
    let all = labels.into_iter().zip(speakers).zip(spikes);
    Ok(all.map(|((label, speaker), spikes)| Pattern { label, speaker, spikes }).collect())
}
