//! Networks on Loihi: the spikes of the CPU where numbers are whole, and the same spikes mapped or
//! not.

mod common;

use backends::chip::Mapped;
use backends::chip::proof::prove;
use backends::loihi::{BACKEND, CHIP, REAL_CHIP};
use common::{live, load, network, shipped};
use sim_core::backend::{Epoch, Load, Machine, Probe};
use sim_core::connect::connect;
use sim_core::data::NoFiles;
use sim_core::network::Network;
use sim_core::snapshot::{Loader, Saver};
use std::sync::Arc;

/// Networks of whole numbers.
const WHOLE: [&str; 3] = ["winner", "patterns", "digits"];

fn loading<T>(network: &Arc<Network>, threads: usize, with: impl FnOnce(&Load<'_>) -> T) -> T {
    let load = Load {
        network: Arc::clone(network),
        connectivity: Arc::new(connect(network, &NoFiles).unwrap()),
        arguments: &network.backend.arguments(BACKEND.parameters),
        files: &NoFiles,
        threads,
        parts: threads,
        progress: &|_| {},
    };
    with(&load)
}

fn mapped(network: &Arc<Network>, threads: usize) -> Box<dyn Mapped> {
    loading(network, threads, CHIP.map).unwrap_or_else(|refusal| panic!("{refusal}"))
}

#[test]
fn whole_numbers_give_the_spikes_of_the_cpu() {
    for name in WHOLE {
        let network = network(&shipped(name), &[]);
        let cpu = live(&mut *load(&network, 1), network.duration, i64::MAX);
        assert!(cpu.len() > 100);
        for chip in [&CHIP, &REAL_CHIP] {
            let mapped = loading(&network, 2, chip.map).unwrap();
            let chip = live(&mut *mapped.placed(), network.duration, i64::MAX);
            assert!(cpu == chip, "{name}: {} spikes on the CPU, {} on Loihi", cpu.len(), chip.len());
        }
    }
}

/// Neurons with decays, refractoriness and drawn weights and delays, some driven by a current.
const LEAKY: &str = r#"(
    format: 1,
    neuron_models: {
        "cuba": CubaLif(C_m: pF(250), tau_m: ms(20), tau_syn: ms(5), t_ref: ms(2), E_L: mV(-65), V_th: mV(-50)),
        "delta": IafPscDelta(C_m: pF(250), tau_m: ms(10), t_ref: ms(1), E_L: mV(0), V_reset: mV(0), V_th: mV(20)),
        "exp": IafPscExp(tau_m: ms(10), t_ref: ms(2), I_e: pA(100)),
    },
    populations: [
        (name: "E", size: 1150, model: Use("cuba")),
        (name: "I", size: 200, model: Use("delta"), sign: Inhibitory),
        (name: "X", size: 150, model: Use("exp")),
    ],
    projections: [
        (from: ["E"], to: ["E", "X"], rule: FixedIndegree(n: 20), weight: Normal(mean: pA(40), sd: pA(10), min: pA(0)),
         delay: Uniform(low: ms(1), high: ms(6))),
        (from: ["E"], to: ["I"], rule: FixedIndegree(n: 20), weight: mV(0.9), delay: ms(1)),
        (from: ["I"], to: ["E", "X"], rule: FixedIndegree(n: 10), weight: pA(-120), delay: ms(2)),
        (from: ["X"], to: ["I"], rule: FixedIndegree(n: 10), weight: mV(0.5), delay: ms(1.5)),
    ],
    stimuli: [
        (name: "noise", to: ["E", "X"], weight: pA(120), source: Poisson(rate: Hz(500))),
        (name: "current", to: ["E"], source: Dc(amplitude: pA(50))),
    ],
    simulation: (duration: ms(300), dt: ms(0.5), seed: 3),
)"#;

#[test]
fn a_mapped_network_spikes_as_one_unlimited_core_does_on_1_2_3_and_8_threads() {
    for semantics in ["Nengo", "Lava"] {
        let text = if semantics == "Lava" {
            LEAKY.replace("t_ref: ms(2)", "t_ref: ms(0)").replace("t_ref: ms(1)", "t_ref: ms(0)")
        } else {
            LEAKY.to_string()
        };
        let choice = format!("simulation: (backend: Loihi(semantics: {semantics}),");
        let network = network(&text.replace("simulation: (", &choice), &[]);
        let mut seen = None;
        for threads in [1, 2, 3, 8] {
            let mapped = mapped(&network, threads);
            let equal =
                prove(&*mapped, network.duration, |_, _| ()).unwrap_or_else(|at| panic!("{threads}: {at:?}"));
            assert!(equal > 1000, "{equal} spikes only");
            let spikes = live(&mut *mapped.placed(), network.duration, 1);
            assert!(*seen.get_or_insert(spikes.clone()) == spikes, "{threads} threads differ");
        }
    }
}

#[test]
fn floats_on_cores_spike_as_floats_on_one_core_and_nearly_as_the_cpu() {
    let network = network(LEAKY, &[]);
    let mapped = loading(&network, 2, REAL_CHIP.map).unwrap();
    let equal = prove(&*mapped, network.duration, |_, _| ()).unwrap_or_else(|at| panic!("{at:?}"));
    let cpu = live(&mut *load(&network, 1), network.duration, i64::MAX).len() as f64;
    assert!((equal as f64 / cpu - 1.0).abs() < 0.001, "{equal} spikes, {cpu} on the CPU");
    let integers = mapped_spikes(&network);
    assert!((integers / cpu - 1.0).abs() < 0.01, "{integers} spikes in integers, {cpu} on the CPU");
}

fn mapped_spikes(network: &Arc<Network>) -> f64 {
    live(&mut *mapped(network, 1).placed(), network.duration, i64::MAX).len() as f64
}

#[test]
fn a_machine_goes_on_from_a_checkpoint_with_the_same_bits() {
    let network = network(LEAKY, &[]);
    let mapped = mapped(&network, 2);
    let whole = live(&mut *mapped.placed(), network.duration, i64::MAX);
    let mut first = mapped.placed();
    let mut spikes = live(&mut *first, 123, i64::MAX);
    let mut saver = Saver::default();
    first.save(&mut saver);
    let bytes = saver.into_bytes();
    let mut again = mapped.placed();
    let mut loader = Loader::new(&bytes);
    again.restore(&mut loader).unwrap();
    loader.finish().unwrap();
    spikes.extend(live(&mut *again, network.duration, i64::MAX));
    assert!(whole == spikes);
}

#[test]
fn states_are_read_in_the_units_of_the_network() {
    let network = network(LEAKY, &[]);
    let mut machine = mapped(&network, 2).placed();
    let mut cpu = load(&network, 1);
    let number = network.population("E").unwrap();
    let probes: Vec<Probe> = [0, 1]
        .map(|state| Probe { population: number, state, every: 1, neurons: vec![0, 7, 700, 1149] })
        .into();
    let (mut here, mut there) = (Epoch::default(), Epoch::default());
    machine.probe(&probes);
    cpu.probe(&probes);
    for step in 1..=4 {
        machine.advance(step, &mut here);
        cpu.advance(step, &mut there);
        assert_eq!(here.samples.len(), 2);
        for (own, other) in here.samples.iter().zip(&there.samples) {
            for (own, other) in own.values.iter().zip(&other.values) {
                assert!((own - other).abs() < 0.02 * other.abs() + 0.05, "{own} here, {other} on the CPU");
            }
        }
    }
}

#[test]
fn weights_are_told_as_they_are_held() {
    let network = network(LEAKY, &[]);
    let (machine, cpu) = (mapped(&network, 1).placed(), load(&network, 1));
    for projection in 0..network.projections.len() {
        let all = |machine: &dyn Machine| {
            let mut all = Vec::new();
            machine.weights(projection, &mut |s, t, weight, delay| all.push((s, t, weight, delay)));
            all
        };
        let (held, drawn) = (all(&*machine), all(&*cpu));
        assert_eq!(held.len(), drawn.len());
        for (held, drawn) in held.iter().zip(&drawn) {
            assert_eq!((held.0, held.1, held.3), (drawn.0, drawn.1, drawn.3));
            assert!((held.2 / drawn.2 - 1.0).abs() < 0.03 || (held.2 - drawn.2).abs() < 0.5);
        }
    }
}

#[test]
fn a_report_has_limits_losses_and_with_spikes_traffic_energy_and_time() {
    let network = network(LEAKY, &[]);
    let mapped = mapped(&network, 1);
    let spikes = live(&mut *mapped.placed(), network.duration, i64::MAX);
    let bare = mapped.report(None);
    assert!(bare.fits() && bare.traffic.is_none() && bare.energy.is_empty() && bare.time.is_none());
    assert!(bare.cores.len() as u64 >= bare.fewest_cores() && bare.fewest_cores() >= 2);
    assert_eq!(bare.cores.iter().flat_map(|core| &core.populations).map(|(_, n)| n).sum::<u64>(), 1500);
    assert_eq!(bare.projections.len(), 8);
    for weights in &bare.projections {
        assert!(weights.rms_error <= weights.max_error && weights.saturated == 0, "{weights:?}");
    }
    for parameter in bare.parameters.iter().filter(|parameter| parameter.parameter == "threshold") {
        assert!((parameter.realised / parameter.requested - 1.0).abs() < 0.01, "{parameter:?}");
    }
    let report = mapped.report(Some(&spikes));
    let traffic = report.traffic.as_ref().unwrap();
    assert_eq!(traffic.total.spikes, spikes.len() as u64);
    assert_eq!(report.energy.len(), 2);
    assert!(report.energy.iter().all(|bill| bill.dynamic() > 0.0));
    assert!(report.time.unwrap().mean() > 0.0);
}
