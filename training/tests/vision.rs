//! Networks that look at pictures, against loops and tensor operations.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::{Key, Stream};
use training::learning::Learning;
use training::lesson::{Job, Lesson, Problem};
use training::spiking::patches::Patches;
use training::tasks::images::drawn;
use training::vision::blocks::{Block, Dense, Place, Plain, Residual};
use training::vision::convolution::{Convolution, convolution};
use training::vision::dssa::scores;
use training::vision::lesson::{MODEL, of_pictures};
use training::vision::norm::{moments, normalise};
use training::vision::pass::{Map, Pass};
use training::vision::sgl::{attend, partitions, whole_map};
use training::weights::{Named, Weights, numbers};

fn device() -> Device {
    Device::flex().autodiff()
}

fn stream(name: &str) -> Stream {
    Key::new(4).named(name).stream(0)
}

fn draw<const D: usize>(stream: &mut Stream, shape: [usize; D]) -> Tensor<D> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), &device()).require_grad()
}

fn fired<const D: usize>(stream: &mut Stream, shape: [usize; D]) -> Tensor<D> {
    let values: Vec<f32> =
        (0..shape.iter().product()).map(|_| f32::from(u8::from(stream.uniform() < 0.3))).collect();
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

fn alike<const D: usize>(ours: Tensor<D>, theirs: Tensor<D>, what: &str) {
    let (ours, theirs) = (numbers(ours), numbers(theirs));
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let largest = theirs.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (place, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() <= 1e-5 * largest.max(1e-3), "{what} {place}: {a} is not {b}");
    }
}

#[test]
fn a_convolution_and_its_gradients_are_those_of_the_tensor_library() {
    // kernel, stride, channels in and out, groups; depth-wise ones and groups among them.
    let cases = [
        (3, 1, 3, 5, 1),
        (3, 2, 4, 6, 1),
        (1, 1, 6, 4, 1),
        (3, 1, 6, 12, 3),
        (3, 1, 7, 7, 7),
        (5, 1, 2, 2, 1),
    ];
    for (kernel, stride, channels, out, groups) in cases {
        let case = format!("kernel {kernel}, stride {stride}, {channels} to {out} in {groups}");
        let mut draws = crate::stream(&case);
        let (frames, height, width) = (40, 5, 6);
        let patches = Patches { height, width, channels, kernel, stride };
        let by = Convolution { patches, out, groups };
        let x = draw(&mut draws, [frames * height * width, channels]);
        let weights = draw(&mut draws, by.weights());
        let pull = draw(&mut draws, [frames * patches.count(), out]);
        let ours = convolution(x.clone(), weights.clone(), by);
        let pictures = x.clone().reshape([frames, height, width, channels]).permute([0, 3, 1, 2]);
        let kernels = weights.clone().reshape([kernel, kernel, channels / groups, out]).permute([3, 2, 0, 1]);
        let half = kernel / 2;
        let options = ConvOptions::new([stride, stride], [half, half], [1, 1], groups);
        let theirs = conv2d(pictures, kernels, None, options).permute([0, 2, 3, 1]);
        let theirs = theirs.reshape([frames * patches.count(), out]);
        alike(ours.clone(), theirs.clone(), &case);
        let [ours, theirs] = [ours, theirs].map(|y| (y * pull.clone()).sum().backward());
        for (tensor, what) in [(&x, "of the map"), (&weights, "of the weights")] {
            let of = |gradients| tensor.grad(gradients).expect("a gradient");
            alike(of(&ours), of(&theirs), &format!("{what}, {case}"));
        }
    }
}

#[test]
fn normalisation_and_its_gradients_are_those_of_its_equations() {
    let mut draws = stream("normalisation");
    let (places, channels) = (700, 5);
    let x = draw(&mut draws, [places, channels]);
    let (gain, bias) = (draw(&mut draws, [channels]), draw(&mut draws, [channels]));
    let pull = draw(&mut draws, [places, channels]).inner();
    let shifted = || x.clone() * 3.0 + 1.5;
    let ours = normalise(shifted(), gain.clone(), bias.clone(), moments(shifted()));
    let middle = shifted() - shifted().mean_dim(0);
    let variance = (middle.clone() * middle.clone()).mean_dim(0);
    let row = |x: &Tensor<1>| x.clone().reshape([1, channels]);
    let theirs = middle / (variance + 1e-5).sqrt() * row(&gain) + row(&bias);
    alike(ours.clone().inner(), theirs.clone().inner(), "normalised");
    let [ours, theirs] = [ours, theirs].map(|y| (y * Tensor::from_inner(pull.clone())).sum().backward());
    alike(x.grad(&ours).expect("one"), x.grad(&theirs).expect("one"), "of the map");
    alike(gain.grad(&ours).expect("one"), gain.grad(&theirs).expect("one"), "of the gain");
    alike(bias.grad(&ours).expect("one"), bias.grad(&theirs).expect("one"), "of the bias");
}

#[test]
fn scores_and_attention_are_the_sums_of_their_equations() {
    let mut draws = stream("attention");
    let (frames, heads, places, patches, channels) = (2, 3, 6, 4, 5);
    let at = |values: &[f32], [f, h, row, column]: [usize; 4], rows: usize, columns: usize| {
        values[((f * heads + h) * rows + row) * columns + column]
    };
    let spikes = fired(&mut draws, [frames, heads, places, channels]);
    let first = draw(&mut draws, [frames, heads, patches, channels]).inner();
    let [s, y] = [numbers(spikes.clone()), numbers(first.clone())];
    let found = numbers(scores(spikes, first));
    let [q, k, v] = [0; 3].map(|_| fired(&mut draws, [frames, heads, places, channels]));
    let attention = numbers(attend(q.clone(), k.clone(), v.clone()));
    let [q, k, v] = [q, k, v].map(numbers);
    for f in 0..frames {
        for h in 0..heads {
            for i in 0..places {
                for j in 0..patches {
                    let sum: f32 = (0..channels)
                        .map(|c| {
                            at(&s, [f, h, i, c], places, channels) * at(&y, [f, h, j, c], patches, channels)
                        })
                        .sum();
                    assert!((at(&found, [f, h, i, j], places, patches) - sum).abs() < 1e-5);
                }
                for c in 0..channels {
                    let mut sum = 0.0;
                    for j in 0..places {
                        let score: f32 = (0..channels)
                            .map(|c| {
                                at(&q, [f, h, i, c], places, channels)
                                    * at(&k, [f, h, j, c], places, channels)
                            })
                            .sum();
                        sum += score * at(&v, [f, h, j, c], places, channels);
                    }
                    assert_eq!(at(&attention, [f, h, i, c], places, channels), sum);
                }
            }
        }
    }
    assert!(attention.iter().any(|x| *x > 1.0), "the sums say nothing");
}

#[test]
fn partitions_are_every_second_row_and_column_and_come_back_together() {
    let (frames, height, width, channels) = (2, 4, 6, 3);
    let values: Vec<f32> = (0..frames * height * width * channels).map(|k| k as f32).collect();
    let x = Tensor::from_data(
        TensorData::new(values.clone(), [frames * height * width, channels]),
        &Device::flex(),
    );
    let map = Map { x, height, width };
    let cut = partitions(map.x.clone(), &map, 2);
    let mut expected = Vec::new();
    for frame in 0..frames {
        for (down, across) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for row in (down..height).step_by(2) {
                for column in (across..width).step_by(2) {
                    let at = ((frame * height + row) * width + column) * channels;
                    expected.extend_from_slice(&values[at..at + channels]);
                }
            }
        }
    }
    assert_eq!(numbers(cut.clone()), expected);
    assert_eq!(numbers(whole_map(cut, &map, 2)), values);
}

#[test]
fn dense_blocks_receive_the_projected_sum_of_all_outputs_before() {
    let place = Place { height: 4, width: 4, channels: 6 };
    let dense = Dense::new("stage", place, 3);
    let mut declarations = Vec::new();
    dense.declare(&mut declarations);
    let mut draws = stream("dense");
    let mut saved = Weights::draw(declarations.clone(), 2, &Device::flex()).save();
    for tensor in saved.iter_mut().filter(|tensor| tensor.name.contains("projection")) {
        tensor.values.iter_mut().for_each(|value| *value = 0.3 * draws.normal() as f32);
    }
    let weights = Weights::load(declarations, &saved, &Device::flex()).expect("they fit");
    let (steps, samples) = (2, 3);
    let rows = steps * samples * 16;
    let x = draw(&mut draws, [rows, 6]).inner() * 2.0;
    let map = Map { x, height: 4, width: 4 };
    let ours = dense.of(&mut Pass::evaluation(&weights, steps), map.clone());

    let projected = |output: &[f32], from: usize, to: usize| -> Vec<f32> {
        let name = format!("stage.projection{from}to{to}");
        let learnt = &saved.iter().find(|tensor| tensor.name == name).expect("declared").values;
        let plain = 1.0 / (to as f32).sqrt();
        let entry = |row: usize, c: usize| -> f32 {
            (0..6).map(|k| output[row * 6 + k] * (learnt[k * 6 + c] + if k == c { plain } else { 0.0 })).sum()
        };
        (0..rows * 6).map(|at| entry(at / 6, at % 6)).collect()
    };
    let mut outputs = vec![numbers(map.x.clone())];
    for k in 1..=4 {
        let mut sum = vec![0.0; rows * 6];
        for (j, output) in outputs.iter().enumerate() {
            sum.iter_mut().zip(projected(output, j, k)).for_each(|(sum, x)| *sum += x);
        }
        let x = Tensor::from_data(TensorData::new(sum, [rows, 6]), &Device::flex());
        if k == 4 {
            return alike(ours.x, x, "what follows the stage");
        }
        let block = Plain::new(&format!("stage.block{k}"), place, Residual::Dense);
        outputs.push(numbers(block.of(&mut Pass::evaluation(&weights, steps), map.with(x)).x));
    }
}

/// Steps of training.
const STEPS: usize = 25;

/// A small network on drawn digits of 14 × 14 pixels.
fn settings(block: &'static str, residual: &'static str) -> Arguments {
    let list = |values: &[f64]| Argument::Values(values.into());
    Arguments::defaults(MODEL.parameters)
        .with("block", Argument::Word(block))
        .with("residual", Argument::Word(residual))
        .with("channels", list(&[8.0]))
        .with("blocks", list(&[2.0]))
        .with("patch", list(&[2.0]))
        .with("head", Argument::Integer(4))
        .with("expand", Argument::Integer(2))
        .with("group", Argument::Integer(8))
        .with("batch", Argument::Integer(16))
        .with("steps", Argument::Integer(STEPS as i64))
        .with("window", Argument::Integer(2))
        .with("validation", Argument::Integer(100))
        .with_number("rate", 0.03)
}

fn lesson(arguments: &Arguments) -> Result<Box<dyn Lesson>, Problem> {
    of_pictures(drawn(1, 400, 100), &Job { arguments, device: &Device::flex() })
}

fn begin(arguments: &Arguments) -> Learning {
    Learning::begin(lesson(arguments).expect("a lesson"), 1, &device())
}

const BLOCKS: [(&str, &str); 6] = [
    ("Plain", "None"),
    ("Plain", "Additive"),
    ("Plain", "Membrane"),
    ("Plain", "Dense"),
    ("Dssa", "None"),
    ("Sgl", "None"),
];

#[test]
fn every_kind_of_block_learns() {
    let whole = Argument::Integer;
    for (block, residual) in BLOCKS {
        // Always the same 16 pictures.
        let one = Argument::Values([1.0].into());
        let few = settings(block, residual).with("blocks", one).with("validation", whole(384));
        let mut learning = begin(&few.with("jitter", whole(0)));
        let losses: Vec<f64> = (0..STEPS).map(|_| learning.step()).collect();
        let (before, after) = (losses[0], losses[STEPS - 1]);
        assert!(losses.iter().all(|loss| loss.is_finite()), "{block} {residual}: {losses:?}");
        assert!(after < 0.9 * before, "{block} {residual}: {before} became {after}");
    }
}

#[test]
fn running_averages_are_resumed_to_the_bit() {
    for (block, residual) in [("Plain", "Membrane"), ("Dssa", "None")] {
        let arguments = settings(block, residual);
        let mut whole = begin(&arguments);
        (0..5).for_each(|_| assert!(whole.step().is_finite()));
        let mut first = begin(&arguments);
        (0..3).for_each(|_| assert!(first.step().is_finite()));
        let state = first.state();
        let mut second =
            Learning::resume(lesson(&arguments).expect("a lesson"), &state, &device()).expect("it fits");
        (0..2).for_each(|_| assert!(second.step().is_finite()));
        assert_eq!(whole.state(), second.state(), "{block}");
        let moved = |tensor: &&Named| tensor.name.starts_with("weight.") && tensor.name.ends_with(".mean");
        let means: Vec<&Named> = state.tensors.iter().filter(moved).collect();
        assert!(means.len() > 2 && means.iter().all(|mean| mean.values.iter().any(|x| *x != 0.0)), "{block}");
    }
}

#[test]
fn evaluation_goes_by_the_running_averages() {
    let lesson = lesson(&settings("Plain", "Membrane")).expect("a lesson");
    let mut saved = Weights::draw(lesson.declarations(), 1, &Device::flex()).save();
    let spikes = |saved: &[Named]| {
        let weights = Weights::load(lesson.declarations(), saved, &Device::flex()).expect("they fit");
        lesson.measure(&weights, training::lesson::Part::Test)[1].value
    };
    let before = spikes(&saved);
    for tensor in saved.iter_mut().filter(|tensor| tensor.name.ends_with(".mean")) {
        tensor.values.fill(100.0);
    }
    assert!(before > 0.0 && spikes(&saved) < before);
}

#[test]
fn one_thread_learns_the_bits_of_two() {
    for (block, residual) in [("Plain", "Dense"), ("Dssa", "None"), ("Sgl", "None")] {
        let arguments = settings(block, residual);
        let [one, two] = [1, 2].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                let mut learning = begin(&arguments);
                (0..3).for_each(|_| assert!(learning.step().is_finite()));
                learning.state()
            })
        });
        assert_eq!(one, two, "{block}");
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused_with_the_reason() {
    let list = |values: &[f64]| Argument::Values(values.into());
    let cases = [
        (
            settings("Dssa", "None").with("head", Argument::Integer(3)),
            "head is 3, which does not divide 8 channels",
        ),
        (
            settings("Dssa", "None").with("patch", list(&[4.0])),
            "maps of stage 1 are 14 × 14, and patches cut them by 4",
        ),
        (
            settings("Sgl", "None").with("channels", list(&[8.0, 8.0])).with("blocks", list(&[0.0, 1.0])),
            "maps of stage 2 are 7 × 7, and partitions cut them by 2",
        ),
        (
            settings("Plain", "None").with("blocks", list(&[1.0, 1.0])),
            "blocks has 2 stages, and channels has 1",
        ),
        (
            settings("Plain", "None").with("validation", Argument::Integer(400)),
            "validation takes 400 pictures, and there are 400",
        ),
    ];
    for (arguments, why) in cases {
        assert_eq!(lesson(&arguments).err().expect("refused").to_string(), why);
    }
}
