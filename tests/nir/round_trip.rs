//! A graph becomes itself again, and a network what NIR can say of it.

use crate::common::{assert_same, edit, folder_with, graph, lif, linear, port, round_trip, saltus, zoo};
use recordings::hdf5::nir::read;
use std::fs;

#[test]
fn every_kind_of_node_is_imported_runs_and_becomes_itself_again() {
    let zoo = zoo();
    let folder = folder_with(&zoo);
    for (options, threshold) in [
        (&["--dt", "1ms"][..], "above"),
        (&["--discretisation", "euler", "--reset", "subtract", "--threshold", "reached"][..], "reached"),
        (&["--spike", "current", "--dt", "0.5ms"][..], "above"),
        (&["--spike", "jump"][..], "above"),
    ] {
        if options.contains(&"subtract") {
            // A reset value is then not said.
            saltus(folder.path(), &[&["import", "nir", "net.nir"], options].concat()).unwrap();
            saltus(folder.path(), &["run", "net.ron", "--duration", "20ms", "--out", "out"]).unwrap();
            continue;
        }
        let back = round_trip(folder.path(), "net.nir", options, threshold);
        // What was nested stands beside the others.
        let flat = back.node("nested.lif").expect("the inner node").clone();
        assert_eq!(flat, lif(&[0.01, 0.02]));
        let mut wanted = zoo.clone();
        wanted.nodes.retain(|(name, _)| name != "nested");
        wanted.nodes.push(("nested.lif".into(), flat));
        for end in wanted.edges.iter_mut().flat_map(|edge| [&mut edge.0, &mut edge.1]) {
            if end == "nested" {
                *end = "nested.lif".into();
            }
        }
        assert_same(&wanted, &back);
        saltus(folder.path(), &["run", "round.ron", "--duration", "20ms", "--out", "out"]).unwrap();
    }
}

#[test]
fn a_network_that_was_changed_is_exported_as_matrices_that_mean_the_same() {
    let nodes = [
        ("input", port("Input", &[2.0])),
        ("a", linear(&[1, 2], &[0.5, 1.5])),
        ("lif", lif(&[0.0125])),
        ("out", port("Output", &[1.0])),
    ];
    let folder = folder_with(&graph(&nodes, &[("input", "a"), ("a", "lif"), ("lif", "out")]));
    let path = folder.path();
    saltus(path, &["import", "nir", "net.nir"]).unwrap();
    // One more step of delay and a constant input.
    edit(path, "net.ron", |text| {
        text.replace("delay: ms(0.1)),\n    ],\n\n    //", "delay: ms(0.3)),\n    ],\n\n    //")
    });
    edit(path, "net.ron", |text| text.replace("model: IafPscPulse(", "model: IafPscPulse(I_e: pA(0.25), "));
    let said = saltus(path, &["export", "nir", "net.ron", "--out", "back.nir"]).unwrap();
    assert!(said.contains("no longer the graph it was imported from"), "{said}");
    let (back, _) = read(&path.join("back.nir")).unwrap();
    let affine = back.node("input_to_lif").expect("a node for the projection");
    assert_eq!(affine.kind.name, "Affine");
    assert_eq!(affine.numbers("weight").unwrap().values, [0.5, 1.5]);
    assert_eq!(affine.numbers("bias").unwrap().values, [0.25]);
    assert_eq!(back.node("input_to_lif.delay").unwrap().numbers("delay").unwrap().values, [0.0002, 0.0002]);
    assert_eq!(back.node("lif"), Some(&lif(&[0.0125])));
    // And that graph is this network again.
    assert_same(&back, &round_trip(path, "back.nir", &[], "above"));
}

#[test]
fn neurons_of_other_models_are_said_if_nir_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let network = |model: &str, weight: &str, more: &str| {
        format!(
            "(format: 1, populations: [(name: \"in\", size: 3, model: Parrot), (name: \"n\", size: 2, model: {model})],
              projections: [(from: [\"in\"], to: [\"n\"], rule: AllToAll, weight: {weight}, delay: ms(1){more})],
              simulation: (duration: ms(10), dt: ms(1), seed: 1, precision: F64))"
        )
    };
    let kind = |model: &str, weight: &str| {
        fs::write(folder.path().join("n.ron"), network(model, weight, "")).unwrap();
        let said = saltus(folder.path(), &["export", "nir", "n.ron"])?;
        let (graph, _) = read(&folder.path().join("n.nir")).unwrap();
        let options =
            said.lines().last().unwrap_or_default().trim_start_matches("  to be read as ").to_owned();
        Ok::<_, String>((graph.node("n").unwrap().kind.name, options))
    };
    let as_ = |steps: &str, spike: &str, reset: &str| {
        format!(
            "--dt 1ms --discretisation {steps} --spike {spike} --reset {reset} --threshold above --recurrent-delay 1"
        )
    };
    for (model, weight, wanted, options) in [
        ("IafPscDelta(t_ref: ms(0))", "mV(1)", "LIF", as_("exact", "jump", "value")),
        ("IafPscExp(t_ref: ms(0))", "pA(1)", "CubaLIF", as_("exact", "jump", "value")),
        ("IafLinear(reset: Linear)", "mV(1)", "IF", as_("exact", "paper", "subtract")),
        ("CubaLif(tau_m: ms(20), tau_syn: ms(5))", "pA(1)", "CubaLIF", as_("euler", "jump", "value")),
    ] {
        assert_eq!(kind(model, weight).unwrap(), (wanted, options), "{model}");
    }
    let why = |model: &str, weight: &str| kind(model, weight).unwrap_err();
    assert_eq!(
        why("Izhikevich", "mV(1)"),
        "error: n.ron: population \"n\" of Izhikevich: NIR has perfect and leaky integrate-and-fire neurons only"
    );
    assert_eq!(
        why("IafPscDelta", "mV(1)"),
        "error: n.ron: population \"n\" of IafPscDelta: it is refractory, which NIR's neurons are not; t_ref: ms(0) can be said"
    );
    let plastic = network("IafPscExp(t_ref: ms(0))", "pA(1)", ", plasticity: Stdp(w_max: pA(2))");
    fs::write(folder.path().join("n.ron"), plastic).unwrap();
    assert_eq!(
        saltus(folder.path(), &["export", "nir", "n.ron"]).unwrap_err(),
        "error: n.ron: projection \"in\" -> \"n\" of Stdp: NIR has no plastic synapses"
    );
}
