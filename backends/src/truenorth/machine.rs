//! A network on TrueNorth as a machine: placed on cores, as one unlimited core, or either in floats.

use super::bits::Bits;
use super::drive::Drive;
use super::emulator::{Emulator, Input, Probed};
use super::place::Placed;
use super::quantise::Quantisation;
use super::unlimited::Unlimited;
use crate::cpu::draw::Draw;
use sim_core::backend::{Counters, Epoch, Machine, Probe, Sample};
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use std::sync::Arc;
use std::time::Instant;

/// A loaded network.
pub struct TrueNorth {
    network: Arc<Network>,
    connectivity: Arc<Connectivity>,
    quantisation: Arc<Quantisation>,
    drive: Drive,
    body: Body,
    probes: Vec<Probe>,
    now: i64,
    spikes: u64,
    spikes_after_warm_up: Vec<u64>,
    /// Seconds in stimuli and in cores.
    stages: [f64; 2],
}

/// What lives.
pub enum Body {
    /// Cores, and where in them everything is.
    Placed(Emulator, Arc<Placed>),
    /// The integers as one core.
    Whole(Unlimited<i32>),
    /// Floats: as one core, or flat as placed, with the inputs of each input and the cores.
    Real(Unlimited<f64>, Option<(Vec<Vec<u32>>, Arc<Placed>)>),
}

impl TrueNorth {
    /// A machine at step 0.
    pub fn new(
        (network, connectivity): (Arc<Network>, Arc<Connectivity>),
        quantisation: Arc<Quantisation>,
        drive: Drive,
        body: Body,
    ) -> TrueNorth {
        TrueNorth {
            spikes_after_warm_up: vec![0; network.populations.len()],
            network,
            connectivity,
            quantisation,
            drive,
            body,
            probes: Vec::new(),
            now: 0,
            spikes: 0,
            stages: [0.0; 2],
        }
    }

    /// Events that were merged with another in the same tick: of inputs, and at axons.
    pub fn merged(&self) -> (u64, u64) {
        let axons = if let Body::Placed(emulator, _) = &self.body { emulator.counts().merged } else { 0 };
        (self.drive.merged, axons)
    }

    /// V of a neuron in the file's unit, given its potential.
    fn voltage(&self, neuron: u32, potential: f64) -> f64 {
        let scale = match self.body {
            Body::Real(..) => 1.0,
            _ => self.quantisation.scales[self.network.locate(neuron).0],
        };
        potential / scale + self.quantisation.rests[neuron as usize]
    }

    /// Whether a probe samples V; there is no other state.
    fn is_voltage(&self, probe: &Probe) -> bool {
        self.network.populations[probe.population].neuron.model.states[probe.state].name == "V_m"
    }

    fn sample_placed(&self, samples: Vec<(i64, usize, usize, i32)>, epoch: &mut Epoch) {
        let mut values = samples.into_iter().peekable();
        for step in self.now + 1..=epoch.until {
            for (number, probe) in self.probes.iter().enumerate().filter(|(_, probe)| step % probe.every == 0)
            {
                let mut sample = Sample { probe: number, step, values: vec![0.0; probe.neurons.len()] };
                while let Some((.., place, potential)) = values.next_if(|v| (v.0, v.1) == (step, number)) {
                    let neuron = self.network.populations[probe.population].first + probe.neurons[place];
                    sample.values[place] = self.voltage(neuron, potential.into());
                }
                epoch.samples.push(sample);
            }
        }
    }

    fn sample_whole(&self, step: i64, epoch: &mut Epoch) {
        for (number, probe) in self.probes.iter().enumerate().filter(|(_, probe)| step % probe.every == 0) {
            let first = self.network.populations[probe.population].first;
            let value = |&index: &u32| {
                let neuron = (first + index) as usize;
                let potential = match &self.body {
                    Body::Whole(core) => core.potential(neuron).into(),
                    Body::Real(core, None) => core.potential(neuron),
                    Body::Real(core, Some((_, placed))) => core.potential(placed.place(neuron)),
                    Body::Placed(..) => 0.0,
                };
                if self.is_voltage(probe) { self.voltage(neuron as u32, potential) } else { 0.0 }
            };
            epoch.samples.push(Sample {
                probe: number,
                step,
                values: probe.neurons.iter().map(value).collect(),
            });
        }
    }

    fn live_placed(&mut self, until: i64, epoch: &mut Epoch) {
        let begin = Instant::now();
        let Body::Placed(emulator, placed) = &mut self.body else { return };
        let mut inputs = Vec::new();
        for tick in self.now + 1..=until {
            self.drive.step(tick, |input, spikes| {
                let axons = placed.inputs[input as usize][..spikes.into()].iter().flatten();
                inputs.extend(axons.map(|&(core, axon)| Input { tick, core, axon }));
            });
        }
        let driven = Instant::now();
        emulator.advance(until, &inputs, &mut epoch.spikes);
        let samples = if self.probes.is_empty() { Vec::new() } else { emulator.samples() };
        self.stages[0] += (driven - begin).as_secs_f64();
        self.stages[1] += driven.elapsed().as_secs_f64();
        self.sample_placed(samples, epoch);
    }

    fn live_whole(&mut self, until: i64, epoch: &mut Epoch) {
        for step in self.now + 1..=until {
            let begin = Instant::now();
            let mut inputs = Vec::new();
            let own = match &self.body {
                Body::Real(_, Some((own, _))) => Some(own),
                _ => None,
            };
            self.drive.step(step, |input, spikes| match own {
                None => inputs.push((input, spikes)),
                Some(own) => inputs.extend(own[input as usize].iter().map(|&input| (input, spikes))),
            });
            let driven = Instant::now();
            let spike = |neuron| Spike { step, lead: 0.0, neuron };
            match &mut self.body {
                Body::Whole(core) => core.live(step, &inputs, |neuron| epoch.spikes.push(spike(neuron))),
                Body::Real(core, None) => core.live(step, &inputs, |neuron| epoch.spikes.push(spike(neuron))),
                Body::Real(core, Some((_, placed))) => {
                    let before = epoch.spikes.len();
                    core.live(step, &inputs, |place| {
                        let name = placed.names[place as usize];
                        epoch.spikes.extend((name != super::group::UNNAMED).then(|| spike(name)));
                    });
                    epoch.spikes[before..].sort_unstable_by_key(|spike| spike.neuron);
                }
                Body::Placed(..) => {}
            }
            self.stages[0] += (driven - begin).as_secs_f64();
            self.stages[1] += driven.elapsed().as_secs_f64();
            self.sample_whole(step, epoch);
        }
    }
}

impl Machine for TrueNorth {
    fn now(&self) -> i64 {
        self.now
    }

    fn epoch(&self) -> i64 {
        match &self.body {
            Body::Placed(emulator, _) => emulator.epoch(),
            Body::Whole(_) | Body::Real(..) => 1,
        }
    }

    fn advance(&mut self, until: i64, epoch: &mut Epoch) {
        epoch.spikes.clear();
        epoch.samples.clear();
        (epoch.from, epoch.until) = (self.now, until);
        match &self.body {
            Body::Placed(..) => self.live_placed(until, epoch),
            Body::Whole(_) | Body::Real(..) => self.live_whole(until, epoch),
        }
        self.now = until;
        self.spikes += epoch.spikes.len() as u64;
        for spike in epoch.spikes.iter().filter(|spike| spike.step > self.network.warm_up) {
            self.spikes_after_warm_up[self.network.locate(spike.neuron).0] += 1;
        }
    }

    fn probe(&mut self, probes: &[Probe]) {
        self.probes = probes.to_vec();
        if let Body::Placed(emulator, placed) = &mut self.body {
            let probed = |probe: &Probe| {
                let population = &self.network.populations[probe.population];
                let voltage = population.neuron.model.states[probe.state].name == "V_m";
                let neurons = if voltage { &probe.neurons[..] } else { &[] };
                let home = |index: &u32| placed.homes[(population.first + index) as usize];
                Probed { every: probe.every, neurons: neurons.iter().map(home).collect() }
            };
            emulator.probe(&probes.iter().map(probed).collect::<Vec<_>>());
        }
    }

    fn weights(&self, projection: usize, take: &mut dyn FnMut(u32, u32, f64, i64)) {
        let draw = Draw::new(&self.network, &self.connectivity, projection);
        let population = &self.network.populations[self.network.projections[projection].target];
        let real = matches!(self.body, Body::Real(..));
        let mut all = Vec::new();
        self.connectivity.wiring(projection).onto(0..population.size, &mut |synapses| {
            all.extend(synapses.iter().map(|synapse| {
                let weight = draw.weight(synapse);
                let target = population.first + synapse.target;
                let made = || self.quantisation.realised(&self.network, target, weight);
                let weight = if real { weight } else { made() };
                (synapse.source, synapse.target, weight, i64::from(draw.delay(synapse)))
            }));
        });
        all.sort_by_key(|&(source, target, _, delay)| (target, source, delay));
        all.into_iter().for_each(|(source, target, weight, delay)| take(source, target, weight, delay));
    }

    fn counters(&self) -> Counters {
        let listed = self.quantisation.integers.synapses.len() as u64;
        let (synapses, synapse_bytes, synaptic_events) = match &self.body {
            Body::Placed(emulator, placed) => {
                let rows = || placed.cores.iter().flat_map(|core| &core.rows);
                let ones = rows().map(|row| u64::from(row.count())).sum();
                (ones, (rows().count() * size_of::<Bits>()) as u64, emulator.counts().synaptic_events)
            }
            Body::Whole(core) => (listed, listed * 12, core.events),
            Body::Real(core, _) => (listed, listed * 24, core.events),
        };
        Counters {
            synapses,
            synapse_bytes,
            spikes: self.spikes,
            spikes_after_warm_up: self.spikes_after_warm_up.clone(),
            synaptic_events,
            stages: ["stimulate", "tick"].into_iter().zip(self.stages).collect(),
        }
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.now);
        out.u64(self.spikes);
        out.list(&self.spikes_after_warm_up);
        self.drive.save(out);
        match &self.body {
            Body::Placed(emulator, _) => emulator.save(out),
            Body::Whole(core) => core.save(out),
            Body::Real(core, _) => core.save(out),
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        self.spikes = from.u64()?;
        from.list_into(&mut self.spikes_after_warm_up)?;
        self.drive.restore(from)?;
        match &mut self.body {
            Body::Placed(emulator, _) => emulator.restore(from),
            Body::Whole(core) => core.restore(from),
            Body::Real(core, _) => core.restore(from),
        }
    }
}
