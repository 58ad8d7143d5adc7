//! Shards that live, epoch by epoch, and what passes between them.

use super::arithmetic::Cells;
use super::shard::Shard;
use crate::team::Team;
use sim_core::backend::{Epoch, Sample};
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;

/// Shards on their threads.
pub struct Running<C: Cells> {
    /// The shards.
    pub team: Team<Shard<C>>,
    now: i64,
    /// Spikes of the last epoch, which nobody has heard of yet.
    pending: Vec<Spike>,
}

impl<C: Cells> Running<C> {
    /// Shards at rest on so many threads.
    pub fn new(shards: Vec<Shard<C>>, threads: usize) -> Self {
        Running { team: Team::new(shards, threads), now: 0, pending: Vec::new() }
    }

    /// The spikes that no shard has heard of.
    pub fn pending(&self) -> &[Spike] {
        &self.pending
    }

    /// The last step that was lived.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// Lives up to step `until`, no farther than the shortest delay, and fills `epoch`. `inputs` are spikes
    /// from outside that nobody has heard of, numbered as the axons they come in by, none after now.
    pub fn advance(&mut self, until: i64, inputs: &[Spike], epoch: &mut Epoch) {
        let mut incoming = std::mem::take(&mut self.pending);
        incoming.extend_from_slice(inputs);
        if !inputs.is_empty() {
            incoming.sort_unstable_by_key(|spike| (spike.step, spike.neuron));
        }
        self.team.live(self.now, until, incoming);
        self.gather(epoch);
        (epoch.from, epoch.until) = (self.now, until);
        self.now = until;
        self.pending.clone_from(&epoch.spikes);
    }

    /// Spikes by step and number, samples by step and probe.
    fn gather(&mut self, epoch: &mut Epoch) {
        epoch.spikes.clear();
        epoch.samples.clear();
        let mut parts: Vec<(Sample, Vec<u32>)> = Vec::new();
        self.team.visit(|shard| {
            epoch.spikes.append(&mut shard.told.spikes);
            parts.append(&mut shard.told.samples);
        });
        epoch.spikes.sort_unstable_by_key(|spike| (spike.step, spike.neuron));
        parts.sort_by_key(|(sample, _)| (sample.step, sample.probe));
        for parts in parts.chunk_by(|(a, _), (b, _)| (a.step, a.probe) == (b.step, b.probe)) {
            let mut values: Vec<(u32, f64)> = Vec::new();
            for (sample, places) in parts {
                values.extend(places.iter().copied().zip(sample.values.iter().copied()));
            }
            values.sort_by_key(|(place, _)| *place);
            let values = values.into_iter().map(|(_, value)| value).collect();
            let (probe, step) = (parts[0].0.probe, parts[0].0.step);
            epoch.samples.push(Sample { probe, step, values });
        }
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        out.put(self.now);
        out.list(&self.pending.iter().map(|spike| spike.step).collect::<Vec<i64>>());
        out.list(&self.pending.iter().map(|spike| spike.neuron).collect::<Vec<u32>>());
        self.team.visit(|shard| shard.save(out));
    }

    /// Reads it back; `neurons` is how many there are.
    ///
    /// # Errors
    /// If it is that of another network.
    pub fn restore(&mut self, from: &mut Loader<'_>, neurons: usize) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        let (steps, numbers): (Vec<i64>, Vec<u32>) = (from.list()?, from.list()?);
        if numbers.len() != steps.len() {
            return Err(SnapshotError::WrongLength { expected: steps.len(), found: numbers.len() });
        }
        if numbers.iter().any(|&neuron| neuron as usize >= neurons) {
            return Err(SnapshotError::Truncated);
        }
        let spikes = steps.into_iter().zip(numbers);
        self.pending = spikes.map(|(step, neuron)| Spike { step, lead: 0.0, neuron }).collect();
        let mut result = Ok(());
        self.team.visit(|shard| {
            if result.is_ok() {
                result = shard.restore(from);
            }
        });
        result
    }
}
