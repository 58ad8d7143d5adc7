//! Where the time goes: seconds per stage of a step.

use std::time::{Duration, Instant};

/// The stages of a shard's life.
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
    /// Taking spikes over from other shards.
    Exchange,
}

/// Names of the stages, in the order of [`Stage`].
pub const NAMES: [&str; 5] = ["deliver", "stimulate", "update", "record", "exchange"];

/// Time spent per stage.
#[derive(Clone, Debug, Default)]
pub struct Stages {
    spent: [Duration; 5],
}

impl Stages {
    /// Starts a clock.
    pub fn start(&self) -> Instant {
        Instant::now()
    }

    /// Counts the time since the clock was last read to a stage.
    pub fn end(&mut self, clock: &mut Instant, stage: Stage) {
        let now = Instant::now();
        self.spent[stage as usize] += now - *clock;
        *clock = now;
    }

    /// Seconds spent in a stage, by its place in [`NAMES`].
    pub fn seconds(&self, stage: usize) -> f64 {
        self.spent[stage].as_secs_f64()
    }
}
