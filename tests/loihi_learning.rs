//! Plastic synapses from a network file on Loihi: they change as on the CPU, as far as the chip's numbers
//! go, and alike mapped and unmapped, on any threads and from any checkpoint.

mod common;

use backends::chip::{Chip, Mapped};
use backends::loihi::{BACKEND, CHIP, REAL_CHIP};
use common::{live, load, network, shipped};
use sim_core::backend::{Epoch, Load, Machine};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver};
use std::sync::Arc;

fn mapped(chip: &Chip, network: &Arc<Network>, threads: usize) -> Box<dyn Mapped> {
    let load = Load {
        network: Arc::clone(network),
        connectivity: Arc::new(connect(network, &NoFiles).unwrap()),
        arguments: &network.backend.arguments(BACKEND.parameters),
        files: &NoFiles,
        threads,
        parts: threads,
        progress: &|_| {},
    };
    (chip.map)(&load).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// (source, target, weight, delay) of every synapse of a projection.
type Weights = Vec<(u32, u32, f64, i64)>;

fn weights(machine: &dyn Machine, projection: usize) -> Weights {
    let mut all = Vec::new();
    machine
        .weights(projection, &mut |source, target, weight, delay| all.push((source, target, weight, delay)));
    all
}

/// 300 pairs of neurons, in each of which one fires ten times and the other `gap` ms later, or earlier; the
/// synapses have a delay of `delay` ms. The first fires once more in the end: on the CPU that is when the last
/// postsynaptic spike counts.
fn pairs(plasticity: &str, weight: f64, (gap, delay): (i32, u32)) -> Arc<Network> {
    let times = |first: i32, count: i32| {
        let all: Vec<String> = (0..count).map(|pair| (first + 200 * pair).to_string()).collect();
        all.join(", ")
    };
    let text = format!(
        "(format: 1,
        neuron_models: {{\"n\": CubaLif(V_th: mV(20), tau_m: ms(3), t_ref: ms(3))}},
        populations: [(name: \"pre\", size: 300, model: Use(\"n\")), (name: \"post\", size: 300, model: Use(\"n\"))],
        projections: [(from: [\"pre\"], to: [\"post\"], rule: OneToOne(), weight: pA({weight}), delay: ms({delay}),
            plasticity: {plasticity})],
        stimuli: [(name: \"a\", to: [\"pre\"], weight: pA(40), source: SpikeList(times: ms([{}]))),
            (name: \"b\", to: [\"post\"], weight: pA(40), source: SpikeList(times: ms([{}])))],
        simulation: (duration: ms(2300), dt: ms(1), seed: 5, precision: F64))",
        times(100, 11),
        times(100 + gap, 10)
    );
    network(&text, &[])
}

/// The mean change of a weight, in parts of the strongest one, 10 pA.
fn change(machine: &mut dyn Machine, network: &Network, before: f64) -> f64 {
    let spikes = live(machine, network.duration, i64::MAX);
    assert_eq!(spikes.len(), 300 * 21);
    let all = weights(machine, 0);
    assert_eq!(all.len(), 300);
    (all.iter().map(|(_, _, weight, _)| weight).sum::<f64>() / 300.0 - before) / 10.0
}

/// What a rule makes of pairs on the CPU, in floats on the chip and in the chip's integers.
fn changes(plasticity: &str, weight: f64, at: (i32, u32)) -> [f64; 3] {
    let network = pairs(plasticity, weight, at);
    let chip = |chip: &Chip| change(&mut *mapped(chip, &network, 1).placed(), &network, weight);
    [change(&mut *load(&network, 1), &network, weight), chip(&REAL_CHIP), chip(&CHIP)]
}

#[test]
fn pairs_change_weights_on_the_chip_as_on_the_cpu() {
    for plasticity in [
        "Stdp(weight_dependence: Additive, lambda: 0.02, alpha: 0.8, w_max: pA(10), tau_minus: ms(25))",
        "Stdp(weight_dependence: VanRossum, lambda: 0.02, alpha: 1.2, w_max: pA(10))",
        "Stdp(weight_dependence: Multiplicative, lambda: 0.03, w_max: pA(10))",
    ] {
        for gap in [-31, -7, -4, 1, 6, 30] {
            for delay in [1, 3] {
                let [cpu, real, chip] = changes(plasticity, 5.0, (gap, delay));
                let at = format!("{plasticity} {gap} {delay}");
                assert!((real - cpu).abs() < 0.01 * cpu.abs(), "{at}: {real} {cpu}");
                assert!((chip - real).abs() < 0.04 * real.abs() + 0.002, "{at}: {chip} {real}");
                assert_eq!(chip > 0.0, gap > 0);
            }
        }
    }
}

#[test]
fn inhibitory_rules_change_weights_on_the_chip_as_on_the_cpu() {
    let vogels = "VogelsSprekeler(eta: 0.2, alpha: 0.3, w_max: pA(-10))";
    let additive = "Stdp(weight_dependence: Additive, lambda: 0.02, w_max: pA(-10))";
    for (plasticity, gap) in [(vogels, -6), (vogels, 6), (vogels, 40), (additive, -6), (additive, 6)] {
        let [cpu, real, chip] = changes(plasticity, -5.0, (gap, 1));
        assert!((real - cpu).abs() < 0.01 * cpu.abs(), "{plasticity} {gap}: {real} {cpu}");
        assert!((chip - real).abs() < 0.06 * real.abs() + 0.003, "{plasticity} {gap}: {chip} {real}");
    }
}

/// Neurons that learn from each other while they fire.
const RECURRENT: &str = r#"(
    format: 1,
    neuron_models: {"n": CubaLif(C_m: pF(250), tau_m: ms(20), tau_syn: ms(5), t_ref: ms(2), V_th: mV(15))},
    populations: [
        (name: "E", size: 1300, model: Use("n")),
        (name: "I", size: 300, model: Use("n"), sign: Inhibitory),
    ],
    projections: [
        (name: "learning", from: ["E"], to: ["E"], rule: FixedIndegree(n: 15),
         weight: Uniform(low: pA(10), high: pA(50)), delay: ms(2),
         plasticity: Stdp(weight_dependence: Additive, lambda: 0.03, alpha: 1.1, w_max: pA(60))),
        (from: ["E"], to: ["I"], rule: FixedIndegree(n: 15), weight: pA(40), delay: Uniform(low: ms(1), high: ms(4))),
        (name: "balance", from: ["I"], to: ["E"], rule: FixedIndegree(n: 10), weight: pA(-60), delay: ms(1),
         plasticity: VogelsSprekeler(eta: 2.0, w_max: pA(-200))),
    ],
    stimuli: [(name: "noise", to: ["E", "I"], weight: pA(120), source: Poisson(rate: Hz(500)))],
    simulation: (duration: ms(400), dt: ms(1), seed: 3),
)"#;

fn all_weights(machine: &dyn Machine) -> Vec<Weights> {
    (0..3).map(|projection| weights(machine, projection)).collect()
}

#[test]
fn mapped_and_unmapped_networks_learn_alike_on_1_2_3_and_8_threads() {
    let network = network(RECURRENT, &[]);
    for chip in [&CHIP, &REAL_CHIP] {
        let mut first = None;
        for threads in [1, 2, 3, 8] {
            let mapped = mapped(chip, &network, threads);
            for mut machine in [mapped.placed(), mapped.unmapped()] {
                let most = if threads == 1 { i64::MAX } else { 1 };
                let spikes = live(&mut *machine, network.duration, most);
                assert!(spikes.len() > 5_000, "{} spikes only", spikes.len());
                let life = (spikes, all_weights(&*machine));
                assert!(*first.get_or_insert(life.clone()) == life, "{threads} threads differ");
            }
        }
        let (_, after) = first.unwrap();
        let before = all_weights(&*mapped(chip, &network, 1).placed());
        let changed =
            |number: usize| after[number].iter().zip(&before[number]).filter(|(a, b)| a != b).count();
        let counts = [0, 1, 2].map(changed);
        assert_eq!(counts[1], 0);
        assert!(counts[0] > 10_000 && counts[2] > 2_000, "{counts:?}");
    }
}

#[test]
fn learning_goes_on_from_a_checkpoint_in_the_middle_of_an_epoch_and_looking_changes_nothing() {
    let network = network(RECURRENT, &[]);
    for chip in [&CHIP, &REAL_CHIP] {
        let mapped = mapped(chip, &network, 2);
        let mut whole = mapped.placed();
        let spikes = live(&mut *whole, network.duration, i64::MAX);
        let mut machine = mapped.placed();
        let mut seen = live(&mut *machine, 131, 1);
        all_weights(&*machine);
        let mut saver = Saver::default();
        machine.save(&mut saver);
        let bytes = saver.into_bytes();
        let mut again = mapped.placed();
        let mut loader = Loader::new(&bytes);
        again.restore(&mut loader).unwrap();
        loader.finish().unwrap();
        assert!(all_weights(&*machine) == all_weights(&*again));
        seen.extend(live(&mut *again, network.duration, i64::MAX));
        assert!(spikes == seen && all_weights(&*whole) == all_weights(&*again));
    }
}

#[test]
fn weights_stay_within_their_bounds_and_the_report_says_what_became_of_the_rule() {
    let network = network(RECURRENT, &[]);
    let mapped = mapped(&CHIP, &network, 1);
    let mut machine = mapped.placed();
    let spikes = live(&mut *machine, network.duration, i64::MAX);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for (_, _, weight, delay) in weights(&*machine, 0) {
        (low, high) = (low.min(weight), high.max(weight));
        assert_eq!(delay, 2);
    }
    assert!(low >= 0.0 && high > 50.0 && high <= 60.0 * 1.02, "{low} to {high}");
    let report = mapped.report(Some(&spikes));
    let of = |name: &str| {
        let mut found =
            report.parameters.iter().filter(|loss| loss.population == "E → E" && loss.parameter == name);
        let loss = found.next().unwrap_or_else(|| panic!("nothing of {name}"));
        (loss.requested, loss.realised)
    };
    for name in ["strongest weight", "change by a pair, presynaptic spike first"] {
        let (requested, realised) = of(name);
        assert!((realised / requested - 1.0).abs() < 0.02, "{name}: {requested} {realised}");
    }
    assert_eq!(of("weights change every"), (1.0, 3.0));
    let mut epoch = Epoch::default();
    machine.advance(network.duration + 1, &mut epoch);
    assert!(report.energy.iter().all(|bill| bill.dynamic() > 0.0));
}

/// The mean time in ms from the beginning of a wave to the answer of a reader, in the first wave and the last.
fn answers(machine: &mut dyn Machine, network: &Network) -> [f64; 2] {
    let readers = &network.populations[network.population("readers").unwrap()];
    let mut sums = [(0.0, 0.0); 2];
    for spike in live(machine, network.duration, i64::MAX) {
        let since = spike.step - 50;
        let (wave, after) = (since.div_euclid(150), since.rem_euclid(150));
        if spike.neuron >= readers.first
            && spike.neuron < readers.first + readers.size
            && [0, 29].contains(&wave)
        {
            let (sum, count) = &mut sums[usize::from(wave == 29)];
            (*sum, *count) = (*sum + after as f64, *count + 1.0);
        }
    }
    sums.map(|(sum, count)| sum / count)
}

#[test]
fn readers_of_a_sequence_learn_to_answer_earlier_on_the_cpu_and_on_the_chip() {
    let network = network(&shipped("sequence"), &[]);
    let mapped = mapped(&CHIP, &network, 1);
    for machine in [&mut load(&network, 1), &mut mapped.placed()] {
        let [first, last] = answers(&mut **machine, &network);
        assert!(first > 20.0 && last < 0.6 * first, "{first} ms at first, {last} ms in the end");
    }
}
