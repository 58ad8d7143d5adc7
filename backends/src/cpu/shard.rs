//! A shard: some neurons, all synapses onto them, and their life through an epoch.
//!
//! In each step, in this order: due spikes are delivered (static synapses first, then plastic
//! projections by name, each in (time, source, synapse) order), stimuli are added, neurons live
//! their step, plastic synapses hear who spiked, probes are read.

use super::cut::Slice;
use super::delivery::Delivery;
use super::drive::Drive;
use super::flights::Flights;
use super::inbox::Inbox;
use super::plastic::PlasticRows;
use super::rows::StaticRows;
use super::stages::{Stage, Stages};
use crate::team;
use sim_core::backend::Sample;
use sim_core::neuron::{Arrival, Dynamics, ExactDynamics, Input, LazyDynamics};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::time::Instant;

/// A shard of the network.
pub struct Shard<R> {
    /// Length of a step in ms.
    pub dt: f64,
    /// Its slices of populations.
    pub slices: Vec<LivingSlice<R>>,
    /// Its static synapses.
    pub rows: StaticRows<R>,
    /// Its plastic projections.
    pub plastic: Vec<PlasticRows<R>>,
    /// Spikes in flight to static synapses.
    pub flights: Flights,
    /// How they land.
    pub delivery: Delivery<R>,
    /// What arrives in the current step.
    pub inbox: Inbox<R>,
    /// Which state variables it samples.
    pub probes: Vec<ShardProbe>,
    /// What it has to tell about the current epoch.
    pub told: Told,
    /// What it counted.
    pub stages: Stages,
    /// Spikes delivered through synapses.
    pub events: u64,
}

/// A slice with its living neurons.
pub struct LivingSlice<R> {
    /// Which neurons.
    pub slice: Slice,
    /// Number in the network of the slice's first neuron.
    pub first_neuron: u32,
    /// The neurons.
    pub neurons: Neurons<R>,
    /// Stimuli onto them.
    pub drive: Drive,
    /// Constant current in pA.
    pub compensation: f64,
    /// Current of this step in pA, in both forms the neurons may want.
    pub current: Vec<f64>,
    /// The same in the run's precision.
    pub current_real: Vec<R>,
    /// Who fired in this step, as indices in the slice and, in continuous time, offsets in ms. Empty
    /// between steps; kept so that no step allocates.
    pub fired: (Vec<u32>, Vec<(u32, f64)>),
}

/// Living neurons on either clock.
pub enum Neurons<R> {
    /// On the grid.
    Grid(Box<dyn Dynamics<R>>),
    /// On the grid, left alone until something arrives.
    Lazy(Box<dyn LazyDynamics<R>>),
    /// In continuous time.
    Exact(Box<dyn ExactDynamics>),
}

/// The part of a probe that lies in one slice of a shard.
#[derive(Clone, Debug)]
pub struct ShardProbe {
    /// Number of the probe.
    pub probe: usize,
    /// Place of the slice in the shard.
    pub slice: usize,
    /// Number of the state variable.
    pub state: usize,
    /// Steps between samples.
    pub every: i64,
    /// Place of the first of these values among the probe's values.
    pub place: usize,
    /// Indices of the neurons in the slice.
    pub neurons: Vec<u32>,
}

/// What a shard has to tell about an epoch.
#[derive(Debug, Default)]
pub struct Told {
    /// Spikes of its neurons, by step.
    pub spikes: Vec<Spike>,
    /// Parts of samples; `place` of the probe's part is the second number.
    pub samples: Vec<(Sample, usize)>,
}

impl<R: Real> team::Shard for Shard<R> {
    fn live(&mut self, from: i64, until: i64, incoming: &[Spike]) {
        let begin = Instant::now();
        match &self.rows {
            StaticRows::Narrow(rows) => self.flights.take_off(incoming, &rows.runs, &rows.cells),
            StaticRows::Wide(rows) => self.flights.take_off(incoming, &rows.runs, &rows.cells),
        }
        self.plastic.iter_mut().for_each(|plastic| plastic.take_off(incoming));
        let taken_over = Instant::now();
        for step in from + 1..=until {
            let mut clock = Stages::clock(step);
            self.deliver(step);
            self.stages.end(&mut clock, Stage::Deliver);
            self.stimulate(step);
            self.stages.end(&mut clock, Stage::Stimulate);
            self.update(step);
            self.stages.end(&mut clock, Stage::Update);
            self.sample(step);
            self.stages.end(&mut clock, Stage::Record);
        }
        self.stages.epoch(begin, taken_over);
    }
}

impl<R: Real> Shard<R> {
    fn deliver(&mut self, step: i64) {
        let Shard { rows, flights, delivery, inbox, plastic, events, dt, .. } = self;
        let landings = flights.land(step, rows.runs());
        match (&*rows, &mut *inbox) {
            (StaticRows::Narrow(rows), Inbox::Sums(sums)) => {
                *events += delivery.deliver(rows, landings, sums)
            }
            (StaticRows::Narrow(rows), inbox) => {
                for landing in landings {
                    let cells = &rows.cells[rows.runs.run(landing.run)];
                    inbox.run(0, cells, rows.weights(landing.run), *dt - landing.lead);
                    *events += cells.len() as u64;
                }
            }
            (StaticRows::Wide(rows), inbox) => *events += inbox.wide(rows, landings),
        }
        for plastic in plastic {
            *events += plastic.deliver(step, *dt, inbox);
        }
    }

    fn stimulate(&mut self, step: i64) {
        for living in &mut self.slices {
            living.drive.spikes(step, &living.slice, &mut self.inbox);
            living.flow(step);
        }
    }

    fn update(&mut self, step: i64) {
        self.inbox.close();
        for number in 0..self.slices.len() {
            let before = self.told.spikes.len();
            self.slices[number].step(step, self.dt, &mut self.inbox, &mut self.told.spikes);
            let first = self.slices[number].first_neuron;
            for plastic in self.plastic.iter_mut().filter(|plastic| plastic.slice == number) {
                for spike in &self.told.spikes[before..] {
                    plastic.post_spike(spike.neuron - first, spike.step as f64 - spike.lead / self.dt);
                }
                plastic.forget(self.slices[number].slice.len());
            }
        }
        self.inbox.forget();
    }

    fn sample(&mut self, step: i64) {
        for probe in self.probes.iter().filter(|probe| step % probe.every == 0) {
            let values = self.slices[probe.slice].values(probe.state, &probe.neurons, step);
            self.told.samples.push((Sample { probe: probe.probe, step, values }, probe.place));
        }
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        for living in &self.slices {
            match &living.neurons {
                Neurons::Grid(neurons) => neurons.save(out),
                Neurons::Lazy(neurons) => neurons.save(out),
                Neurons::Exact(neurons) => neurons.save(out),
            }
            living.drive.save(out);
        }
        self.flights.save(out);
        self.plastic.iter().for_each(|plastic| plastic.save(out));
        out.u64(self.events);
    }

    /// Reads it back.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        for living in &mut self.slices {
            match &mut living.neurons {
                Neurons::Grid(neurons) => neurons.restore(from)?,
                Neurons::Lazy(neurons) => neurons.restore(from)?,
                Neurons::Exact(neurons) => neurons.restore(from)?,
            }
            living.drive.restore(from)?;
        }
        self.flights.restore(from, self.rows.runs().count())?;
        self.plastic.iter_mut().try_for_each(|plastic| plastic.restore(from))?;
        self.events = from.u64()?;
        Ok(())
    }
}

impl<R: Real> LivingSlice<R> {
    fn flow(&mut self, step: i64) {
        if !self.drive.has_current() {
            return;
        }
        self.current.fill(self.compensation);
        self.drive.currents(step, &mut self.current);
        for (real, wide) in self.current_real.iter_mut().zip(&self.current) {
            *real = R::of(*wide);
        }
    }

    fn step(&mut self, step: i64, dt: f64, inbox: &mut Inbox<R>, spikes: &mut Vec<Spike>) {
        let first = self.first_neuron;
        let (indices, fired) = &mut self.fired;
        match &mut self.neurons {
            Neurons::Grid(neurons) => {
                let ports = inbox.of(self.slice.ports.count(), self.slice.places());
                let input = Input { ports, current: &self.current_real };
                neurons.step(input, indices);
                spikes.extend(indices.drain(..).map(|index| Spike {
                    step,
                    lead: 0.0,
                    neuron: first + index,
                }));
            }
            Neurons::Lazy(neurons) => {
                let Inbox::Few(few) = inbox else { return };
                neurons.receive(step, few.of(self.slice.places()), indices);
                indices.sort_unstable();
                spikes.extend(indices.drain(..).map(|index| Spike {
                    step,
                    lead: 0.0,
                    neuron: first + index,
                }));
            }
            Neurons::Exact(neurons) => {
                let Inbox::Times(arrivals) = inbox else { return };
                let places = self.slice.places();
                let start = arrivals.partition_point(|a| (a.neuron as usize) < places.start);
                let end = arrivals.partition_point(|a| (a.neuron as usize) < places.end);
                let own: &mut [Arrival] = &mut arrivals[start..end];
                own.iter_mut().for_each(|arrival| arrival.neuron -= places.start as u32);
                neurons.step(own, &self.current, fired);
                // Back to places, so that the next slice still finds its part.
                own.iter_mut().for_each(|arrival| arrival.neuron += places.start as u32);
                spikes.extend(fired.drain(..).map(|(index, offset)| Spike {
                    step,
                    lead: lead(offset, dt),
                    neuron: first + index,
                }));
            }
        }
    }

    fn values(&self, state: usize, indices: &[u32], step: i64) -> Vec<f64> {
        match &self.neurons {
            Neurons::Grid(neurons) => {
                let values = neurons.state(state);
                indices.iter().map(|&index| values[index as usize].wide()).collect()
            }
            Neurons::Lazy(neurons) => {
                indices.iter().map(|&index| neurons.state(state, index as usize, step).wide()).collect()
            }
            Neurons::Exact(neurons) => {
                let values = neurons.state(state);
                indices.iter().map(|&index| values[index as usize]).collect()
            }
        }
    }
}

/// How long before the end of its step a spike falls, in [0, dt) ms. The difference of dt and a tiny
/// offset rounds to dt, which would be the end of the step before.
fn lead(offset: f64, dt: f64) -> f64 {
    (dt - offset).clamp(0.0, dt.next_down())
}

#[cfg(test)]
mod tests {
    use super::lead;

    #[test]
    fn a_spike_right_after_the_start_of_a_step_stays_in_that_step() {
        assert_eq!(lead(0.1, 0.1), 0.0);
        assert_eq!(lead(0.075, 0.1), 0.1 - 0.075);
        for tiny in [1e-18, f64::MIN_POSITIVE, 0.0] {
            assert!(lead(tiny, 0.1) < 0.1);
            assert!(0.1 - lead(tiny, 0.1) > 0.0);
        }
    }
}
