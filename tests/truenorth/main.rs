//! Networks on TrueNorth: with whole numbers the same spikes as on the CPU, placed as unplaced, in floats as in
//! integers; and what cannot be put there, with the reason.

#[path = "../common/mod.rs"]
mod common;
mod file;
#[path = "../../backends/tests/truenorth/legal.rs"]
mod legal;
mod random;
mod refusals;

use backends::chip::proof::prove;
use backends::chip::{Chip, Mapped};
use backends::truenorth::{CHIP, REAL_CHIP};
use common::{live, load, network, shipped};
use sim_core::backend::{Epoch, Load, Probe, Refusal, Sample};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::parameter::{Argument, Arguments};
use sim_core::snapshot::{Loader, Saver};
use sim_core::spike::Spike;
use std::sync::Arc;

/// Networks of whole numbers that are shipped.
const SHIPPED: [&str; 3] = ["winner", "patterns", "digits"];

fn mapped(
    chip: &Chip,
    network: &Arc<Network>,
    threads: usize,
    approximate: bool,
) -> Result<Box<dyn Mapped>, Refusal> {
    let arguments = Arguments::defaults(chip.backend.parameters);
    let arguments = arguments.with("approximate_leak", Argument::Flag(approximate));
    let connectivity = Arc::new(connect(network, &NoFiles).unwrap());
    (chip.map)(&Load {
        network: Arc::clone(network),
        connectivity,
        arguments: &arguments,
        files: &NoFiles,
        threads,
        parts: threads,
        progress: &|_| {},
    })
}

#[test]
fn shipped_networks_of_whole_numbers_spike_on_the_chip_as_on_the_cpu_on_any_number_of_threads() {
    for name in SHIPPED {
        let network = network(&shipped(name), &[]);
        let steps = network.duration.min(1500);
        let cpu = live(&mut *load(&network, 1), steps, i64::MAX);
        assert!(cpu.len() > 100, "{name} has {} spikes", cpu.len());
        for threads in [1, 2, 3, 8] {
            let mapped = mapped(&CHIP, &network, threads, false).unwrap();
            let here = live(&mut *mapped.placed(), steps, i64::MAX);
            let place = (0..cpu.len().max(here.len())).find(|&i| cpu.get(i) != here.get(i));
            let first = place.map(|place| (cpu.get(place), here.get(place)));
            assert_eq!(first, None, "{name} on {threads} threads");
        }
        let mapped = mapped(&CHIP, &network, 1, false).unwrap();
        assert!(prove(&*mapped, steps, |_, _| ()).is_ok(), "{name}");
    }
}

#[test]
fn in_floats_what_is_placed_spikes_as_what_is_not() {
    for name in SHIPPED {
        let network = network(&shipped(name), &[]);
        let mapped = mapped(&REAL_CHIP, &network, 1, false).unwrap();
        assert!(prove(&*mapped, network.duration.min(600), |_, _| ()).is_ok(), "{name}");
    }
}

#[test]
fn a_run_from_a_checkpoint_goes_on_with_the_same_spikes_on_other_threads() {
    let network = network(&shipped("winner"), &[]);
    let (first, second) =
        (mapped(&CHIP, &network, 1, false).unwrap(), mapped(&CHIP, &network, 3, false).unwrap());
    let mut machine = first.placed();
    live(&mut *machine, 777, i64::MAX);
    let mut saver = Saver::default();
    machine.save(&mut saver);
    let bytes = saver.into_bytes();
    let mut again = second.placed();
    let mut loader = Loader::new(&bytes);
    again.restore(&mut loader).unwrap();
    loader.finish().unwrap();
    assert!(live(&mut *machine, 1500, i64::MAX) == live(&mut *again, 1500, i64::MAX));
    assert_eq!(machine.counters().synaptic_events, again.counters().synaptic_events);
}

#[test]
fn potentials_are_those_of_the_cpu_in_its_unit() {
    let network = network(&shipped("winner"), &[]);
    let probe = Probe { population: 1, state: 0, every: 3, neurons: vec![0, 5, 15] };
    let samples = |mut machine: Box<dyn sim_core::backend::Machine>| -> Vec<Sample> {
        machine.probe(std::slice::from_ref(&probe));
        let (mut epoch, mut all) = (Epoch::default(), Vec::new());
        while machine.now() < 200 {
            machine.advance(200.min(machine.now() + machine.epoch()), &mut epoch);
            all.append(&mut epoch.samples);
        }
        all
    };
    let mapped = mapped(&CHIP, &network, 2, false).unwrap();
    let cpu = samples(load(&network, 1));
    assert_eq!(cpu.len(), 66);
    for machine in [mapped.placed(), mapped.unmapped()] {
        for (here, cpu) in samples(machine).iter().zip(&cpu) {
            assert_eq!(here, cpu);
        }
    }
}

#[test]
fn weights_read_back_are_those_of_the_file() {
    let network = network(&shipped("digits"), &[]);
    let mapped = mapped(&CHIP, &network, 1, false).unwrap();
    let (placed, cpu) = (mapped.placed(), load(&network, 1));
    for projection in 0..network.projections.len() {
        let read = |machine: &dyn sim_core::backend::Machine| {
            let mut all = Vec::new();
            machine.weights(projection, &mut |source, target, weight, delay| {
                all.push((source, target, weight, delay));
            });
            all
        };
        assert_eq!(read(&*placed), read(&*cpu));
    }
}

#[test]
fn a_report_says_what_is_used_what_binds_and_what_a_run_moved() {
    let network = network(&shipped("patterns"), &[]);
    let mapped = mapped(&CHIP, &network, 1, false).unwrap();
    let spikes = live(&mut *mapped.placed(), network.duration, i64::MAX);
    let report = mapped.report(Some(&spikes));
    assert!(report.fits() && report.binding().is_some());
    let traffic = report.traffic.as_ref().unwrap();
    assert_eq!(traffic.total.spikes, spikes.len() as u64);
    assert!(traffic.total.synaptic_events > 0 && report.energy[0].dynamic() > 0.0);
    assert!(report.projections.iter().all(|loss| loss.max_error == 0.0), "whole numbers lose nothing");
}

#[test]
fn a_proportional_leak_is_approximated_on_request_and_the_error_is_measured() {
    let text = "(format: 1, populations: [(name: \"E\", size: 30, model: IafPscDelta(V_th: mV(-55.0)))],
        projections: [], stimuli: [(name: \"in\", to: [\"E\"], weight: mV(4.0), source: Poisson(rate: Hz(400.0)))],
        simulation: (duration: ms(500.0), dt: ms(1.0), seed: 3))";
    let network = network(text, &[]);
    assert!(mapped(&CHIP, &network, 1, false).is_err());
    let mapped = mapped(&CHIP, &network, 2, true).unwrap();
    assert!(prove(&*mapped, 500, |_, _| ()).is_ok());
    let report = mapped.report(None);
    let spikes = report.parameters.iter().find(|loss| loss.parameter == "spikes in 500 steps").unwrap();
    let placed = live(&mut *mapped.placed(), 500, i64::MAX).len() as f64;
    assert_eq!(spikes.realised, placed);
    let of = |name: &str| report.parameters.iter().find(|loss| loss.parameter.starts_with(name)).unwrap();
    let (factor, distance) = (of("coincidence factor"), of("van Rossum distance"));
    assert!((0.05..1.0).contains(&factor.realised) && factor.requested == 1.0, "{factor:?}");
    assert!(distance.realised > 0.0 && distance.requested == 0.0, "{distance:?}");
    assert!(spikes.requested > 100.0 && (spikes.realised / spikes.requested - 1.0).abs() < 0.5, "{spikes:?}");
}

#[test]
fn a_current_based_neuron_that_forgets_nothing_is_an_integrator_and_spikes_as_on_the_cpu() {
    let text = "(format: 1, populations: [(name: \"E\", size: 40, model: CubaLif(I_e: pA(1), V_min: mV(-9)))],
        projections: [
            (name: \"a\", from: [\"E\"], to: [\"E\"], rule: FixedIndegree(n: 9), weight: pA(3), delay: ms(3)),
            (name: \"b\", from: [\"E\"], to: [\"E\"], rule: FixedIndegree(n: 9), weight: pA(-4), delay: ms(1)),
        ],
        stimuli: [(name: \"in\", to: [\"E\"], weight: pA(4), source: Poisson(rate: Hz(200)))],
        simulation: (duration: ms(500), dt: ms(1), seed: 3, precision: F64))";
    let network = network(text, &[]);
    let cpu = live(&mut *load(&network, 1), 500, i64::MAX);
    let mapped = mapped(&CHIP, &network, 2, false).unwrap();
    assert!(cpu.len() > 500 && live(&mut *mapped.placed(), 500, i64::MAX) == cpu);
}

/// Sources that weigh 800 mV and others that weigh 1 mV: 9 bits do not hold both.
const SMALL_BESIDE_LARGE: &str = "(format: 1, populations: [
        (name: \"large\", size: 20, model: IafLinear(V_th: mV(5))),
        (name: \"small\", size: 100, model: IafLinear(V_th: mV(5))),
        (name: \"E\", size: 5, model: IafLinear(V_th: mV(20))),
    ],
    projections: [
        (from: [\"large\"], to: [\"E\"], rule: AllToAll(), weight: mV(800), delay: ms(2)),
        (from: [\"small\"], to: [\"E\"], rule: AllToAll(), weight: mV(1), delay: ms(2)),
    ],
    stimuli: [(name: \"in\", to: [\"small\"], weight: mV(5), source: Poisson(rate: Hz(80)))],
    simulation: (duration: ms(300), dt: ms(1), seed: 3, precision: F64))";

#[test]
fn in_floats_synapses_stay_whose_integers_are_zero() {
    let network = network(SMALL_BESIDE_LARGE, &[]);
    let of_e = |spike: &Spike| network.populations[network.locate(spike.neuron).0].name == "E";
    let onto_e = |chip: &Chip| {
        let mapped = mapped(chip, &network, 1, false).unwrap();
        assert!(prove(&*mapped, 300, |_, _| ()).is_ok());
        let spikes = live(&mut *mapped.placed(), 300, i64::MAX);
        (spikes.iter().filter(|spike| of_e(spike)).count(), mapped.report(None))
    };
    let (integers, report) = onto_e(&CHIP);
    assert_eq!(integers, 0, "only weights that round to 0 have spikes");
    assert_eq!(report.projections[1].max_error, 1.0 / 20.0);
    let (floats, _) = onto_e(&REAL_CHIP);
    let cpu = live(&mut *load(&network, 1), 300, i64::MAX);
    assert_eq!(floats, cpu.iter().filter(|spike| of_e(spike)).count());
    assert!(floats > 50, "{floats}");
}

#[test]
fn weights_whose_sum_is_more_than_a_weight_holds_are_reported_as_saturated() {
    // Seven different weights are no sums of four numbers unless the first two come through one axon.
    let text = "(format: 1, populations: [(name: \"A\", size: 6, model: IafLinear()), (name: \"B\", size: 1, model: IafLinear())],
        projections: [(from: [\"A\"], to: [\"B\"], rule: List(pairs: [(0, 0), (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)]),
            weight: mV([200, 201, -255, 7, 90, 33, 1]), delay: ms(2))],
        simulation: (duration: ms(10), dt: ms(1), seed: 3))";
    let report = mapped(&CHIP, &network(text, &[]), 1, false).unwrap().report(None);
    let loss = &report.projections[0];
    assert_eq!((loss.synapses, loss.saturated), (7, 2), "{loss:?}");
    assert!(loss.max_error >= (401.0 - 255.0) / 2.0 / 15.0, "{loss:?}");
}
