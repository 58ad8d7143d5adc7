//! What holds for the models with sub-steps and those in continuous time, whatever their input.

mod stiff;

use models::neurons::ALL;
use proptest::prelude::*;
use sim_core::neuron::{Arrival, Cells, Column, Dynamics, ExactDynamics, Input, NeuronModel};
use sim_core::parameter::{Argument, Arguments, Kind, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver};
use stiff::{Drive, Numbers, cells, live, live_exactly};

const GRID: [&str; 5] = ["AeifCondExp", "AeifCondAlpha", "AeifPscExp", "HhPscAlpha", "HhCondExpTraub"];
const EXACT: [&str; 3] = ["IafPscDeltaPs", "IafPscExpPs", "IafPscAlphaPs"];

fn model(name: &str) -> &'static NeuronModel {
    ALL.iter().find(|model| model.name == name).expect(name)
}

/// The same neuron `len` times, its constants shared or one for each.
fn several(model: &'static NeuronModel, numbers: &Numbers, dt: f64, len: usize, shared: bool) -> Cells {
    let mut cells = cells(model, numbers, dt);
    cells.len = len;
    if !shared {
        let each = |column: &Column| Column::Each(vec![column.at(0); len]);
        cells.parameters.iter_mut().for_each(|(_, column)| *column = each(column));
        cells.initial.iter_mut().for_each(|column| *column = each(column));
    }
    cells
}

/// Weights and currents that make a default neuron of the model spike now and then.
fn scale(model: &NeuronModel) -> (f64, f64) {
    match model.name {
        "HhPscAlpha" => (300.0, 600.0),
        "HhCondExpTraub" => (8.0, 200.0),
        "IafPscDeltaPs" => (3.0, 400.0),
        "IafPscExpPs" | "IafPscAlphaPs" => (200.0, 400.0),
        "AeifPscExp" => (2000.0, 700.0),
        _ => (50.0, 700.0),
    }
}

/// Three neurons with the numbers of `input` (in -1..1), 3 a step; all states, and who spiked when.
fn grid_life<R: Real>(
    model: &NeuronModel,
    neurons: &mut dyn Dynamics<R>,
    input: &[f64],
) -> (Vec<R>, Vec<(usize, u32)>) {
    let (weight, current) = scale(model);
    let (mut states, mut who, mut spikes) = (Vec::new(), Vec::new(), Vec::new());
    for (step, drive) in input.chunks_exact(3).enumerate() {
        let of = |port: usize| -> Vec<R> {
            let own = |x: &f64| if model.ports.of(*x) == port && step % 10 == 0 { weight * x } else { 0.0 };
            drive.iter().map(|x| R::of(own(x))).collect()
        };
        let [mut ex, mut inh] = [of(0), of(1)];
        let current: Vec<R> = drive.iter().map(|x| R::of(current * (1.0 + x))).collect();
        neurons.step(Input { ports: [&mut ex, &mut inh], current: &current }, &mut spikes);
        who.extend(spikes.drain(..).map(|neuron| (step, neuron)));
    }
    for state in 0..model.states.len() {
        states.extend_from_slice(neurons.state(state));
    }
    (states, who)
}

fn exact_life(
    model: &NeuronModel,
    neurons: &mut dyn ExactDynamics,
    input: &[f64],
) -> (Vec<f64>, Vec<(u32, f64)>) {
    let (weight, current) = scale(model);
    let (mut states, mut spikes) = (Vec::new(), Vec::new());
    for drive in input.chunks_exact(3) {
        let arrival = |(neuron, x): (usize, &f64)| Arrival {
            neuron: neuron as u32,
            offset: 0.1 * (0.5 + 0.5 * x.abs()),
            weight: weight * x,
        };
        let arrivals: Vec<Arrival> = drive.iter().enumerate().map(arrival).collect();
        let current: Vec<f64> = drive.iter().map(|x| current * (1.0 + x)).collect();
        neurons.step(&arrivals, &current, &mut spikes);
    }
    for state in 0..model.states.len() {
        states.extend_from_slice(neurons.state(state));
    }
    (states, spikes)
}

fn saved(save: impl FnOnce(&mut Saver)) -> Vec<u8> {
    let mut saver = Saver::default();
    save(&mut saver);
    saver.into_bytes()
}

fn grid_restores<R: Real>(
    model: &'static NeuronModel,
    build: impl Fn(&Cells) -> Box<dyn Dynamics<R>>,
    input: &[f64],
    cut: usize,
) {
    let cells = |shared| several(model, &Numbers::new(), 0.1, 3, shared);
    let (mut one, mut other) = (build(&cells(true)), build(&cells(false)));
    let (before, after) = input.split_at(3 * cut);
    let first = grid_life(model, one.as_mut(), before);
    let bytes = saved(|saver| one.save(saver));
    let mut loader = Loader::new(&bytes);
    other.restore(&mut loader).expect("its own bytes");
    loader.finish().expect("nothing left over");
    assert_eq!(grid_life(model, one.as_mut(), after), grid_life(model, other.as_mut(), after));
    let shared = build(&cells(false));
    assert_eq!(first, grid_life(model, { shared }.as_mut(), before), "shared and own constants");
    assert!(one.restore(&mut Loader::new(&bytes[..bytes.len() - 1])).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_neuron_goes_on_as_if_nothing_had_happened(
        input in prop::collection::vec(-1.0..1.0_f64, 600),
        cut in 1_usize..199,
    ) {
        for model in GRID.map(model) {
            let grid = model.grid.unwrap();
            grid_restores(model, grid.f32, &input, cut);
            grid_restores(model, grid.f64, &input, cut);
        }
        for model in EXACT.map(model) {
            let build = |shared| (model.exact.unwrap())(&several(model, &Numbers::new(), 0.1, 3, shared));
            let (mut one, mut other) = (build(true), build(false));
            exact_life(model, one.as_mut(), &input[..3 * cut]);
            let bytes = saved(|saver| one.save(saver));
            let mut loader = Loader::new(&bytes);
            other.restore(&mut loader).expect("its own bytes");
            loader.finish().expect("nothing left over");
            let rest = &input[3 * cut..];
            prop_assert_eq!(
                exact_life(model, one.as_mut(), rest),
                exact_life(model, other.as_mut(), rest)
            );
        }
    }

    /// So no crossing is missed: with the longer step, V is looked at less often.
    #[test]
    fn spikes_in_continuous_time_do_not_depend_on_the_step(
        input in prop::collection::vec((0.0..160.0_f64, -0.6..1.0_f64), 150),
        tau_syn in (0.1..3.0_f64, 0.1..12.0_f64),
    ) {
        for model in EXACT.map(model) {
            let mut numbers: Numbers = [("tau_syn_ex", tau_syn.0), ("tau_syn_in", tau_syn.1)]
                .map(|(name, value)| (name.to_owned(), value)).into();
            numbers.insert("I_e".into(), 300.0);
            let weight = 3.0 * scale(model).0;
            let mut arrivals: Vec<_> = input.iter().map(|(t, w)| (*t, w * weight)).collect();
            arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
            let spikes = |dt: f64, steps: usize| {
                let drive = Drive { dt, steps, current: vec![0.0], arrivals: arrivals.clone() };
                live_exactly(model, (model.exact.unwrap())(&cells(model, &numbers, dt)), &drive).spikes
            };
            let (long, short) = (spikes(8.0, 20), spikes(0.1, 1600));
            prop_assert_eq!(long.len(), short.len(), "{}", model.name);
            for (a, b) in long.iter().zip(&short) {
                prop_assert!((a - b).abs() < 1e-9, "{}: {} and {}", model.name, a, b);
            }
        }
    }

    #[test]
    fn parameters_without_meaning_end_every_step_with_finite_states(
        exponents in prop::collection::vec(-9.0..9.0_f64, 24),
        weight in 1e-3..1e12_f64,
    ) {
        for model in GRID.into_iter().chain(EXACT).map(model) {
            let mut numbers = Numbers::new();
            for (parameter, exponent) in model.parameters.iter().zip(&exponents) {
                let size = 10_f64.powf(*exponent);
                let absurd = match (parameter.kind, parameter.range) {
                    (Kind::Quantity(_), Range::Positive | Range::NotNegative) => size,
                    (Kind::Quantity(_), Range::Any) if parameter.name.starts_with('V') => continue,
                    (Kind::Quantity(_), _) => size * exponent.signum(),
                    _ => continue,
                };
                numbers.insert(parameter.name.to_owned(), absurd);
            }
            let arrivals = (1..5).map(|i| (f64::from(i) * 0.2, weight * f64::from(2 - i % 4))).collect();
            let drive = Drive { dt: 0.1, steps: 12, current: vec![0.0, weight, -weight], arrivals };
            let cells = cells(model, &numbers, drive.dt);
            let lives = [
                model.grid.map(|grid| live(model, (grid.f64)(&cells), &drive)),
                model.grid.map(|grid| live(model, (grid.f32)(&cells), &drive)),
                model.exact.map(|build| live_exactly(model, build(&cells), &drive)),
            ];
            for life in lives.into_iter().flatten() {
                for (state, values) in life.states {
                    prop_assert!(values.iter().all(|v| v.is_finite()), "{} {state}: {values:?} {numbers:?}", model.name);
                }
            }
        }
    }
}

#[test]
fn the_intervals_under_constant_current_are_those_of_the_closed_form() {
    let numbers: Numbers = [("I_e".to_owned(), 600.0), ("t_ref".to_owned(), 1.234)].into();
    // V∞ − V_reset is 24 mV, the threshold 15 mV above the reset.
    let interval = 1.234 + 10.0 * (24.0_f64 / 9.0).ln();
    for model in EXACT.map(model) {
        let drive = Drive { dt: 0.1, steps: 3000, current: vec![0.0], arrivals: Vec::new() };
        let life = live_exactly(model, (model.exact.unwrap())(&cells(model, &numbers, 0.1)), &drive);
        assert_eq!(
            life.spikes.len(),
            1 + ((300.0 - (interval - 1.234)) / interval) as usize,
            "{}",
            model.name
        );
        for pair in life.spikes.windows(2) {
            assert!((pair[1] - pair[0] - interval).abs() < 1e-11, "{}", model.name);
        }
    }
}

#[test]
fn an_arrival_during_refractoriness_is_lost_and_one_at_its_end_counts() {
    let model = model("IafPscDeltaPs");
    let spikes = |second: f64| {
        let drive =
            Drive { dt: 0.1, steps: 60, current: vec![0.0], arrivals: vec![(1.05, 20.0), (second, 20.0)] };
        let cells = cells(model, &Numbers::new(), 0.1);
        live_exactly(model, (model.exact.unwrap())(&cells), &drive).spikes.len()
    };
    assert_eq!((spikes(3.049), spikes(3.05 + 1e-9)), (1, 2));
}

#[test]
fn arrivals_at_one_time_are_added_before_the_threshold() {
    let model = model("IafPscDeltaPs");
    let mut neuron = (model.exact.unwrap())(&cells(model, &Numbers::new(), 0.1));
    let arrival = |weight| Arrival { neuron: 0, offset: 0.03, weight };
    let mut spikes = Vec::new();
    neuron.step(&[arrival(20.0), arrival(-10.0)], &[0.0], &mut spikes);
    assert!(spikes.is_empty());
    neuron.step(&[arrival(20.0), arrival(-1.0)], &[0.0], &mut spikes);
    assert_eq!(spikes, [(0, 0.03)]);
}

#[test]
fn without_a_spike_current_an_adaptive_neuron_is_a_leaky_one() {
    let model = model("AeifCondExp");
    let numbers: Numbers = [("Delta_T", 0.0), ("a", 0.0), ("b", 0.0), ("I_e", 1000.0), ("t_ref", 2.0)]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    let drive = Drive { dt: 0.1, steps: 1000, current: vec![0.0], arrivals: Vec::new() };
    let life = live(model, (model.grid.unwrap().f64)(&cells(model, &numbers, 0.1)), &drive);
    let (tau, rise) = (281.0 / 30.0, 1000.0 / 30.0);
    let cross = |from: f64| tau * ((rise - from) / (rise - 20.2_f64)).ln();
    // On the grid every time is rounded up.
    let mut expected = (cross(0.0) * 10.0).ceil();
    for spike in &life.spikes {
        assert!((spike * 10.0 - expected).abs() < 1e-6, "{spike} and {expected}");
        expected += 20.0 + (cross(10.6) * 10.0).ceil();
    }
    assert!(life.spikes.len() > 10);
}

#[test]
fn a_strong_current_makes_several_spikes_in_one_step_as_in_nest() {
    let model = model("AeifCondExp");
    let numbers: Numbers = [("I_e".to_owned(), 1e6)].into();
    let drive = Drive { dt: 0.1, steps: 10, current: vec![0.0], arrivals: Vec::new() };
    let spikes = live(model, (model.grid.unwrap().f64)(&cells(model, &numbers, 0.1)), &drive).spikes;
    // NEST 3.10 counts 121 in 1 ms.
    assert_eq!(spikes.len(), 121);
}

#[test]
fn parameters_that_contradict_each_other_are_refused_with_help() {
    let complaints = |name: &str, changes: &[(&str, f64)]| -> Vec<&'static str> {
        let model = model(name);
        let arguments =
            changes.iter().fold(Arguments::defaults(model.parameters), |arguments, &(name, value)| {
                arguments.with(name, Argument::Quantity(sim_core::quantity::Quantity::Constant(value)))
            });
        let complaints = (model.check)(&arguments);
        assert!(complaints.iter().all(|complaint| complaint.help.is_some()));
        complaints.iter().map(|complaint| complaint.parameter).collect()
    };
    for name in ["AeifCondExp", "AeifCondAlpha", "AeifPscExp"] {
        assert!(complaints(name, &[]).is_empty());
        assert!(complaints(name, &[("V_reset", -50.0)]).is_empty(), "above V_th is a burst");
        assert_eq!(complaints(name, &[("V_reset", 0.0)]), ["V_reset"]);
        assert_eq!(complaints(name, &[("V_peak", -60.0), ("V_reset", -70.0)]), ["V_peak"]);
        assert_eq!(complaints(name, &[("Delta_T", 0.0), ("V_reset", -50.4)]), ["V_reset"]);
    }
    for name in EXACT {
        assert!(complaints(name, &[]).is_empty());
        assert_eq!(complaints(name, &[("V_reset", -55.0)]), ["V_reset"]);
        assert_eq!(complaints(name, &[("V_min", -50.0)]), ["V_min"]);
    }
}
