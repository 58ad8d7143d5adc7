//! A network on the chip as a machine.

use super::arithmetic::Cells;
use super::readings::{Readings, register};
use super::running::Running;
use super::shard::{Probed, Shard, ShardProbe};
use crate::cpu::draw::Draw;
use sim_core::backend::{Counters, Epoch, Machine, Probe};
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::sync::Arc;
use std::time::Instant;

/// Longest epoch in steps, so that progress and recordings stay prompt.
const LONGEST_EPOCH: i64 = 256;

/// A loaded network.
pub struct LoihiMachine<C: Cells> {
    network: Arc<Network>,
    connectivity: Arc<Connectivity>,
    readings: Arc<Readings>,
    running: Running<C>,
    epoch: i64,
    parts: usize,
    spikes: u64,
    spikes_after_warm_up: Vec<u64>,
    meeting: f64,
}

impl<C: Cells> LoihiMachine<C> {
    /// Puts shards onto threads; `shortest` is the shortest delay in steps, none if there is no synapse.
    pub fn new(
        (network, connectivity): (Arc<Network>, Arc<Connectivity>),
        readings: Arc<Readings>,
        shards: Vec<Shard<C>>,
        (threads, parts): (usize, usize),
        shortest: Option<u8>,
    ) -> Self {
        let spikes_after_warm_up = vec![0; network.populations.len()];
        LoihiMachine {
            network,
            connectivity,
            readings,
            running: Running::new(shards, threads),
            epoch: shortest.map_or(LONGEST_EPOCH, i64::from),
            parts,
            spikes: 0,
            spikes_after_warm_up,
            meeting: 0.0,
        }
    }

    /// The part of a probe that lies in a shard.
    fn part(&self, number: usize, probe: &Probe, neurons: &[u32]) -> Option<ShardProbe> {
        let population = &self.network.populations[probe.population];
        let register = register(population.neuron.model.states[probe.state].name)?;
        let probed = |(place, &neuron): (usize, &u32)| {
            let index = neuron.checked_sub(population.first)?;
            let at = probe.neurons.binary_search(&index).ok()? as u32;
            let (offset, scale) = self.readings.state(probe.population, neuron as usize, register);
            Some(Probed { place: place as u32, at, offset, scale })
        };
        let neurons: Vec<Probed> = neurons.iter().enumerate().filter_map(probed).collect();
        let part = ShardProbe { probe: number, register, every: probe.every, neurons };
        (!part.neurons.is_empty()).then_some(part)
    }
}

impl<C: Cells> LoihiMachine<C> {
    /// The weights that a rule has made.
    fn plastic_weights(&self, projection: usize, rule: usize, take: &mut dyn FnMut(u32, u32, f64, i64)) {
        let projection = &self.network.projections[projection];
        let [source, target] =
            [projection.source, projection.target].map(|end| self.network.populations[end].first);
        let mut all = Vec::new();
        let (now, pending) = (self.running.now(), self.running.pending());
        self.running.team.visit(|shard| all.append(&mut shard.readings(rule, now, pending)));
        all.sort_by_key(|reading| (reading.target, reading.source, reading.synapse));
        let delay = self.readings.learning[rule].1;
        for one in all {
            let weight = self.readings.held(projection.target, one.target as usize, one.number);
            take(one.source - source, one.target - target, weight, delay);
        }
    }
}

impl<C: Cells> Machine for LoihiMachine<C> {
    fn now(&self) -> i64 {
        self.running.now()
    }

    fn parts(&self) -> usize {
        self.parts
    }

    fn epoch(&self) -> i64 {
        self.epoch
    }

    fn advance(&mut self, until: i64, epoch: &mut Epoch) {
        let begin = Instant::now();
        self.running.advance(until, &[], epoch);
        self.spikes += epoch.spikes.len() as u64;
        for spike in epoch.spikes.iter().filter(|spike| spike.step > self.network.warm_up) {
            self.spikes_after_warm_up[self.network.locate(spike.neuron).0] += 1;
        }
        self.meeting += begin.elapsed().as_secs_f64();
    }

    fn probe(&mut self, probes: &[Probe]) {
        let mut parts = Vec::new();
        self.running.team.visit(|shard| {
            let own = probes.iter().enumerate();
            let own = own.filter_map(|(number, probe)| self.part(number, probe, shard.neurons()));
            parts.push(own.collect::<Vec<_>>());
        });
        let mut parts = parts.into_iter();
        self.running.team.visit(|shard| shard.probes = parts.next().unwrap_or_default());
    }

    fn weights(&self, projection: usize, take: &mut dyn FnMut(u32, u32, f64, i64)) {
        if let Some(rule) = self.readings.learning.iter().position(|(of, _)| *of == projection) {
            return self.plastic_weights(projection, rule, take);
        }
        let draw = Draw::new(&self.network, &self.connectivity, projection);
        let target = self.network.projections[projection].target;
        let population = &self.network.populations[target];
        let mut all = Vec::new();
        self.connectivity.wiring(projection).onto(0..population.size, &mut |synapses| {
            all.extend(synapses.iter().map(|synapse| {
                let neuron = (population.first + synapse.target) as usize;
                let weight = self.readings.weight(projection, target, neuron, draw.weight(synapse));
                (synapse.source, synapse.target, weight, i64::from(draw.delay(synapse)))
            }));
        });
        all.sort_by_key(|&(source, target, _, delay)| (target, source, delay));
        all.into_iter().for_each(|(source, target, weight, delay)| take(source, target, weight, delay));
    }

    fn counters(&self) -> Counters {
        let mut counters = Counters {
            spikes: self.spikes,
            spikes_after_warm_up: self.spikes_after_warm_up.clone(),
            ..Counters::default()
        };
        let mut stages = [0.0; 3];
        self.running.team.visit(|shard| {
            let (synapses, bytes) = shard.synapses();
            counters.synapses += synapses;
            counters.synapse_bytes += bytes;
            counters.synaptic_events += shard.events;
            stages.iter_mut().zip(&shard.stages).for_each(|(sum, stage)| *sum += stage.as_secs_f64());
        });
        let names = ["deliver", "stimulate", "update"];
        counters.stages = names.into_iter().zip(stages).collect();
        counters
    }

    fn save(&self, out: &mut Saver) {
        out.u64(self.spikes);
        out.list(&self.spikes_after_warm_up);
        self.running.save(out);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.spikes = from.u64()?;
        from.list_into(&mut self.spikes_after_warm_up)?;
        self.running.restore(from, self.network.neurons() as usize)
    }
}
