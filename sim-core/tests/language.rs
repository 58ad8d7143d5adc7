//! What a network file means.

mod common;

use common::{TWO, headlines, mistakes, network, read};
use sim_core::network::{Clock, Pick, Precision, Recorded};
use sim_core::quantity::Quantity;

#[test]
fn populations_stand_in_the_order_of_their_names_whatever_the_file_does() {
    let network = network(TWO, &[]);
    let names: Vec<&str> = network.populations.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["A", "E"]);
    assert_eq!((network.populations[0].first, network.populations[1].first), (0, 25));
    assert_eq!(network.listed(), [1, 0]);
}

#[test]
fn times_become_steps_and_units_become_base_units() {
    let network = network(TWO, &[]);
    assert_eq!(
        (network.dt, network.duration, network.warm_up, network.flush_every),
        (0.1, 10_000, 1_000, None)
    );
    assert_eq!(network.recordings[1].what, Recorded::State { variables: vec!["V_m".into()], every: 5 });
    assert_eq!(network.recordings[1].pick, Pick::First(3));
    assert_eq!(network.stimuli[0].arguments.number("rate"), 1000.0);
    assert_eq!((network.stimuli[0].name.as_str(), network.stimuli[0].delay), ("Poisson", 15));
    assert_eq!((network.precision, network.clock), (Precision::F32, Clock::Grid));
    assert_eq!(network.backend.threads, Some(4));
}

#[test]
fn a_list_of_sources_and_targets_means_one_projection_for_each_pair() {
    let network = network(TWO, &[]);
    let pairs: Vec<(usize, usize)> = network.projections.iter().map(|p| (p.source, p.target)).collect();
    assert_eq!(pairs, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(network.projections[0].weight, Some(Quantity::Constant(-80.0)));
}

#[test]
fn keys_come_from_names_and_not_from_places_in_the_file() {
    let swapped = TWO.replace("(from: [\"E\"], to: [\"E\", \"A\"]", "(from: \"E\", to: [\"A\", \"E\"]");
    let keys = |text: &str| network(text, &[]).projections.iter().map(|p| p.key).collect::<Vec<_>>();
    assert_eq!(keys(TWO), keys(&swapped));
    assert_ne!(
        keys(TWO),
        network(TWO, &["simulation.seed=8"]).projections.iter().map(|p| p.key).collect::<Vec<_>>()
    );
}

#[test]
fn settings_reach_every_part_and_may_add_what_the_file_leaves_out() {
    let settings = [
        "simulation.duration=s(2)",
        "simulation.dt=ms(0.5)",
        "projections[1].weight=pA(-60)",
        "populations.E.size=50",
        "neuron_models.lif.tau_m=ms(12)",
        "stimuli.Poisson.source.rate=Hz(10)",
        "simulation.precision=F64",
        "output.flush_every=ms(50)",
    ];
    let network = network(TWO, &settings);
    assert_eq!((network.duration, network.dt, network.flush_every), (4_000, 0.5, Some(100)));
    assert_eq!(network.populations[1].size, 50);
    assert_eq!(network.populations[1].neuron.arguments.number("tau_m"), 12.0);
    assert_eq!(network.projections[0].weight, Some(Quantity::Constant(-60.0)));
    assert_eq!(network.stimuli[0].arguments.number("rate"), 10.0);
    assert_eq!(network.precision, Precision::F64);
}

#[test]
fn a_wrong_setting_is_drawn_in_the_setting() {
    assert_eq!(
        mistakes(TWO, &["simulation.duratoin=s(2)"]),
        "--set:1:12: error: simulation has no field duratoin\n 1 | simulation.duratoin=s(2)\n   |            ^^^^^^^^\n   = help: did you mean duration?\n"
    );
    let wrong = [
        ("populations.F.size=1", "--set:1:13: error: nothing here is called F"),
        ("projections[7].weight=pA(1)", "--set:1:1: error: this list has 2 items, counted from 0"),
        ("simulation.duration=5", "--set:1:21: error: duration needs a unit: write ms(5)"),
        ("simulation.duration", "--set:1:1: error: this setting has no ="),
        ("simulation.duration=", "--set:1:1: error: there is no value behind the ="),
        ("simulatoin.duration=s(1)", "--set:1:1: error: nothing here is called simulatoin"),
        ("populations.E.model.tau_m=ms(1)", "--set:1:21: error: this model is only named here, by Use(…)"),
    ];
    for (setting, message) in wrong {
        assert_eq!(headlines(TWO, &[setting]), [message], "{setting}");
    }
}

#[test]
fn a_shrunken_network_keeps_the_mean_and_variance_of_its_input() {
    let k = 0.25;
    let network = network(TWO, &["scale=0.25"]);
    assert_eq!((network.populations[0].size, network.populations[1].size), (6, 25));
    // 1/√k times the weights, the Poisson ones among them.
    assert_eq!(network.projections[2].weight, Some(Quantity::Constant(40.0)));
    assert_eq!(network.stimuli[0].weight, Some(Quantity::Constant(40.0)));
    assert_eq!(network.stimuli[0].arguments.number("rate"), 250.0);
    // 0.001 tau_syn (1 - √k) (Σ w K r + w_ext r_ext)
    let sum = 20.0 * 10.0 * 5.0 - 80.0 * 2.5 * 10.0 + 20.0 * 1000.0;
    let expected = 0.001 * 0.5 * (1.0 - f64::sqrt(k)) * sum;
    for population in &network.populations {
        assert!((population.compensation - expected).abs() < 1e-12, "{}", population.compensation);
    }
}

#[test]
fn a_network_whose_sizes_alone_shrink_needs_no_rates_and_no_current() {
    let text = TWO.replace(", rate: Hz(10)", "");
    let network = network(&text, &["scale=(neurons: 0.5)"]);
    assert_eq!(network.populations[1].size, 50);
    assert!(network.populations.iter().all(|population| population.compensation == 0.0));
    let headline = headlines(&text, &["scale=0.5"]);
    assert_eq!(headline, ["net.ron:7:9: error: to scale in-degrees, the rate of \"A\" must be known"]);
}

#[test]
fn what_cannot_be_shrunk_is_refused_by_name() {
    let listed = TWO.replace("PairwiseBernoulli(p: 0.1)", "List(pairs: [(0, 1)])");
    assert!(headlines(&listed, &["scale=0.5"])[0].contains("List cannot be shrunk by scale"));
    let conductance = TWO.replace("Lif(", "CondLif(").replace("pA(", "nS(");
    assert!(
        headlines(&conductance, &["scale=0.5"])[0].contains("CondLif cannot make up for missing synapses")
    );
}

#[test]
fn a_table_is_a_projection_for_every_cell_that_is_not_zero() {
    let start = TWO.find("    projections").unwrap();
    let end = TWO.find("    stimuli").unwrap();
    let table = r#"    projection_tables: [(
        from: ["E", "A"], to: ["E", "A"],
        rule: PairwiseBernoulli,
        values: [[0.1, 0.2], [0.3, 0.0]],
        weight: [(value: pA(10)), (from: ["A"], value: pA(-5)), (from: "E", to: "A", value: pA(7))],
        delay: ms(1.5),
    )],
"#;
    let text = format!("{}{table}{}", &TWO[..start], &TWO[end..]);
    let network = network(&text, &[]);
    let cells: Vec<(usize, usize, f64, f64)> = network
        .projections
        .iter()
        .map(|p| (p.source, p.target, p.arguments.number("p"), p.weight.as_ref().unwrap().mean()))
        .collect();
    assert_eq!(cells, [(0, 1, 0.2, -5.0), (1, 0, 0.3, 7.0), (1, 1, 0.1, 10.0)]);
    let wrong = text.replace("0.3, 0.0", "1.3, 0.0");
    let drawn = mistakes(&wrong, &[]);
    assert!(drawn.contains("p = 1.3 is not a probability (0 to 1)"), "{drawn}");
    assert!(drawn.contains("row A (to), column E (from)"), "{drawn}");
}

#[test]
fn all_mistakes_are_told_at_once_and_in_order() {
    let text = TWO
        .replace("ms(20.0)", "20.0")
        .replace("size: 25", "size: -25")
        .replace("p: 0.1", "p: 1.1")
        .replace("variables: [\"V_m\"]", "variables: [\"V_n\"]")
        .replace("s(1.0)", "mV(1.0)");
    let lines: Vec<String> =
        headlines(&text, &[]).iter().map(|line| line.split(':').nth(1).unwrap().to_owned()).collect();
    assert_eq!(lines, ["4", "7", "11", "16", "18"]);
}

#[test]
fn a_model_with_a_mistake_makes_no_chain_of_others() {
    let text = TWO.replace("Lif(tau_m", "Lfi(tau_m");
    assert_eq!(headlines(&text, &[]), ["net.ron:4:28: error: no neuron model is called Lfi"]);
}

#[test]
fn a_missing_comma_and_quoted_names_do_not_hide_later_mistakes() {
    let text = TWO.replace("title: \"two\",", "\"title\": \"two\"").replace("size: 25", "size: \"25\"");
    assert_eq!(
        headlines(&text, &[]),
        [
            "net.ron:3:5: error: RON field names have no quotes",
            "net.ron:3:19: error: a comma is missing after the value on line 3",
            "net.ron:7:27: error: size is a whole number, not a text",
        ]
    );
}

#[test]
fn a_bracket_that_is_not_closed_is_told_where_it_opens() {
    let text = TWO.replace("rate: Hz(5)),", "rate: Hz(5),");
    assert_eq!(headlines(&text, &[]), ["net.ron:6:9: error: this ( is not closed"]);
    let text = TWO.replace("    projections: [", "    projections: ");
    assert!(!headlines(&text, &[]).is_empty());
    let text = TWO.replace("simulation: (", "simulation: ");
    assert_eq!(headlines(&text, &[]), ["net.ron:18:17: error: a ( is missing before duration"]);
}

#[test]
fn exact_models_bring_the_exact_clock_and_cannot_mix_with_grid_models() {
    let text = TWO.replace("Lif(", "ExactLif(");
    assert_eq!(network(&text, &[]).clock, Clock::Exact);
    assert!(
        headlines(&text, &["simulation.clock=Grid"])[0].contains("ExactLif lives on the exact clock only")
    );
    let mixed = TWO.replacen("Use(\"lif\")", "ExactLif()", 1);
    assert!(headlines(&mixed, &[])[0].contains("Lif lives on the grid only"));
}

#[test]
fn a_rule_that_reads_a_file_may_bring_weights_and_delays() {
    let rule = "rule: PairwiseBernoulli(p: 0.1), weight: pA(-80.0), delay: ms(1.5)";
    let network = network(&TWO.replace(rule, "rule: EdgeFile(path: \"edges.h5\")"), &[]);
    assert_eq!((&network.projections[0].weight, &network.projections[0].delay), (&None, &None));
    let missing = TWO.replace("weight: pA(-80.0), ", "");
    assert_eq!(headlines(&missing, &[]), ["net.ron:11:9: error: this projection needs weight"]);
}

#[test]
fn lists_of_weights_follow_lists_of_pairs() {
    let rule = "rule: PairwiseBernoulli(p: 0.1), weight: pA(-80.0)";
    let text = TWO.replace(rule, "rule: List(pairs: [(0, 1), (2, 3)]), weight: pA([-1, -2])");
    assert_eq!(network(&text, &[]).projections[0].weight, Some(Quantity::List([-1.0, -2.0].into())));
    assert!(headlines(&text.replace("[-1, -2]", "[-1]"), &[])[0].contains("weight lists 1 values"));
    let text = TWO.replace("pA(-80.0)", "[pA(-80.0)]");
    assert!(headlines(&text, &[])[0].contains("weight cannot be a list here"));
}

#[test]
fn plasticity_takes_bounds_in_the_unit_of_the_target() {
    let text = TWO
        .replace("weight: pA(20.0),", "weight: pA(20.0), plasticity: Stdp(tau_plus: ms(5), w_max: nA(1)),");
    let network = network(&text, &[]);
    let plastic = network.projections[2].plasticity.as_ref().unwrap();
    assert_eq!(plastic.arguments.number("w_max"), 1000.0);
    assert_eq!(plastic.arguments.number("tau_minus"), 5.0);
    let wrong = text.replace("nA(1)", "nS(1)");
    assert!(headlines(&wrong, &[])[0].contains("Lif neurons take weights in pA, not in nS"));
}

#[test]
fn layouts_place_every_neuron() {
    let grid =
        TWO.replace("rate: Hz(10)", "rate: Hz(10), positions: Grid(shape: [5, 5], extent: [mm(1), mm(1)])");
    let checked = network(&grid, &[]);
    let places = checked.populations[0].places.as_ref().unwrap();
    assert_eq!((places.points[0], places.points[24]), ([-400.0, -400.0, 0.0], [400.0, 400.0, 0.0]));
    assert!(headlines(&grid.replace("[5, 5]", "[5, 6]"), &[])[0].contains("the grid has 30 cells"));
    let random =
        TWO.replace("rate: Hz(10)", "rate: Hz(10), positions: Random(extent: [um(10), um(20), um(30)])");
    let (full, half) = (network(&random, &[]), network(&random, &["scale=0.5"]));
    let points = |n: &sim_core::network::Network| n.populations[0].places.as_ref().unwrap().points.clone();
    assert_eq!(points(&full)[..12], points(&half)[..12]);
    assert!(points(&full).iter().all(|p| p[0].abs() < 5.0 && p[1].abs() < 10.0 && p[2].abs() < 15.0));
}

#[test]
fn warnings_do_not_stop_a_network() {
    let (_, warnings) =
        read(TWO, &["simulation.duration=s(1000000)", "projections[0].delay=ms(1.23)"]).unwrap();
    let said: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        said,
        ["duration is 1.000e10 steps of dt = 0.1 ms", "a delay of 1.23 ms is rounded to 1.2 ms"]
    );
}

#[test]
fn a_layout_too_large_for_memory_is_refused_before_it_is_drawn() {
    let text = TWO.replace("rate: Hz(10)", "rate: Hz(10), positions: Random(extent: [um(10), um(20)])");
    let found = headlines(&text, &["populations.A.size=4000000000"]);
    assert!(found.iter().any(|line| line.contains("a layout can place 160000000")), "{found:?}");
}
