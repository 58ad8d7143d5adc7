//! Plastic synapses in a machine: weights and spikes are the same for any threads, epochs and
//! checkpoints, while the spikes that no synapse needs any more are forgotten.

mod common;

use common::{live, load, network, resume};
use sim_core::backend::Machine;
use sim_core::network::Network;
use sim_core::spike::Spike;
use std::sync::Arc;

/// Every model, and each way in which it keeps its past.
const MODELS: [(&str, &str); 9] = [
    ("0.2", "Stdp(lambda: 0.01, w_max: mV(0.4))"),
    ("0.2", "Stdp(lambda: 0.01, w_max: mV(0.4), neighbours: Symmetric)"),
    ("0.2", "Stdp(lambda: 0.01, w_max: mV(0.4), neighbours: PresynCentered)"),
    ("0.2", "Stdp(lambda: 0.01, w_max: mV(0.4), neighbours: Restricted)"),
    ("0.2", "StdpPowerLaw(lambda: 0.01)"),
    ("0.2", "TripletStdp(w_max: mV(0.4))"),
    ("-0.2", "VogelsSprekeler(eta: 0.001, w_max: mV(-2.0))"),
    ("-0.2", "Stdp(lambda: 0.01, w_max: mV(-0.4))"),
    ("1.0", "TsodyksMarkram(tau_rec: ms(80.0), tau_fac: ms(50.0), tau_psc: ms(3.0), U: 0.3)"),
];

/// Neurons that fire fast, with plastic synapses among them and from slow sources, which look back
/// over many of their spikes; and others that do nothing.
fn plastic_network(weight: &str, model: &str, duration: &str, neurons: u32, silent: u32) -> Arc<Network> {
    let text = format!(
        "(format: 1, populations: [(name: \"E\", size: {neurons},
            model: IafPscDelta(C_m: pF(250.0), tau_m: ms(20.0), t_ref: ms(1.0), E_L: mV(0.0), V_th: mV(20.0),
                V_reset: mV(0.0)),
            initial: (V_m: Uniform(low: mV(0.0), high: mV(20.0)))),
            (name: \"slow\", size: 90, model: Parrot), (name: \"unheard\", size: {silent}, model: Parrot)],
        projections: [(name: \"plastic\", from: [\"E\", \"slow\"], to: [\"E\"], rule: FixedIndegree(n: 20),
            weight: mV({weight}), delay: Uniform(low: ms(0.5), high: ms(4.0)), plasticity: {model})],
        stimuli: [(name: \"p\", source: Poisson(rate: kHz(12.0)), to: [\"E\"], weight: mV(0.25), delay: ms(0.1)),
            (name: \"s\", source: Poisson(rate: Hz(8.0)), to: [\"slow\"], weight: 1.0, delay: ms(0.1))],
        simulation: (duration: ms({duration}), dt: ms(0.1), seed: 11))"
    );
    network(&text, &[])
}

/// (source, target, bits of the weight, delay in steps) of each synapse.
type Weights = Vec<(u32, u32, u64, i64)>;

fn weights(machine: &dyn Machine) -> Weights {
    let mut all = Vec::new();
    for projection in 0..2 {
        machine.weights(projection, &mut |source, target, weight, delay| {
            all.push((source, target, weight.to_bits(), delay));
        });
    }
    all
}

fn lived(network: &Arc<Network>, threads: usize, most: i64) -> (Vec<Spike>, Weights) {
    let mut machine = load(network, threads);
    let spikes = live(&mut *machine, network.duration, most);
    (spikes, weights(&*machine))
}

#[test]
fn every_synapse_model_gives_the_same_bits_on_any_threads_and_epochs_and_across_a_checkpoint() {
    for (weight, model) in MODELS {
        let network = plastic_network(weight, model, "150.0", 1_100, 0);
        let whole = lived(&network, 1, i64::MAX);
        assert!(whole.0.len() > 2_000, "{model}: only {} spikes", whole.0.len());
        assert_eq!(whole.1.len(), 44_000);
        if !model.starts_with("Tsodyks") {
            let start = weights(&*load(&network, 1));
            let changed = whole.1.iter().zip(&start).filter(|(a, b)| a != b).count();
            assert!(changed > 15_000, "{model}: only {changed} weights changed");
        }
        assert!(whole == lived(&network, 2, 3), "{model} depends on threads or epochs");
        for at in [4, 903] {
            let mut machine = load(&network, 2);
            let mut spikes = live(&mut *machine, at, i64::MAX);
            // Looking at the weights must not change them.
            weights(&*machine);
            let mut again = resume(&network, &*machine, 1);
            assert!(weights(&*machine) == weights(&*again), "{model}: the weights at step {at} differ");
            spikes.extend(live(&mut *again, network.duration, i64::MAX));
            assert!(whole == (spikes, weights(&*again)), "{model} went on differently from step {at}");
        }
    }
}

#[test]
fn weights_sampled_at_any_step_follow_the_same_path_whether_or_not_they_are_looked_at() {
    let (weight, model) = MODELS[0];
    let network = plastic_network(weight, model, "60.0", 1_100, 0);
    let mut machine = load(&network, 2);
    let mut spikes = Vec::new();
    for until in (50..=network.duration).step_by(50) {
        spikes.extend(live(&mut *machine, until, i64::MAX));
        weights(&*machine);
    }
    assert!((spikes, weights(&*machine)) == lived(&network, 1, i64::MAX));
}

#[test]
fn what_is_forgotten_is_not_missed() {
    // A shard forgets after 65536 spikes. Silent neighbours cut the network in two, and neither
    // half comes to that many.
    for (weight, model) in [MODELS[0], MODELS[2], MODELS[5]] {
        let forgetting = plastic_network(weight, model, "900.0", 900, 0);
        let remembering = plastic_network(weight, model, "900.0", 900, 900);
        let whole = lived(&remembering, 2, i64::MAX);
        assert!((75_000..125_000).contains(&whole.0.len()), "{model}: {} spikes", whole.0.len());
        let mut machine = load(&forgetting, 1);
        let mut spikes = live(&mut *machine, 7_003, i64::MAX);
        let mut again = resume(&forgetting, &*machine, 1);
        spikes.extend(live(&mut *again, forgetting.duration, i64::MAX));
        assert!(whole == (spikes, weights(&*again)), "{model} misses what it forgot");
    }
}
