//! What every connection rule promises, whichever it is: a new row in the list is tested unasked.

mod common;

use common::{Tables, onto, placed, recurrent, table, two, wire_from};
use proptest::prelude::*;
use sim_core::parameter::{Argument, Arguments, Default, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends, Synapse};
use sim_core::units::Dimension;
use std::collections::BTreeSet;
use topology::rules::ALL;

const EXTENT: [f64; 3] = [400.0, 300.0, 0.0];

/// Populations of many shapes, all of them with places.
fn shapes() -> Vec<Ends> {
    [
        recurrent(60),
        two(60, 60),
        two(40, 300),
        two(300, 40),
        recurrent(1),
        two(1, 1),
        two(0, 7),
        two(7, 0),
        recurrent(0),
    ]
    .map(|ends| placed(ends, EXTENT))
    .to_vec()
}

/// Something sensible for a parameter that must be given.
fn some_argument(parameter: &Parameter, ends: &Ends, variant: i64) -> Argument {
    let value = match (parameter.kind, parameter.range) {
        (Kind::Value(Dimension::Length), _) => [60.0, 250.0][variant as usize],
        (_, Range::Probability) => [0.2, 0.97][variant as usize],
        (_, Range::Between(low, high)) => (low + [1.0, 2.5][variant as usize]).min(high),
        _ => [1.5, 2.5][variant as usize],
    };
    match parameter.kind {
        Kind::Value(_) => Argument::Value(value),
        Kind::Integer => Argument::Integer([3, 40][variant as usize]),
        Kind::Text => Argument::Text("edges.h5".into()),
        Kind::Pairs => Argument::Pairs(some_pairs(ends).into()),
        kind => panic!("say in this test what {} of kind {kind:?} may be", parameter.name),
    }
}

/// Every pair whose numbers fit a pattern, out of order.
fn some_pairs(ends: &Ends) -> Vec<(u32, u32)> {
    let all = (0..ends.sources).flat_map(|s| (0..ends.targets).rev().map(move |t| (s, t)));
    all.filter(|(s, t)| (s * 7 + t * 3) % 5 == 0).collect()
}

/// Arguments in all combinations of switches and words that the rule accepts between these
/// populations. Probabilities have other values than their defaults, unless the rule refuses that.
fn cases(rule: &ConnectionRule, ends: &Ends) -> Vec<Arguments> {
    let accepted = |own_probabilities| {
        let mut cases: Vec<Arguments> =
            (0..2).flat_map(|variant| combinations(rule, ends, variant, own_probabilities)).collect();
        cases.retain(|arguments| (rule.check)(arguments, ends).is_empty());
        cases
    };
    let cases = accepted(true);
    if cases.is_empty() { accepted(false) } else { cases }
}

fn combinations(rule: &ConnectionRule, ends: &Ends, variant: i64, own_probabilities: bool) -> Vec<Arguments> {
    let mut cases = vec![Arguments::defaults(rule.parameters)];
    for parameter in rule.parameters {
        let name = parameter.name;
        let each = |values: &[Argument]| -> Vec<Arguments> {
            let with = |case: &Arguments| values.iter().map(|v| case.clone().with(name, v.clone())).collect();
            cases.iter().flat_map(|case| -> Vec<Arguments> { with(case) }).collect()
        };
        let own = own_probabilities && parameter.range == Range::Probability;
        cases = match (parameter.kind, parameter.default) {
            (Kind::Flag, _) => each(&[false, true].map(Argument::Flag)),
            (Kind::Choice(words), _) => each(&words.iter().map(|w| Argument::Word(w)).collect::<Vec<_>>()),
            (_, Default::SameAs(other)) => {
                cases.iter().map(|case| case.clone().with(name, case.get(other).clone())).collect()
            }
            (_, default) if own || default == Default::Required => {
                each(&[some_argument(parameter, ends, variant)])
            }
            _ => continue,
        };
    }
    cases
}

fn files(ends: &Ends) -> Tables {
    let pairs = some_pairs(ends);
    let column = |pick: fn(&(u32, u32)) -> u32| -> Vec<f64> {
        pairs.iter().map(|pair| f64::from(pick(pair))).collect()
    };
    Tables(table(&[("source", &column(|pair| pair.0)), ("target", &column(|pair| pair.1))]))
}

/// Runs a test on every rule with every shape and all arguments it accepts.
fn for_every_case(mut test: impl FnMut(&ConnectionRule, &Arguments, &Ends, &Tables)) {
    for rule in ALL {
        let mut count = 0;
        for ends in shapes() {
            let files = files(&ends);
            for arguments in cases(rule, &ends) {
                test(rule, &arguments, &ends, &files);
                count += 1;
            }
        }
        assert!(count >= 4, "{} accepts hardly anything", rule.name);
    }
}

fn of_target(synapses: &[Synapse], target: u32) -> Vec<Synapse> {
    synapses.iter().copied().filter(|synapse| synapse.target == target).collect()
}

#[test]
fn every_synapse_joins_neurons_that_exist_and_has_a_number_of_its_own() {
    for_every_case(|rule, arguments, ends, files| {
        let all = onto(&*wire_from(rule, arguments, ends, 1, files), 0..ends.targets);
        let numbers: BTreeSet<u64> = all.iter().map(|synapse| synapse.number).collect();
        assert_eq!(numbers.len(), all.len(), "{} gives a number twice: {arguments:?}", rule.name);
        for synapse in &all {
            assert!(synapse.source < ends.sources && synapse.target < ends.targets, "{}", rule.name);
        }
    });
}

#[test]
fn any_single_target_gets_the_synapses_it_has_in_the_whole() {
    for_every_case(|rule, arguments, ends, files| {
        let wiring = wire_from(rule, arguments, ends, 1, files);
        let all = onto(&*wiring, 0..ends.targets);
        for target in 0..ends.targets {
            let own = onto(&*wiring, target..target + 1);
            assert!(own == of_target(&all, target), "{} onto {target}: {arguments:?}", rule.name);
        }
        assert!(onto(&*wiring, ends.targets / 2..ends.targets / 2).is_empty(), "{}", rule.name);
    });
}

#[test]
fn the_expected_number_of_synapses_is_within_five_standard_deviations() {
    for_every_case(|rule, arguments, ends, files| {
        let wiring = wire_from(rule, arguments, ends, 1, files);
        let real = onto(&*wiring, 0..ends.targets).len() as f64;
        // No other rule scatters more than a Poisson number does.
        let allowed = |expected: f64| 5.0 * expected.sqrt() + 1e-6;
        assert!((wiring.count() - real).abs() <= allowed(wiring.count()), "{}: {arguments:?}", rule.name);
        if SCATTERS_MORE.contains(&rule.name) {
            return;
        }
        if let Some(expected) = (rule.expected)(arguments, ends) {
            assert!(
                (expected - real).abs() <= allowed(expected),
                "{}: {real} synapses, {expected} expected: {arguments:?}",
                rule.name
            );
        }
    });
}

#[test]
fn the_same_seed_gives_the_same_synapses_and_another_seed_others() {
    for_every_case(|rule, arguments, ends, files| {
        let all = |seed| onto(&*wire_from(rule, arguments, ends, seed, files), 0..ends.targets);
        assert!(all(1) == all(1), "{}", rule.name);
    });
    let ends = placed(recurrent(60), EXTENT);
    for rule in ALL.iter().filter(|rule| !DRAWS_NOTHING.contains(&rule.name)) {
        let arguments = &cases(rule, &ends)[0];
        let all = |seed| onto(&*wire_from(rule, arguments, &ends, seed, &files(&ends)), 0..ends.targets);
        assert!(all(1) != all(2), "{} does not heed the seed", rule.name);
    }
}

/// Rules whose numbers of synapses scatter as their heavy-tailed degrees do; `scale_free.rs` compares
/// their means with what is expected.
const SCATTERS_MORE: [&str; 2] = ["DirectedScaleFree", "PowerLawDegrees"];

/// Rules without chance.
const DRAWS_NOTHING: [&str; 4] = ["AllToAll", "OneToOne", "List", "EdgeFile"];

#[test]
fn without_autapses_and_multapses_there_are_none() {
    for_every_case(|rule, arguments, ends, files| {
        let says = |name: &str| rule.parameters.iter().any(|parameter| parameter.name == name);
        let all = onto(&*wire_from(rule, arguments, ends, 1, files), 0..ends.targets);
        if says("autapses") && !arguments.flag("autapses") && ends.recurrent {
            assert!(!common::has_autapse(&all), "{}: {arguments:?}", rule.name);
        }
        if says("multapses") && !arguments.flag("multapses") {
            assert!(!common::has_multapse(&all), "{}: {arguments:?}", rule.name);
        }
    });
}

#[test]
fn every_rule_has_a_name_and_parameters_of_its_own_and_says_what_they_mean() {
    let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), ALL.len(), "a name is used twice");
    for rule in ALL {
        let words: BTreeSet<&str> = rule.parameters.iter().map(|parameter| parameter.name).collect();
        assert_eq!(words.len(), rule.parameters.len(), "{} uses a word twice", rule.name);
        assert!(!rule.summary.is_empty() && rule.parameters.iter().all(|p| !p.meaning.is_empty()));
    }
}

#[test]
fn a_network_shrunk_by_nothing_keeps_its_number_of_synapses() {
    for_every_case(|rule, arguments, ends, _| {
        if let (Some(shrink), Some(expected)) = (rule.shrink, (rule.expected)(arguments, ends)) {
            let same = shrink(arguments, ends, 1.0, 1.0);
            assert!((rule.check)(&same, ends).is_empty(), "{}", rule.name);
            assert_eq!((rule.expected)(&same, ends), Some(expected), "{}", rule.name);
        }
    });
}

#[test]
fn a_shrunk_network_has_as_many_synapses_as_its_neurons_and_in_degrees_ask_for() {
    for rule in ALL {
        let (Some(shrink), full) = (rule.shrink, recurrent(1000)) else { continue };
        let arguments =
            rule.parameters.iter().fold(Arguments::defaults(rule.parameters), |all, parameter| {
                match (parameter.default, parameter.kind) {
                    (Default::Required, Kind::Integer) => all.with(parameter.name, Argument::Integer(200)),
                    (Default::Required, _) => all.with(parameter.name, Argument::Value(0.2)),
                    _ => all,
                }
            });
        let total = (rule.expected)(&arguments, &full).expect("a rule that shrinks can count");
        let small = recurrent(500);
        let shrunk = shrink(&arguments, &full, 0.5, 0.25);
        let ratio = (rule.expected)(&shrunk, &small).expect("a rule that shrinks can count") / total;
        assert!((ratio - 0.125).abs() < 0.001, "{}: {ratio}", rule.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn however_the_targets_are_cut_their_synapses_come_in_the_same_order(
        seed in any::<u64>(),
        cuts in prop::collection::vec(0_u32..=100, 1..5),
    ) {
        for_every_case(|rule, arguments, ends, files| {
            let wiring = wire_from(rule, arguments, ends, seed, files);
            let mut bounds: Vec<u32> = cuts.iter().map(|cut| ends.targets * cut / 100).collect();
            bounds.extend([0, ends.targets]);
            bounds.sort_unstable();
            // A stable sort by target leaves the order within each target as it came.
            let mut whole = onto(&*wiring, 0..ends.targets);
            whole.sort_by_key(|synapse| synapse.target);
            let mut parts: Vec<Synapse> =
                bounds.windows(2).flat_map(|cut| onto(&*wiring, cut[0]..cut[1])).collect();
            parts.sort_by_key(|synapse| synapse.target);
            assert!(whole == parts, "{} cut at {bounds:?}: {arguments:?}", rule.name);
        });
    }
}
