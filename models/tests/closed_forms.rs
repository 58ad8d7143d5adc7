//! Grid neurons against formulas: what they must do whatever any simulator says.

mod common;

use common::{Precision, Step, cells, cells_with, defaults, live};
use models::neurons::{
    iaf_cond_alpha, iaf_cond_exp, iaf_psc_alpha, iaf_psc_delta, iaf_psc_exp, iaf_psc_pulse, izhikevich,
};
use sim_core::math::{exp, ln};
use sim_core::neuron::NeuronModel;
use sim_core::parameter::{Argument, Arguments};

/// V_m after every step of `dt` until `until`, with arrivals `(ms, weight)` and a constant current.
fn trace(
    model: &NeuronModel,
    arguments: &Arguments,
    (dt, until): (f64, f64),
    arrivals: &[(f64, f64)],
    current: f64,
) -> Vec<f64> {
    let mut neuron = f64::build(model, &cells(model, arguments, 1, dt));
    let at = |time: f64| (time / dt).round() as usize;
    (1..=at(until))
        .map(|number| {
            let sum = |positive: bool| -> f64 {
                let here = arrivals.iter().filter(|(time, w)| at(*time) == number && (*w >= 0.0) == positive);
                here.map(|(_, weight)| weight).sum()
            };
            live(model, &mut *neuron, &Step::same(1, sum(true), sum(false), current));
            neuron.state(0)[0]
        })
        .collect()
}

/// Largest difference between a coarse trace and every `ratio`-th value of a fine one.
fn apart(coarse: &[f64], fine: &[f64], ratio: usize) -> f64 {
    let pairs = coarse.iter().zip(fine.iter().skip(ratio - 1).step_by(ratio));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

const LINEAR: [&NeuronModel; 3] = [&iaf_psc_delta::MODEL, &iaf_psc_exp::MODEL, &iaf_psc_alpha::MODEL];

#[test]
fn a_leaky_neuron_under_constant_current_fires_at_the_rate_of_the_formula() {
    for model in LINEAR {
        for (current, dt) in [(380.0, 0.1), (450.0, 0.1), (1000.0, 0.1), (450.0, 0.01)] {
            let mut neuron = f64::build(model, &cells(model, &defaults(model), 1, dt));
            let step = Step::same(1, 0.0, 0.0, current);
            let spikes: Vec<usize> = (1..=(2000.0 / dt) as usize)
                .filter(|_| !live(model, &mut *neuron, &step).is_empty())
                .collect();
            // R = tau_m/C_m = 0.04 mV/pA; 15 mV from rest and reset to threshold.
            let rise = 10.0 * ln(0.04 * current / (0.04 * current - 15.0));
            // On the grid the threshold is met at the end of a step.
            let period = (rise / dt).ceil() as usize + (2.0 / dt).round() as usize;
            assert!(spikes.windows(2).all(|pair| pair[1] - pair[0] == period), "{} {current}", model.name);
            assert_eq!(spikes[0], (rise / dt).ceil() as usize);
        }
    }
}

#[test]
fn one_excitatory_current_of_the_microcircuit_lifts_v_by_its_0_15_millivolts() {
    let (tau_m, tau_s, weight) = (10.0_f64, 0.5_f64, 87.8);
    let arguments = defaults(&iaf_psc_exp::MODEL).with_number("tau_syn_ex", tau_s);
    let v = trace(&iaf_psc_exp::MODEL, &arguments, (0.001, 6.0), &[(1.0, weight)], 0.0);
    let (place, peak) = v.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("a trace");
    let t_max = ln(tau_m / tau_s) / (1.0 / tau_s - 1.0 / tau_m);
    let height = weight / 250.0 / (1.0 / tau_s - 1.0 / tau_m) * (exp(-t_max / tau_m) - exp(-t_max / tau_s));
    assert!(((place + 1) as f64 * 0.001 - 1.0 - t_max).abs() <= 0.001);
    // The true peak lies up to half a step beside the grid, where V is lower by V'' dt²/8.
    assert!((peak + 70.0 - height).abs() < 1e-7);
    assert!((height - 0.15).abs() < 1e-3);
}

#[test]
fn one_arrival_moves_each_linear_neuron_along_its_closed_form() {
    let (tau_m, tau_s, c) = (10.0_f64, 2.0_f64, 250.0);
    let g = 1.0 / tau_s - 1.0 / tau_m;
    let delta = |t: f64| exp(-t / tau_m);
    let single = |t: f64| 100.0 / c / g * (exp(-t / tau_m) - exp(-t / tau_s));
    let alpha = |t: f64| {
        let e = std::f64::consts::E / tau_s;
        100.0 * e / c * (exp(-t / tau_m) / g / g - exp(-t / tau_s) * (t / g + 1.0 / g / g))
    };
    let wanted: [(f64, &dyn Fn(f64) -> f64); 3] = [(1.0, &delta), (100.0, &single), (100.0, &alpha)];
    for (model, (weight, psp)) in LINEAR.into_iter().zip(wanted) {
        for sign in [1.0, -1.0] {
            let v = trace(model, &defaults(model), (0.1, 50.0), &[(5.0, sign * weight)], 0.0);
            for (number, v) in v.iter().enumerate() {
                let t = (number as f64 - 49.0) * 0.1;
                let wanted = if number < 49 { 0.0 } else { sign * psp(t) };
                assert!((v + 70.0 - wanted).abs() < 1e-12, "{} at {t}: {v}", model.name);
            }
        }
    }
}

#[test]
fn linear_traces_do_not_depend_on_the_step() {
    for model in LINEAR {
        let weight = if model.name == "IafPscDelta" { 1.0 } else { 80.0 };
        let arrivals = [(3.0, weight), (4.0, -2.0 * weight), (4.5, weight), (20.0, weight)];
        let run = |dt| trace(model, &defaults(model), (dt, 40.0), &arrivals, 200.0);
        let fine = run(0.015625);
        for ratio in [2, 8, 32] {
            let apart = apart(&run(0.015625 * ratio as f64), &fine, ratio);
            assert!(apart < 1e-11, "{} {ratio}: {apart}", model.name);
        }
    }
}

#[test]
fn equal_and_nearly_equal_time_constants_give_one_continuous_family() {
    for model in [&iaf_psc_exp::MODEL, &iaf_psc_alpha::MODEL] {
        let run = |tau_s: f64| {
            let arguments = defaults(model).with_number("tau_syn_ex", tau_s).with_number("tau_syn_in", tau_s);
            trace(model, &arguments, (0.1, 60.0), &[(1.0, 100.0), (10.0, -150.0)], 0.0)
        };
        let equal = run(10.0);
        for exponent in -12..=0 {
            let gap = 10f64.powi(exponent);
            for tau_s in [10.0 - gap, 10.0 + gap] {
                // V depends on tau_syn with a slope of a few mV/ms.
                let apart = apart(&run(tau_s), &equal, 1);
                assert!(apart < 3.0 * gap + 1e-12, "{} {tau_s}: {apart}", model.name);
            }
        }
    }
}

#[test]
fn conductances_follow_their_closed_forms() {
    for (model, alpha) in [(&iaf_cond_exp::MODEL, false), (&iaf_cond_alpha::MODEL, true)] {
        let mut neuron = f64::build(model, &cells(model, &defaults(model), 1, 0.1));
        for number in 0..100 {
            let first = if number == 0 { 1.0 } else { 0.0 };
            live(model, &mut *neuron, &Step::same(1, 12.0 * first, -8.0 * first, 0.0));
            let t = f64::from(number) * 0.1;
            for (state, weight, tau) in [(1, 12.0, 0.2), (2, 8.0, 2.0)] {
                let shape = if alpha { t / tau * exp(1.0 - t / tau) } else { exp(-t / tau) };
                let got = neuron.state(state)[0];
                assert!((got - weight * shape).abs() < 1e-12, "{} at {t}: {got}", model.name);
            }
        }
    }
}

#[test]
fn conductance_traces_are_converged_at_the_usual_step() {
    // Arrivals much denser than in a network, fast excitation (0.2 ms), no threshold.
    let arrivals: Vec<(f64, f64)> =
        (1..400).map(|k| (0.5 * f64::from((k * 7) % 400), if k % 3 == 0 { -8.0 } else { 12.0 })).collect();
    for (model, limit) in [(&iaf_cond_exp::MODEL, 1e-6), (&iaf_cond_alpha::MODEL, 1e-6)] {
        let arguments = defaults(model).with_number("V_th", 1000.0);
        let run = |dt| trace(model, &arguments, (dt, 200.0), &arrivals, 100.0);
        let fine = run(0.1 / 16.0);
        let apart = apart(&run(0.1), &fine, 16);
        println!("{}: {apart:e} mV", model.name);
        assert!(apart < limit, "{}: {apart} mV", model.name);
    }
}

#[test]
fn however_strong_the_conductances_v_stays_between_the_reversal_potentials() {
    for model in [&iaf_cond_exp::MODEL, &iaf_cond_alpha::MODEL] {
        let arguments = defaults(model).with_number("V_th", 1000.0);
        for strength in [1e2, 1e3, 1e4, 1e6, 1e9] {
            let arrivals = [(1.0, strength), (1.0, -strength), (2.0, -strength), (3.0, strength)];
            for v in trace(model, &arguments, (0.1, 5.0), &arrivals, 0.0) {
                assert!((-85.001..=0.001).contains(&v), "{} {strength}: {v}", model.name);
            }
        }
    }
}

#[test]
fn delta_arrivals_in_the_refractory_time_are_lost_or_kept_as_asked() {
    let model = &iaf_psc_delta::MODEL;
    // Fires at 1 ms, is refractory up to 3 ms; the second arrival comes at 2 ms.
    let arrivals = [(1.0, 20.0), (2.0, 5.0)];
    let lost = trace(model, &defaults(model), (0.1, 5.0), &arrivals, 0.0);
    assert!(lost.iter().all(|v| *v == -70.0));
    let keeping = defaults(model).with("refractory_input", Argument::Flag(true));
    let kept = trace(model, &keeping, (0.1, 5.0), &arrivals, 0.0);
    assert!(kept[..30].iter().all(|v| *v == -70.0));
    for (number, v) in kept.iter().enumerate().skip(30) {
        let wanted = -70.0 + 5.0 * exp(-((number + 1) as f64 * 0.1 - 2.0) / 10.0);
        assert!((v - wanted).abs() < 1e-12, "{number}: {v}, not {wanted}");
    }
}

#[test]
fn v_min_is_the_lowest_v() {
    for model in [&iaf_psc_delta::MODEL, &iaf_psc_alpha::MODEL] {
        let arguments = defaults(model).with_number("V_min", -72.0);
        let v = trace(model, &arguments, (0.1, 20.0), &[(1.0, -1000.0)], 0.0);
        assert_eq!(v.iter().copied().fold(f64::INFINITY, f64::min), -72.0, "{}", model.name);
    }
}

#[test]
fn without_refractory_time_a_strongly_driven_neuron_fires_at_every_step() {
    for model in [&iaf_psc_exp::MODEL, &iaf_cond_exp::MODEL] {
        let arguments = defaults(model).with_number("t_ref", 0.0);
        let mut neuron = f64::build(model, &cells(model, &arguments, 3, 0.1));
        for _ in 0..20 {
            assert_eq!(live(model, &mut *neuron, &Step::same(3, 0.0, 0.0, 1e6)), [0, 1, 2]);
        }
    }
}

#[test]
fn an_arrival_moves_izhikevichs_v_by_its_weight_in_the_same_step() {
    let model = &izhikevich::MODEL;
    let run = |weight| {
        let mut neuron = f64::build(model, &cells(model, &defaults(model), 1, 0.1));
        live(model, &mut *neuron, &Step::same(1, weight, 0.0, 0.0));
        neuron.state(0)[0]
    };
    assert!((run(3.0) - run(0.0) - 3.0).abs() < 1e-12);
}

#[test]
fn izhikevichs_recovery_starts_at_b_times_v() {
    let model = &izhikevich::MODEL;
    let started = |v| cells_with(model, &defaults(model), (1, 0.1), |state| (state == "V_m").then_some(v));
    assert_eq!(started(-65.0).initial[1].at(0), -13.0);
    assert_eq!(started(-50.0).initial[1].at(0), -10.0);
}

#[test]
fn half_steps_with_consistent_integration_are_refused() {
    // `is_given` asks for a place in the file.
    let arguments = defaults(&izhikevich::MODEL);
    let table = arguments.table();
    let spans = table.iter().map(|p| (p.name == "half_steps").then(Default::default)).collect();
    let values = table.iter().map(|p| arguments.get(p.name).clone()).collect();
    let given = Arguments::new(table, values, spans, Default::default());
    let complaints = (izhikevich::MODEL.check)(&given);
    assert_eq!(complaints.len(), 1);
    assert_eq!(complaints[0].parameter, "half_steps");
}

/// V and I of an `IafPscPulse` that cannot spike, after the inputs of each step, and the same by a fine
/// Runge-Kutta integration of its equations.
fn pulse_and_its_equations(numbers: &[(&'static str, f64)], inputs: &[f64], h: f64) -> [(f64, f64); 2] {
    let pulse = &iaf_psc_pulse::MODEL;
    let given =
        numbers.iter().fold(defaults(pulse), |arguments, &(name, value)| arguments.with_number(name, value));
    let arguments = given.with("spikes", Argument::Flag(false));
    let of = |name: &str| arguments.number(name);
    let (tau_m, tau_syn, r, w_in, e_l) = (of("tau_m"), of("tau_syn"), of("R_m"), of("w_in"), of("E_L"));
    let mut neuron = f64::build(pulse, &cells(pulse, &arguments, 1, h));
    let (mut v, mut i) = (e_l, 0.0);
    for &s in inputs {
        live(pulse, &mut *neuron, &Step::same(1, s, 0.0, 0.0));
        let parts = 2_000;
        let fine = h / f64::from(parts);
        let slope = |v: f64, i: f64| {
            let current = if tau_syn == 0.0 { w_in * s } else { i };
            let leak = if tau_m == f64::MAX { r * current } else { (e_l - v + r * current) / tau_m };
            (leak, if tau_syn == 0.0 { 0.0 } else { (w_in * s - i) / tau_syn })
        };
        for _ in 0..parts {
            let a = slope(v, i);
            let b = slope(v + fine / 2.0 * a.0, i + fine / 2.0 * a.1);
            let c = slope(v + fine / 2.0 * b.0, i + fine / 2.0 * b.1);
            let d = slope(v + fine * c.0, i + fine * c.1);
            v += fine / 6.0 * (a.0 + 2.0 * b.0 + 2.0 * c.0 + d.0);
            i += fine / 6.0 * (a.1 + 2.0 * b.1 + 2.0 * c.1 + d.1);
        }
    }
    [(neuron.state(0)[0], neuron.state(1)[0]), (v, i)]
}

#[test]
fn pulses_of_current_move_a_neuron_along_the_solution_of_its_equations_however_long_the_step() {
    let inputs = [3.0, 0.0, 0.0, 1.0, 2.0, 0.0];
    for tau_syn in [0.0, 0.4, 2.5, 7.0] {
        for tau_m in [2.5, 7.0, f64::MAX] {
            for h in [0.1, 1.0, 4.0] {
                let numbers =
                    [("tau_m", tau_m), ("tau_syn", tau_syn), ("R_m", 2.0), ("w_in", 3.0), ("E_L", -1.0)];
                let [(v, i), (wanted_v, wanted_i)] = pulse_and_its_equations(&numbers, &inputs, h);
                assert!((v - wanted_v).abs() < 1e-9, "{numbers:?} {h}: {v} {wanted_v}");
                assert!((i - wanted_i).abs() < 1e-9, "{numbers:?} {h}: {i} {wanted_i}");
            }
        }
    }
}

#[test]
fn euler_steps_and_jumps_are_those_that_training_libraries_take() {
    let pulse = &iaf_psc_pulse::MODEL;
    let numbers = [("tau_m", 1.0), ("tau_syn", 0.25), ("R_m", 10.0), ("w_in", 2.5)];
    let given =
        numbers.iter().fold(defaults(pulse), |arguments, &(name, value)| arguments.with_number(name, value));
    let euler = given.with("integration", Argument::Word("Euler")).with("spikes", Argument::Flag(false));
    for (word, gain) in [("Current", 1.0), ("Jump", 2.5)] {
        let arguments = euler.clone().with("arrivals", Argument::Word(word));
        let mut neuron = f64::build(pulse, &cells(pulse, &arguments, 1, 0.1));
        let (mut syn, mut mem) = (0.0, 0.0);
        for s in [1.0, 0.0, 2.0, 0.0, 0.0] {
            live(pulse, &mut *neuron, &Step::same(1, s, 0.0, 0.0));
            // snnTorch's Synaptic and Lava's CUBA neuron: alpha = 0.6, beta = 0.9.
            syn = 0.6 * syn + gain * s;
            mem = 0.9 * mem + syn;
            assert!((neuron.state(0)[0] - mem).abs() < 1e-12 && (neuron.state(1)[0] - syn).abs() < 1e-12);
        }
    }
}

#[test]
fn a_reset_inside_a_step_is_where_fine_steps_have_it() {
    let pulse = &iaf_psc_pulse::MODEL;
    for tau_m in [2.5, f64::MAX] {
        let numbers = [("tau_m", tau_m), ("R_m", 0.5), ("E_L", 0.1), ("V_reset", -0.3), ("V_th", 0.9)];
        let arguments =
            numbers.iter().fold(defaults(pulse), |all, &(name, value)| all.with_number(name, value));
        let mut coarse = f64::build(pulse, &cells(pulse, &arguments, 1, 1.0));
        let mut fine = f64::build(pulse, &cells(pulse, &arguments, 1, 1e-5));
        let mut count = 0;
        for step in 0..40 {
            let input = Step::same(1, 0.0, 0.0, [2.3, 0.3, 2.2][step % 3]);
            let spikes = live(pulse, &mut *coarse, &input).len();
            let parts: usize = (0..100_000).map(|_| live(pulse, &mut *fine, &input).len()).sum();
            assert_eq!(spikes, parts, "step {step}");
            let (v, wanted) = (coarse.state(0)[0], fine.state(0)[0]);
            assert!((v - wanted).abs() < 1e-9, "{tau_m} step {step}: {v} {wanted}");
            count += spikes;
        }
        assert!(count > 3, "{count}");
    }
}
