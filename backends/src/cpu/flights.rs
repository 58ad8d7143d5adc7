//! Spikes in flight: the queue of one shard.
//!
//! A spike that has a row in the shard takes off once, with the delay of its first run; when that
//! run is delivered, the same flight goes on to the next run, until the row is done. Flights stand
//! in the order in which the spikes fired, (time, source), and are asked in that order at every
//! step, so arrivals come in (time, source, synapse) order whatever the delays and however time was
//! cut into epochs. A calendar of slots would need a sort of every slot to promise that. Every step
//! compares the due step of all flights, which costs in proportion to the spikes in flight.

use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::ops::Range;

/// A flight that has landed for the last time.
const DONE: i64 = i64::MAX;

/// The flights of one table of rows.
#[derive(Debug, Default)]
pub struct Flights {
    /// Step at which the next run is due.
    due: Vec<i64>,
    /// The next run, and one past the last of the row.
    runs: Vec<(u32, u32)>,
    /// The step of the spike.
    fired: Vec<i64>,
    /// How long before the end of that step it fired, in ms.
    lead: Vec<f64>,
    done: usize,
}

/// One landing: a run that is due.
#[derive(Clone, Copy, Debug)]
pub struct Landing {
    /// The run to deliver.
    pub run: u32,
    /// The step of the spike.
    pub fired: i64,
    /// How long before the end of that step it fired, in ms.
    pub lead: f64,
}

impl Flights {
    /// A spike takes off with the runs of its row; `delay` tells the delay of a run.
    pub fn take_off(&mut self, spike: &Spike, row: Range<u32>, delay: impl Fn(u32) -> i64) {
        if row.is_empty() {
            return;
        }
        self.due.push(spike.step + delay(row.start));
        self.runs.push((row.start, row.end));
        self.fired.push(spike.step);
        self.lead.push(spike.lead);
    }

    /// Lands every flight that is due at `step`, in order.
    pub fn land(&mut self, step: i64, delay: impl Fn(u32) -> i64, mut deliver: impl FnMut(Landing)) {
        for flight in 0..self.due.len() {
            if self.due[flight] != step {
                continue;
            }
            let (run, end) = self.runs[flight];
            deliver(Landing { run, fired: self.fired[flight], lead: self.lead[flight] });
            self.runs[flight].0 = run + 1;
            self.due[flight] = if run + 1 < end { self.fired[flight] + delay(run + 1) } else { DONE };
            self.done += usize::from(run + 1 == end);
        }
        if self.done * 2 > self.due.len() {
            self.clear_done();
        }
    }

    /// The runs that each flight still has to deliver, with the spike's time, in order.
    pub fn ahead(&self) -> impl Iterator<Item = (Range<u32>, i64, f64)> {
        let flights = self.runs.iter().zip(&self.fired).zip(&self.lead);
        flights.map(|((&(next, end), &fired), &lead)| (next..end, fired, lead))
    }

    /// Writes all flights.
    pub fn save(&self, out: &mut Saver) {
        out.list(&self.due);
        out.list(&self.runs.iter().map(|run| run.0).collect::<Vec<u32>>());
        out.list(&self.runs.iter().map(|run| run.1).collect::<Vec<u32>>());
        out.list(&self.fired);
        out.list(&self.lead);
    }

    /// Reads flights; `runs` is how many runs the table has.
    pub fn restore(&mut self, from: &mut Loader<'_>, runs: usize) -> Result<(), SnapshotError> {
        let due: Vec<i64> = from.list()?;
        let (next, end): (Vec<u32>, Vec<u32>) = (from.list()?, from.list()?);
        let (fired, lead): (Vec<i64>, Vec<f64>) = (from.list()?, from.list()?);
        for found in [next.len(), end.len(), fired.len(), lead.len()] {
            if found != due.len() {
                return Err(SnapshotError::WrongLength { expected: due.len(), found });
            }
        }
        if let Some(&beyond) = next.iter().chain(&end).find(|&&run| run as usize > runs) {
            return Err(SnapshotError::WrongLength { expected: runs, found: beyond as usize });
        }
        let runs: Vec<(u32, u32)> = next.into_iter().zip(end).collect();
        // Nothing left to deliver is what it means to be done.
        if runs.iter().zip(&due).any(|(&(next, end), &due)| (next >= end) != (due == DONE)) {
            return Err(SnapshotError::Truncated);
        }
        let done = due.iter().filter(|&&due| due == DONE).count();
        *self = Flights { due, runs, fired, lead, done };
        Ok(())
    }

    /// Closes the gaps. The order stays: all flights between `kept` and `flight` are done.
    fn clear_done(&mut self) {
        let mut kept = 0;
        for flight in 0..self.due.len() {
            if self.due[flight] != DONE {
                self.due.swap(kept, flight);
                self.runs.swap(kept, flight);
                self.fired.swap(kept, flight);
                self.lead.swap(kept, flight);
                kept += 1;
            }
        }
        self.due.truncate(kept);
        self.runs.truncate(kept);
        self.fired.truncate(kept);
        self.lead.truncate(kept);
        self.done = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flights_land_once_per_run_in_the_order_in_which_they_took_off() {
        let delays = [2i64, 3, 5, 1, 4];
        let delay = |run: u32| delays[run as usize];
        let mut flights = Flights::default();
        flights.take_off(&Spike { step: 0, lead: 0.0, neuron: 0 }, 0..3, delay);
        flights.take_off(&Spike { step: 1, lead: 0.0, neuron: 1 }, 3..5, delay);
        let mut landed = Vec::new();
        for step in 1..9 {
            flights.land(step, delay, |landing| landed.push((step, landing.run)));
        }
        assert_eq!(landed, [(2, 0), (2, 3), (3, 1), (5, 2), (5, 4)]);
        assert_eq!(flights.due.len(), 0);
    }
}
