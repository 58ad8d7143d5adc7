//! The machine against a simulator that is too simple to be wrong: arrivals in a map, sorted and
//! summed for each target. Same bits, whatever the threads, epochs and checkpoints; where neurons are
//! left alone until something arrives, the same spikes, and potentials that differ by rounding only.

mod common;

use common::{live, load, network, resumed};
use proptest::prelude::*;
use sim_core::backend::{Epoch, Machine, Probe};
use sim_core::math::exp;
use sim_core::network::Network;
use sim_core::parameter::Arguments;
use sim_core::spike::Spike;
use std::collections::BTreeMap;
use std::sync::Arc;

const TAU_M: f64 = 20.0;
const V_TH: f64 = 20.0;
const V_RESET: f64 = 10.0;
const T_REF_STEPS: i64 = 20;

/// Whether neurons live every step or are left alone until something arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Life {
    EveryStep,
    LeftAlone,
}

/// Excitatory and inhibitory neurons that parrots of Poisson trains drive; weights and delays are all
/// different, and some synapses double. Few enough arrive to be left alone, but not while a current
/// flows, even one of 0 pA.
fn random_network(
    seed: u64,
    sizes: [u32; 3],
    indegrees: [u32; 3],
    delays: (f64, f64),
    life: Life,
) -> Arc<Network> {
    let [parrots, excitatory, inhibitory] = sizes;
    let [from_parrots, from_e, from_i] = indegrees;
    let delay = format!("Uniform(low: ms({:?}), high: ms({:?}))", delays.0, delays.1);
    let projection = |from: &str, n: u32, low: f64, high: f64| {
        let weight = format!("Uniform(low: mV({low:?}), high: mV({high:?}))");
        format!(
            "(from: [\"{from}\"], to: [\"E\", \"I\"], rule: FixedIndegree(n: {n}), weight: {weight}, delay: {delay}),"
        )
    };
    let current = match life {
        Life::EveryStep => "(name: \"c\", source: Dc(amplitude: pA(0.0)), to: [\"E\", \"I\"]),",
        Life::LeftAlone => "",
    };
    let text = format!(
        "(format: 1, neuron_models: {{\"lif\": IafPscDelta(C_m: pF(250.0), tau_m: ms(20.0), t_ref: ms(2.0),
            E_L: mV(0.0), V_th: mV(20.0), V_reset: mV(10.0))}},
        populations: [(name: \"P\", size: {parrots}, model: Parrot),
            (name: \"E\", size: {excitatory}, model: Use(\"lif\")),
            (name: \"I\", size: {inhibitory}, model: Use(\"lif\"))],
        projections: [{} {} {}],
        stimuli: [(name: \"p\", source: Poisson(rate: Hz(400.0)), to: [\"P\"], weight: 1.0, delay: ms(0.1)),
            {current}],
        simulation: (duration: ms(80.0), dt: ms(0.1), seed: {seed}, precision: F64))",
        projection("P", from_parrots, 0.0, 16.0 / f64::from(from_parrots)),
        projection("E", from_e, 0.0, 20.0 / f64::from(from_e)),
        projection("I", from_i, -60.0 / f64::from(from_i), 0.0),
    );
    network(&text, &[])
}

/// The simulator: who reaches whom, potentials, and what arrives at each step.
struct Naive {
    first_parrot: u32,
    parrots: u32,
    /// Per source (target, delay, weight), by projection and then as the projection lists them.
    synapses: Vec<Vec<(u32, i64, f64)>>,
    /// By step, (spike, synapse of the source, target, weight).
    arrivals: BTreeMap<i64, Vec<(usize, usize, u32, f64)>>,
    v: Vec<f64>,
    /// The last step in which V is held.
    held_until: Vec<i64>,
}

impl Naive {
    fn new(network: &Network, machine: &dyn Machine) -> Self {
        let neurons = network.neurons() as usize;
        let mut synapses = vec![Vec::new(); neurons];
        for (number, projection) in network.projections.iter().enumerate() {
            let first = |population: usize| network.populations[population].first;
            let (from, to) = (first(projection.source), first(projection.target));
            machine.weights(number, &mut |source, target, weight, delay| {
                synapses[(from + source) as usize].push((to + target, delay, weight));
            });
        }
        let parrots = &network.populations[network.population("P").unwrap()];
        Naive {
            first_parrot: parrots.first,
            parrots: parrots.size,
            synapses,
            arrivals: BTreeMap::new(),
            v: vec![0.0; neurons],
            held_until: vec![0; neurons],
        }
    }

    /// All spikes, given those of the parrots, and V of every neuron after every step for which it is wanted.
    fn live(&mut self, steps: i64, heard: &[Spike], mut show: impl FnMut(i64, &[f64])) -> Vec<Spike> {
        let leak = exp(-0.1 / TAU_M);
        let mut spikes = Vec::new();
        let parrots: Vec<Spike> = heard.iter().filter(|s| self.is_parrot(s.neuron)).copied().collect();
        let mut heard = parrots.into_iter().peekable();
        for step in 1..=steps {
            let mut due = self.arrivals.remove(&step).unwrap_or_default();
            due.sort_by_key(|&(spike, synapse, _, _)| (spike, synapse));
            let mut sums = vec![0.0; self.v.len()];
            due.iter().for_each(|&(_, _, target, weight)| sums[target as usize] += weight);
            let before = spikes.len();
            while let Some(spike) = heard.next_if(|spike| spike.step == step) {
                spikes.push(spike);
            }
            for (neuron, sum) in sums.into_iter().enumerate() {
                if self.is_parrot(neuron as u32) || step <= self.held_until[neuron] {
                    continue;
                }
                self.v[neuron] = self.v[neuron] * leak + sum;
                if self.v[neuron] >= V_TH {
                    self.v[neuron] = V_RESET;
                    self.held_until[neuron] = step + T_REF_STEPS;
                    spikes.push(Spike { step, lead: 0.0, neuron: neuron as u32 });
                }
            }
            spikes[before..].sort_by_key(|spike| spike.neuron);
            for (number, spike) in spikes.iter().enumerate().skip(before) {
                for (place, &(target, delay, weight)) in
                    self.synapses[spike.neuron as usize].iter().enumerate()
                {
                    self.arrivals.entry(step + delay).or_default().push((number, place, target, weight));
                }
            }
            show(step, &self.v);
        }
        spikes
    }

    fn is_parrot(&self, neuron: u32) -> bool {
        (self.first_parrot..self.first_parrot + self.parrots).contains(&neuron)
    }
}

fn is_the_naive_one(network: &Arc<Network>, threads: [usize; 2], checkpoint: i64, most: i64) {
    let spikes = live(&mut *load(network, threads[0]), network.duration, i64::MAX);
    let mut naive = Naive::new(network, &*load(network, 1));
    let expected = naive.live(network.duration, &spikes, |_, _| {});
    let own = expected.iter().filter(|spike| !naive.is_parrot(spike.neuron)).count();
    assert!(own > 200, "only {own} spikes tell nothing");
    if let Some(place) = (0..expected.len().max(spikes.len())).find(|&i| expected.get(i) != spikes.get(i)) {
        panic!("spike {place} is {:?}, not {:?}", spikes.get(place), expected.get(place));
    }
    assert!(spikes == resumed(network, threads, checkpoint, most), "the checkpoint changed something");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_random_network_fires_the_spikes_of_a_naive_simulator(
        seed in 0u64..1_000_000,
        shortest in 1u32..30,
        spread in 1u32..60,
        threads in [1usize..5, 1usize..5],
        checkpoint in 1i64..800,
        most in 1i64..40,
    ) {
        let delays = (f64::from(shortest) * 0.1, f64::from(shortest + spread) * 0.1);
        for life in [Life::EveryStep, Life::LeftAlone] {
            let network = random_network(seed, [300, 700, 250], [40, 60, 30], delays, life);
            is_the_naive_one(&network, threads, checkpoint, most);
        }
    }
}

#[test]
fn a_network_of_four_shards_fires_the_spikes_of_a_naive_simulator() {
    for life in [Life::EveryStep, Life::LeftAlone] {
        let network = random_network(7, [6_000, 60_000, 20_000], [4, 5, 2], (0.7, 9.0), life);
        is_the_naive_one(&network, [4, 3], 333, 5);
    }
}

#[test]
fn sampled_potentials_are_those_of_a_naive_simulator_for_any_pick_interval_and_thread_count() {
    [Life::EveryStep, Life::LeftAlone].into_iter().for_each(potentials_are_those_of_a_naive_simulator);
}

fn potentials_are_those_of_a_naive_simulator(life: Life) {
    let network = random_network(3, [300, 900, 300], [40, 60, 30], (0.4, 4.0), life);
    let population = network.population("E").unwrap();
    let first = network.populations[population].first as usize;
    let picks: [Vec<u32>; 3] = [(0..900).collect(), vec![0, 255, 256, 511, 512, 767, 768, 899], vec![600]];
    let probes: Vec<Probe> = picks
        .iter()
        .zip([7, 1, 40])
        .map(|(neurons, every)| Probe { population, state: 0, every, neurons: neurons.clone() })
        .collect();
    let sampled = |threads: usize, most: i64| {
        let mut machine = load(&network, threads);
        machine.probe(&probes);
        let (mut epoch, mut samples, mut spikes) = (Epoch::default(), Vec::new(), Vec::new());
        while machine.now() < network.duration {
            machine.advance(network.duration.min(machine.now() + machine.epoch().min(most)), &mut epoch);
            samples.append(&mut epoch.samples);
            spikes.append(&mut epoch.spikes);
        }
        (samples, spikes)
    };
    let (samples, spikes) = sampled(1, i64::MAX);
    let mut expected = Vec::new();
    Naive::new(&network, &*load(&network, 1)).live(network.duration, &spikes, |step, v| {
        for (number, probe) in probes.iter().enumerate().filter(|(_, probe)| step % probe.every == 0) {
            let values = probe.neurons.iter().map(|&neuron| v[first + neuron as usize]).collect::<Vec<f64>>();
            expected.push((number, step, values));
        }
    });
    let found: Vec<_> = samples.iter().map(|s| (s.probe, s.step, s.values.clone())).collect();
    assert_eq!((found.len(), expected.len()), (800 / 7 + 800 + 800 / 40, 800 / 7 + 800 + 800 / 40));
    let tolerance = if life == Life::EveryStep { 0.0 } else { 1e-11 };
    let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance);
    for (found, expected) in found.iter().zip(&expected) {
        let same = (found.0, found.1) == (expected.0, expected.1) && near(&found.2, &expected.2);
        assert!(same, "{life:?}: the potentials differ at step {}", expected.1);
    }
    for (threads, most) in [(2, i64::MAX), (3, 3), (4, 1)] {
        assert!(samples == sampled(threads, most).0, "{threads} threads and epochs of {most} steps differ");
    }
}

#[test]
fn a_delay_of_any_length_brings_a_spike_to_its_step() {
    const LONGEST: i64 = 600;
    let pairs: String = (0..LONGEST).map(|target| format!("(0, {target}), ")).collect();
    let delays: String = (1..=LONGEST).map(|delay| format!("ms({:.1}), ", delay as f64 * 0.1)).collect();
    let text = format!(
        "(format: 1, populations: [(name: \"A\", size: 1, model: Parrot), (name: \"B\", size: {LONGEST}, model: Parrot)],
        projections: [(from: [\"A\"], to: [\"B\"], rule: List(pairs: [{pairs}]), weight: 1.0, delay: [{delays}])],
        stimuli: [(name: \"s\", source: SpikeList(times: [ms(0.1), ms(0.2), ms(13.0)]), to: [\"A\"], weight: 1.0,
            delay: ms(0.1))],
        simulation: (duration: ms(80.0), dt: ms(0.1), seed: 1))"
    );
    let network = network(&text, &[]);
    let (a, b) = (network.population("A").unwrap(), network.population("B").unwrap());
    let first = |population: usize| network.populations[population].first;
    let mut expected = Vec::new();
    for fired in [2, 3, 131] {
        expected.push((fired, first(a)));
        expected.extend((1..=LONGEST).map(|delay| (fired + delay, first(b) + delay as u32 - 1)));
    }
    expected.sort_unstable();
    let spikes = live(&mut *load(&network, 1), network.duration, i64::MAX);
    let found: Vec<_> = spikes.iter().map(|spike| (spike.step, spike.neuron)).collect();
    assert_eq!(found, expected);
    assert!(spikes == resumed(&network, [1, 1], 200, i64::MAX));
}

#[test]
fn the_longest_delay_arrives_and_a_longer_one_is_refused() {
    let text = "(format: 1, populations: [(name: \"A\", size: 1, model: Parrot), (name: \"B\", size: 1, model: Parrot)],
        projections: [(from: [\"A\"], to: [\"B\"], rule: AllToAll, weight: 1.0, delay: ms(6553.5))],
        stimuli: [(name: \"s\", source: SpikeList(times: [ms(0.1)]), to: [\"A\"], weight: 1.0, delay: ms(0.1))],
        simulation: (duration: ms(6600.0), dt: ms(0.1), seed: 1))";
    let longest = network(text, &[]);
    let spikes = live(&mut *load(&longest, 1), longest.duration, i64::MAX);
    assert_eq!(spikes.iter().map(|spike| spike.step).collect::<Vec<_>>(), [2, 2 + 65_535]);
    let longer = network(text, &["projections[0].delay=ms(6553.6)"]);
    let connectivity = Arc::new(sim_core::connect::connect(&longer, &sim_core::data::NoFiles).unwrap());
    let files = &sim_core::data::NoFiles;
    let wanted = sim_core::backend::Load {
        network: longer,
        connectivity,
        arguments: &Arguments::defaults(&[]),
        files,
        threads: 1,
        parts: 1,
        progress: &|_| {},
    };
    let refusal = (backends::cpu::BACKEND.load)(wanted).err().unwrap();
    assert_eq!(
        refusal.reasons,
        ["a delay from \"A\" to \"B\" can be 6553.6 ms, 65536 steps; at most 65535 steps fit"]
    );
}

#[test]
fn weights_of_both_signs_and_one_delay_all_arrive_each_at_its_port() {
    let text = "(format: 1, populations: [(name: \"A\", size: 2, model: Parrot), (name: \"B\", size: 300, model: IafPscExp())],
        projections: [(from: [\"A\"], to: [\"B\"], rule: AllToAll, weight: Normal(mean: pA(0.0), sd: pA(9.0)), delay: ms(1.0))],
        stimuli: [(name: \"s\", source: SpikeList(times: [ms(0.1)]), to: [\"A\"], weight: 1.0, delay: ms(0.1))],
        simulation: (duration: ms(2.0), dt: ms(0.1), seed: 1, precision: F64))";
    let network = network(text, &[]);
    let mut machine = load(&network, 2);
    let population = network.population("B").unwrap();
    // I_syn_ex and I_syn_in, in the step of arrival.
    let currents = [1, 2].map(|state| Probe { population, state, every: 12, neurons: (0..300).collect() });
    machine.probe(&currents);
    let (mut epoch, mut samples) = (Epoch::default(), Vec::new());
    while machine.now() < network.duration {
        machine.advance(network.duration.min(machine.now() + machine.epoch()), &mut epoch);
        samples.append(&mut epoch.samples);
    }
    let mut expected = vec![[0.0; 2]; 300];
    machine.weights(0, &mut |_, target, weight, _| {
        expected[target as usize][usize::from(weight < 0.0)] += weight;
    });
    assert_eq!(machine.counters().synaptic_events, 600);
    assert!(expected.iter().filter(|[ex, inh]| *ex > 0.0 && *inh < 0.0).count() > 100);
    for (state, sample) in samples.iter().enumerate() {
        let found: Vec<f64> = expected.iter().map(|sums| sums[state]).collect();
        assert_eq!((sample.probe, sample.step, &sample.values), (state, 12, &found));
    }
}
