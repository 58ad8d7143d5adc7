//! Layers that models share, beside the same put together from tensor operations.

use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use sim_core::rng::Key;
use std::sync::Arc;
use training::layers::attending::Plan;
use training::layers::attending_operation::attended_norm;
use training::layers::gated::Along;
use training::layers::norm::rms;
use training::layers::operation::gated_norm;
use training::layers::product::{Panel, transposed};
use training::layers::rope::{Turns, turned, turns};
use training::layers::swiglu::SwiGlu;
use training::weights::{Weights, numbers};

/// Numbers from −1 to 1 by chance.
fn drawn(count: usize, name: &str) -> Vec<f32> {
    let mut stream = Key::new(1).named(name).stream(0);
    (0..count).map(|_| (2.0 * stream.uniform() - 1.0) as f32).collect()
}

fn leaf<const D: usize>(shape: [usize; D], name: &str) -> Tensor<D> {
    let values = TensorData::new(drawn(shape.iter().product(), name), shape);
    Tensor::from_data(values, &Device::flex().autodiff()).require_grad()
}

/// The largest difference, as a share of the largest number.
fn apart(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    ours.iter().zip(theirs).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest
}

#[test]
fn products_of_any_sizes_are_written_and_added() {
    for [m, k, n] in [[1, 1, 1], [6, 4, 16], [7, 5, 17], [13, 48, 33], [5, 300, 15]] {
        let (a, b, there) = (drawn(m * k, "a"), drawn(k * n, "b"), drawn(m * n, "there"));
        let right = |i: usize, j: usize| {
            let products = (0..k).map(|l| f64::from(a[i * k + l]) * f64::from(b[l * n + j]));
            (f64::from(there[i * n + j]) + products.sum::<f64>()) as f32
        };
        let right: Vec<f32> = (0..m * n).map(|at| right(at / n, at % n)).collect();
        let (mut plain, mut across, across_a) = (there.clone(), there.clone(), transposed(&a, k));
        Panel::default().add(&a, &b, n, &mut plain);
        Panel::default().add_transposed(&across_a, &b, n, &mut across);
        assert!(apart(&plain, &right) < 1e-6, "{m} {k} {n}");
        assert_eq!(plain, across, "{m} {k} {n}: one order of sums");
        Panel::default().multiply(&a, &b, n, &mut plain);
        Panel::default().multiply_transposed(&across_a, &b, n, &mut across);
        assert_eq!(plain, across, "{m} {k} {n}: one order of sums");
        let added: Vec<f32> = plain.iter().zip(&there).map(|(product, there)| there + product).collect();
        assert!(apart(&added, &right) < 1e-6, "{m} {k} {n}: what was there is gone");
    }
}

/// The same out of tensor operations.
fn put_together(h: Tensor<3>, gate_up: Tensor<2>, down: Tensor<2>, along: Along) -> Tensor<3> {
    let lines = |h: Tensor<3>| if along == Along::Places { h.swap_dims(1, 2) } else { h };
    let (h, inner) = (lines(h), down.dims()[1]);
    let [a, b, length] = h.dims();
    let both = h.clone().reshape([a * b, length]).matmul(gate_up.transpose());
    let (gate, up) = (both.clone().narrow(1, 0, inner), both.narrow(1, inner, inner));
    let sent = (silu(gate) * up).matmul(down.transpose()).reshape([a, b, length]);
    lines(rms(h + sent))
}

#[test]
fn a_gated_layer_and_its_gradients_are_those_of_its_parts() {
    // More samples than pieces that they are cut into, and more places than go through together.
    for (along, [samples, places, width, inner]) in [
        (Along::Channels, [35, 17, 12, 8]),
        (Along::Channels, [3, 70, 33, 20]),
        (Along::Places, [35, 17, 12, 8]),
        (Along::Places, [3, 70, 33, 20]),
    ] {
        let length = if along == Along::Channels { width } else { places };
        let inputs = || {
            let h = leaf([samples, places, width], "h");
            (h, leaf([2 * inner, length], "gate_up"), leaf([length, inner], "down"))
        };
        let wanted = leaf([samples, places, width], "of out").inner();
        let results = [gated_norm, put_together].map(|layer| {
            let (h, gate_up, down) = inputs();
            let out = layer(h.clone(), gate_up.clone(), down.clone(), along);
            let gradients = (out.clone() * Tensor::from_inner(wanted.clone())).sum().backward();
            let of = |gradient: Option<Vec<f32>>| gradient.expect("it has a gradient");
            [
                numbers(out),
                of(h.grad(&gradients).map(numbers)),
                of(gate_up.grad(&gradients).map(numbers)),
                of(down.grad(&gradients).map(numbers)),
            ]
        });
        let [ours, theirs] = &results;
        for ((ours, theirs), what) in ours.iter().zip(theirs).zip(["out", "h", "gate_up", "down"]) {
            assert!(apart(ours, theirs) < 1e-5, "{along:?} {what}: {}", apart(ours, theirs));
        }
        let (h, gate_up, down) = inputs();
        let plain = gated_norm(h.inner(), gate_up.inner(), down.inner(), along);
        assert_eq!(numbers(plain), ours[0], "{along:?}: without gradients the same bits");
    }
}

#[test]
fn a_gated_layer_that_is_rounded_is_nearly_the_same_in_sixteen_bits_and_coarse_in_three() {
    for along in [Along::Channels, Along::Places] {
        let length = if along == Along::Channels { 12 } else { 9 };
        let run = |bits: Option<u32>| {
            let declarations = SwiGlu::declarations("swiglu", length, 8);
            let weights = Weights::draw(declarations.to_vec(), 1, &Device::flex().autodiff());
            let h = leaf([5, 9, 12], "h");
            let out = SwiGlu::new(&weights, "swiglu", along, bits).forward(h.clone());
            let wanted = Tensor::from_inner(leaf([5, 9, 12], "of out").inner());
            let gradients = (out.clone() * wanted).sum().backward();
            let of_h = numbers(h.grad(&gradients).expect("a gradient"));
            let of_weights = weights.gradients(&gradients).into_iter().flat_map(|(_, gradient)| gradient);
            [numbers(out), of_h, of_weights.collect()]
        };
        let [floats, fine, coarse] = [None, Some(16), Some(3)].map(run);
        for ((floats, fine), coarse) in floats.iter().zip(&fine).zip(&coarse) {
            assert!(apart(fine, floats) < 1e-3, "{along:?}: {}", apart(fine, floats));
            assert!(apart(coarse, floats) > 0.02, "{along:?}: {}", apart(coarse, floats));
        }
    }
}

/// How fast the slowest pair of channels turns here.
const BASE: f64 = 100.0;

/// rms(h + attention(h)) out of tensor operations.
fn attention_put_together(
    h: Tensor<3>,
    qkv: Tensor<2>,
    out: Tensor<2>,
    heads: usize,
    turn: bool,
) -> Tensor<3> {
    let [samples, places, width] = h.dims();
    let size = width / heads;
    let all = h.clone().reshape([samples * places, width]).matmul(qkv.transpose());
    let all = all.reshape([samples, places, 3 * heads, size]).swap_dims(1, 2);
    let [mut q, mut k, v] = [0, 1, 2].map(|which| all.clone().narrow(1, which * heads, heads));
    if turn {
        let turns = turns(places, size / 2, BASE, &q.device());
        (q, k) = (turned(q, &turns), turned(k, &turns));
    }
    let seen = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3);
    let mixed = seen.matmul(v).swap_dims(1, 2).reshape([samples * places, width]);
    rms(h + mixed.matmul(out.transpose()).reshape([samples, places, width]))
}

#[test]
fn attention_and_its_gradients_are_those_of_its_parts() {
    // More samples than pieces that they are cut into, and sizes that fill no tile of products.
    for ([samples, places, width, heads], turn) in
        [([35, 7, 12, 3], true), ([3, 37, 20, 2], true), ([3, 37, 21, 3], false)]
    {
        let inputs = || {
            let h = leaf([samples, places, width], "h");
            (h, leaf([3 * width, width], "qkv"), leaf([width, width], "out"))
        };
        let table = turn.then(|| Arc::new(Turns::new(places, width / heads / 2, BASE)));
        let ours = |h: Tensor<3>, qkv: Tensor<2>, out: Tensor<2>| {
            attended_norm(h, qkv, out, Plan { samples, places, width, heads, turns: table.clone() })
        };
        let theirs =
            |h: Tensor<3>, qkv: Tensor<2>, out: Tensor<2>| attention_put_together(h, qkv, out, heads, turn);
        let wanted = leaf([samples, places, width], "of out").inner();
        let layers: [&dyn Fn(Tensor<3>, Tensor<2>, Tensor<2>) -> Tensor<3>; 2] = [&ours, &theirs];
        let results = layers.map(|layer| {
            let (h, qkv, out) = inputs();
            let made = layer(h.clone(), qkv.clone(), out.clone());
            let gradients = (made.clone() * Tensor::from_inner(wanted.clone())).sum().backward();
            let of = |gradient: Option<Vec<f32>>| gradient.expect("it has a gradient");
            [
                numbers(made),
                of(h.grad(&gradients).map(numbers)),
                of(qkv.grad(&gradients).map(numbers)),
                of(out.grad(&gradients).map(numbers)),
            ]
        });
        let [ours, theirs] = &results;
        for ((ours, theirs), what) in ours.iter().zip(theirs).zip(["made", "h", "qkv", "out"]) {
            assert!(apart(ours, theirs) < 1e-5, "{heads} heads, {what}: {}", apart(ours, theirs));
        }
        let (h, qkv, out) = inputs();
        let plain = layers[0](h.inner(), qkv.inner(), out.inner());
        assert_eq!(numbers(plain), results[0][0], "without gradients the same bits");
    }
}
