//! What every grid neuron model must keep, whatever its equations: it is a row in the list, so it
//! is tested here.

mod common;

use common::{Precision, Step, cells, defaults, live, restore, saved, spread};
use models::neurons::ALL;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::test_runner::TestCaseResult;
use sim_core::neuron::{Input, NeuronModel};
use sim_core::units::Dimension;

fn grid_models() -> impl Iterator<Item = &'static NeuronModel> {
    ALL.iter().copied().filter(|model| model.grid.is_some())
}

/// Input that makes every model spike within some tens of steps, from numbers in 0..1.
fn step(model: &NeuronModel, numbers: &[f64]) -> Step {
    let scale = match model.weight {
        Dimension::Voltage => 8.0,
        Dimension::Conductance => 20.0,
        Dimension::Number => 2.0,
        _ => 800.0,
    };
    // Without a capacitance, currents are mV/ms.
    let current = if model.parameters.iter().any(|p| p.name == "C_m") { 3000.0 } else { 100.0 };
    let arrives =
        |from: f64| numbers.iter().map(move |n| if (from..from + 0.1).contains(n) { *n } else { 0.0 });
    Step {
        positive: arrives(0.5).map(|n| n * scale).collect(),
        negative: arrives(0.7).map(|n| -n * 0.5 * scale).collect(),
        current: numbers.iter().map(|n| n * current).collect(),
    }
}

fn steps() -> impl Strategy<Value = Vec<Vec<f64>>> {
    proptest::collection::vec(proptest::collection::vec(0.0..1.0, 5), 20..120)
}

/// What a run shows: spikes and everything that lives, after each step.
fn lives<R: Precision>(model: &NeuronModel, inputs: &[Vec<f64>]) -> Vec<(Vec<u32>, Vec<u8>)> {
    let mut neurons = R::build(model, &cells(model, &defaults(model), 5, 0.1));
    inputs.iter().map(|input| (live(model, &mut *neurons, &step(model, input)), saved(&*neurons))).collect()
}

fn restored_runs_go_on<R: Precision>(inputs: &[Vec<f64>], cut: usize) -> TestCaseResult {
    for model in grid_models() {
        let whole = lives::<R>(model, inputs);
        let mut second = R::build(model, &cells(model, &defaults(model), 5, 0.1));
        restore(&mut *second, &whole[cut].1);
        for (input, wanted) in inputs[cut + 1..].iter().zip(&whole[cut + 1..]) {
            let got = (live(model, &mut *second, &step(model, input)), saved(&*second));
            prop_assert_eq!(&got, wanted, "{}", model.name);
        }
    }
    Ok(())
}

fn spread_parameters_change_nothing<R: Precision>(inputs: &[Vec<f64>]) -> TestCaseResult {
    for model in grid_models() {
        let whole = lives::<R>(model, inputs);
        let mut each = R::build(model, &spread(cells(model, &defaults(model), 5, 0.1)));
        for (input, wanted) in inputs.iter().zip(&whole) {
            let got = (live(model, &mut *each, &step(model, input)), saved(&*each));
            prop_assert_eq!(&got, wanted, "{}", model.name);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(16))]

    #[test]
    fn a_restored_slice_goes_on_bit_for_bit(inputs in steps(), cut in any::<proptest::sample::Index>()) {
        let cut = cut.index(inputs.len());
        restored_runs_go_on::<f32>(&inputs, cut)?;
        restored_runs_go_on::<f64>(&inputs, cut)?;
    }

    #[test]
    fn equal_parameters_given_neuron_by_neuron_give_the_same_bits(inputs in steps()) {
        spread_parameters_change_nothing::<f32>(&inputs)?;
        spread_parameters_change_nothing::<f64>(&inputs)?;
    }
}

#[test]
fn a_neuron_does_not_notice_who_else_is_in_its_slice() {
    // 700 neurons are three blocks and a rest that fills no vector.
    let len = 700;
    for model in grid_models() {
        let mut many = f32::build(model, &cells(model, &defaults(model), len, 0.1));
        let mut alone: Vec<_> =
            (0..len).map(|_| f32::build(model, &cells(model, &defaults(model), 1, 0.1))).collect();
        let mut count = 0;
        for number in 0..120 {
            let numbers: Vec<f64> = (0..len).map(|i| ((i * 37 + number * 101) % 97) as f64 / 97.0).collect();
            let together = live(model, &mut *many, &step(model, &numbers));
            let apart: Vec<u32> = (0..len)
                .flat_map(|i| {
                    let spikes = live(model, &mut *alone[i], &step(model, &numbers[i..=i]));
                    spikes.into_iter().map(move |_| i as u32)
                })
                .collect();
            assert_eq!(together, apart, "{}", model.name);
            count += together.len();
            for state in 0..model.states.len() {
                for (i, neuron) in alone.iter().enumerate() {
                    assert_eq!(
                        many.state(state)[i].to_bits(),
                        neuron.state(state)[0].to_bits(),
                        "{}",
                        model.name
                    );
                }
            }
        }
        assert!(count > 0, "{} never spiked, so nothing was tested", model.name);
    }
}

#[test]
fn what_arrives_is_taken_and_zeros_are_left() {
    for model in grid_models() {
        let len = 300;
        let mut neurons = f32::build(model, &cells(model, &defaults(model), len, 0.1));
        let mut ports = [1.0, -1.0].map(|sign| (0..len).map(|i| sign * (i % 7) as f32).collect::<Vec<f32>>());
        ports[1].truncate(if model.ports.count() == 2 { len } else { 0 });
        let [first, second] = &mut ports;
        neurons.step(Input { ports: [first, second], current: &vec![0.0; len] }, &mut Vec::new());
        assert!(ports.iter().flatten().all(|&sum| sum == 0.0), "{}", model.name);
    }
}

#[test]
fn every_model_accepts_its_own_defaults_and_names_nothing_twice() {
    for model in ALL {
        assert_eq!((model.check)(&defaults(model)), [], "{}", model.name);
        let mut words: Vec<&str> = model.parameters.iter().map(|parameter| parameter.name).collect();
        words.extend(model.states.iter().map(|state| state.name));
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "{}", model.name);
    }
}
