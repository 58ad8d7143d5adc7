//! Neurons that hold a number, in continuous time: a spike t ms before the end of a window is worth t.
//!
//! Windows begin and end on the grid, and what arrives at the very start of one is worth its whole length.

use super::schedule::{Plan, Purpose};
use sim_core::neuron::{Arrival, Cells, ExactDynamics};
use sim_core::snapshot::{Loader, Saver, SnapshotError};

struct Timed {
    plan: Plan,
    dt: f64,
    /// −1 if what is below 0 is sent; times unit over grain.
    factor: f64,
    /// Length of a window in ms.
    longest: f64,
    /// Steps lived.
    now: i64,
    v: Vec<f64>,
    /// In how many ms each will fire; below 0 if it will not.
    fires_in: Vec<f64>,
    stopped: Vec<u8>,
}

/// Builds them; `function`, `code` and `bits` make no difference, since one sign of V is sent as it is.
pub fn build(cells: &Cells) -> Box<dyn ExactDynamics> {
    let arguments = &cells.arguments;
    let sign = if arguments.word("part") == "Negative" { -1.0 } else { 1.0 };
    Box::new(Timed {
        plan: Plan::new(arguments, cells.dt),
        dt: cells.dt,
        factor: sign * arguments.number("unit") / arguments.number("grain"),
        longest: arguments.number("window"),
        now: 0,
        v: cells.initial(0),
        fires_in: vec![-1.0; cells.len],
        stopped: vec![0; cells.len],
    })
}

impl Timed {
    /// Takes an arrival `early` ms before the end of the step.
    fn hear(&mut self, arrival: &Arrival, early: f64) {
        let neuron = arrival.neuron as usize;
        // The end of the step is the start of the next: what arrives there belongs to windows that begin there.
        let step = if early > 0.0 { self.now } else { self.now + 1 };
        match self.plan.hearing(step) {
            Some((Purpose::Stop, _)) => self.stopped[neuron] |= u8::from(arrival.weight > 0.0),
            Some((_, steps_left)) => {
                let whole = steps_left - i64::from(early > 0.0);
                self.v[neuron] += arrival.weight * (whole as f64 * self.dt + early);
            }
            None => {}
        }
    }

    fn decide(&mut self) {
        for (neuron, fires_in) in self.fires_in.iter_mut().enumerate() {
            let value = (self.v[neuron] * self.factor).min(self.longest);
            let sent = value > 0.0 && self.stopped[neuron] == 0;
            *fires_in = if sent { self.longest - value } else { -1.0 };
        }
    }
}

impl ExactDynamics for Timed {
    fn step(&mut self, arrivals: &[Arrival], _: &[f64], spikes: &mut Vec<(u32, f64)>) {
        for (neuron, fires_in) in (0..).zip(&mut self.fires_in) {
            // What fires at the very start of a step has fired at the end of the one before.
            if *fires_in > 0.0 {
                if *fires_in <= self.dt {
                    spikes.push((neuron, *fires_in));
                }
                *fires_in -= self.dt;
            }
        }
        let early = |arrival: &Arrival| (self.dt - arrival.offset).max(0.0);
        let (inside, at_end): (Vec<_>, Vec<_>) =
            arrivals.iter().map(|arrival| (arrival, early(arrival))).partition(|(_, early)| *early > 0.0);
        inside.into_iter().for_each(|(arrival, early)| self.hear(arrival, early));
        if self.plan.sends_from(self.now + 1) {
            self.decide();
            spikes.extend(
                (0..)
                    .zip(&self.fires_in)
                    .filter(|(_, fires_in)| **fires_in == 0.0)
                    .map(|(neuron, _)| (neuron, self.dt)),
            );
            spikes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        }
        if self.plan.trial_begins(self.now + 1) {
            self.stopped.fill(0);
        }
        if self.plan.forgets(self.now + 1).is_some() {
            self.v.fill(0.0);
        }
        at_end.into_iter().for_each(|(arrival, early)| self.hear(arrival, early));
        self.now += 1;
    }

    fn state(&self, _: usize) -> &[f64] {
        &self.v
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.now);
        out.list(&self.v);
        out.list(&self.fires_in);
        out.list(&self.stopped);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        from.list_into(&mut self.v)?;
        from.list_into(&mut self.fires_in)?;
        from.list_into(&mut self.stopped)
    }
}
