//! Every weight that NEST 3.10 sent in the reference cases, to 1e-9.

use models::synapses;
use serde_json::Value;
use sim_core::network::Clock;
use sim_core::parameter::{Argument, Arguments};
use sim_core::real::Real;
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use std::path::PathBuf;

const DT: f64 = 0.1;

fn folder() -> Option<PathBuf> {
    let shared = std::env::var_os("SALTUS_SHARED");
    if shared.is_none() {
        println!("skipped: SALTUS_SHARED is not set");
    }
    Some(PathBuf::from(shared?).join("reference/open/synapses"))
}

fn case(name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(folder()?.join(format!("{name}.json"))).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Rows of a table, with what NumPy writes around a number taken off.
fn rows(name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(folder().unwrap().join(format!("{name}.csv"))).unwrap();
    let number = |cell: &str| cell.trim_start_matches("np.float64(").trim_end_matches(')').parse().unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(number).collect()).collect()
}

fn steps(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|time| (time.as_f64().unwrap() / DT).round()).collect()
}

fn model(name: &str) -> &'static SynapseModel {
    synapses::ALL.iter().find(|model| model.name == name).unwrap()
}

/// A rule with the parameters of a case, named as NEST names them.
fn arguments(model: &'static SynapseModel, case: &Value, words: &[(&str, &'static str)]) -> Arguments {
    let mut arguments = Arguments::defaults(model.parameters);
    for (name, value) in case["parameters"].as_object().unwrap() {
        // NEST's `u` of tsodyks2 counts the first spike already; ours at time 0 does not.
        if name == "weight" || (case["nest_model"] == "tsodyks2_synapse" && name == "u") {
            continue;
        }
        let name = if name == "Wmax" { "w_max" } else { name };
        arguments = arguments.with(name, Argument::Value(value.as_f64().unwrap()));
    }
    if model.parameters.iter().any(|parameter| parameter.name == "tau_minus") {
        arguments = arguments.with("tau_minus", Argument::Value(case["tau_minus_ms"].as_f64().unwrap()));
    }
    if model.name == "TripletStdp" {
        // The files leave out the neuron's slow time constant; it is Pfister and Gerstner's.
        arguments = arguments.with("tau_minus_triplet", Argument::Value(125.0));
    }
    words.iter().fold(arguments, |all, (name, word)| all.with(name, Argument::Word(word)))
}

/// The weights sent through one synapse by `pre`; what a machine would do, with forgetting.
fn sent<R: Real>(
    mut rule: Box<dyn Plasticity<R>>,
    weight: f64,
    delay: f64,
    pre: &[f64],
    post: &[f64],
) -> Vec<f64> {
    let mut run = vec![0.0; rule.pre_len()];
    rule.pre_start(&mut run);
    let mut weights = [R::of(weight)];
    let mut post = post.iter().copied().peekable();
    let mut all = Vec::new();
    for &time in pre {
        while let Some(spiked) = post.next_if(|&spiked| spiked <= time + delay) {
            rule.post_spike(0, spiked);
        }
        rule.deliver(PreSpike { time, delay }, &mut run, &[0], &mut weights, &mut all);
        rule.forget(&[rule.needed_from(&run, delay)]);
    }
    all.into_iter().map(R::wide).collect()
}

/// The largest relative deviation in double and in single precision.
fn deviation(
    model: &'static SynapseModel,
    case: &Value,
    words: &[(&str, &'static str)],
    expected: &[f64],
    pre: &[f64],
    post: &[f64],
) -> [f64; 2] {
    let site =
        PlasticSite { arguments: arguments(model, case, words), neurons: 1, dt: DT, clock: Clock::Grid };
    let weight = case["parameters"]["weight"].as_f64().or(case["weight_pA"].as_f64()).unwrap();
    let delay = (case["delay_ms"].as_f64().unwrap() / DT).round();
    let worst = |found: Vec<f64>| {
        assert_eq!(found.len(), expected.len());
        let off =
            found.iter().zip(expected).map(|(found, expected)| (found - expected).abs() / expected.abs());
        off.fold(0.0, f64::max)
    };
    [
        worst(sent((model.f64)(&site), weight, delay, pre, post)),
        worst(sent((model.f32)(&site), weight, delay, pre, post)),
    ]
}

/// Compares a rule with its window and its two Poisson trains.
fn agrees(name: &str, model_name: &str, words: &[(&str, &'static str)]) {
    let model = model(model_name);
    for train in ["poisson0", "poisson1"] {
        let id = format!("{name}.{train}");
        let Some(case) = case(&id) else { return };
        let expected: Vec<f64> = rows(&format!("{id}.weights")).iter().map(|row| row[1]).collect();
        let (pre, post) = (steps(&case["pre_spikes_ms"]), steps(&case["post_spikes_ms"]));
        let off = deviation(model, &case, words, &expected, &pre, &post);
        assert!(off[0] <= 1e-9 && off[1] <= 1e-5, "{id}: {off:?}");
    }
    let case = case(&format!("{name}.window")).unwrap();
    for row in rows(&format!("{name}.window")) {
        let post = [((100.0 + row[0]) / DT).round()];
        let off = deviation(model, &case, words, &row[1..], &[1000.0, 9000.0], &post);
        assert!(off[0] <= 1e-9 && off[1] <= 1e-5, "{name} at {} ms: {off:?}", row[0]);
    }
}

fn short_term(name: &str, nest: &str) {
    for train in ["regular20Hz", "poisson"] {
        let id = format!("{name}.{nest}.{train}");
        let Some(case) = case(&id) else { return };
        let expected: Vec<f64> = rows(&format!("{id}.weights")).iter().map(|row| row[1]).collect();
        let off =
            deviation(model("TsodyksMarkram"), &case, &[], &expected, &steps(&case["pre_spikes_ms"]), &[]);
        assert!(off[0] <= 1e-9 && off[1] <= 1e-6, "{id}: {off:?}");
    }
}

#[test]
fn additive_stdp_sends_nests_weights() {
    agrees("stdp_additive", "Stdp", &[]);
    agrees("stdp_additive", "Stdp", &[("weight_dependence", "Additive")]);
}

#[test]
fn multiplicative_stdp_sends_nests_weights() {
    agrees("stdp_multiplicative", "Stdp", &[]);
    agrees("stdp_multiplicative", "Stdp", &[("weight_dependence", "Multiplicative")]);
}

#[test]
fn van_rossum_stdp_sends_nests_weights() {
    agrees("stdp_van_rossum", "Stdp", &[]);
    agrees("stdp_van_rossum", "Stdp", &[("weight_dependence", "VanRossum")]);
}

#[test]
fn guetig_stdp_sends_nests_weights() {
    agrees("stdp_power_guetig", "Stdp", &[]);
    agrees("stdp_power_guetig", "Stdp", &[("weight_dependence", "Guetig")]);
}

#[test]
fn nearest_neighbour_stdp_sends_nests_weights() {
    agrees("stdp_nn_symmetric", "Stdp", &[("neighbours", "Symmetric")]);
    agrees("stdp_nn_presyn_centered", "Stdp", &[("neighbours", "PresynCentered")]);
    agrees("stdp_nn_restricted", "Stdp", &[("neighbours", "Restricted")]);
}

#[test]
fn power_law_stdp_sends_nests_weights() {
    agrees("stdp_powerlaw_morrison2007", "StdpPowerLaw", &[]);
}

#[test]
fn triplet_stdp_sends_nests_weights() {
    agrees("stdp_triplet_pfister_gerstner", "TripletStdp", &[]);
}

#[test]
fn vogels_sprekeler_sends_nests_weights() {
    agrees("vogels_sprekeler_inhibitory", "VogelsSprekeler", &[]);
}

#[test]
fn tsodyks_markram_with_a_current_sends_nests_weights() {
    for name in ["tm_depressing", "tm_facilitating", "tm_mixed"] {
        short_term(name, "tsodyks_synapse");
    }
}

#[test]
fn tsodyks_markram_without_a_current_sends_nests_weights() {
    for name in ["tm_depressing", "tm_facilitating", "tm_mixed"] {
        short_term(name, "tsodyks2_synapse");
    }
}
