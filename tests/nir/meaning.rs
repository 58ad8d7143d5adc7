//! What a graph says is what its network does.

use crate::common::{array, edit, folder_with, graph, list, port, saltus, spike_steps, with_spikes};
use proptest::prelude::{Strategy, prop_assert, proptest};
use recordings::hdf5::nir::Node;
use recordings::hdf5::reading::Recording;
use saltus::nir::linear::map;

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

/// Everything that a convolution over two axes is made of.
#[derive(Clone, Debug)]
struct Convolution {
    /// Groups, output and input channels of each.
    groups: [usize; 3],
    input: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    dilation: [usize; 2],
}

fn convolutions() -> impl Strategy<Value = Convolution> {
    let groups = (1..3_usize, 1..3_usize, 1..4_usize).prop_map(|(a, b, c)| [a, b, c]);
    let two = |range: std::ops::Range<usize>| (range.clone(), range).prop_map(|(a, b)| [a, b]);
    let sides = (two(5..9), two(1..4), two(1..4), two(0..3), two(1..3));
    (groups, sides).prop_map(|(groups, (input, kernel, stride, padding, dilation))| Convolution {
        groups,
        input,
        kernel,
        stride,
        padding,
        dilation,
    })
}

impl Convolution {
    fn weights(&self) -> Vec<f64> {
        let [groups, out, of_group] = self.groups;
        let count = groups * out * of_group * self.kernel[0] * self.kernel[1];
        (0..count).map(|place| ((place * 7 + 3) % 11) as f64 - 5.0).collect()
    }

    fn node(&self) -> Node {
        let [groups, out, of_group] = self.groups;
        let [rows, columns] = self.kernel;
        let each = |values: [usize; 2]| list(&values.map(|value| value as f64));
        Node::new(
            "Conv2d",
            vec![
                ("weight", array(&[groups * out, of_group, rows, columns], &self.weights())),
                ("stride", each(self.stride)),
                ("padding", each(self.padding)),
                ("dilation", each(self.dilation)),
                ("groups", array(&[], &[groups as f64])),
                ("bias", list(&vec![0.5; groups * out])),
            ],
        )
    }

    /// One number of the output, summed as the definition says.
    fn sum(&self, input: &[f64], channel: usize, y: usize, x: usize) -> f64 {
        let ([_, out, of_group], [height, width], [rows, columns]) = (self.groups, self.input, self.kernel);
        let weights = self.weights();
        let mut sum = 0.5;
        for c in 0..of_group {
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let row = (y * self.stride[0] + i * self.dilation[0]) as i64 - self.padding[0] as i64;
                let column = (x * self.stride[1] + j * self.dilation[1]) as i64 - self.padding[1] as i64;
                if (0..height as i64).contains(&row) && (0..width as i64).contains(&column) {
                    let from = channel / out * of_group + c;
                    let weight = weights[((channel * of_group + c) * rows + i) * columns + j];
                    sum += weight * input[(from * height + row as usize) * width + column as usize];
                }
            }
        }
        sum
    }
}

proptest! {
    #[test]
    fn a_convolution_is_its_definition_for_any_stride_padding_dilation_and_groups(conv in convolutions()) {
        let [groups, out, of_group] = conv.groups;
        let shape = [groups * of_group, conv.input[0], conv.input[1]];
        let input: Vec<f64> = (0..shape.iter().product()).map(|place| ((place * 5 + 1) % 13) as f64).collect();
        let map = map(&conv.node(), &shape).unwrap();
        let side = |axis: usize| {
            let reach = conv.dilation[axis] * (conv.kernel[axis] - 1) + 1;
            (conv.input[axis] + 2 * conv.padding[axis] - reach) / conv.stride[axis] + 1
        };
        let (height, width) = (side(0), side(1));
        prop_assert!(map.shape == [groups * out, height, width], "{:?}", map.shape);
        let mut output = map.bias.clone();
        for entry in &map.entries {
            output[entry.target as usize] += entry.weight * input[entry.source as usize];
        }
        for (place, value) in output.iter().enumerate() {
            let wanted = conv.sum(&input, place / (height * width), place / width % height, place % width);
            prop_assert!((value - wanted).abs() < 1e-9, "{place}: {value} {wanted}");
        }
    }
}
