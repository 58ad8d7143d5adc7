//! A machine that runs like clockwork, so that a test knows what must be recorded of it.

use recordings::hdf5::plan::{Members, Plan, Rate, Spikes, State, Weights};
use sim_core::backend::{Counters, Epoch, Machine, Probe, Sample};
use sim_core::network::Precision;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;

/// A machine whose spikes, states and weights are simple functions of time.
pub struct Clockwork {
    pub now: i64,
    pub probes: Vec<Probe>,
    /// The step at which the process aborts.
    pub abort_at: i64,
}

impl Clockwork {
    pub fn of(plan: &Plan) -> Clockwork {
        Clockwork { now: 0, probes: plan.probes(), abort_at: i64::MAX }
    }
}

impl Machine for Clockwork {
    fn now(&self) -> i64 {
        self.now
    }

    fn epoch(&self) -> i64 {
        15
    }

    fn advance(&mut self, until: i64, epoch: &mut Epoch) {
        if self.now >= self.abort_at {
            std::process::abort();
        }
        *epoch = Epoch { from: self.now, until, ..Epoch::default() };
        for step in self.now + 1..=until {
            let fires = |neuron: &u32| (step + i64::from(*neuron)) % 7 == 0;
            epoch.spikes.extend((0..50).filter(fires).map(|neuron| Spike { step, lead: 0.0, neuron }));
            for (probe, wanted) in self.probes.iter().enumerate().filter(|(_, p)| step % p.every == 0) {
                let value = |&neuron: &u32| step as f64 + f64::from(neuron) / 3.0 + probe as f64 * 1e4;
                epoch.samples.push(Sample {
                    probe,
                    step,
                    values: wanted.neurons.iter().map(value).collect(),
                });
            }
        }
        self.now = until;
    }

    fn probe(&mut self, probes: &[Probe]) {
        self.probes = probes.to_vec();
    }

    fn weights(&self, _: usize, take: &mut dyn FnMut(u32, u32, f64, i64)) {
        for target in 0..10 {
            for source in 0..3 {
                take(source, target, f64::from(source) + self.now as f64 / 1024.0, 10);
            }
        }
    }

    fn counters(&self) -> Counters {
        Counters { synapses: 30, ..Counters::default() }
    }

    fn save(&self, out: &mut Saver) {
        out.put(self.now);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        Ok(())
    }
}

/// Everything that can be recorded of it.
pub fn plan() -> Plan {
    let state = |population, variable: &str, unit: &str, neurons: Vec<u32>| State {
        population,
        state: 0,
        variable: variable.into(),
        unit: unit.into(),
        every: 3,
        neurons,
    };
    Plan {
        title: "sample".into(),
        seed: 12345,
        dt: 0.1,
        duration: 10_000,
        warm_up: 100,
        flush_every: Some(1000),
        checkpoint_every: Some(2500),
        precision: Precision::F32,
        populations: vec![
            Members { name: "E".into(), first: 0, size: 40 },
            Members { name: "I".into(), first: 40, size: 10 },
        ],
        spikes: vec![
            Spikes { population: 0, neurons: (0..40).collect() },
            Spikes { population: 1, neurons: vec![2, 3, 9] },
        ],
        rates: vec![Rate { population: 0, neurons: (0..40).collect(), bin: 70 }],
        states: vec![
            state(0, "V_m", "mV", vec![0, 5, 39]),
            state(1, "V_m", "mV", vec![1]),
            state(0, "U_m", "mV", vec![0, 5]),
        ],
        weights: vec![Weights {
            name: "stdp".into(),
            projection: 0,
            source: 0,
            target: 1,
            unit: "pA".into(),
            every: 2000,
        }],
    }
}
