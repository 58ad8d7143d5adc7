//! What a model says of itself to chips is what it does.

mod common;

use common::{Precision, Step, cells, defaults, live};
use models::neurons::ALL;
use proptest::prelude::*;
use sim_core::neuron::NeuronModel;
use sim_core::parameter::{Argument, Arguments};
use sim_core::primitive::{CurrentLif, Integrator, Primitive};
use sim_core::quantity::Quantity;

/// V and the steps of the spikes of a current-based neuron, as its documentation says.
fn current_lif(neuron: CurrentLif, arrivals: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let ((mut v, mut u), mut still) = (neuron.start, 0);
    let (mut trace, mut spikes) = (Vec::new(), Vec::new());
    for step in 0..arrivals.len() {
        u = u * neuron.keep_u + step.checked_sub(neuron.lag as usize).map_or(0.0, |step| arrivals[step]);
        if still > 0 {
            still -= 1;
        } else {
            v = (v * neuron.keep_v + neuron.gain * u + neuron.drive).max(neuron.floor.unwrap_or(f64::MIN));
        }
        if v >= neuron.threshold {
            (v, still) = (0.0, neuron.refractory);
            spikes.push(step);
        }
        trace.push(v);
    }
    (trace, spikes)
}

fn integrator(neuron: Integrator, arrivals: &[f64]) -> (Vec<f64>, Vec<usize>) {
    let mut v = neuron.start;
    let (mut trace, mut spikes) = (Vec::new(), Vec::new());
    for (step, arrival) in arrivals.iter().enumerate() {
        v = (v + arrival + neuron.leak).max(neuron.floor.unwrap_or(f64::MIN));
        if v >= neuron.threshold {
            v = neuron.reset.unwrap_or(v - neuron.threshold);
            spikes.push(step);
        }
        trace.push(v);
    }
    (trace, spikes)
}

fn with(arguments: Arguments, numbers: &[(&'static str, f64)]) -> Arguments {
    numbers.iter().fold(arguments, |arguments, &(name, value)| {
        arguments.with(name, Argument::Quantity(Quantity::Constant(value)))
    })
}

fn agree(model: &NeuronModel, arguments: &Arguments, dt: f64, arrivals: &[f64]) {
    let cells = cells(model, arguments, 1, dt);
    let mut neuron = f64::build(model, &cells);
    let first = neuron.state(0)[0];
    let (mut trace, mut spikes) = (Vec::new(), Vec::new());
    for (step, &arrival) in arrivals.iter().enumerate() {
        let sum = Step::same(1, arrival.max(0.0), arrival.min(0.0), 0.0);
        if !live(model, &mut *neuron, &sum).is_empty() {
            spikes.push(step);
        }
        trace.push(neuron.state(0)[0]);
    }
    let primitive = cells.primitive(model, 0).expect("these parameters can be put so");
    let (expected, start, expected_spikes) = match primitive {
        Primitive::CurrentLif(lif) => {
            let (trace, spikes) = current_lif(lif, arrivals);
            (trace, lif.start.0, spikes)
        }
        Primitive::Integrator(one) => {
            let (trace, spikes) = integrator(one, arrivals);
            (trace, one.start, spikes)
        }
    };
    assert_eq!(spikes, expected_spikes, "{}", model.name);
    // V counts from rest there.
    for (step, (v, expected)) in trace.iter().zip(&expected).enumerate() {
        assert!((v - first - (expected - start)).abs() < 1e-9, "{} step {step}: {v} {expected}", model.name);
    }
}

fn model(name: &str) -> &'static NeuronModel {
    ALL.iter().find(|model| model.name == name).expect(name)
}

proptest! {
    #[test]
    fn a_primitive_lives_like_the_model_that_named_it(
        arrivals in prop::collection::vec(prop_oneof![3 => Just(0.0), 1 => -6.0..9.0_f64], 200),
        tau in 1.0..40.0_f64,
        t_ref in 0..4_u32,
        drive in -300.0..450.0_f64,
    ) {
        let scaled = |factor: f64| arrivals.iter().map(|a| a * factor).collect::<Vec<f64>>();
        let shared = [("tau_m", tau), ("t_ref", f64::from(t_ref)), ("I_e", drive)];
        let delta = with(defaults(model("IafPscDelta")), &shared);
        agree(model("IafPscDelta"), &with(delta, &[("V_min", -72.0)]), 0.5, &arrivals);
        let exponential = with(defaults(model("IafPscExp")), &shared);
        agree(model("IafPscExp"), &exponential, 0.5, &scaled(200.0));
        let cuba = with(defaults(model("CubaLif")), &[("tau_m", tau), ("tau_syn", 3.0), ("V_min", -7.0)]);
        agree(model("CubaLif"), &with(cuba, &[("t_ref", f64::from(t_ref))]), 1.0, &arrivals);
        let linear = with(defaults(model("IafLinear")), &[("I_e", drive / 400.0), ("V_min", -8.0), ("V_reset", -2.0)]);
        agree(model("IafLinear"), &linear, 1.0, &arrivals);
        agree(model("IafLinear"), &linear.with("reset", Argument::Word("Linear")), 1.0, &arrivals);
        pulses_agree(tau, drive / 400.0, &arrivals);
    }
}

/// Every form of IafPscPulse that chips compute.
fn pulses_agree(tau: f64, drive: f64, arrivals: &[f64]) {
    let pulse = model("IafPscPulse");
    let words = |arguments: &Arguments, integration, arrivals| {
        let arguments = arguments.clone().with("integration", Argument::Word(integration));
        arguments.with("arrivals", Argument::Word(arrivals))
    };
    let leaky = with(defaults(pulse), &[("R_m", 3.0), ("tau_m", tau), ("w_in", 2.0)]);
    let threshold = with(defaults(pulse), &[("tau_m", 0.0), ("V_th", 20.0), ("R_m", 3.0), ("I_e", drive)]);
    agree(pulse, &threshold, 0.5, arrivals);
    for (integration, jump) in [("Exact", "Jump"), ("Euler", "Current"), ("Euler", "Jump")] {
        let here = words(&with(leaky.clone(), &[("I_e", drive)]), integration, jump);
        agree(pulse, &here, 0.5, arrivals);
        agree(pulse, &with(here, &[("tau_m", 0.0), ("V_th", 20.0)]), 0.5, arrivals);
        let slow = with(leaky.clone(), &[("tau_syn", 3.0)]);
        agree(pulse, &words(&slow, integration, jump), 0.5, arrivals);
    }
    let jumps = words(&with(defaults(pulse), &[("I_e", drive), ("V_th", 5.0)]), "Exact", "Jump");
    agree(pulse, &jumps, 1.0, arrivals);
    agree(pulse, &jumps.with("reset", Argument::Word("Linear")), 1.0, arrivals);
}

#[test]
fn what_chips_cannot_compute_is_refused_with_what_stands_in_the_way() {
    let why = |name: &str, numbers: &[(&'static str, f64)]| {
        let model = model(name);
        cells(model, &with(defaults(model), numbers), 1, 1.0).primitive(model, 0).unwrap_err()
    };
    assert_eq!(why("Izhikevich", &[]), "Izhikevich is not a neuron that chips compute");
    assert_eq!(
        why("IafPscExp", &[("tau_syn_ex", 1.0)]),
        "tau_syn_ex differs from tau_syn_in; chips have one current for both"
    );
    assert_eq!(
        why("IafPscDelta", &[("V_reset", -60.0)]),
        "V_reset = -60 mV differs from E_L = -70 mV; chips reset to rest"
    );
    assert_eq!(
        why("IafPscPulse", &[("tau_m", 10.0)]),
        "is reset inside a step; chips reset at its end, as with integration: Euler"
    );
    assert_eq!(
        why("IafPscPulse", &[("tau_syn", 2.0)]),
        "has arrivals that are currents, solved exactly behind a tau_syn; chips compute integration: Euler"
    );
    assert_eq!(
        why("IafPscPulse", &[("tau_syn", 2.0), ("I_e", 1.0)]),
        "has a constant input that its tau_syn filters; chips add it behind the filter"
    );
}

#[test]
fn an_endless_membrane_and_a_current_of_one_step_make_a_perfect_integrator() {
    let model = model("CubaLif");
    let cells = cells(model, &defaults(model), 1, 1.0);
    let mut neuron = f64::build(model, &cells);
    let mut spikes = Vec::new();
    for step in 1..=20 {
        if !live(model, &mut *neuron, &Step::same(1, 4.0, 0.0, 0.0)).is_empty() {
            spikes.push(step);
        }
    }
    // 4, 8, 12, 16 ≥ 15, and again from 0.
    assert_eq!(spikes, [4, 8, 12, 16, 20]);
}
