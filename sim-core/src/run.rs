//! The run loop.
//!
//! Time is cut into epochs, half-open stretches `(now, until]` no longer than the shortest delay of
//! the network. A spike emitted within an epoch reaches nobody before its end, so inside an epoch no
//! shard needs to hear from another; between two, spikes are exchanged and observers are called.
//! Where an epoch is cut changes nothing but when observers look: arrivals are ordered by (time,
//! source, synapse) for each target, and generators are asked for every step once, in order.

use crate::backend::{Epoch, Machine};
use crate::observer::{Observer, ObserverError};
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It reached its last step.
    Complete,
    /// It was asked to stop, and stopped at this step.
    Interrupted(i64),
}

/// Lets a machine live until step `until`, showing every epoch to all observers.
///
/// # Errors
/// When an observer cannot go on; all observers are still told to finish.
pub fn run(
    machine: &mut dyn Machine,
    until: i64,
    observers: &mut [&mut dyn Observer],
    stop: &AtomicBool,
) -> Result<Ended, ObserverError> {
    let lived = live(machine, until, observers, stop);
    let finished: Vec<_> = observers.iter_mut().map(|observer| observer.finish(machine)).collect();
    let ended = lived?;
    finished.into_iter().collect::<Result<(), _>>()?;
    Ok(ended)
}

fn live(
    machine: &mut dyn Machine,
    until: i64,
    observers: &mut [&mut dyn Observer],
    stop: &AtomicBool,
) -> Result<Ended, ObserverError> {
    let mut epoch = Epoch::default();
    while machine.now() < until {
        if stop.load(Ordering::Relaxed) {
            return Ok(Ended::Interrupted(machine.now()));
        }
        let now = machine.now();
        let stops = observers.iter().filter_map(|observer| observer.next_stop(now));
        let end = stops.fold(until.min(now + machine.epoch()), i64::min).max(now + 1);
        machine.advance(end, &mut epoch);
        for observer in observers.iter_mut() {
            observer.see(&epoch, machine)?;
        }
    }
    Ok(Ended::Complete)
}
