//! Where the time goes: seconds per stage of a step.
//!
//! Reading the clock takes as long as a thousand synapses, so only some steps are looked at closely; the
//! time of all steps is shared out as it was spent in these.

use std::time::{Duration, Instant};

/// The stages of a shard's step.
#[derive(Clone, Copy, Debug)]
pub enum Stage {
    /// Spikes through synapses.
    Deliver,
    /// Stimuli.
    Stimulate,
    /// Neurons.
    Update,
    /// Sampling of state variables.
    Record,
}

/// Names of the stages, in the order of [`Stage`], and of what comes between steps: taking spikes over
/// from other shards.
pub const NAMES: [&str; 5] = ["deliver", "stimulate", "update", "record", "exchange"];

/// One step in so many is looked at.
const EVERY: i64 = 16;

/// Time spent per stage.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    looked_at: [Duration; 4],
    stepping: Duration,
    exchanging: Duration,
}

impl Stages {
    /// A clock for a step, if this one is looked at.
    pub fn clock(step: i64) -> Option<Instant> {
        (step % EVERY == 0).then(Instant::now)
    }

    /// Counts the time since the clock was last read to a stage.
    pub fn end(&mut self, clock: &mut Option<Instant>, stage: Stage) {
        if let Some(before) = clock {
            let now = Instant::now();
            self.looked_at[stage as usize] += now - *before;
            *before = now;
        }
    }

    /// Counts an epoch: spikes were taken over between its first two moments, then it was lived.
    pub fn epoch(&mut self, begin: Instant, taken_over: Instant) {
        self.exchanging += taken_over - begin;
        self.stepping += taken_over.elapsed();
    }

    /// Seconds spent in a stage, by its place in [`NAMES`].
    pub fn seconds(&self, stage: usize) -> f64 {
        let Some(own) = self.looked_at.get(stage) else { return self.exchanging.as_secs_f64() };
        let all: Duration = self.looked_at.iter().sum();
        // In a run of a few steps none may have been looked at.
        self.stepping.as_secs_f64() * own.as_secs_f64() / all.as_secs_f64().max(1e-9)
    }
}
