//! The contract of observers: recorders, plots, progress bars, checkpoints.

use crate::backend::{Epoch, Machine};
use std::fmt;

/// Someone who is shown every epoch.
pub trait Observer {
    /// The next step after `now` at which an epoch has to end for this observer, if any.
    fn next_stop(&self, now: i64) -> Option<i64> {
        let _ = now;
        None
    }
    /// Is shown what happened. The machine stands at the end of the epoch.
    fn see(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), ObserverError>;
    /// Is told that the run is over; it may have ended early.
    fn finish(&mut self, machine: &dyn Machine) -> Result<(), ObserverError> {
        let _ = machine;
        Ok(())
    }
}

/// An observer that cannot go on (a full disk, for example).
#[derive(Debug)]
pub struct ObserverError {
    /// Who, and what went wrong, in one sentence.
    pub message: String,
}

impl ObserverError {
    /// Puts an error into words.
    pub fn new(message: impl Into<String>) -> Self {
        ObserverError { message: message.into() }
    }
}

impl fmt::Display for ObserverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ObserverError {}
