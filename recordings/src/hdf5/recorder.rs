//! Writes a recording while the network lives.

use crate::hdf5::error::FileError;
use crate::hdf5::growing::{Column, Growing};
use crate::hdf5::layout::{Layout, Places, Stream, files, lay_down};
use crate::hdf5::plan::{Members, Plan};
use crate::hdf5::provenance::{Provenance, rfc3339};
use crate::hdf5::writing::Writing;
use sim_core::backend::{Epoch, Machine, Sample};
use sim_core::observer::{Observer, ObserverError};
use sim_core::spike::Spike;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Model time between flushes in ms, and the least time between them, if the plan does not say.
const USUAL_FLUSH: f64 = 100.0;
const REST: Duration = Duration::from_millis(100);

/// What to do with a file that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Leave it alone and refuse.
    Refuse,
    /// Write over it.
    Replace,
}

/// Writes a recording while the network lives.
///
/// It is flushed at every multiple of the plan's `flush_every` and `checkpoint_every` steps, and
/// nothing that was flushed is lost when the program is killed. A plan that does not say `flush_every`
/// wants as little lost as is cheap: a flush every 100 ms of model time, unless the last was less than
/// 100 ms of the clock on the wall ago. The run waits for the disk only at checkpoints;
/// [`Recorder::flushed_until`] tells how far the disk is. Spikes, samples and rates of
/// the warm-up are left out; times are those of the run, warm-up included.
pub struct Recorder {
    plan: Plan,
    streams: Vec<Stream>,
    /// The stream of each entry of the plan's spikes, rates, states and weights.
    places: Places,
    marks: Column,
    writing: Writing,
    /// What is recorded of each population.
    taps: Vec<Tap>,
    /// Spikes in the open bin of each rate.
    counts: Vec<u64>,
    /// The step at which the next bin of any rate ends.
    next_bin: i64,
    /// The step of the last mark.
    last_mark: Option<i64>,
    /// When the last flush was ordered.
    last_flush: Instant,
    begun: Instant,
}

#[derive(Default)]
struct Tap {
    spikes: Option<(Column, Column, Chosen)>,
    rates: Vec<(usize, Chosen)>,
}

/// Some neurons of a population.
enum Chosen {
    All,
    Some(Vec<bool>),
}

impl Chosen {
    fn of(neurons: &[u32], size: u32) -> Chosen {
        if neurons.len() == size as usize {
            return Chosen::All;
        }
        let mut chosen = vec![false; size as usize];
        neurons.iter().for_each(|&neuron| chosen[neuron as usize] = true);
        Chosen::Some(chosen)
    }

    fn has(&self, index: u32) -> bool {
        match self {
            Chosen::All => true,
            Chosen::Some(chosen) => chosen[index as usize],
        }
    }
}

impl Recorder {
    /// Starts a recording at `path`. The machine is loaded and has not lived yet.
    ///
    /// # Errors
    /// When the file (or one beside it) exists and may not be replaced, or cannot be written.
    pub fn create(
        path: &Path,
        plan: Plan,
        provenance: &Provenance,
        machine: &dyn Machine,
        existing: Existing,
    ) -> Result<Recorder, FileError> {
        let (names, _) = files(path, &plan);
        if existing == Existing::Refuse
            && let Some(taken) = names.iter().find(|name| name.exists())
        {
            return Err(FileError::new(taken, "this file exists already"));
        }
        let mut layout = lay_down(&names, &names, &plan, provenance, machine)?;
        let counts = vec![0; plan.rates.len()];
        layout.files.iter_mut().rev().try_for_each(Growing::open_to_readers)?;
        let mut recorder = Recorder::over(plan, layout, counts, None);
        let now = machine.now();
        if now == recorder.plan.warm_up {
            recorder.sample_weights(machine)?;
        }
        recorder.mark(now);
        recorder.writing.flush_and_wait(now)?;
        Ok(recorder)
    }

    /// The step up to which everything is safely in the file.
    pub fn flushed_until(&self) -> i64 {
        self.writing.confirmed()
    }

    /// Waits until everything up to the last step at which a flush was due is safely in the file, and
    /// returns this step.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn wait(&mut self) -> Result<i64, FileError> {
        self.writing.flush_and_wait(self.last_mark.unwrap_or(0))?;
        Ok(self.flushed_until())
    }

    /// A recorder over files that are laid down and open to readers, from the mark they end with.
    pub(super) fn over(plan: Plan, layout: Layout, counts: Vec<u64>, last_mark: Option<i64>) -> Recorder {
        let Layout { files, streams, places, marks, flushed_until } = layout;
        let mut taps: Vec<Tap> = plan.populations.iter().map(|_| Tap::default()).collect();
        for (spikes, &stream) in plan.spikes.iter().zip(&places.spikes) {
            let chosen = Chosen::of(&spikes.neurons, plan.populations[spikes.population].size);
            let columns = &streams[stream].columns;
            taps[spikes.population].spikes = Some((columns[0], columns[1], chosen));
        }
        for (number, rate) in plan.rates.iter().enumerate() {
            let chosen = Chosen::of(&rate.neurons, plan.populations[rate.population].size);
            taps[rate.population].rates.push((number, chosen));
        }
        let writing = Writing::start(files, flushed_until, last_mark.unwrap_or(0));
        let now = Instant::now();
        let mut recorder = Recorder {
            plan,
            streams,
            places,
            marks,
            writing,
            taps,
            counts,
            next_bin: i64::MAX,
            last_mark,
            last_flush: now,
            begun: now,
        };
        recorder.find_next_bin();
        recorder
    }

    /// Notes how much of each stream belongs to this step, so that the recording can be cut here.
    fn mark(&mut self, step: i64) {
        if self.last_mark == Some(step) {
            return;
        }
        let rows = |stream: &Stream| self.writing.rows(stream.file, stream.columns[0]) as i64;
        let rows = self.streams.iter().map(rows);
        let counts = self.counts.iter().map(|&count| count as i64);
        let mark: Vec<u8> =
            std::iter::once(step).chain(rows).chain(counts).flat_map(i64::to_le_bytes).collect();
        self.writing.append(0, self.marks, &mark);
        self.last_mark = Some(step);
    }

    /// The step at which the open bin of a rate ends.
    fn bin_end(&self, rate: usize) -> i64 {
        let rows = self.writing.rows(0, self.streams[self.places.rates[rate]].columns[0]);
        self.plan.warm_up + (rows as i64 + 1) * self.plan.rates[rate].bin
    }

    fn find_next_bin(&mut self) {
        self.next_bin = (0..self.plan.rates.len()).map(|rate| self.bin_end(rate)).min().unwrap_or(i64::MAX);
    }

    /// Writes down all bins that end at step `until` or before.
    fn close_bins(&mut self, until: i64) {
        if until < self.next_bin {
            return;
        }
        for number in 0..self.plan.rates.len() {
            while self.bin_end(number) <= until {
                let rate = &self.plan.rates[number];
                let seconds = rate.bin as f64 * self.plan.dt / 1000.0;
                let spikes = std::mem::take(&mut self.counts[number]) as f64;
                let value = spikes / (rate.neurons.len().max(1) as f64 * seconds);
                let column = self.streams[self.places.rates[number]].columns[0];
                self.writing.append_number(0, column, value);
            }
        }
        self.find_next_bin();
    }

    fn take_spikes(&mut self, spikes: &[Spike]) {
        let warm_up = self.plan.warm_up;
        let mut left = &spikes[spikes.partition_point(|spike| spike.step <= warm_up)..];
        while let Some(&Spike { step, neuron, .. }) = left.first() {
            self.close_bins(step - 1);
            let populations = &self.plan.populations;
            let number = populations.partition_point(|other| other.first <= neuron) - 1;
            let Members { first, size, .. } = populations[number];
            // Spikes of a step come in the order of neurons: mostly, those of a population side by side.
            let alike = |spike: &&Spike| spike.step == step && spike.neuron.wrapping_sub(first) < size;
            let (run, rest) = left.split_at(left.iter().take_while(alike).count());
            self.take_run(number, first, run);
            left = rest;
        }
    }

    /// Takes spikes of one step and population.
    fn take_run(&mut self, population: usize, first: u32, run: &[Spike]) {
        let (tap, dt) = (&self.taps[population], self.plan.dt);
        if let Some((times, ids, chosen)) = &tap.spikes {
            let time = |spike: &Spike| spike.time(dt).to_le_bytes();
            let id = |spike: &Spike| u64::from(spike.neuron - first).to_le_bytes();
            match chosen {
                Chosen::All => {
                    self.writing.append_each(0, *times, run, time);
                    self.writing.append_each(0, *ids, run, id);
                }
                Chosen::Some(_) => {
                    for spike in run.iter().filter(|spike| chosen.has(spike.neuron - first)) {
                        self.writing.append(0, *times, &time(spike));
                        self.writing.append(0, *ids, &id(spike));
                    }
                }
            }
        }
        for (rate, chosen) in &tap.rates {
            let spikes = run.iter().filter(|spike| chosen.has(spike.neuron - first)).count();
            self.counts[*rate] += spikes as u64;
        }
    }

    fn take_sample(&mut self, sample: &Sample) {
        let Some(stream) = self.places.states.get(sample.probe).copied().flatten() else { return };
        if sample.step > self.plan.warm_up {
            let Stream { file, columns, .. } = &self.streams[stream];
            for &column in columns {
                sample.values.iter().for_each(|&value| self.writing.append_number(*file, column, value));
            }
        }
    }

    /// Whether the weights of an entry of the plan are due at a step.
    fn weights_due(&self, entry: usize, step: i64) -> bool {
        step == self.plan.warm_up || (step > self.plan.warm_up && step % self.plan.weights[entry].every == 0)
    }

    /// Writes down all weights that are due.
    fn sample_weights(&mut self, machine: &dyn Machine) -> Result<(), FileError> {
        let now = machine.now();
        let due = (0..self.plan.weights.len()).filter(|&entry| self.weights_due(entry, now));
        due.collect::<Vec<_>>().into_iter().try_for_each(|entry| self.sample(entry, machine))
    }

    fn sample(&mut self, entry: usize, machine: &dyn Machine) -> Result<(), FileError> {
        let Some(stream) = self.places.weights[entry] else { return Ok(()) };
        let columns = &self.streams[stream].columns;
        let projection = self.plan.weights[entry].projection;
        machine.weights(projection, &mut |_, _, weight, _| self.writing.append_number(0, columns[0], weight));
        self.writing.append_number(0, columns[1], machine.now() as f64 * self.plan.dt);
        self.writing.hand_over()
    }

    fn record(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), FileError> {
        self.take_spikes(&epoch.spikes);
        self.close_bins(epoch.until);
        epoch.samples.iter().for_each(|sample| self.take_sample(sample));
        self.sample_weights(machine)?;
        if self.next_flush(epoch.from) > epoch.until {
            return self.writing.hand_over();
        }
        // Also where no flush follows: what is in the file must not depend on how fast the run is.
        self.mark(epoch.until);
        // A checkpoint is worth something only if the recording reaches as far.
        let checkpoint = self.plan.checkpoint_every.is_some_and(|every| epoch.until % every == 0);
        if !checkpoint && self.plan.flush_every.is_none() && self.last_flush.elapsed() < REST {
            return self.writing.hand_over();
        }
        self.last_flush = Instant::now();
        if checkpoint { self.writing.flush_and_wait(epoch.until) } else { self.writing.flush(epoch.until) }
    }

    /// The step of the first flush that is due after `now`.
    fn next_flush(&self, now: i64) -> i64 {
        let every = self.plan.flush_every.unwrap_or((USUAL_FLUSH / self.plan.dt).round() as i64);
        let flush = after(now, every);
        self.plan.checkpoint_every.map_or(flush, |every| flush.min(after(now, every)))
    }

    fn end(&mut self, machine: &dyn Machine) -> Result<(), FileError> {
        let now = machine.now();
        // The mark comes first: a recording that goes on from here has no sample of weights here.
        self.mark(now);
        for entry in 0..self.plan.weights.len() {
            if !self.weights_due(entry, now) {
                self.sample(entry, machine)?;
            }
        }
        self.writing.flush_and_wait(now)?;
        let mut files = self.writing.end()?;
        for stream in &self.streams {
            let rows = files[stream.file].rows(stream.columns[0]);
            stream.range.map_or(Ok(()), |range| range.set(&mut files[stream.file], rows))?;
        }
        self.describe_end(&mut files[0], machine)?;
        files.iter_mut().rev().try_for_each(Growing::close)
    }

    fn describe_end(&self, file: &mut Growing, machine: &dyn Machine) -> Result<(), FileError> {
        let complete = u8::from(machine.now() >= self.plan.duration);
        let simulate = self.begun.elapsed().as_secs_f64();
        let counters = machine.counters();
        let counts = [
            ("synapses", counters.synapses),
            ("spikes", counters.spikes),
            ("synaptic_events", counters.synaptic_events),
        ];
        file.write(|writer| {
            writer.set_group_attr_string("/", "finished_at", &rfc3339(SystemTime::now()))?;
            writer.set_group_attr_numeric("/", "simulate_s", &simulate)?;
            for (name, count) in counts {
                writer.set_group_attr_numeric("/", name, &count)?;
            }
            writer.set_group_attr_numeric("/", "complete", &complete)
        })
    }

    fn failure(&self, error: FileError) -> ObserverError {
        let safe = self.flushed_until() as f64 * self.plan.dt;
        ObserverError::new(format!("{error}; what was recorded up to {safe} ms is safe in the file"))
    }
}

/// The first multiple of `every` after `now`.
fn after(now: i64, every: i64) -> i64 {
    (now / every.max(1) + 1).saturating_mul(every.max(1))
}

impl Observer for Recorder {
    fn next_stop(&self, now: i64) -> Option<i64> {
        let weights = self.plan.weights.iter().map(|weights| after(now, weights.every));
        let start = (!self.plan.weights.is_empty() && now < self.plan.warm_up).then_some(self.plan.warm_up);
        weights.chain(start).chain([self.next_flush(now)]).min()
    }

    fn see(&mut self, epoch: &Epoch, machine: &dyn Machine) -> Result<(), ObserverError> {
        self.record(epoch, machine).map_err(|error| self.failure(error))
    }

    fn finish(&mut self, machine: &dyn Machine) -> Result<(), ObserverError> {
        // When writing failed, the run ended for this reason, and it has been told.
        if self.writing.ended() {
            return Ok(());
        }
        self.end(machine).map_err(|error| self.failure(error))
    }
}
