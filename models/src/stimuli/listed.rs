//! Spikes that are known in advance, handed over as their time comes.

use crate::stimuli::window::steps;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{BLOCK, Place, SpikeSource};
use std::sync::Arc;

/// Spikes in order of time.
pub struct Listed {
    /// In ms, ascending.
    pub times: Arc<[f64]>,
    /// Which neuron of the block each is for; empty when all are for every neuron.
    pub neurons: Vec<u32>,
    /// How many spikes each counts for; empty when each is one.
    pub factors: Arc<[f64]>,
    delay: i64,
    dt: f64,
    len: usize,
    next: usize,
}

impl Listed {
    /// Spikes onto the block of `place`.
    pub fn new(place: &Place<'_>, times: Arc<[f64]>, neurons: Vec<u32>, factors: Arc<[f64]>) -> Self {
        Listed { times, neurons, factors, delay: place.delay, dt: place.dt, len: place.len, next: 0 }
    }

    /// Takes the spikes up to `step` that `arrival` maps into it, as (neurons, offset, amount).
    fn take(
        &mut self,
        step: i64,
        arrival: impl Fn(f64) -> (i64, f64),
        mut take: impl FnMut(std::ops::Range<u32>, f64, f64),
    ) {
        while let Some(&time) = self.times.get(self.next) {
            let (due, offset) = arrival(time);
            if due > step {
                break;
            }
            if due == step {
                let neurons = match self.neurons.get(self.next) {
                    Some(&neuron) => neuron..neuron + 1,
                    None => 0..self.len as u32,
                };
                take(neurons, offset, self.factors.get(self.next).copied().unwrap_or(1.0));
            }
            self.next += 1;
        }
    }
}

impl SpikeSource for Listed {
    fn arrivals(&mut self, step: i64, _: &mut [i16; BLOCK], take: &mut dyn FnMut(u32, f64)) -> bool {
        let (delay, dt) = (self.delay, self.dt);
        let arrival = |time| (steps(time, dt).round() as i64 + delay, 0.0);
        self.take(step, arrival, |neurons, _, amount| neurons.for_each(|neuron| take(neuron, amount)));
        false
    }

    fn arrivals_exact(&mut self, step: i64, take: &mut dyn FnMut(u32, f64, f64)) {
        let (delay, dt) = (self.delay, self.dt);
        let arrival = |time| {
            let place = steps(time, dt);
            let end = place.ceil();
            // A time right after the start of a step must not round to it.
            (end as i64 + delay, ((place - end + 1.0) * dt).max(f64::MIN_POSITIVE))
        };
        self.take(step, arrival, |neurons, offset, amount| {
            neurons.for_each(|neuron| take(neuron, offset, amount));
        });
    }

    fn save(&self, out: &mut Saver) {
        out.u64(self.next as u64);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.next = from.u64()? as usize;
        Ok(())
    }
}
