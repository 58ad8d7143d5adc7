//! Currents without memory: what flows in a step follows from the step alone.

use crate::stimuli::window::Window;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::CurrentSource;

/// A current whose course all neurons of the block share, each with its own amplitude.
pub struct Current<F> {
    /// One for each neuron, in pA.
    pub amplitudes: Vec<f64>,
    /// When it flows.
    pub window: Window,
    /// What the amplitude is multiplied by in a step, and what is added, in pA.
    pub course: F,
}

impl<F: Fn(i64) -> (f64, f64) + Send> CurrentSource for Current<F> {
    fn flow(&mut self, step: i64, current: &mut [f64]) {
        if !self.window.holds(step) {
            return;
        }
        let (factor, offset) = (self.course)(step);
        for (current, amplitude) in current.iter_mut().zip(&self.amplitudes) {
            *current += amplitude * factor + offset;
        }
    }

    fn save(&self, _: &mut Saver) {}

    fn restore(&mut self, _: &mut Loader<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}
