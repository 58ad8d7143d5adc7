//! What the tests of NIR share: graphs in few words, the program, traces.

use recordings::hdf5::nir::{Array, Field, Graph, Node, read, write};
use recordings::hdf5::reading::Recording;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs the program in a folder; what it printed, or its error.
pub fn saltus(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_saltus"));
    let output = command.current_dir(folder).args(arguments).output().expect("saltus starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.code() {
        Some(0) => Ok(text(&output.stdout)),
        Some(2) => Err(text(&output.stderr).trim_end().to_owned()),
        other => panic!("exit {other:?}: {}", text(&output.stderr)),
    }
}

pub fn array(shape: &[usize], values: &[f64]) -> Field {
    Field::Numbers(Array { shape: shape.to_vec(), values: values.to_vec() })
}

pub fn list(values: &[f64]) -> Field {
    array(&[values.len()], values)
}

pub fn port(kind: &str, shape: &[f64]) -> Node {
    Node::new(kind, vec![("shape", list(shape))])
}

pub fn lif(tau: &[f64]) -> Node {
    let all = |value: f64| list(&vec![value; tau.len()]);
    let ends = [("v_leak", all(0.0)), ("v_threshold", all(0.5)), ("v_reset", all(0.0))];
    Node::new("LIF", [("tau", list(tau)), ("r", all(1.0))].into_iter().chain(ends).collect())
}

pub fn linear(shape: &[usize; 2], weight: &[f64]) -> Node {
    Node::new("Linear", vec![("weight", array(shape, weight))])
}

pub fn graph(nodes: &[(&str, Node)], edges: &[(&str, &str)]) -> Graph {
    let mut nodes: Vec<(String, Node)> = nodes.iter().map(|(n, node)| ((*n).into(), node.clone())).collect();
    nodes.sort_by(|a, b| a.0.cmp(&b.0));
    let mut edges: Vec<(String, String)> = edges.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
    edges.sort();
    Graph { nodes, edges }
}

pub fn folder_with(graph: &Graph) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("net.nir"), graph).unwrap();
    folder
}

pub fn refused(graph: &Graph, options: &[&str]) -> String {
    let folder = folder_with(graph);
    let error = saltus(folder.path(), &[&["import", "nir", "net.nir"], options].concat()).unwrap_err();
    error.strip_prefix("error: net.nir: ").unwrap_or(&error).to_owned()
}

/// Imports, exports and reads back.
pub fn round_trip(folder: &Path, file: &str, options: &[&str], threshold: &str) -> Graph {
    saltus(folder, &[&["import", "nir", file, "--out", "round.ron"], options].concat()).unwrap();
    let exported = ["export", "nir", "round.ron", "--out", "round.nir", "--threshold", threshold];
    saltus(folder, &exported).unwrap();
    read(&folder.join("round.nir")).unwrap().0
}

/// The same names, kinds, edges and numbers; fields that are left out have their defaults.
pub fn assert_same(one: &Graph, other: &Graph) {
    let sorted = |graph: &Graph| {
        let mut edges = graph.edges.clone();
        edges.sort();
        edges.dedup();
        edges
    };
    assert_eq!(sorted(one), sorted(other));
    assert_eq!(one.nodes.len(), other.nodes.len());
    for (name, node) in &one.nodes {
        let back = other.node(name).unwrap_or_else(|| panic!("{name} is gone"));
        assert_eq!(node.kind, back.kind, "{name}");
        for (field, value) in &node.fields {
            assert_eq!(back.field(field), Some(value), "{name}.{field}");
        }
        for (field, value) in back.fields.iter().filter(|(field, _)| node.field(field).is_none()) {
            let Field::Numbers(values) = value else { panic!("{name}.{field}") };
            let default = if *field == "w_in" { 1.0 } else { 0.0 };
            assert!(values.values.iter().all(|value| *value == default), "{name}.{field}");
        }
    }
}

/// Changes the text of a network file.
pub fn edit(folder: &Path, file: &str, change: impl Fn(String) -> String) {
    let path = folder.join(file);
    fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
}

/// Replaces the synthetic input by spikes at these steps, of these inputs.
pub fn with_spikes(text: String, dt: f64, spikes: &[(usize, usize)]) -> String {
    let start = text.find("source: Poisson").unwrap();
    let end = start + text[start..].find(", to:").unwrap();
    let times: Vec<String> = spikes.iter().map(|(step, _)| format!("{:.4}", *step as f64 * dt)).collect();
    let neurons: Vec<String> = spikes.iter().map(|(_, neuron)| neuron.to_string()).collect();
    let source =
        format!("source: SpikeList(times: ms([{}]), neurons: [{}])", times.join(", "), neurons.join(", "));
    format!("{}{source}{}", &text[..start], &text[end..])
}

pub fn recording_v(text: String, population: &str, dt: f64) -> String {
    let line = format!(
        "recordings: [\n (what: State(variables: [\"V_m\"], every: ms({dt})), from: [\"{population}\"]),"
    );
    text.replace("recordings: [", &line)
}

/// V of one neuron by step, and the steps of its spikes.
pub fn trace(folder: &Path, population: &str, dt: f64) -> (Vec<f64>, Vec<i64>) {
    let recording = Recording::open(&folder.join("out/spikes.h5")).unwrap();
    let report = recording.report(population, "V_m").unwrap();
    let before = (report.start / dt).round() as usize;
    let values = std::iter::repeat_n(0.0, before).chain(report.values).collect();
    (values, spike_steps(folder, population, dt).into_iter().map(|(step, _)| step).collect())
}

pub fn spike_steps(folder: &Path, population: &str, dt: f64) -> Vec<(i64, u64)> {
    let spikes = Recording::open(&folder.join("out/spikes.h5")).unwrap().spikes(population).unwrap();
    let steps = spikes.times.iter().map(|time| (time / dt).round() as i64);
    steps.zip(spikes.neurons).collect()
}

/// One node of every kind that can be said, nested once.
pub fn zoo() -> Graph {
    let conv = |kind: &str, weight: Field, side: Field, axes: usize| {
        let each = |value: f64| list(&vec![value; axes]);
        Node::new(
            kind,
            vec![
                ("input_shape", side),
                ("weight", weight),
                ("stride", each(1.0)),
                ("padding", if axes == 2 { Field::Word("same".into()) } else { each(1.0) }),
                ("dilation", each(1.0)),
                ("groups", array(&[], &[1.0])),
                ("bias", list(&[0.25, -0.5])),
            ],
        )
    };
    let pool = |kind: &str| {
        let two = || list(&[2.0, 2.0]);
        Node::new(kind, vec![("kernel_size", two()), ("stride", two()), ("padding", list(&[0.0, 0.0]))])
    };
    let weights: Vec<f64> = (0..18).map(|place| f64::from(place) / 8.0 - 1.0).collect();
    let flatten = vec![("start_dim", array(&[], &[0.0])), ("end_dim", array(&[], &[-1.0]))];
    let both = |value: f64| list(&[value, value]);
    let cuba = |kind: &str| {
        let time = [("tau_mem", both(0.01)), ("tau_syn", both(0.005)), ("r", both(2.0))];
        let spike = [("v_threshold", both(0.7)), ("v_reset", both(0.1))];
        let input = [("v_leak", both(0.0)), ("w_in", both(3.0))];
        let spike = spike.into_iter().filter(|_| kind == "CubaLIF");
        Node::new(kind, time.into_iter().chain(input).chain(spike).collect())
    };
    let inner = graph(
        &[("in", port("Input", &[2.0])), ("lif", lif(&[0.01, 0.02])), ("out", port("Output", &[2.0]))],
        &[("in", "lif"), ("lif", "out")],
    );
    let nested = Node { inside: Some(inner), ..Node::new("NIRGraph", vec![]) };
    let each = |value: f64| array(&[2, 4, 4], &[value; 32]);
    let small = |value: f64| array(&[2, 2, 2], &[value; 8]);
    graph(
        &[
            ("input", port("Input", &[1.0, 4.0, 4.0])),
            ("conv2", conv("Conv2d", array(&[2, 1, 3, 3], &weights), list(&[4.0, 4.0]), 2)),
            (
                "if",
                Node::new("IF", vec![("r", each(1.0)), ("v_threshold", each(1.0)), ("v_reset", each(0.0))]),
            ),
            ("sum", pool("SumPool2d")),
            ("threshold", Node::new("Threshold", vec![("threshold", small(1.5))])),
            ("average", pool("AvgPool2d")),
            ("flatten", Node::new("Flatten", flatten)),
            ("conv1", conv("Conv1d", array(&[2, 2, 1], &[1.0, 0.5, -1.0, 2.0]), list(&[1.0]), 1)),
            (
                "affine",
                Node::new("Affine", vec![("weight", array(&[2, 6], &weights[..12])), ("bias", both(0.5))]),
            ),
            ("nested", nested),
            ("delay", Node::new("Delay", vec![("delay", list(&[0.001, 0.002]))])),
            ("scale", Node::new("Scale", vec![("scale", both(0.75))])),
            ("cubalif", cuba("CubaLIF")),
            ("recurrent", linear(&[2, 2], &[0.0, -0.5, 0.5, 0.25])),
            ("cubali", cuba("CubaLI")),
            ("li", Node::new("LI", vec![("tau", both(0.02)), ("r", both(1.0)), ("v_leak", both(0.5))])),
            ("i", Node::new("I", vec![("r", both(1.0))])),
            ("read", port("Output", &[2.0])),
            ("out_cubali", port("Output", &[2.0])),
            ("out_li", port("Output", &[2.0])),
            ("out_i", port("Output", &[2.0])),
        ],
        &[
            ("input", "conv2"),
            ("conv2", "if"),
            ("if", "sum"),
            ("sum", "threshold"),
            ("threshold", "average"),
            ("average", "flatten"),
            ("flatten", "conv1"),
            ("conv1", "affine"),
            ("affine", "nested"),
            ("nested", "delay"),
            ("delay", "scale"),
            ("scale", "cubalif"),
            ("cubalif", "recurrent"),
            ("recurrent", "cubalif"),
            ("cubalif", "cubali"),
            ("cubalif", "li"),
            ("cubalif", "i"),
            ("recurrent", "read"),
            ("cubali", "out_cubali"),
            ("li", "out_li"),
            ("i", "out_i"),
        ],
    )
}
