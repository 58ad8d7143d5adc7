//! What the scale-free rules promise: degree laws, numbers of synapses, switches and complaints.

use sim_core::data::NoFiles;
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Ends, Site, Synapse, Wiring};
use std::ops::Range;
use topology::graphs::digraph::Digraph;
use topology::graphs::power_law::{Tally, fit};
use topology::rules::{barabasi_albert, directed_scale_free, power_law_degrees};

fn ends(sources: u32, targets: u32, recurrent: bool) -> Ends {
    let target = if recurrent { "E" } else { "I" };
    Ends {
        source: "E".into(),
        target: target.into(),
        sources,
        targets,
        recurrent,
        source_places: None,
        target_places: None,
    }
}

fn arguments(rule: &ConnectionRule, given: &[(&str, Argument)]) -> Arguments {
    // exponent_out is that of exponent_in unless it is given itself.
    let mut arguments = Arguments::defaults(rule.parameters);
    for (name, value) in given {
        arguments = arguments.with(name, value.clone());
        if *name == "exponent_in" {
            arguments = arguments.with("exponent_out", value.clone());
        }
    }
    arguments
}

fn wire(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends, seed: u64) -> Box<dyn Wiring> {
    let arguments = arguments(rule, given);
    assert_eq!((rule.check)(&arguments, ends), []);
    (rule.wire)(&Site { arguments: &arguments, ends, key: Key::new(seed), files: &NoFiles }).unwrap()
}

fn complaint(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends) -> String {
    let complaints = (rule.check)(&arguments(rule, given), ends);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    format!("{}: {}", complaints[0].parameter, complaints[0].message)
}

fn onto(wiring: &dyn Wiring, targets: Range<u32>) -> Vec<Synapse> {
    let mut synapses = Vec::new();
    wiring.onto(targets, &mut |batch| synapses.extend_from_slice(batch));
    synapses
}

fn digraph(wiring: &dyn Wiring, nodes: u32) -> Digraph {
    let synapses = onto(wiring, 0..nodes);
    Digraph::from_edges(nodes, synapses.iter().map(|s| (s.source, s.target)))
}

fn integer(value: i64) -> Argument {
    Argument::Integer(value)
}

fn value(value: f64) -> Argument {
    Argument::Value(value)
}

const NO: Argument = Argument::Flag(false);

/// Each rule with arguments that suit 500 neurons.
fn each() -> [(&'static ConnectionRule, Vec<(&'static str, Argument)>); 3] {
    [
        (&barabasi_albert::RULE, vec![("m", integer(6))]),
        (&directed_scale_free::RULE, vec![("autapses", NO), ("multapses", NO)]),
        (&power_law_degrees::RULE, vec![("exponent_in", value(2.5)), ("k_min", integer(3))]),
    ]
}

#[test]
fn every_slice_of_targets_has_the_synapses_of_the_whole() {
    for (rule, given) in each() {
        let wiring = wire(rule, &given, &ends(500, 500, true), 3);
        let whole = onto(&*wiring, 0..500);
        let mut parts = Vec::new();
        for targets in [0..1, 1..1, 1..170, 170..499, 499..500] {
            parts.extend(onto(&*wiring, targets));
        }
        assert_eq!(parts, whole, "{}", rule.name);
        assert_eq!(wiring.count(), whole.len() as f64);
        let mut numbers: Vec<u64> = whole.iter().map(|synapse| synapse.number).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{}", rule.name);
    }
}

#[test]
fn the_same_key_gives_the_same_network_and_another_key_another() {
    for (rule, given) in each() {
        let [one, again, other] =
            [1, 1, 2].map(|seed| onto(&*wire(rule, &given, &ends(500, 500, true), seed), 0..500));
        assert_eq!(one, again, "{}", rule.name);
        assert_ne!(one, other, "{}", rule.name);
    }
}

#[test]
fn as_many_synapses_come_as_are_expected() {
    let recurrent = ends(5000, 5000, true);
    for (rule, mut given) in each() {
        given.retain(|(name, _)| *name != "multapses" && *name != "autapses");
        let expected = (rule.expected)(&arguments(rule, &given), &recurrent).unwrap();
        let counts: Vec<f64> = (0..20).map(|seed| wire(rule, &given, &recurrent, seed).count()).collect();
        let mean = counts.iter().sum::<f64>() / 20.0;
        let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / 19.0;
        let error = (variance / 20.0).sqrt();
        assert!((mean - expected).abs() <= 4.0 * error, "{}: {mean} ± {error}, {expected}", rule.name);
    }
}

#[test]
fn without_autapses_and_multapses_there_are_none() {
    let nodes = 2000;
    for (rule, mut given) in each().into_iter().skip(1) {
        given.extend([("autapses", NO), ("multapses", NO)]);
        let graph = digraph(&*wire(rule, &given, &ends(nodes, nodes, true), 5), nodes);
        for target in 0..nodes {
            let row = graph.incoming.row(target);
            assert!(row.windows(2).all(|pair| pair[0] < pair[1]) && !row.contains(&target), "{}", rule.name);
        }
    }
}

#[test]
fn directed_scale_free_networks_have_the_exponents_of_theory() {
    // X_in = 1 + (1 + 0.5·0.4)/0.8 = 2.5, X_out = 1 + (1 + 1.0·0.4)/0.8 = 2.75.
    let given = [
        ("alpha", value(0.2)),
        ("beta", value(0.6)),
        ("gamma", value(0.2)),
        ("delta_in", value(0.5)),
        ("delta_out", value(1.0)),
    ];
    let nodes = 100_000;
    let wiring = wire(&directed_scale_free::RULE, &given, &ends(nodes, nodes, true), 4);
    let graph = digraph(&*wiring, nodes);
    for (degrees, exponent, delta) in
        [(graph.incoming.lengths(), 2.5, 0.5), (graph.outgoing.lengths(), 2.75, 1.0)]
    {
        // The law is Γ(k+δ) / Γ(k+δ+X), which from k = 10 on is (k + δ + (X−1)/2)^−X to 1 %. Its
        // likeliest exponent is Hill's, with standard error (X−1)/√n.
        let shift = delta + (exponent - 1.0) / 2.0;
        let tail: Vec<f64> = degrees.iter().filter(|&&k| k >= 10).map(|&k| f64::from(k) + shift).collect();
        let n = tail.len() as f64;
        let logs: f64 = tail.iter().map(|k| (k / (9.5 + shift)).ln()).sum();
        let error = 3.0 * (exponent - 1.0) / n.sqrt();
        assert!(error < 0.12 && (1.0 + n / logs - exponent).abs() < error, "{exponent}: {}", 1.0 + n / logs);
    }
}

#[test]
fn power_law_degrees_have_the_exponents_that_were_asked_for() {
    let given =
        [("exponent_in", value(2.2)), ("exponent_out", value(3.0)), ("k_min", integer(5)), ("multapses", NO)];
    let nodes = 20_000;
    let wiring = wire(&power_law_degrees::RULE, &given, &ends(nodes, nodes, true), 9);
    let graph = digraph(&*wiring, nodes);
    for (degrees, exponent) in [(graph.incoming.lengths(), 2.2), (graph.outgoing.lengths(), 3.0)] {
        let law = fit(&Tally::new(degrees)).unwrap();
        assert!((law.exponent - exponent).abs() < 3.0 * law.standard_error, "{exponent}: {law:?}");
    }
    assert_eq!(graph.incoming.lengths().into_iter().min(), Some(5));
}

#[test]
fn power_law_degrees_join_two_populations() {
    let given = [("exponent_in", value(2.5)), ("k_min", integer(2)), ("k_max", integer(50))];
    let wiring = wire(&power_law_degrees::RULE, &given, &ends(300, 1000, false), 1);
    let synapses = onto(&*wiring, 0..1000);
    assert!(synapses.iter().all(|s| s.source < 300 && s.target < 1000));
    let mut sent = [0; 300];
    synapses.iter().for_each(|s| sent[s.source as usize] += 1);
    assert!(sent.iter().all(|&degree| (2..=50).contains(&degree)));
}

#[test]
fn growth_between_two_populations_is_refused() {
    let two = ends(500, 500, false);
    for (rule, given) in each().into_iter().take(2) {
        assert!(complaint(rule, &given, &two).contains("within one population"), "{}", rule.name);
    }
}

#[test]
fn more_partners_than_neurons_are_refused() {
    let small = ends(20, 20, true);
    assert_eq!(
        complaint(&barabasi_albert::RULE, &[("m", integer(20))], &small),
        "m: each neuron joins 20 others but \"E\" has only 20"
    );
    let power = |given: &[(&str, Argument)]| {
        let all: Vec<_> = [("exponent_in", value(2.5))].iter().chain(given).cloned().collect();
        complaint(&power_law_degrees::RULE, &all, &small)
    };
    assert!(power(&[("k_min", integer(21))]).starts_with("k_min: 21 is more than the 20"));
    assert!(power(&[("k_min", integer(20)), ("autapses", NO)]).starts_with("k_min: 20 is more than the 19"));
    assert!(power(&[("k_max", integer(21))]).starts_with("k_max: 21 is more than the 20"));
    assert!(power(&[("k_min", integer(9)), ("k_max", integer(8))]).starts_with("k_max: 8 is below k_min"));
}

#[test]
fn exponents_and_shares_without_sense_are_refused() {
    let recurrent = ends(100, 100, true);
    let power = [("exponent_in", value(1.0)), ("exponent_out", value(2.0))];
    assert!(complaint(&power_law_degrees::RULE, &power, &recurrent).starts_with("exponent_in: "));
    let growth = |given: &[(&str, Argument)], ends: &Ends| complaint(&directed_scale_free::RULE, given, ends);
    assert!(growth(&[("beta", value(0.5))], &recurrent).contains("is 0.96, not 1"));
    let no_births = [("alpha", value(0.0)), ("beta", value(1.0)), ("gamma", value(0.0))];
    assert!(growth(&no_births, &recurrent).starts_with("beta: "));
    let barren =
        [("alpha", value(0.4)), ("beta", value(0.6)), ("gamma", value(0.0)), ("delta_in", value(0.0))];
    assert!(growth(&barren, &recurrent).contains("in-degree above 0"));
    assert!(growth(&[], &ends(2, 2, true)).contains("begins with 3 neurons"));
}

#[test]
fn sums_that_cannot_agree_are_refused() {
    // 1000 targets with at least 5 synapses each, from 10 sources with at most 100 each.
    let given = [("exponent_in", value(2.0)), ("k_min", integer(5)), ("k_max", integer(100))];
    let message = complaint(&power_law_degrees::RULE, &given, &ends(10, 1000, false));
    assert!(message.contains("from 10 neurons with up to 100 as onto 1000 with up to 10"), "{message}");
}

#[test]
fn no_population_is_too_small_to_be_checked() {
    for (rule, given) in each() {
        for size in 0..4 {
            let recurrent = ends(size, size, true);
            let arguments = arguments(rule, &given);
            let complaints = (rule.check)(&arguments, &recurrent);
            (rule.expected)(&arguments, &recurrent);
            assert!(!complaints.is_empty() || size > 2, "{} with {size} neurons", rule.name);
        }
    }
}
