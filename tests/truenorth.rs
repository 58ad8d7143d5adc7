//! Networks on TrueNorth: with whole numbers the same spikes as on the CPU, placed as unplaced, in floats as in
//! integers; and what cannot be put there, with the reason.

mod common;

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

fn refusal(model: &str, projection: &str, stimulus: &str) -> Vec<String> {
    let text = format!(
        "(format: 1, populations: [(name: \"E\", size: 300, model: {model})], projections: [{projection}],
        stimuli: [{stimulus}], simulation: (duration: ms(50.0), dt: ms(1.0), seed: 1))"
    );
    mapped(&CHIP, &network(&text, &[]), 1, false).err().map_or(Vec::new(), |refusal| refusal.reasons)
}

#[test]
fn what_does_not_fit_is_refused_with_who_what_by_how_much_and_what_would_help() {
    let linear = "IafLinear(V_th: mV(20))";
    assert_eq!(refusal(linear, "", ""), Vec::<String>::new());
    assert_eq!(
        refusal("IafPscDelta", "", ""),
        [
            "population E: IafPscDelta keeps a part of 0.9048 of V and 0.0000 of its current from step to step, and \
          TrueNorth leaks by constants only; IafLinear fits as it is, and approximate_leak: true takes a constant \
          leak and reports the error"
        ]
    );
    assert_eq!(
        refusal("Izhikevich", "", ""),
        ["population E: Izhikevich is not a neuron that chips compute"]
    );
    let all = |weight: &str, delay: &str| {
        format!("(from: [\"E\"], to: [\"E\"], rule: AllToAll(), weight: {weight}, delay: {delay})")
    };
    assert_eq!(
        refusal(linear, &all("mV(1.0)", "ms(20.0)"), ""),
        [
            "a delay from E to E is 20 steps, 5 more than the 15 that TrueNorth has; shorter delays or a longer dt \
          would fit"
        ]
    );
    assert_eq!(
        refusal(linear, &all("mV(1.0)", "ms(2.0)"), ""),
        [
            "neuron 299 of E hears 300 sources through 300 axons; a core has 256, 44 fewer. Fewer synapses or inputs \
          onto it would fit; delays that differ count apart."
        ]
    );
    assert_eq!(
        refusal(linear, "", "(name: \"push\", to: [\"E\"], source: Dc(amplitude: pA(1.0)))"),
        [
            "stimulus push is a current; only spikes reach TrueNorth from outside, a constant current can be I_e"
        ]
    );
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
    assert!(spikes.requested > 100.0 && (spikes.realised / spikes.requested - 1.0).abs() < 0.5, "{spikes:?}");
}
