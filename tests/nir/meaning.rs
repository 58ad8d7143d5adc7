//! What a graph says is what its network does.

use crate::common::{array, edit, folder_with, graph, list, port, saltus, spike_steps, with_spikes};
use recordings::hdf5::nir::Node;
use recordings::hdf5::reading::Recording;

#[test]
fn what_flows_through_nodes_without_a_state_is_what_they_compute() {
    // Two spikes through a pool, a convolution and a scale, read at once: by hand.
    let conv = Node::new(
        "Conv2d",
        vec![
            ("weight", array(&[1, 2, 1, 2], &[1.0, 2.0, 3.0, 4.0])),
            ("stride", array(&[], &[1.0])),
            ("padding", list(&[0.0, 1.0])),
            ("dilation", list(&[1.0, 1.0])),
            ("groups", array(&[], &[1.0])),
            ("bias", list(&[10.0])),
        ],
    );
    let two = || list(&[2.0, 2.0]);
    let pool = Node::new(
        "SumPool2d",
        vec![("kernel_size", two()), ("stride", two()), ("padding", list(&[0.0, 0.0]))],
    );
    let nodes = [
        ("input", port("Input", &[2.0, 2.0, 4.0])),
        ("pool", pool),
        ("conv", conv),
        ("scale", Node::new("Scale", vec![("scale", array(&[], &[0.5]))])),
        ("read", port("Output", &[3.0])),
    ];
    let edges = [("input", "pool"), ("pool", "conv"), ("conv", "scale"), ("scale", "read")];
    let folder = folder_with(&graph(&nodes, &edges));
    saltus(folder.path(), &["import", "nir", "net.nir", "--dt", "1ms", "--duration", "6ms"]).unwrap();
    // Channel 0, row 1, column 0 and channel 1, row 0, column 3, both at step 1.
    edit(folder.path(), "net.ron", |text| with_spikes(text, 1.0, &[(1, 4), (1, 11)]));
    saltus(folder.path(), &["run", "net.ron", "--out", "out"]).unwrap();
    let report =
        Recording::open(&folder.path().join("out/spikes.h5")).unwrap().report("read", "V_m").unwrap();
    let rows: Vec<&[f64]> = report.values.chunks(3).collect();
    // Pooled: channel 0 is [1, 0], channel 1 is [0, 1]. Padded by one on both sides of the row, 2 wide.
    let sums = [2.0, 1.0 + 4.0, 3.0];
    let wanted: Vec<f64> = sums.iter().map(|sum| 0.5 * (sum + 10.0)).collect();
    let loud: Vec<&&[f64]> = rows.iter().filter(|row| row[0] != 5.0).collect();
    assert_eq!(loud, [&&wanted[..]]);
    assert!(rows.iter().filter(|row| row[0] == 5.0).all(|row| **row == [5.0, 5.0, 5.0]));
}

#[test]
fn what_leaves_an_input_at_one_moment_arrives_at_one_moment_over_any_way() {
    let pass = |value: f64| Node::new("Scale", vec![("scale", list(&[value]))]);
    let relay = || Node::new("Threshold", vec![("threshold", list(&[0.5]))]);
    let nodes = [
        ("input", port("Input", &[1.0])),
        ("a", relay()),
        ("b", relay()),
        ("short", pass(0.4)),
        ("long", pass(0.2)),
        ("meet", Node::new("Threshold", vec![("threshold", list(&[0.5]))])),
        ("back", pass(1.0)),
        ("loop", Node::new("Threshold", vec![("threshold", list(&[0.5]))])),
        ("out", port("Output", &[1.0])),
    ];
    let edges = [
        ("input", "a"),
        ("a", "b"),
        ("b", "long"),
        ("long", "meet"),
        ("input", "short"),
        ("short", "meet"),
        ("meet", "loop"),
        ("loop", "back"),
        ("back", "loop"),
        ("loop", "out"),
    ];
    let folder = folder_with(&graph(&nodes, &edges));
    let import = ["import", "nir", "net.nir", "--dt", "1ms", "--duration", "12ms", "--recurrent-delay", "2"];
    saltus(folder.path(), &import).unwrap();
    edit(folder.path(), "net.ron", |text| with_spikes(text, 1.0, &[(1, 0)]));
    saltus(folder.path(), &["run", "net.ron", "--out", "out"]).unwrap();
    let steps = |name: &str| {
        spike_steps(folder.path(), name, 1.0).into_iter().map(|(step, _)| step).collect::<Vec<_>>()
    };
    // 0.4 and 0.2 reach 0.5 only together.
    assert_eq!((steps("input"), steps("a"), steps("b"), steps("meet")), (vec![2], vec![3], vec![4], vec![5]));
    // Once lit, the loop keeps its spike, two steps a round.
    assert_eq!(steps("loop"), [6, 8, 10, 12]);
}
