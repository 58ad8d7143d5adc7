//! What rules refuse, in the words that a user reads.

mod common;

use common::*;
use sim_core::data::{DataError, Table};
use sim_core::parameter::{Argument, Complaint};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Ends, Site, Wiring};
use topology::rules::{
    disc, edge_file, fixed_indegree, fixed_outdegree, fixed_total, list, one_to_one, pairwise_bernoulli,
    small_world, total_from_probability,
};

fn named(ends: Ends, source: &str, target: &str) -> Ends {
    Ends { source: source.into(), target: target.into(), ..ends }
}

/// The only complaint.
fn complaint(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends) -> Complaint {
    let complaints = (rule.check)(&with(rule, given), ends);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    complaints[0].clone()
}

fn accepts(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends) -> bool {
    (rule.check)(&with(rule, given), ends).is_empty()
}

#[test]
fn more_different_sources_than_there_are() {
    let ends = named(two(2500, 10_000), "I", "E");
    let given = [("n", whole(3000)), ("multapses", off())];
    let it = complaint(&fixed_indegree::RULE, &given, &ends);
    assert_eq!(it.parameter, "n");
    assert_eq!(it.message, "each target needs 3000 different sources but \"I\" has only 2500 neurons");
    assert_eq!(it.help.as_deref(), Some("set n to 2500 or less, or allow multapses"));
    assert!(accepts(&fixed_indegree::RULE, &[("n", whole(3000))], &ends));
    assert!(accepts(&fixed_indegree::RULE, &[("n", whole(2500)), ("multapses", off())], &ends));
}

#[test]
fn as_many_different_sources_as_neurons_where_one_is_oneself() {
    let given = [("n", whole(10)), ("multapses", off()), ("autapses", off())];
    let it = complaint(&fixed_indegree::RULE, &given, &recurrent(10));
    assert_eq!(
        it.message,
        "each target needs 10 different sources but \"A\" has only 9 neurons besides itself"
    );
}

#[test]
fn synapses_from_or_onto_nobody() {
    let it = complaint(&fixed_indegree::RULE, &[("n", whole(1))], &two(0, 5));
    assert_eq!(it.message, "each target needs 1 source but \"A\" is empty");
    let it = complaint(&fixed_outdegree::RULE, &[("n", whole(4))], &two(5, 0));
    assert_eq!(it.message, "each source needs 4 targets but \"B\" is empty");
    let it = complaint(&fixed_total::RULE, &[("n", whole(4))], &two(5, 0));
    assert_eq!(it.message, "4 synapses are needed but there is no pair of neurons between \"A\" and \"B\"");
    let alone = [("n", whole(2)), ("autapses", off())];
    assert!(!accepts(&fixed_indegree::RULE, &alone, &recurrent(1)));
    assert!(accepts(&fixed_indegree::RULE, &[("n", whole(9))], &two(5, 0)));
    assert!(accepts(&fixed_outdegree::RULE, &[("n", whole(9))], &two(0, 5)));
    assert!(accepts(&fixed_total::RULE, &[("n", whole(0))], &two(0, 5)));
}

#[test]
fn more_different_pairs_than_there_are() {
    let given = [("n", whole(31)), ("multapses", off())];
    let it = complaint(&fixed_total::RULE, &given, &two(5, 6));
    assert_eq!(it.message, "31 different pairs are needed but there are only 30 between \"A\" and \"B\"");
    assert!(!accepts(&fixed_total::RULE, &[("n", whole(1 << 40))], &two(5, 6)));
}

#[test]
fn a_total_that_joins_every_pair_for_certain() {
    let it = complaint(&total_from_probability::RULE, &[("p", number(1.0))], &two(5, 6));
    assert_eq!(it.help.as_deref(), Some("use AllToAll, or PairwiseBernoulli(p: 1.0)"));
    assert!(accepts(&total_from_probability::RULE, &[("p", number(1.0)), ("n", whole(7))], &two(5, 6)));
}

#[test]
fn a_shrunken_network_that_would_need_a_probability_above_one() {
    let rule = &pairwise_bernoulli::RULE;
    let full = recurrent(1000);
    let shrunk = rule.shrink.expect("it can be shrunk")(&with(rule, &[("p", number(0.6))]), &full, 0.5, 1.0);
    let complaints = (rule.check)(&shrunk, &recurrent(500));
    assert_eq!(complaints[0].message, "the probability would have to be 1.2 to keep the in-degrees");
}

#[test]
fn unequal_sizes_where_they_must_be_equal() {
    let it = complaint(&one_to_one::RULE, &[], &two(3, 4));
    let message = "both populations must have the same size, but \"A\" has 3 neurons and \"B\" has 4";
    assert_eq!(it.message, message);
    let given = [("k", whole(2)), ("p_rewire", number(0.1))];
    assert_eq!(complaint(&small_world::RULE, &given, &two(3, 4)).message, message);
    let it = complaint(&small_world::RULE, &[("k", whole(4)), ("p_rewire", number(0.1))], &recurrent(4));
    assert_eq!(it.message, "each target needs 4 neighbours but \"A\" has only 3");
}

#[test]
fn a_listed_neuron_that_does_not_exist() {
    let pairs = |pairs: &[(u32, u32)]| [("pairs", Argument::Pairs(pairs.into()))];
    let it = complaint(&list::RULE, &pairs(&[(0, 0), (1, 5), (9, 9)]), &two(2, 5));
    assert_eq!(it.message, "pair 1 is (1, 5), but there is no target 5: \"B\" has 5 neurons");
    assert!(accepts(&list::RULE, &pairs(&[(1, 4)]), &two(2, 5)));
}

#[test]
fn distances_without_places() {
    let given = [("radius", number(5.0))];
    let complaints = (disc::RULE.check)(&with(&disc::RULE, &given), &two(3, 4));
    assert_eq!(complaints.len(), 2);
    assert_eq!(complaints[0].message, "distances are needed, but \"A\" does not say where its neurons are");
    assert_eq!(complaints[1].help.as_deref(), Some("give \"B\" a layout"));
    assert_eq!((disc::RULE.check)(&with(&disc::RULE, &given), &recurrent(3)).len(), 1);
}

#[test]
fn periodic_layers_of_different_extents() {
    let small = placed(two(3, 4), [10.0, 10.0, 0.0]);
    let large = placed(two(3, 4), [10.0, 20.0, 0.0]);
    let ends = Ends { target_places: large.target_places, ..small };
    let given = [("radius", number(5.0)), ("periodic", on())];
    let it = complaint(&disc::RULE, &given, &ends);
    assert_eq!(it.parameter, "periodic");
    assert_eq!(
        it.message,
        "periodic layers must have the same extent, but \"A\" has 10 × 10 × 0 µm and \"B\" has \
         10 × 20 × 0 µm"
    );
    assert!(accepts(&disc::RULE, &given[..1], &ends));
}

fn read(table: Table, ends: &Ends) -> Result<Box<dyn Wiring>, DataError> {
    let arguments = with(&edge_file::RULE, &[("path", Argument::Text("net/edges.h5".into()))]);
    let site = Site { arguments: &arguments, ends, key: Key::new(1), files: &Tables(table) };
    (edge_file::RULE.wire)(&site)
}

#[test]
fn an_edge_file_brings_weights_and_delays_by_synapse_number() {
    let columns: [(&str, &[f64]); 4] = [
        ("source", &[2.0, 0.0, 1.0]),
        ("target", &[1.0, 0.0, 0.0]),
        ("weight", &[0.5, -1.0, 2.0]),
        ("delay", &[1.0, 1.5, 0.1]),
    ];
    let wiring = read(table(&columns), &two(3, 2)).expect("the table is good");
    let all = onto(&*wiring, 0..2);
    let weights = wiring.weights().expect("weights");
    let delays = wiring.delays().expect("delays");
    let seen: Vec<(u32, u32, f64, f64)> = all
        .iter()
        .map(|s| (s.source, s.target, weights[s.number as usize], delays[s.number as usize]))
        .collect();
    assert_eq!(seen, [(0, 0, -1.0, 1.5), (1, 0, 2.0, 0.1), (2, 1, 0.5, 1.0)]);
    let bare = read(table(&columns[..2]), &two(3, 2)).expect("the table is good");
    assert!(bare.weights().is_none() && bare.delays().is_none());
}

#[test]
fn an_edge_file_that_does_not_fit() {
    let message = |columns: &[(&str, &[f64])]| {
        let error = read(table(columns), &two(3, 2)).err().expect("the table is bad");
        assert_eq!(error.path, "net/edges.h5");
        error.message
    };
    let (good, targets): (&[f64], &[f64]) = (&[0.0, 1.0], &[0.0, 1.0]);
    assert_eq!(
        message(&[("source", &[0.0, 3.0]), ("target", targets)]),
        "row 1: there is no source node 3; \"A\" has 3 neurons, counted from 0"
    );
    for bad in [-1.0, 0.5, f64::NAN, 1e300] {
        assert!(
            message(&[("source", good), ("target", &[bad, 0.0])]).starts_with("row 0: there is no target")
        );
    }
    assert_eq!(message(&[("source", good)]), "there is no column `target`");
    assert_eq!(
        message(&[("source", good), ("target", targets), ("weight", &[1.0])]),
        "column `weight` has 1 rows, `source` 2"
    );
    assert_eq!(
        message(&[("source", good), ("target", targets), ("delay", &[1.0, 0.0])]),
        "row 1: delay 0 is not a time above 0 ms"
    );
    assert_eq!(
        message(&[("source", good), ("target", targets), ("weight", &[f64::INFINITY, 0.0])]),
        "row 0: weight inf is not a finite number"
    );
}
