//! Spikes in flight: the queue of one shard.
//!
//! A spike that has a row in the shard takes off once, with the delay of its first run; when that
//! run is delivered, the same flight goes on to the next run, until the row is done. Flights stand
//! in the order in which the spikes fired, (time, source), and are asked in that order at every
//! step, so arrivals come in (time, source, synapse) order whatever the delays and however time was
//! cut into epochs. A calendar of slots would need a sort of every slot to promise that. Every step
//! compares the due step of all flights, which costs in proportion to the spikes in flight.

use super::rows::Runs;
use sim_core::hints::fetch;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::ops::Range;

/// A flight that has landed for the last time.
const DONE: i64 = i64::MAX;
/// Spikes and landings between asking for what is known of them and using it.
pub const AHEAD: usize = 16;

/// The flights of one table of rows.
#[derive(Debug, Default)]
pub struct Flights {
    /// Step at which the next run is due, apart from the rest because all of them are asked at every step.
    due: Vec<i64>,
    flights: Vec<Flight>,
    done: usize,
    /// The flights that land in the current step.
    landing: Vec<u32>,
    landings: Vec<Landing>,
}

#[derive(Clone, Copy, Debug)]
struct Flight {
    /// The next run.
    next: u32,
    /// One past the last run of the row.
    end: u32,
    /// The step of the spike.
    fired: i64,
    /// How long before the end of that step it fired, in ms.
    lead: f64,
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
    /// Spikes take off, each with the runs of its row; `cells` are the targets of the table.
    pub fn take_off<C>(&mut self, spikes: &[Spike], runs: &Runs, cells: &[C]) {
        for (number, spike) in spikes.iter().enumerate() {
            // Rows are far apart: first where a row is comes near, then what it begins with.
            if let Some(later) = spikes.get(number + 2 * AHEAD) {
                runs.fetch_row(later.neuron);
            }
            if let Some(soon) = spikes.get(number + AHEAD) {
                runs.fetch_run(runs.row(soon.neuron).start);
            }
            let row = runs.row(spike.neuron);
            if !row.is_empty() {
                let first = runs.get(row.start);
                fetch(cells, first.first as usize);
                self.due.push(spike.step + i64::from(first.delay));
                let (next, end) = (row.start, row.end);
                self.flights.push(Flight { next, end, fired: spike.step, lead: spike.lead });
            }
        }
    }

    /// Lands every flight that is due at `step`, in order.
    pub fn land(&mut self, step: i64, runs: &Runs) -> &[Landing] {
        let due = self.find_due(step);
        self.landings.clear();
        for number in 0..due {
            if number + AHEAD < due {
                runs.fetch_run(self.flights[self.landing[number + AHEAD] as usize].next);
            }
            let place = self.landing[number] as usize;
            let Flight { mut next, end, fired, lead } = self.flights[place];
            let mut due = step;
            // A row may have several runs of one delay, one for each port.
            while due == step {
                self.landings.push(Landing { run: next, fired, lead });
                next += 1;
                due = if next == end { DONE } else { fired + runs.delay(next) };
            }
            self.flights[place].next = next;
            self.due[place] = due;
            self.done += usize::from(due == DONE);
        }
        if self.done * 2 > self.due.len() {
            self.clear_done();
        }
        &self.landings
    }

    /// Notes which flights are due, and how many. Every flight is written down and only those that are
    /// due stay, so that there is no branch to guess.
    fn find_due(&mut self, step: i64) -> usize {
        self.landing.resize(self.due.len(), 0);
        let mut count = 0;
        for (number, &due) in self.due.iter().enumerate() {
            self.landing[count] = number as u32;
            count += usize::from(due == step);
        }
        count
    }

    /// The runs that each flight still has to deliver, with the spike's time, in order.
    pub fn ahead(&self) -> impl Iterator<Item = (Range<u32>, i64, f64)> {
        self.flights.iter().map(|flight| (flight.next..flight.end, flight.fired, flight.lead))
    }

    /// Writes all flights.
    pub fn save(&self, out: &mut Saver) {
        out.list(&self.due);
        out.list(&self.flights.iter().map(|flight| flight.next).collect::<Vec<u32>>());
        out.list(&self.flights.iter().map(|flight| flight.end).collect::<Vec<u32>>());
        out.list(&self.flights.iter().map(|flight| flight.fired).collect::<Vec<i64>>());
        out.list(&self.flights.iter().map(|flight| flight.lead).collect::<Vec<f64>>());
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
        let times = fired.into_iter().zip(lead);
        let flights: Vec<Flight> = next
            .into_iter()
            .zip(end)
            .zip(times)
            .map(|((next, end), (fired, lead))| Flight { next, end, fired, lead })
            .collect();
        // Nothing left to deliver is what it means to be done.
        if flights.iter().zip(&due).any(|(flight, &due)| (flight.next >= flight.end) != (due == DONE)) {
            return Err(SnapshotError::Truncated);
        }
        let done = due.iter().filter(|&&due| due == DONE).count();
        *self = Flights { due, flights, done, ..Flights::default() };
        Ok(())
    }

    /// Closes the gaps. The order stays: all flights between `kept` and `flight` are done.
    fn clear_done(&mut self) {
        let mut kept = 0;
        for flight in 0..self.due.len() {
            if self.due[flight] != DONE {
                self.due.swap(kept, flight);
                self.flights.swap(kept, flight);
                kept += 1;
            }
        }
        self.due.truncate(kept);
        self.flights.truncate(kept);
        self.done = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::rows::Run;

    #[test]
    fn flights_land_once_per_run_in_the_order_in_which_they_took_off() {
        let mut runs = Runs::default();
        for row in [&[2, 3, 3, 5][..], &[1, 4]] {
            runs.begin_row();
            row.iter().for_each(|&delay| runs.push(Run { delay, ..Run::default() }));
        }
        runs.finish(0);
        let mut flights = Flights::default();
        let spike = |step, neuron| Spike { step, lead: 0.0, neuron };
        flights.take_off(&[spike(0, 0), spike(1, 1)], &runs, &[0_u16]);
        let mut landed = Vec::new();
        for step in 1..9 {
            landed.extend(flights.land(step, &runs).iter().map(|landing| (step, landing.run)));
        }
        assert_eq!(landed, [(2, 0), (2, 4), (3, 1), (3, 2), (5, 3), (5, 5)]);
        assert_eq!(flights.due.len(), 0);
    }
}
