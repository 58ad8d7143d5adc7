//! The CPU machine: shards, the threads they live on, and what passes between them.

use super::Precise;
use super::draw::Draw;
use super::shard::{Shard, ShardProbe};
use super::stages::NAMES;
use crate::team::Team;
use sim_core::backend::{Counters, Epoch, Load, Machine, Probe, Sample};
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::sync::Arc;
use std::time::Instant;

/// Longest epoch in steps, so that progress, Ctrl-C and recordings stay prompt.
const LONGEST_EPOCH: i64 = 256;

/// A network loaded onto threads.
pub struct CpuMachine<R: Precise> {
    network: Arc<Network>,
    connectivity: Arc<Connectivity>,
    team: Team<Shard<R>>,
    now: i64,
    epoch: i64,
    parts: usize,
    /// Spikes of the last epoch, which nobody has heard of yet.
    pending: Vec<Spike>,
    spikes: u64,
    spikes_after_warm_up: Vec<u64>,
    meeting: f64,
    synapses: u64,
    synapse_bytes: u64,
}

impl<R: Precise> CpuMachine<R> {
    /// Puts built shards onto threads.
    pub fn new(load: &Load<'_>, shards: Vec<Shard<R>>) -> Self {
        let network = Arc::clone(&load.network);
        let mut shortest = LONGEST_EPOCH;
        let (mut synapses, mut synapse_bytes) = (0, 0);
        for shard in &shards {
            let plastic = shard.plastic.iter().map(|plastic| (&plastic.rows.runs, plastic.rows.bytes()));
            for (runs, bytes) in plastic.chain([(shard.rows.runs(), shard.rows.bytes())]) {
                shortest = shortest.min(runs.shortest_delay().unwrap_or(LONGEST_EPOCH));
                synapses += runs.synapses() as u64;
                synapse_bytes += bytes;
            }
        }
        let spikes_after_warm_up = vec![0; network.populations.len()];
        CpuMachine {
            network,
            connectivity: Arc::clone(&load.connectivity),
            team: Team::new(shards, load.threads),
            now: 0,
            epoch: shortest,
            parts: load.parts,
            pending: Vec::new(),
            spikes: 0,
            spikes_after_warm_up,
            meeting: 0.0,
            synapses,
            synapse_bytes,
        }
    }

    /// Gathers what the shards have to tell: spikes by time and number, samples by step and probe.
    fn gather(&mut self, epoch: &mut Epoch) {
        epoch.spikes.clear();
        epoch.samples.clear();
        let mut parts: Vec<(Sample, usize)> = Vec::new();
        self.team.visit(|shard| {
            epoch.spikes.append(&mut shard.told.spikes);
            parts.append(&mut shard.told.samples);
        });
        epoch.spikes.sort_unstable_by(|a, b| {
            a.step.cmp(&b.step).then(b.lead.total_cmp(&a.lead)).then(a.neuron.cmp(&b.neuron))
        });
        parts.sort_by_key(|(sample, place)| (sample.step, sample.probe, *place));
        for (part, _) in parts {
            match epoch.samples.last_mut() {
                Some(last) if (last.step, last.probe) == (part.step, part.probe) => {
                    last.values.extend(part.values)
                }
                _ => epoch.samples.push(part),
            }
        }
    }

    fn count(&mut self, spikes: &[Spike]) {
        self.spikes += spikes.len() as u64;
        for spike in spikes.iter().filter(|spike| spike.step > self.network.warm_up) {
            self.spikes_after_warm_up[self.network.locate(spike.neuron).0] += 1;
        }
    }

    fn plastic_weights(&self, projection: usize) -> Vec<(u32, u32, f64, i64)> {
        let mut all = Vec::new();
        let first_source = self.network.populations[self.network.projections[projection].source].first;
        self.team.visit(|shard| {
            let Shard { plastic, slices, dt, .. } = shard;
            for plastic in plastic.iter_mut().filter(|plastic| plastic.projection == projection) {
                let first_target = slices[plastic.slice].slice.range.start;
                let weights = plastic.weights(&self.pending, *dt);
                for source in 0..self.network.neurons() {
                    for run in plastic.rows.runs.row(source) {
                        let delay = plastic.rows.runs.delay(run);
                        all.extend(plastic.rows.runs.run(run).map(|i| {
                            let target = first_target + u32::from(plastic.rows.cells[i]);
                            (source - first_source, target, weights[i].wide(), delay)
                        }));
                    }
                }
            }
        });
        all
    }

    fn static_weights(&self, projection: usize) -> Vec<(u32, u32, f64, i64)> {
        let draw = Draw::new(&self.network, &self.connectivity, projection);
        let targets = self.network.populations[self.network.projections[projection].target].size;
        let mut all = Vec::new();
        self.connectivity.wiring(projection).onto(0..targets, &mut |synapses| {
            all.extend(synapses.iter().map(|synapse| {
                // Rounded to the precision in which the machine holds it.
                let weight = R::of(draw.weight(synapse)).wide();
                (synapse.source, synapse.target, weight, i64::from(draw.delay(synapse)))
            }));
        });
        all
    }
}

impl<R: Precise> Machine for CpuMachine<R> {
    fn now(&self) -> i64 {
        self.now
    }

    fn parts(&self) -> usize {
        self.parts
    }

    fn epoch(&self) -> i64 {
        self.epoch
    }

    fn advance(&mut self, until: i64, epoch: &mut Epoch) {
        debug_assert!(until <= self.now + self.epoch, "an epoch ends before its first spike arrives");
        self.team.live(self.now, until, std::mem::take(&mut self.pending));
        let begin = Instant::now();
        self.gather(epoch);
        epoch.from = self.now;
        epoch.until = until;
        self.now = until;
        self.count(&epoch.spikes);
        self.pending.clone_from(&epoch.spikes);
        self.meeting += begin.elapsed().as_secs_f64();
    }

    fn probe(&mut self, probes: &[Probe]) {
        self.team.visit(|shard| {
            shard.probes.clear();
            for (number, probe) in probes.iter().enumerate() {
                for (place, living) in shard.slices.iter().enumerate() {
                    let range = &living.slice.range;
                    let start = probe.neurons.partition_point(|&neuron| neuron < range.start);
                    let end = probe.neurons.partition_point(|&neuron| neuron < range.end);
                    if living.slice.population == probe.population && start < end {
                        shard.probes.push(ShardProbe {
                            probe: number,
                            slice: place,
                            state: probe.state,
                            every: probe.every,
                            place: start,
                            neurons: probe.neurons[start..end]
                                .iter()
                                .map(|neuron| neuron - range.start)
                                .collect(),
                        });
                    }
                }
            }
        });
    }

    fn weights(&self, projection: usize, take: &mut dyn FnMut(u32, u32, f64, i64)) {
        let plastic = self.network.projections[projection].plasticity.is_some();
        let mut all =
            if plastic { self.plastic_weights(projection) } else { self.static_weights(projection) };
        all.sort_by_key(|&(source, target, _, delay)| (target, source, delay));
        all.into_iter().for_each(|(source, target, weight, delay)| take(source, target, weight, delay));
    }

    fn counters(&self) -> Counters {
        let mut stages: Vec<(&'static str, f64)> = NAMES.iter().map(|name| (*name, 0.0)).collect();
        let mut synaptic_events = 0;
        self.team.visit(|shard| {
            synaptic_events += shard.events;
            stages.iter_mut().enumerate().for_each(|(i, stage)| stage.1 += shard.stages.seconds(i));
        });
        stages.push(("gather", self.meeting));
        Counters {
            synapses: self.synapses,
            synapse_bytes: self.synapse_bytes,
            spikes: self.spikes,
            spikes_after_warm_up: self.spikes_after_warm_up.clone(),
            synaptic_events,
            stages,
        }
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.now);
        out.u64(self.spikes);
        out.list(&self.spikes_after_warm_up);
        out.list(&self.pending.iter().map(|spike| spike.step).collect::<Vec<i64>>());
        out.list(&self.pending.iter().map(|spike| spike.lead).collect::<Vec<f64>>());
        out.list(&self.pending.iter().map(|spike| spike.neuron).collect::<Vec<u32>>());
        self.team.visit(|shard| shard.save(out));
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        self.spikes = from.u64()?;
        from.list_into(&mut self.spikes_after_warm_up)?;
        let (steps, leads): (Vec<i64>, Vec<f64>) = (from.list()?, from.list()?);
        let neurons: Vec<u32> = from.list()?;
        let fits = |found: usize| {
            (found == steps.len())
                .then_some(())
                .ok_or(SnapshotError::WrongLength { expected: steps.len(), found })
        };
        fits(leads.len())?;
        fits(neurons.len())?;
        if neurons.iter().any(|&neuron| neuron >= self.network.neurons()) {
            return Err(SnapshotError::Truncated);
        }
        let spikes = steps.into_iter().zip(leads).zip(neurons);
        self.pending = spikes.map(|((step, lead), neuron)| Spike { step, lead, neuron }).collect();
        let mut result = Ok(());
        self.team.visit(|shard| {
            if result.is_ok() {
                result = shard.restore(from);
            }
        });
        result
    }
}
