//! Layers that are one operation each, against the same composed of the tensor library's.

use burn::tensor::activation::{log_softmax, sigmoid, softmax, softplus};
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::rng::Key;
use std::sync::Arc;
use training::bdh::reference::normed as plainly_normed;
use training::layers::fused::attention::Attention;
use training::layers::fused::gated::gated_sum;
use training::layers::fused::mlp::mlp;
use training::layers::fused::norm::normed;
use training::layers::fused::scan::{Scan, Selected};
use training::layers::fused::surprise::Answers;
use training::layers::rope::{turned, turns};
use training::weights::numbers;

/// More than one piece of work, of each of three groups too.
const ROWS: usize = 900;

fn random<const D: usize>(name: &str, shape: [usize; D], device: &Device) -> Tensor<D> {
    let mut stream = Key::new(3).named(name).stream(0);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| stream.normal() as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device).require_grad()
}

/// What a layer of tensors makes of random ones, and the gradient of each for a random gradient of the outcome.
fn learnt<const N: usize>(
    shapes: [[usize; 2]; N],
    layer: impl Fn([Tensor<2>; N]) -> Tensor<2>,
) -> Vec<Vec<f32>> {
    let device = Device::flex().autodiff();
    let inputs: [Tensor<2>; N] = std::array::from_fn(|k| random(&format!("input {k}"), shapes[k], &device));
    let output = layer(inputs.clone());
    let weights = random("gradient", output.dims(), &device).detach();
    let gradients = (output.clone() * weights).sum().backward();
    let gradient = |input: Tensor<2>| numbers(input.grad(&gradients).expect("it has a gradient"));
    std::iter::once(numbers(output)).chain(inputs.map(gradient)).collect()
}

/// The fused and the composed form agree to 2e-5 of the largest number, in the outcome and every gradient.
fn agree(fused: Vec<Vec<f32>>, composed: Vec<Vec<f32>>) {
    assert_eq!(fused.len(), composed.len());
    for (which, (ours, theirs)) in fused.iter().zip(&composed).enumerate() {
        assert_eq!(ours.len(), theirs.len());
        let largest = theirs.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let differs = ours.iter().zip(theirs).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(differs <= 2e-5 * largest && largest > 0.0, "{which}: {differs} of {largest}");
    }
}

#[test]
fn fused_norms_and_gates_have_the_gradients_of_composed_ones() {
    for groups in [1, 3] {
        let spread = move |row: Tensor<2>| -> Tensor<2> {
            let width = row.dims()[1];
            row.reshape([groups, 1, width]).repeat_dim(1, ROWS / groups).reshape([ROWS, width])
        };
        let shapes = [[ROWS, 37], [groups, 37], [groups, 37]];
        agree(
            learnt(shapes, |[x, gain, shift]| normed(x, gain, shift)),
            learnt(shapes, |[x, gain, shift]| plainly_normed(x) * spread(gain) + spread(shift)),
        );
        let shapes = [[ROWS, 37], [ROWS, 37], [groups, 37]];
        agree(
            learnt(shapes, |[x, h, gate]| gated_sum(x, h, gate)),
            learnt(shapes, |[x, h, gate]| x + h * spread(gate)),
        );
    }
}

#[test]
fn a_fused_mlp_has_the_gradients_of_a_composed_one() {
    let shapes = [[ROWS, 7], [21, 7], [1, 21], [5, 21], [1, 5]];
    let row = |bias: Tensor<2>| -> Tensor<1> { bias.flatten(0, 1) };
    let gelu = |u: Tensor<2>| {
        let inner = u.clone() + u.clone().powi_scalar(3) * 0.044_715;
        u * sigmoid(inner * (2.0 * (2.0 / std::f64::consts::PI).sqrt()))
    };
    agree(
        learnt(shapes, |[x, w1, b1, w2, b2]| mlp(x, (w1, row(b1)), (w2, row(b2)))),
        learnt(shapes, |[x, w1, b1, w2, b2]| gelu(x.matmul(w1.transpose()) + b1).matmul(w2.transpose()) + b2),
    );
}

#[test]
fn fused_attention_has_the_gradients_of_a_composed_one() {
    let (texts, places, heads, size) = (2, 9, 3, 8);
    let composed = |[qkv]: [Tensor<2>; 1]| {
        let turns = turns(places, size / 2, 10_000.0, &qkv.device());
        let all = qkv.reshape([texts, places, 3 * heads, size]).swap_dims(1, 2);
        let [q, k, v] = [0, 1, 2].map(|which| all.clone().narrow(1, which * heads, heads));
        let (q, k) = (turned(q, &turns), turned(k, &turns));
        let seen = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3);
        seen.matmul(v).swap_dims(1, 2).reshape([texts * places, heads * size])
    };
    let shapes = [[texts * places, 3 * heads * size]];
    let attention = Attention::new(places, heads, heads * size);
    agree(learnt(shapes, |[qkv]| attention.mixed(qkv)), learnt(shapes, composed));
}

#[test]
fn the_fused_surprise_has_the_gradients_of_a_composed_one() {
    let (right, weights) = ([3_i64, 0, 2, 4, 1, 1], [0.5_f32, 2.0, 0.0, 1.0, 0.0, 7.0]);
    let composed = |[logits]: [Tensor<2>; 1]| {
        let device = logits.device();
        let right = Tensor::<2, Int>::from_data(TensorData::new(right.to_vec(), [6, 1]), &device);
        let weights = Tensor::<2>::from_data(TensorData::new(weights.to_vec(), [6, 1]), &device);
        -log_softmax(logits.narrow(1, 0, 5), 1).gather(1, right) * weights
    };
    let answers = Answers {
        tokens: 5,
        right: Arc::new(right.to_vec()),
        weights: Arc::new(weights.to_vec()),
        rates: Arc::default(),
    };
    agree(learnt([[6, 7]], |[logits]| answers.surprise(logits)), learnt([[6, 7]], composed));
}

#[test]
fn the_fused_surprise_at_rates_of_tokens_has_the_gradients_of_a_composed_one() {
    // Two texts of three places, and the rates of their tokens; the weight of a place is its token's.
    let (right, rates) = ([3_i64, 0, 2, 1, 3, 3], [2.0_f32, 1.0, 0.5, 3.0, 9.0, 8.0, 7.0, 2.0]);
    let seen = [true, false, true, true, true, false];
    let of_place = |place: usize| &rates[place / 3 * 4..][..4];
    let weights: Vec<f32> =
        (0..6).map(|place| if seen[place] { of_place(place)[right[place] as usize] } else { 0.0 }).collect();
    let composed = |[logits]: [Tensor<2>; 1]| {
        let device = logits.device();
        let column = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [6, 1]), &device);
        let rates: Vec<f32> = (0..6).flat_map(of_place).copied().collect();
        let rates = Tensor::<2>::from_data(TensorData::new(rates, [6, 4]), &device);
        let answer = Tensor::<2, Int>::from_data(TensorData::new(right.to_vec(), [6, 1]), &device);
        let likely = log_softmax(logits.narrow(1, 0, 4), 1);
        let weight = column(weights.clone());
        let apart = (likely.clone().exp() * rates).sum_dim(1) - weight.clone();
        let seen = column(seen.iter().map(|seen| f32::from(u8::from(*seen))).collect());
        -likely.gather(1, answer) * weight + apart * seen
    };
    let answers = Answers {
        tokens: 4,
        right: Arc::new(right.to_vec()),
        weights: Arc::new(weights.clone()),
        rates: Arc::new(rates.to_vec()),
    };
    agree(learnt([[6, 5]], |[logits]| answers.surprise(logits)), learnt([[6, 5]], composed));
}

#[test]
fn what_the_first_place_sees_is_its_row_of_the_softmax() {
    let (texts, places, heads, size) = (2, 9, 3, 8);
    let qkv = random("input", [texts * places, 3 * heads * size], &Device::flex().autodiff()).detach();
    let turns = turns(places, size / 2, 10_000.0, &qkv.device());
    let all = qkv.clone().reshape([texts, places, 3 * heads, size]).swap_dims(1, 2);
    let [q, k] = [0, 1].map(|which| turned(all.clone().narrow(1, which * heads, heads), &turns));
    let seen: Tensor<4> = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3).mean_dim(1);
    let theirs = numbers(seen.narrow(2, 0, 1));
    let ours = Attention::new(places, heads, heads * size).seen_by_first(&numbers(qkv));
    assert_eq!(ours.len(), texts * places);
    assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-6), "{ours:?} and {theirs:?}");
}

/// Texts, their places, how many of them answer, channels and states.
const SCANNED: [usize; 5] = [2, 7, 4, 5, 3];
const SHAPES: [[usize; 2]; 5] = [[14, 5], [14, 5], [3, 5], [14, 3], [8, 3]];

fn scanned([inputs, steps, rates, writes, reads]: [Tensor<2>; 5], backward: bool) -> Tensor<2> {
    let [_, places, answering, ..] = SCANNED;
    let scan = Scan { silent: places - answering, answering, backward };
    // Rates are below 0.
    scan.over(Selected { inputs, steps, rates: -rates.exp(), writes, reads })
}

/// The same put together of the tensor library's operations, place by place.
fn plainly_scanned([u, d, a, b, c]: [Tensor<2>; 5], backward: bool) -> Tensor<2> {
    let [texts, places, answering, channels, states] = SCANNED;
    let silent = places - answering;
    let by_text = |all: Tensor<2>, width: usize| {
        let rows = all.dims()[0] / texts;
        all.reshape([texts, rows, width])
    };
    let [u, d] = [u, softplus(d, 1.0)].map(|all| by_text(all, channels));
    let (b, c) = (by_text(b, states), by_text(c, states));
    let rates = -a.exp().reshape([1, states, channels]);
    let row = |all: &Tensor<3>, place: usize| all.clone().narrow(1, place, 1);
    let mut h = Tensor::<3>::zeros([texts, states, channels], &u.device());
    let mut answers = vec![Tensor::<3>::zeros([texts, 1, channels], &u.device()); answering];
    let mut order: Vec<usize> = (0..places).collect();
    if backward {
        order[..silent].reverse();
        order[silent..].reverse();
    }
    for place in order {
        let step = row(&d, place);
        let written = row(&b, place).swap_dims(1, 2) * (step.clone() * row(&u, place));
        h = (step * rates.clone()).exp() * h + written;
        if let Some(answer) = place.checked_sub(silent) {
            answers[answer] = row(&c, answer).matmul(h.clone());
        }
    }
    Tensor::cat(answers, 1).reshape([texts * answering, channels])
}

#[test]
fn the_fused_scan_has_the_gradients_of_one_put_together_of_operations() {
    for backward in [false, true] {
        agree(
            learnt(SHAPES, |inputs| scanned(inputs, backward)),
            learnt(SHAPES, |inputs| plainly_scanned(inputs, backward)),
        );
    }
}

#[test]
fn gradients_of_the_fused_scan_are_its_slopes() {
    let device = Device::flex().autodiff();
    let sum = |inputs: [Tensor<2>; 5]| {
        let output = scanned(inputs, true);
        let weights = random("gradient", output.dims(), &device);
        f64::from((output * weights).sum().into_scalar::<f32>())
    };
    let inputs: [Tensor<2>; 5] = std::array::from_fn(|k| random(&format!("input {k}"), SHAPES[k], &device));
    let gradients = learnt(SHAPES, |inputs| scanned(inputs, true));
    for which in 0..5 {
        let own = numbers(inputs[which].clone());
        let largest = gradients[which + 1].iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        for (place, gradient) in gradients[which + 1].iter().enumerate() {
            let moved = |by: f32| {
                let mut values = own.clone();
                values[place] += by;
                let mut inputs = inputs.clone();
                inputs[which] = Tensor::from_data(TensorData::new(values, SHAPES[which]), &device);
                sum(inputs)
            };
            let slope = (moved(5e-3) - moved(-5e-3)) / 1e-2;
            let differs = (slope - f64::from(*gradient)).abs();
            assert!(
                differs < 2e-3 * f64::from(largest),
                "{which}, {place}: {slope} and {gradient} of {largest}"
            );
        }
    }
}
