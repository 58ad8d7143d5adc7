//! Who reaches whom, by the laws that each rule is known for.

mod common;

use common::*;
use sim_core::rule::Synapse;
use topology::rules::{
    all_to_all, fixed_indegree, fixed_outdegree, fixed_total, list, one_to_one, pairwise_bernoulli,
    small_world, total_from_probability,
};

/// Asserts that all of `size` neurons are equally likely to be an end of these synapses, which must
/// have been drawn one by one.
fn assert_uniform(synapses: &[Synapse], size: u32, end: fn(&Synapse) -> u32, what: &str) {
    let expected = synapses.len() as f64 / f64::from(size);
    let counts: Vec<(f64, f64)> =
        degrees(synapses, size, end).iter().map(|&degree| (f64::from(degree), expected)).collect();
    // χ² over many classes hardly sees one that is never drawn.
    let widest = counts.iter().map(|&(count, _)| (count - expected).abs()).fold(0.0, f64::max);
    assert!(widest < 6.0 * expected.sqrt() + 1.0, "{what}: one is off by {widest} from {expected}");
    assert_fits(&counts, 1.0, what);
}

#[test]
fn all_to_all_joins_every_pair_once() {
    let all = synapses(&all_to_all::RULE, &[], &two(5, 4), 1);
    assert_eq!(all.len(), 20);
    assert!(!has_multapse(&all));
    let others = synapses(&all_to_all::RULE, &[("autapses", off())], &recurrent(6), 1);
    assert_eq!(others.len(), 30);
    assert!(!has_autapse(&others) && !has_multapse(&others));
}

#[test]
fn one_to_one_joins_equal_indices() {
    let all = synapses(&one_to_one::RULE, &[], &two(9, 9), 1);
    assert_eq!(all.len(), 9);
    assert!(all.iter().all(|synapse| synapse.source == synapse.target));
}

#[test]
fn pairwise_bernoulli_gives_binomial_in_and_out_degrees() {
    for p in [0.002, 0.1, 0.8] {
        let all = synapses(&pairwise_bernoulli::RULE, &[("p", number(p))], &two(300, 4000), 11);
        assert_binomial(&degrees(&all, 4000, target), 300, p, "in-degrees");
        let all = synapses(&pairwise_bernoulli::RULE, &[("p", number(p))], &two(3000, 400), 12);
        assert_binomial(&degrees(&all, 3000, source), 400, p, "out-degrees");
        assert!(!has_multapse(&all));
    }
    let given = [("p", number(0.3)), ("autapses", off())];
    let all = synapses(&pairwise_bernoulli::RULE, &given, &recurrent(1000), 13);
    assert_binomial(&degrees(&all, 1000, target), 999, 0.3, "in-degrees without autapses");
}

#[test]
fn pairwise_bernoulli_is_exact_at_both_ends_and_finds_very_rare_synapses() {
    let count = |p: f64, ends| synapses(&pairwise_bernoulli::RULE, &[("p", number(p))], &ends, 3).len();
    assert_eq!(count(0.0, two(50, 50)), 0);
    assert_eq!(count(1.0, two(50, 50)), 2500);
    assert_eq!(count(1e-300, two(1000, 1000)), 0);
    // 4 × 10⁹ pairs and 2000 sources each: a rate of 400 ± 20.
    let rare = count(1e-7, two(u32::MAX, 1));
    assert!((rare as f64 - 429.5).abs() < 5.0 * 20.7, "{rare}");
}

#[test]
fn fixed_indegree_gives_every_target_as_many_sources_drawn_uniformly() {
    let ends = two(500, 400);
    let all = synapses(&fixed_indegree::RULE, &[("n", whole(100))], &ends, 5);
    assert!(degrees(&all, 400, target).iter().all(|&degree| degree == 100));
    assert_uniform(&all, 500, source, "sources");
    assert!(has_multapse(&all));
    // With replacement an out-degree is binomial(synapses, 1/sources).
    assert_binomial(&degrees(&all, 500, source), 40_000, 1.0 / 500.0, "out-degrees");
}

#[test]
fn fixed_indegree_without_multapses_draws_every_source_with_the_same_chance() {
    let given = [("n", whole(100)), ("multapses", off())];
    let all = synapses(&fixed_indegree::RULE, &given, &two(500, 2000), 5);
    assert!(degrees(&all, 2000, target).iter().all(|&degree| degree == 100));
    assert!(!has_multapse(&all));
    // A source is among the 100 of 500 of each target independently.
    assert_binomial(&degrees(&all, 500, source), 2000, 0.2, "out-degrees");

    let given = [("n", whole(59)), ("multapses", off()), ("autapses", off())];
    let all = synapses(&fixed_indegree::RULE, &given, &recurrent(60), 5);
    assert!(!has_multapse(&all) && !has_autapse(&all));
    assert_eq!(all.len(), 60 * 59, "everyone but oneself");
}

#[test]
fn fixed_outdegree_gives_every_source_as_many_targets_drawn_uniformly() {
    for n in [3, 90, 700] {
        let all = synapses(&fixed_outdegree::RULE, &[("n", whole(n))], &two(400, 1000), 6);
        assert!(degrees(&all, 400, source).iter().all(|&degree| i64::from(degree) == n));
        let drawn = 400 * n as u32;
        assert_binomial(&degrees(&all, 1000, target), drawn, 1e-3, "in-degrees with multapses");

        let given = [("n", whole(n)), ("multapses", off())];
        let all = synapses(&fixed_outdegree::RULE, &given, &two(400, 1000), 6);
        assert!(degrees(&all, 400, source).iter().all(|&degree| i64::from(degree) == n));
        assert!(!has_multapse(&all));
        let p = n as f64 / 1000.0;
        assert_binomial(&degrees(&all, 1000, target), 400, p, "in-degrees without multapses");
    }
}

#[test]
fn fixed_outdegree_spreads_each_source_over_the_halves_as_chance_would() {
    // The share of a source's 300 synapses that falls on the first quarter of the targets.
    for (switch, room) in [(on(), None), (off(), Some(1000.0))] {
        let given = [("n", whole(300)), ("multapses", switch)];
        let all = synapses(&fixed_outdegree::RULE, &given, &two(2000, 1000), 8);
        let near: Vec<Synapse> = all.into_iter().filter(|synapse| synapse.target < 250).collect();
        let counts = degrees(&near, 2000, source);
        let mean = counts.iter().map(|&c| f64::from(c)).sum::<f64>() / 2000.0;
        let variance = counts.iter().map(|&c| (f64::from(c) - mean).powi(2)).sum::<f64>() / 2000.0;
        // Binomial; hypergeometric where targets fill up.
        let expected =
            300.0 * 0.25 * 0.75 * room.map_or(1.0, |places: f64| (places - 300.0) / (places - 1.0));
        assert!((mean - 75.0).abs() < 5.0 * (expected / 2000.0).sqrt(), "{mean}");
        assert!((variance / expected - 1.0).abs() < 5.0 * (2.0 / 2000.0_f64).sqrt(), "{variance} {expected}");
    }
}

#[test]
fn fixed_total_gives_exactly_as_many_synapses_with_multinomial_degrees() {
    for n in [0, 1, 7, 40_000] {
        assert_eq!(synapses(&fixed_total::RULE, &[("n", whole(n))], &two(300, 900), 7).len() as i64, n);
    }
    let all = synapses(&fixed_total::RULE, &[("n", whole(40_000))], &two(300, 900), 7);
    assert_uniform(&all, 900, target, "targets");
    assert_uniform(&all, 300, source, "sources");
    assert_binomial(&degrees(&all, 900, target), 40_000, 1.0 / 900.0, "in-degrees");
    assert_binomial(&degrees(&all, 300, source), 40_000, 1.0 / 300.0, "out-degrees");

    let given = [("n", whole(40_000)), ("autapses", off())];
    let all = synapses(&fixed_total::RULE, &given, &recurrent(200), 7);
    assert!(!has_autapse(&all));
    assert_eq!(all.len(), 40_000);
    assert_uniform(&all, 200, source, "sources without autapses");
}

#[test]
fn fixed_total_without_multapses_draws_pairs_without_replacement() {
    let given = [("n", whole(30_000)), ("multapses", off())];
    let all = synapses(&fixed_total::RULE, &given, &two(100, 1000), 9);
    assert_eq!(all.len(), 30_000);
    assert!(!has_multapse(&all));
    // An in-degree is hypergeometric: variance 100 p q (1 − 100/100,000)/(1 − 10⁻⁵), nearly binomial.
    assert_binomial(&degrees(&all, 1000, target), 100, 0.3, "in-degrees");
    let every = [("n", whole(100_000)), ("multapses", off())];
    assert_eq!(synapses(&fixed_total::RULE, &every, &two(100, 1000), 9).len(), 100_000);
}

#[test]
fn total_from_probability_gives_the_numbers_of_the_cortical_microcircuit() {
    let sizes = [20_683, 5834, 21_915, 5479, 4850, 1065, 14_395, 2948];
    // Rows are targets, columns sources: Potjans and Diesmann (2014), table 5.
    let p = [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ];
    let rule = &total_from_probability::RULE;
    let mut total = 0.0;
    for (row, &targets) in p.iter().zip(&sizes) {
        for (&p, &sources) in row.iter().zip(&sizes) {
            let arguments = with(rule, &[("p", number(p))]);
            total += (rule.expected)(&arguments, &two(sources, targets)).expect("a number");
        }
    }
    assert_eq!(total, 298_880_968.0);
}

#[test]
fn total_from_probability_joins_a_pair_with_that_probability() {
    let all = synapses(&total_from_probability::RULE, &[("p", number(0.3))], &two(300, 400), 2);
    let mut pairs: Vec<(u32, u32)> = all.iter().map(|s| (s.source, s.target)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let share = pairs.len() as f64 / 120_000.0;
    assert!((share - 0.3).abs() < 0.006, "{share}");
}

#[test]
fn a_shrunken_total_comes_from_the_sizes_of_the_full_network() {
    let rule = &total_from_probability::RULE;
    let shrink = rule.shrink.expect("it can be shrunk");
    let full = two(20_683, 5834);
    let arguments = with(rule, &[("p", number(0.1346))]);
    let k = (0.8654_f64).ln() / (-1.0 / (20_683.0 * 5834.0_f64)).ln_1p();
    let small = shrink(&arguments, &full, 0.1, 0.2);
    assert_eq!((rule.expected)(&small, &two(2068, 583)), Some((k * 0.02).round()));
    // Shrunk again, from the number that it had been given.
    let smaller = shrink(&small, &two(2068, 583), 0.5, 1.0);
    assert_eq!((rule.expected)(&smaller, &two(1034, 292)), Some(((k * 0.02).round() * 0.5).round()));
}

#[test]
fn a_list_is_taken_as_it_stands_and_numbers_its_synapses_by_place() {
    let pairs = sim_core::parameter::Argument::Pairs([(2, 1), (0, 0), (1, 1), (2, 1)].into());
    let all = synapses(&list::RULE, &[("pairs", pairs)], &two(3, 2), 1);
    let entry = |source, target, number| Synapse { source, target, number };
    assert_eq!(all, [entry(0, 0, 1), entry(2, 1, 0), entry(1, 1, 2), entry(2, 1, 3)]);
}

#[test]
fn an_unrewired_small_world_is_a_ring_of_nearest_neighbours() {
    let sources = |ends, k, of: u32| {
        let given = [("k", whole(k)), ("p_rewire", number(0.0))];
        let mut sources: Vec<u32> = synapses(&small_world::RULE, &given, &ends, 1)
            .iter()
            .filter(|synapse| synapse.target == of)
            .map(source)
            .collect();
        sources.sort_unstable();
        sources
    };
    assert_eq!(sources(recurrent(10), 4, 0), [1, 2, 8, 9]);
    assert_eq!(sources(recurrent(10), 3, 9), [0, 1, 8]);
    assert_eq!(sources(two(10, 10), 3, 5), [4, 5, 6]);
    assert_eq!(sources(recurrent(6), 5, 2), [0, 1, 3, 4, 5]);
}

#[test]
fn a_small_world_rewires_the_share_asked_for_to_sources_drawn_uniformly() {
    let (size, k) = (1000_u32, 10_u32);
    for p in [0.1, 1.0] {
        let given = [("k", whole(i64::from(k))), ("p_rewire", number(p))];
        let all = synapses(&small_world::RULE, &given, &recurrent(size), 4);
        assert!(degrees(&all, size, target).iter().all(|&degree| degree == k));
        assert!(!has_autapse(&all) && !has_multapse(&all));
        let distance = |s: &Synapse| {
            let gap = s.source.abs_diff(s.target);
            gap.min(size - gap)
        };
        let far: Vec<Synapse> = all.iter().copied().filter(|s| distance(s) > k / 2).collect();
        // A rewired end falls back on the ring now and then: on one of about pk/2 left places of 990.
        let (n, share) = (f64::from(size * k), p * (1.0 - p * f64::from(k) / 2.0 / 990.0));
        let spread = (n * share * (1.0 - share)).sqrt();
        assert!(
            (far.len() as f64 - n * share).abs() < 5.0 * spread + 1.0 + 0.002 * n * p,
            "{p}: {}",
            far.len()
        );
        // By distance in 23 classes, all 989 places beyond the ring are equally likely.
        let offsets: Vec<Synapse> = far
            .iter()
            .map(|s| Synapse { source: ((s.source + size - s.target) % size - k / 2 - 1) / 43, ..*s })
            .collect();
        assert_uniform(&offsets, 23, source, "rewired sources");
    }
}

#[test]
fn a_crowded_small_world_is_rewired_too() {
    let given = [("k", whole(95)), ("p_rewire", number(0.5))];
    let all = synapses(&small_world::RULE, &given, &recurrent(100), 4);
    assert!(degrees(&all, 100, target).iter().all(|&degree| degree == 95));
    assert!(!has_autapse(&all) && !has_multapse(&all));
    let full = [("k", whole(99)), ("p_rewire", number(1.0))];
    assert_eq!(synapses(&small_world::RULE, &full, &recurrent(100), 4).len(), 9900);
}
