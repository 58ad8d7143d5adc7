//! What is wrong with a file is said, and never panics.

use crate::common::{array, folder_with, graph, lif, linear, list, port, refused, saltus, zoo};
use recordings::hdf5::nir::Node;
use std::fs;

#[test]
fn what_is_wrong_with_a_graph_is_said_with_the_node() {
    let input = || ("input", port("Input", &[2.0]));
    let out = || ("out", port("Output", &[1.0]));
    let a = || ("a", linear(&[1, 2], &[0.5, 1.5]));
    let one = || ("lif", lif(&[0.01]));
    let chain: &[(&str, &str)] = &[("input", "a"), ("a", "lif"), ("lif", "out")];
    let with = |nodes: &[(&str, Node)], edges: &[(&str, &str)]| refused(&graph(nodes, edges), &[]);
    assert_eq!(
        with(&[input(), a(), one(), out()], &[("input", "a"), ("a", "lfi"), ("lif", "out")]),
        "the edge \"a\" -> \"lfi\" of the graph has no end: there is no node \"lfi\", there are a, input, lif, out"
    );
    assert_eq!(
        with(&[input(), ("a", linear(&[1, 3], &[1.0; 3])), one(), out()], chain),
        "\"input\" -> \"a\", a Linear: it takes 3 numbers and is given 2"
    );
    assert_eq!(
        with(&[input(), a(), ("lif", lif(&[0.01, 0.01])), out()], chain),
        "\"a\" -> \"lif\": 1 numbers go to 2"
    );
    assert_eq!(
        with(&[input(), a(), ("lif", lif(&[-0.01])), out()], chain),
        "\"lif\", a LIF: tau holds -0.01; a time constant is not negative"
    );
    assert_eq!(with(&[input(), a(), one(), out()], &chain[1..]), "no edge leads to \"a\"");
    assert_eq!(
        with(
            &[input(), a(), one(), out()],
            &[("input", "a"), ("a", "lif"), ("lif", "input"), ("lif", "out")]
        ),
        "the edge \"lif\" -> \"input\" leads into an Input"
    );
    assert_eq!(with(&[input(), a(), one(), out()], &chain[..2]), "no edge leads to \"out\"");
    assert_eq!(
        with(&[input(), a(), one(), ("out", port("Output", &[2.0, 3.0]))], chain),
        "\"lif\" -> \"out\": 1 goes to 2×3"
    );
    let scale = |name| (name, Node::new("Scale", vec![("scale", array(&[], &[1.0]))]));
    assert_eq!(
        with(
            &[input(), scale("x"), scale("y"), out()],
            &[("input", "x"), ("x", "y"), ("y", "x"), ("y", "out")]
        ),
        "there is a loop in which no node has a state, among \"x\", \"y\""
    );
    let li = || {
        ("li", Node::new("LI", vec![("tau", list(&[0.01])), ("r", list(&[1.0])), ("v_leak", list(&[0.0]))]))
    };
    assert_eq!(
        with(
            &[input(), a(), li(), one(), out()],
            &[("input", "a"), ("a", "li"), ("li", "lif"), ("lif", "out")]
        ),
        "\"li\", a LI, never spikes, and its V goes on to \"lif\"; only spikes travel here, so its V can only be read by \
         an Output of its own"
    );
    let mut odd = lif(&[0.01, 0.01]);
    odd.fields[1].1 = list(&[1.0, 2.0, 3.0]);
    assert_eq!(with(&[input(), a(), ("lif", odd), out()], chain), "\"lif\": tau is 2 and r is 3");
    let mut high = lif(&[0.01]);
    high.fields[4].1 = list(&[0.6]);
    assert_eq!(
        with(&[input(), a(), ("lif", high), out()], chain),
        "\"lif\", a LIF: neuron 0 is reset to 0.6, which is not below its threshold 0.5"
    );
}

#[test]
fn a_graph_is_not_written_over_and_options_are_checked_before_anything_is_written() {
    let nodes = [("input", port("Input", &[1.0])), ("lif", lif(&[0.01]))];
    let folder = folder_with(&graph(&nodes, &[("input", "lif")]));
    let path = folder.path();
    fs::rename(path.join("net.nir"), path.join("net.h5")).unwrap();
    assert_eq!(
        saltus(path, &["import", "nir", "net.h5"]).unwrap_err(),
        "error: net.h5: net.h5 would be written over; choose another name with --out"
    );
    let negative = saltus(path, &["import", "nir", "net.h5", "--out", "a.ron", "--rate=-5"]).unwrap_err();
    assert!(negative.contains("a.ron:") && negative.contains("rate"), "{negative}");
    assert!(!path.join("a.ron").exists() && !path.join("a.h5").exists());
    saltus(path, &["import", "nir", "net.h5", "--out", "a.ron"]).unwrap();
}

#[test]
fn damaged_files_are_refused_and_never_panic() {
    let folder = folder_with(&zoo());
    let whole = fs::read(folder.path().join("net.nir")).unwrap();
    let import = |bytes: &[u8]| {
        fs::write(folder.path().join("bad.nir"), bytes).unwrap();
        saltus(folder.path(), &["import", "nir", "bad.nir"])
    };
    assert_eq!(import(b"").unwrap_err(), "error: bad.nir: this file is empty");
    assert_eq!(import(b"not HDF5 at all").unwrap_err(), "error: bad.nir: this is not an HDF5 file");
    let cut = import(&whole[..whole.len() / 2]).unwrap_err();
    assert!(cut.starts_with("error: bad.nir: this file is cut off"), "{cut}");
    // Whatever single byte is wrong, there is a network or a sentence.
    for place in (0..whole.len()).step_by(whole.len() / 60) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        drop(import(&bytes));
    }
    let with = |value: f64| {
        let mut node = lif(&[0.01]);
        node.fields[0].1 = list(&[value]);
        refused(&graph(&[("input", port("Input", &[1.0])), ("lif", node)], &[("input", "lif")]), &[])
    };
    assert_eq!(with(f64::NAN), "/node/nodes/lif/tau holds NaN at [0]");
    assert_eq!(with(f64::INFINITY), "/node/nodes/lif/tau holds inf at [0]");
}
