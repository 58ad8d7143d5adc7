//! Recordings of event cameras: what got brighter or darker, where and when.
//!
//! | layout of the folder | files |
//! |---|---|
//! | `trials_to_train.txt`, `trials_to_test.txt`, which name files; beside each `NAME_labels.csv` | AEDAT 3.1, cut into samples (DVS128 Gesture) |
//! | `Train/CLASS/…` and `Test/CLASS/…`, a folder for each class | AEDAT 2.0, AEDAT 3.1, or five bytes an event (N-MNIST) |
//!
//! References: inivation.github.io/inivation-docs (AEDAT); Orchard et al. (2015) Front. Neurosci. 9:437 (N-MNIST);
//! Amir et al. (2017) CVPR (DVS128 Gesture).

use crate::tasks::aedat::{self, Event};
use crate::tasks::encoding::Code;
use crate::tasks::file::DataProblem;
use crate::tasks::images;
use crate::tasks::words::{Word, WordSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Width of a bin, µs.
const BIN: i64 = 5000;
/// Rows or columns of the largest camera: a broken file may name thousands, and each is a source.
const LARGEST: usize = 2048;
/// Steps of a recording that the program makes: three jerks of 20 bins.
const MADE: usize = 60;

/// Recordings from a folder.
pub fn recordings(folder: &Path) -> Result<WordSet, DataProblem> {
    let (train, test) = if folder.join("trials_to_train.txt").exists() {
        (gestures(folder, "trials_to_train.txt")?, gestures(folder, "trials_to_test.txt")?)
    } else {
        (sorted(folder, "train")?, sorted(folder, "test")?)
    };
    let all = || train.iter().chain(&test);
    let reach = |of: fn(&Event) -> u16| {
        let most = all().flat_map(|sample| &sample.events).map(of).max().unwrap_or(0);
        usize::from(most) + 1
    };
    let shape = [reach(|event| event.row), reach(|event| event.column), 2];
    if shape[0].max(shape[1]) > LARGEST {
        let message = format!(
            "events reach {} rows and {} columns; more than {LARGEST} are no camera's",
            shape[0], shape[1]
        );
        return Err(DataProblem::new(folder, message));
    }
    let classes = all().map(|sample| usize::from(sample.label)).max().map_or(0, |most| most + 1);
    let words = |samples: &[Sample]| samples.iter().map(|sample| sample.word(shape[1])).collect();
    Ok(WordSet { train: words(&train), test: words(&test), shape, classes })
}

/// Digits that the program draws, as an event camera that jerks sees them.
pub fn made(seed: u64, train: usize, test: usize) -> WordSet {
    let set = images::drawn(seed, train, test);
    let words = |images: &images::Images| -> Vec<Word> {
        let seen = |index: usize| {
            let input = Code::Delta.spikes(images, &[index], &[(0, 0)], MADE);
            let rows = input.spikes.rows().enumerate();
            let events =
                rows.flat_map(|(bin, sources)| sources.iter().map(move |&source| (bin as u16, source)));
            Word { label: images.labels[index], speaker: 0, events: events.collect() }
        };
        (0..images.len()).map(seen).collect()
    };
    let shape = [set.train.height, set.train.width, 2];
    WordSet { train: words(&set.train), test: words(&set.test), shape, classes: set.classes }
}

struct Sample {
    label: u8,
    events: Vec<Event>,
}

impl Sample {
    fn word(&self, columns: usize) -> Word {
        let begin = self.events.iter().map(|event| event.time).min().unwrap_or(0);
        let place = |event: &Event| {
            let bin = ((event.time - begin) / BIN).min(i64::from(u16::MAX)) as u16;
            let pixel = usize::from(event.row) * columns + usize::from(event.column);
            (bin, (pixel * 2 + usize::from(!event.brighter)) as u32)
        };
        let mut events: Vec<(u16, u32)> = self.events.iter().map(place).collect();
        events.sort_unstable();
        events.dedup();
        Word { label: self.label, speaker: 0, events }
    }
}

/// Samples of a list of recordings, each cut by the table beside it.
fn gestures(folder: &Path, list: &str) -> Result<Vec<Sample>, DataProblem> {
    let mut samples = Vec::new();
    for name in text(&folder.join(list))?.lines().map(str::trim).filter(|name| !name.is_empty()) {
        let path = folder.join(name);
        let events = aedat::read(&path)?;
        let table = path.with_file_name(format!("{}_labels.csv", name.trim_end_matches(".aedat")));
        for (number, line) in
            text(&table)?.lines().enumerate().skip(1).filter(|line| !line.1.trim().is_empty())
        {
            let fields: Vec<Option<i64>> = line.split(',').map(|field| field.trim().parse().ok()).collect();
            let [Some(class @ 1..=256), Some(from), Some(to)] = fields[..] else {
                let message = format!("line {} is not class, start, end: {line:?}", number + 1);
                return Err(DataProblem::new(&table, message));
            };
            let events = events.iter().filter(|event| (from..to).contains(&event.time)).copied().collect();
            samples.push(Sample { label: (class - 1) as u8, events });
        }
    }
    Ok(samples)
}

/// Samples in folders named by their class, in the order of these names.
fn sorted(folder: &Path, part: &str) -> Result<Vec<Sample>, DataProblem> {
    let fits = |path: &PathBuf| {
        path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase() == part)
    };
    let inside = entries(folder)?.into_iter().find(fits);
    let inside = inside.ok_or_else(|| {
        let layouts = "and no trials_to_train.txt; these are the layouts that are read";
        DataProblem::new(folder, format!("there is no folder {part} with a folder for each class, {layouts}"))
    })?;
    let mut samples = Vec::new();
    let classes: Vec<PathBuf> = entries(&inside)?.into_iter().filter(|path| path.is_dir()).collect();
    for (label, class) in classes.iter().enumerate() {
        let label = u8::try_from(label)
            .map_err(|_| DataProblem::new(&inside, "there are more than 256 classes".to_string()))?;
        for path in entries(class)?.into_iter().filter(|path| path.is_file()) {
            samples.push(Sample { label, events: aedat::read(&path)? });
        }
    }
    Ok(samples)
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataProblem> {
    let read = fs::read_dir(folder).map_err(|error| DataProblem::new(folder, error))?;
    let mut all: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.sort();
    Ok(all)
}

fn text(path: &Path) -> Result<String, DataProblem> {
    fs::read_to_string(path).map_err(|error| DataProblem::new(path, error))
}
