//! Labelled samples of any kind, as spikes.

use crate::lesson::{Part, Problem};
use crate::tasks::camera;
use crate::tasks::code::{self, Input};
use crate::tasks::encoding::Code;
use crate::tasks::file::find;
use crate::tasks::heidelberg;
use crate::tasks::images::{self, ImageSet};
use crate::tasks::words::{self, WordSet};
use sim_core::rng::{Key, Stream};
use std::path::Path;

/// Labelled samples.
pub enum Labelled {
    /// Pictures, in a code.
    Images(ImageSet, Code),
    /// Patterns of spikes.
    Words(WordSet),
}

/// Samples that the program makes where no files are given.
const MADE: (usize, usize) = (6000, 1000);

impl Labelled {
    /// Digits in writing: MNIST's files in `data`, or digits that the program draws.
    pub fn digits(data: Option<&Path>, seed: u64, code: Code) -> Result<Self, Problem> {
        let set = match data {
            Some(folder) => images::mnist(folder)?,
            None => images::drawn(seed, MADE.0, MADE.1),
        };
        Ok(Self::Images(set, code))
    }

    /// Small pictures in colour: CIFAR-10's files in `data`.
    pub fn pictures(data: Option<&Path>, code: Code) -> Result<Self, Problem> {
        let none = || Problem("the task pictures needs --data, a folder with CIFAR-10's binary files".into());
        Ok(Self::Images(images::cifar10(data.ok_or_else(none)?)?, code))
    }

    /// Spoken words: event files or the Heidelberg datasets' in `data`, or patterns that the program makes. All of
    /// one speaker's may be held out to be tested on.
    pub fn words(data: Option<&Path>, seed: u64, held_out: Option<u8>) -> Result<Self, Problem> {
        let mut set = match data {
            Some(folder) if find(folder, &[".h5"]).is_ok() => heidelberg::spoken(folder)?,
            Some(folder) => words::events(folder)?,
            None => words::spoken(seed, MADE.0, MADE.1),
        };
        if let Some(speaker) = held_out {
            set.hold_out(speaker);
            if set.test.is_empty() {
                return Err(Problem(format!(
                    "hold_out is {speaker}, and no word was spoken by that speaker"
                )));
            }
        }
        Ok(Self::Words(set))
    }

    /// What an event camera saw: recordings in `data`, or digits that the program draws.
    pub fn camera(data: Option<&Path>, seed: u64) -> Result<Self, Problem> {
        Ok(Self::Words(match data {
            Some(folder) => camera::recordings(folder)?,
            None => camera::made(seed, MADE.0, MADE.1),
        }))
    }

    /// Rows, columns and planes of sources of a picture.
    pub fn picture(&self) -> Option<[usize; 3]> {
        match self {
            Self::Images(set, code) => {
                Some([set.train.height, set.train.width, set.train.channels * code.planes()])
            }
            Self::Words(set) => Some(set.shape).filter(|[rows, ..]| *rows > 1),
        }
    }

    /// Sources of spikes.
    pub fn sources(&self) -> usize {
        match self {
            Self::Images(set, code) => set.train.size() * code.planes(),
            Self::Words(set) => set.shape.iter().product(),
        }
    }

    /// How many different labels there are.
    pub fn classes(&self) -> usize {
        match self {
            Self::Images(set, _) => set.classes,
            Self::Words(set) => set.classes,
        }
    }

    /// Samples to learn from and to validate on, and samples to be tested on.
    pub fn counts(&self) -> (usize, usize) {
        match self {
            Self::Images(set, _) => (set.train.len(), set.test.len()),
            Self::Words(set) => (set.train.len(), set.test.len()),
        }
    }

    /// The labels of some samples.
    pub fn labels(&self, part: Part, indices: &[usize]) -> Vec<usize> {
        let label = |index: usize| match (self, part) {
            (Self::Images(set, _), Part::Test) => set.test.labels[index],
            (Self::Images(set, _), Part::Validation) => set.train.labels[index],
            (Self::Words(set), Part::Test) => set.test[index].label,
            (Self::Words(set), Part::Validation) => set.train[index].label,
        };
        indices.iter().map(|&index| usize::from(label(index))).collect()
    }

    /// Some samples as spikes in `steps` steps, each moved a little.
    pub fn input(&self, part: Part, indices: &[usize], moved: &[(i32, i32)], steps: usize) -> Input {
        match self {
            Self::Images(set, code) => {
                let images = if part == Part::Test { &set.test } else { &set.train };
                code.spikes(images, indices, moved, steps)
            }
            Self::Words(set) => {
                let words = if part == Part::Test { &set.test } else { &set.train };
                code::events(words, indices, moved, steps, BINS, set.shape)
            }
        }
    }
}

/// Bins of 5 ms in one step.
const BINS: usize = 2;

/// The order in which samples are learnt: all of them, shuffled anew each time round.
pub struct Order {
    key: Key,
    samples: usize,
    batch: usize,
    /// The round that `shuffled` is of.
    round: Option<u64>,
    shuffled: Vec<usize>,
}

impl Order {
    /// Batches of `batch` of `samples` samples.
    pub fn new(seed: u64, samples: usize, batch: usize) -> Self {
        let batch = batch.min(samples);
        Self {
            key: Key::new(seed).named("order of samples"),
            samples,
            batch,
            round: None,
            shuffled: Vec::new(),
        }
    }

    /// The samples of step `step`, and a stream of numbers for what else happens to them.
    pub fn batch(&mut self, step: u64) -> (Vec<usize>, Stream) {
        let batches = (self.samples / self.batch) as u64;
        let (round, place) = (step / batches, (step % batches) as usize);
        if self.round != Some(round) {
            self.round = Some(round);
            self.shuffled = (0..self.samples).collect();
            let mut stream = self.key.named("round").stream(round);
            for k in (1..self.samples).rev() {
                self.shuffled.swap(k, stream.below(k as u32 + 1) as usize);
            }
        }
        let samples = self.shuffled[place * self.batch..][..self.batch].to_vec();
        (samples, self.key.named("step").stream(step))
    }
}

/// Moves of `count` samples by up to `most` either way.
pub fn moves(count: usize, most: u32, stream: &mut Stream) -> Vec<(i32, i32)> {
    let mut draw = || stream.below(2 * most + 1) as i32 - most as i32;
    (0..count).map(|_| if most == 0 { (0, 0) } else { (draw(), draw()) }).collect()
}
