//! The models with sub-steps and those in continuous time against independent simulators.

mod stiff;

use models::neurons::ALL;
use sim_core::neuron::NeuronModel;
use stiff::{Drive, Life, case, cells, csv, json, live};

const STIMULI: [&str; 7] =
    ["rest", "dc_sub", "dc_supra", "dc_negative", "two_epsp_one_ipsp", "frozen_noise", "spike_bombardment"];

fn model(nest: &str) -> &'static NeuronModel {
    ALL.iter().find(|model| model.nest == nest).expect(nest)
}

/// Lives one case of `neurons/` on the grid, in both precisions.
fn both(nest: &str, stimulus: &str) -> Option<(Life, Life)> {
    let (numbers, drive) = case(&format!("neurons/{nest}__{stimulus}.json"))?;
    let model = model(nest);
    let grid = model.grid.expect("the model lives on the grid");
    let cells = cells(model, &numbers, drive.dt);
    Some((live(model, (grid.f64)(&cells), &drive), live(model, (grid.f32)(&cells), &drive)))
}

fn reference(nest: &str, stimulus: &str, what: &str) -> Option<Vec<(String, Vec<f64>)>> {
    csv(&format!("neurons/{nest}__{stimulus}.{what}.csv"))
}

/// The largest distance of two trains in ms; infinite when they differ in length.
fn distance(ours: &[f64], theirs: &[f64]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The largest difference in V where the reference is below `bound` mV.
fn worst(ours: &[f64], theirs: &[f64], bound: f64) -> f64 {
    // The recorders of the reference miss the last rows.
    assert!(ours.len() >= theirs.len() && theirs.len() + 15 > ours.len());
    let pairs = ours.iter().zip(theirs).filter(|(_, v)| **v < bound);
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The reference ran NEST with a tolerance of 1e-9, so it is the truth to 1e-6 mV; the fine
/// Runge–Kutta of fixed step is itself off by 0.02 mV after a reset.
fn adex_agrees(nest: &str) {
    for stimulus in STIMULI {
        let Some((double, single)) = both(nest, stimulus) else { return };
        let trace = &reference(nest, stimulus, "trace").unwrap()[1].1;
        let fixed = &reference(nest, stimulus, "rk4").unwrap()[1].1;
        let spikes = &reference(nest, stimulus, "spikes").unwrap()[0].1;
        for (life, tolerance) in [(&double, 1e-6), (&single, 1e-3)] {
            let (from_nest, from_fixed) =
                (worst(&life.states["V_m"], trace, -45.0), worst(&life.states["V_m"], fixed, -45.0));
            println!("{nest} {stimulus}: {from_nest:e} mV from NEST, {from_fixed:e} mV from RK4");
            assert!(from_nest < tolerance, "{nest} {stimulus}: {from_nest:e} mV");
            assert!(from_fixed < 2.1e-2, "{nest} {stimulus}: {from_fixed:e} mV");
            assert!(distance(&life.spikes, spikes) < 1e-9, "{nest} {stimulus}");
        }
    }
}

#[test]
fn adaptive_exponential_neurons_agree_with_nest() {
    adex_agrees("aeif_cond_exp");
    adex_agrees("aeif_cond_alpha");
}

#[test]
fn the_firing_patterns_of_naud_come_at_their_true_times() {
    let Some(index) = json("adex_naud2008/INDEX.json") else { return };
    let names = [
        ("C_m", "C_m_pF"),
        ("g_L", "g_L_nS"),
        ("E_L", "E_L_mV"),
        ("V_th", "V_T_mV"),
        ("Delta_T", "Delta_T_mV"),
        ("a", "a_nS"),
        ("tau_w", "tau_w_ms"),
        ("b", "b_pA"),
        ("V_reset", "V_reset_mV"),
        ("V_peak", "V_peak_mV"),
    ];
    for (pattern, said) in index["cases"].as_object().unwrap() {
        let number = |name: &str| said[name].as_f64().unwrap();
        let numbers = names.iter().map(|&(ours, theirs)| (ours.to_owned(), number(theirs))).collect();
        let truth: Vec<f64> =
            said["spikes_ms"].as_array().unwrap().iter().filter_map(|v| v.as_f64()).collect();
        let dt = 0.1;
        let (on, steps) =
            ((number("I_on_ms") / dt).round() as usize, (number("t_stop_ms") / dt).round() as usize);
        let mut current = vec![0.0; steps];
        current[on..].fill(number("I_pA"));
        let drive = Drive { dt, steps, current, arrivals: Vec::new() };
        let model = model("aeif_cond_exp");
        let grid = model.grid.unwrap();
        let cells = cells(model, &numbers, dt);
        let stamps: Vec<f64> = truth.iter().map(|t| (t / dt).ceil() * dt).collect();
        for (precision, life) in [
            ("f64", live(model, (grid.f64)(&cells), &drive)),
            ("f32", live(model, (grid.f32)(&cells), &drive)),
        ] {
            let off = life.spikes.iter().zip(&stamps).filter(|(a, b)| (*a - *b).abs() > 1e-9).count();
            println!(
                "{pattern} in {precision}: {} spikes, {off} a step off, {}",
                truth.len(),
                distance(&life.spikes, &stamps)
            );
        }
    }
}
