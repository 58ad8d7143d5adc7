//! Labelled patterns of spikes in time: spoken digits as events, or patterns that the program makes.

use crate::tasks::file::{DataProblem, bytes, find};
use sim_core::rng::Key;
use std::path::Path;

/// A labelled pattern of spikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it is, from 0.
    pub label: u8,
    /// Who spoke it.
    pub speaker: u8,
    /// (bin of 5 ms, source), by bin.
    pub events: Vec<(u16, u32)>,
}

/// Patterns to learn from and to be tested on.
#[derive(Clone, Debug)]
pub struct WordSet {
    /// To learn from.
    pub train: Vec<Word>,
    /// To be tested on.
    pub test: Vec<Word>,
    /// Rows, columns and planes of sources `[row][column][plane]`; channels of sound are one row.
    pub shape: [usize; 3],
    /// How many different labels there are.
    pub classes: usize,
}

impl WordSet {
    /// Tests on all words of one speaker, and learns from the others'.
    pub fn hold_out(&mut self, speaker: u8) {
        let all = std::mem::take(&mut self.train).into_iter().chain(std::mem::take(&mut self.test));
        (self.test, self.train) = all.partition(|word| word.speaker == speaker);
    }
}

/// Spoken digits as events: `train_events…` and `test_events…` in a folder, each `FSE1`, a count, and
/// for each word label, speaker, index, bins (u16), events (u32) and (bin u16, channel u8) of each event,
/// little-endian.
pub fn events(folder: &Path) -> Result<WordSet, DataProblem> {
    let read = |part: &str| event_file(&find(folder, &[part, "events"])?);
    Ok(WordSet { train: read("train")?, test: read("test")?, shape: [1, CHANNELS, 1], classes: 10 })
}

const CHANNELS: usize = 64;

fn event_file(path: &Path) -> Result<Vec<Word>, DataProblem> {
    let mut file = bytes(path)?;
    if &file.array::<4>()? != b"FSE1" {
        return Err(file.problem("this is not a file of spoken events (FSE1)"));
    }
    let count = u32::from_le_bytes(file.array()?);
    let mut words = Vec::new();
    for _ in 0..count {
        let [label, speaker, _index] = file.array()?;
        let bins = u16::from_le_bytes(file.array()?);
        let number = u32::from_le_bytes(file.array()?) as usize;
        let events: Vec<(u16, u32)> = file
            .take(number.saturating_mul(3))?
            .chunks_exact(3)
            .map(|event| (u16::from_le_bytes([event[0], event[1]]), event[2].into()))
            .collect();
        if label > 9 {
            return Err(file.problem(format!("the label {label} is not a digit")));
        }
        if let Some((bin, channel)) =
            events.iter().find(|(bin, channel)| *bin >= bins || *channel as usize >= CHANNELS)
        {
            let message = format!("an event in bin {bin} of {bins}, channel {channel} of {CHANNELS}");
            return Err(file.problem(message));
        }
        words.push(Word { label, speaker, events });
    }
    Ok(words)
}

/// Patterns that the program makes: for each of ten words some bursts, each in a few neighbouring channels,
/// that every speaker stretches, shifts and blurs in their own way. What tells words apart is the order of
/// their bursts as much as their channels.
pub fn spoken(seed: u64, train: usize, test: usize) -> WordSet {
    let key = Key::new(seed).named("spoken patterns");
    let mut layout = key.named("words").stream(0);
    let bursts: Vec<[(f64, f64); 5]> = (0..10)
        .map(|_| std::array::from_fn(|k| (10.0 + 14.0 * k as f64, 4.0 + 56.0 * layout.uniform())))
        .collect();
    let say = |part: &str, count: usize| -> Vec<Word> {
        let key = key.named(part);
        (0..count).map(|index| say(&bursts, index, &mut key.stream(index as u64))).collect()
    };
    WordSet { train: say("train", train), test: say("test", test), shape: [1, CHANNELS, 1], classes: 10 }
}

fn say(bursts: &[[(f64, f64); 5]], index: usize, stream: &mut sim_core::rng::Stream) -> Word {
    let label = (index % 10) as u8;
    let speaker = stream.below(6) as u8;
    let (pace, pitch) =
        (0.85 + 0.06 * f64::from(speaker) + 0.05 * stream.normal(), 2.0 * f64::from(speaker) - 5.0);
    let mut events = Vec::new();
    for &(time, channel) in &bursts[label as usize] {
        for _ in 0..60 {
            let bin = pace * time + 4.0 * stream.normal();
            let at = channel + pitch + 3.0 * stream.normal();
            if (0.0..100.0).contains(&bin) && (0.0..CHANNELS as f64).contains(&at) {
                events.push((bin as u16, at as u32));
            }
        }
    }
    events.sort_unstable();
    events.dedup();
    Word { label, speaker, events }
}
