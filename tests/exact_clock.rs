//! The clock between the steps: where spikes fall, in which order they are told, and that nothing
//! depends on threads, epochs, checkpoints or the order of the file.

mod common;

use common::{live, load, network, resumed, table};
use sim_core::network::Network;
use sim_core::spike::Spike;
use std::sync::Arc;

const DT: f64 = 0.1;

fn spikes(network: &Arc<Network>, threads: usize, most: i64) -> Vec<Spike> {
    live(&mut *load(network, threads), network.duration, most)
}

/// Neurons that fire between the steps, driven by off-grid Poisson trains and by each other.
fn random_network(turned: bool) -> Arc<Network> {
    let turn = |items: &[&str]| {
        let items = items.iter().map(|item| format!("{item},"));
        if turned { items.rev().collect::<String>() } else { items.collect() }
    };
    let populations = turn(&[
        "(name: \"E\", size: 900, model: IafPscExpPs(tau_m: Uniform(low: ms(8.0), high: ms(12.0))), initial: (V_m: Uniform(low: mV(-70.0), high: mV(-56.0))))",
        "(name: \"I\", size: 300, model: IafPscExpPs)",
        "(name: \"P\", size: 200, model: Parrot)",
    ]);
    let projections = turn(&[
        "(from: [\"E\"], to: [\"E\", \"I\"], rule: FixedIndegree(n: 40), weight: Uniform(low: pA(10.0), high: pA(60.0)), delay: Uniform(low: ms(0.5), high: ms(3.0)))",
        "(from: [\"I\"], to: [\"E\", \"I\"], rule: FixedIndegree(n: 20), weight: pA(-200.0), delay: Uniform(low: ms(0.3), high: ms(2.0)))",
        "(from: [\"P\"], to: [\"E\", \"I\"], rule: FixedIndegree(n: 20), weight: pA(60.0), delay: ms(1.0))",
    ]);
    let stimuli = turn(&[
        "(name: \"many\", source: Poisson(rate: kHz(9.0)), to: [\"E\", \"I\"], weight: pA(25.0), delay: ms(0.3))",
        "(name: \"few\", source: Poisson(rate: Hz(12.0)), to: [\"P\", \"E\"], weight: 1.0, delay: ms(0.2))",
    ]);
    let stimuli = stimuli.replace("to: [\"P\", \"E\"]", "to: [\"P\"]");
    network(
        &format!(
            "(format: 1, populations: [{populations}], projections: [{projections}], stimuli: [{stimuli}],
            simulation: (duration: ms(150.0), dt: ms(0.1), seed: 5, clock: Exact))"
        ),
        &[],
    )
}

#[test]
fn spikes_are_told_by_time_and_number_and_lie_in_their_step() {
    let network = random_network(false);
    let all = spikes(&network, 2, i64::MAX);
    let own = all.iter().filter(|spike| network.locate(spike.neuron).0 < 2).count();
    assert!(own > 1000, "only {own} spikes tell nothing");
    assert!(all.iter().all(|spike| (0.0..DT).contains(&spike.lead)));
    assert!(all.iter().filter(|spike| spike.lead > 0.0).count() > own / 2);
    let order = |spike: &Spike| (spike.step, -spike.lead, spike.neuron);
    assert!(all.windows(2).all(|pair| order(&pair[0]) <= order(&pair[1])));
}

#[test]
fn threads_epochs_and_the_order_of_the_file_change_nothing() {
    let network = random_network(false);
    let all = spikes(&network, 1, i64::MAX);
    for (threads, most) in [(2, i64::MAX), (3, 1), (1, 2)] {
        assert!(all == spikes(&network, threads, most), "{threads} threads, epochs of {most} steps");
    }
    let turned = random_network(true);
    assert_ne!(network.listed(), turned.listed());
    assert!(table(&network, &all) == table(&turned, &spikes(&turned, 2, i64::MAX)));
}

#[test]
fn a_checkpoint_anywhere_changes_nothing() {
    let network = random_network(false);
    let all = spikes(&network, 2, i64::MAX);
    for at in [1, 2, 777, 1_499] {
        assert!(all == resumed(&network, [2, 1], at, i64::MAX), "resumed at step {at}");
    }
}

#[test]
fn a_chain_of_parrots_keeps_the_time_between_the_steps() {
    let times = [0.03, 0.1, 0.100_000_001, 0.777, 3.999_999_9, 5.0];
    let listed: String = times.iter().map(|time| format!("ms({time:?}), ")).collect();
    let links: Vec<f64> = vec![0.1, 0.7, 2.3, 12.8];
    let names = ["A", "B", "C", "D", "E"];
    let populations: String =
        names.iter().map(|name| format!("(name: \"{name}\", size: 3, model: Parrot), ")).collect();
    let projections: String = links
        .iter()
        .zip(names.windows(2))
        .map(|(delay, ends)| {
            let (from, to) = (ends[0], ends[1]);
            format!(
                "(from: [\"{from}\"], to: [\"{to}\"], rule: OneToOne, weight: 1.0, delay: ms({delay:?})), "
            )
        })
        .collect();
    let text = format!(
        "(format: 1, populations: [{populations}], projections: [{projections}],
        stimuli: [(name: \"s\", source: SpikeList(times: [{listed}]), to: [\"A\"], weight: 1.0, delay: ms(0.4))],
        simulation: (duration: ms(30.0), dt: ms(0.1), seed: 1, clock: Exact))"
    );
    let network = network(&text, &[]);
    let all = spikes(&network, 1, i64::MAX);
    assert_eq!(all.len(), names.len() * 3 * times.len());
    let mut arrival = 0.4;
    for (place, name) in names.iter().enumerate() {
        let population = network.population(name).unwrap();
        for index in 0..3 {
            let own = all.iter().filter(|spike| network.locate(spike.neuron) == (population, index));
            for (spike, time) in own.zip(times) {
                let found = spike.time(DT);
                assert!((found - time - arrival).abs() < 1e-12, "{name}: {found}, not {}", time + arrival);
            }
        }
        arrival += links.get(place).unwrap_or(&0.0);
    }
    assert!(all == resumed(&network, [1, 1], 60, 7));
}

#[test]
fn a_spike_right_after_the_start_of_a_step_is_repeated_in_that_step() {
    let text = "(format: 1, populations: [(name: \"A\", size: 1, model: Parrot), (name: \"B\", size: 1, model: Parrot)],
        projections: [(from: [\"A\"], to: [\"B\"], rule: OneToOne, weight: 1.0, delay: ms(0.2))],
        stimuli: [(name: \"s\", source: SpikeList(times: [ms(1e-200)]), to: [\"A\"], weight: 1.0, delay: ms(0.1))],
        simulation: (duration: ms(2.0), dt: ms(0.1), seed: 1, clock: Exact))";
    let all = spikes(&network(text, &[]), 1, i64::MAX);
    assert_eq!(all.iter().map(|spike| spike.step).collect::<Vec<_>>(), [2, 4]);
    assert!(all.iter().all(|spike| (0.0..DT).contains(&spike.lead)));
}
