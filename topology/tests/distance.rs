//! Distance-dependent rules join each pair with the probability that their formula gives.

mod common;

use common::*;
use sim_core::parameter::Argument;
use sim_core::rule::{ConnectionRule, Ends, Places};
use std::sync::Arc;
use topology::rules::{disc, exponential, gaussian};

/// Distance along one axis, round a layer of this length if it is not 0.
fn gap(a: f64, b: f64, period: f64) -> f64 {
    let straight = (a - b).abs();
    if period > 0.0 { straight.min((period - straight).abs()) } else { straight }
}

fn distance(ends: &Ends, source: u32, target: u32, periodic: bool) -> f64 {
    let sources = ends.source_places.as_ref().expect("places");
    let targets = ends.target_places.as_ref().expect("places");
    let (a, b) = (sources.points[source as usize], targets.points[target as usize]);
    let along = |axis: usize| gap(a[axis], b[axis], if periodic { sources.extent[axis] } else { 0.0 });
    (0..3).map(|axis| along(axis) * along(axis)).sum::<f64>().sqrt()
}

/// Asserts that, by classes of distance, as many pairs are joined as the law says, over many seeds.
fn assert_law(
    rule: &ConnectionRule,
    given: &[(&str, Argument)],
    ends: &Ends,
    periodic: bool,
    law: impl Fn(f64) -> f64,
) {
    const SEEDS: u64 = 5;
    const CLASSES: usize = 25;
    let class = |d: f64| ((d / 8.0) as usize).min(CLASSES - 1);
    let mut joined = [0.0; CLASSES];
    for seed in 0..SEEDS {
        let all = synapses(rule, given, ends, seed);
        assert!(!has_multapse(&all));
        for synapse in all {
            let d = distance(ends, synapse.source, synapse.target, periodic);
            assert!(law(d) > 0.0, "{} joins a pair {d} µm apart", rule.name);
            joined[class(d)] += 1.0;
        }
    }
    let (mut expected, mut variance) = ([0.0; CLASSES], [0.0; CLASSES]);
    for source in 0..ends.sources {
        for target in 0..ends.targets {
            let d = distance(ends, source, target, periodic);
            expected[class(d)] += SEEDS as f64 * law(d);
            variance[class(d)] += SEEDS as f64 * law(d) * (1.0 - law(d));
        }
    }
    let mut compared = 0;
    for nth in 0..CLASSES {
        let allowed = 4.5 * f64::sqrt(variance[nth]) + 1.0;
        assert!(
            (joined[nth] - expected[nth]).abs() < allowed,
            "{} from {} µm: {} joined, {} expected",
            rule.name,
            nth * 8,
            joined[nth],
            expected[nth]
        );
        compared += usize::from(expected[nth] > 30.0);
    }
    assert!(compared >= 4, "hardly anything was compared");
    let wiring = wire(rule, given, ends, 0);
    let total: f64 = expected.iter().sum::<f64>() / SEEDS as f64;
    assert!(
        (wiring.count() / total - 1.0).abs() < 1e-6,
        "{} expects {}, not {total}",
        rule.name,
        wiring.count()
    );
}

const PLANE: [f64; 3] = [200.0, 120.0, 0.0];
const SOLID: [f64; 3] = [90.0, 80.0, 70.0];

#[test]
fn gaussian_joins_pairs_by_its_formula() {
    let law = |d: f64| 0.8 * (-d * d / (2.0 * 30.0 * 30.0)).exp();
    let given = [("p_max", number(0.8)), ("sigma", number(30.0))];
    assert_law(&gaussian::RULE, &given, &placed(two(300, 400), PLANE), false, law);
    assert_law(&gaussian::RULE, &given, &placed(recurrent(300), SOLID), false, law);
    let given = [("p_max", number(0.8)), ("sigma", number(30.0)), ("cutoff", number(50.0))];
    let cut = |d: f64| if d <= 50.0 { law(d) } else { 0.0 };
    assert_law(&gaussian::RULE, &given, &placed(two(300, 400), PLANE), false, cut);
}

#[test]
fn exponential_joins_pairs_by_its_formula() {
    let law = |d: f64| 1.0 * (-d / 20.0).exp();
    let given = [("p_max", number(1.0)), ("lambda", number(20.0))];
    assert_law(&exponential::RULE, &given, &placed(two(400, 300), PLANE), false, law);
    assert_law(&exponential::RULE, &given, &placed(two(400, 300), SOLID), false, law);
}

#[test]
fn disc_joins_pairs_within_its_radius_only() {
    let law = |d: f64| if d <= 40.0 { 0.3 } else { 0.0 };
    let given = [("p", number(0.3)), ("radius", number(40.0))];
    assert_law(&disc::RULE, &given, &placed(two(300, 300), PLANE), false, law);
    let all = synapses(&disc::RULE, &[("radius", number(40.0))], &placed(two(100, 100), SOLID), 1);
    let ends = placed(two(100, 100), SOLID);
    let within = (0..100).flat_map(|s| (0..100).map(move |t| (s, t)));
    let within = within.filter(|&(s, t)| distance(&ends, s, t, false) <= 40.0).count();
    assert_eq!(all.len(), within, "with p = 1 every pair within the radius is joined");
}

#[test]
fn a_pair_exactly_at_the_radius_is_joined() {
    let line = |points: &[f64]| {
        let points = points.iter().map(|&x| [x, 0.0, 0.0]).collect();
        Some(Arc::new(Places { points, extent: [10.0, 10.0, 0.0] }))
    };
    let ends =
        Ends { source_places: line(&[0.0]), target_places: line(&[3.0, 3.0000001, -3.0]), ..two(1, 3) };
    let all = synapses(&disc::RULE, &[("radius", number(3.0))], &ends, 1);
    assert_eq!(all.iter().map(target).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn in_a_periodic_layer_the_nearest_image_counts() {
    let law = |d: f64| 0.9 * (-d * d / (2.0 * 25.0 * 25.0)).exp();
    let given = [("p_max", number(0.9)), ("sigma", number(25.0)), ("periodic", on())];
    assert_law(&gaussian::RULE, &given, &placed(two(300, 400), PLANE), true, law);
    assert_law(&gaussian::RULE, &given, &placed(recurrent(300), SOLID), true, law);
    let law = |d: f64| 0.9 * (-d / 25.0).exp();
    let given = [("p_max", number(0.9)), ("lambda", number(25.0)), ("periodic", on())];
    assert_law(&exponential::RULE, &given, &placed(two(300, 400), PLANE), true, law);
}

#[test]
fn a_large_layer_knows_how_many_synapses_to_expect() {
    let ends = placed(two(20_000, 20_000), [2000.0, 2000.0, 0.0]);
    let given = [("p_max", number(0.5)), ("sigma", number(30.0)), ("periodic", on())];
    let wiring = wire(&gaussian::RULE, &given, &ends, 1);
    // Without a border: density × 2πσ² p_max sources a target.
    let law = 20_000.0 * 20_000.0 / 4e6 * std::f64::consts::TAU * 900.0 * 0.5;
    assert!((wiring.count() / law - 1.0).abs() < 0.05, "{} {law}", wiring.count());
    let real = onto(&*wiring, 0..2000).len() as f64 * 10.0;
    assert!((real / law - 1.0).abs() < 0.05, "{real} {law}");
}
