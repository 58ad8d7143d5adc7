//! The fused time loop against the same layer put together from tensor operations, one step at a time.

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData, activation};
use sim_core::rng::{Key, Stream};
use std::fmt::Debug;
use std::sync::Arc;
use training::spiking::events::Events;
use training::spiking::forward::{CONSTANTS, Form, Kind, Reset};
use training::spiking::grid::grid_step;
use training::spiking::operation::{spike, spike_recurrent};
use training::spiking::patches::Patches;
use training::spiking::sending::{convolve, convolve_from, on_grid, send};
use training::spiking::surrogate::Surrogate;
use training::weights::numbers;

const STEPS: usize = 7;
const SAMPLES: usize = 3;
const NEURONS: usize = 19;

fn device() -> Device {
    Device::flex().autodiff()
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, shape), &device()).require_grad()
}

fn draw(stream: &mut Stream, count: usize, low: f64, high: f64) -> Vec<f32> {
    (0..count).map(|_| (low + (high - low) * stream.uniform()) as f32).collect()
}

/// A table of constants in which no neuron is like another.
fn constants(stream: &mut Stream) -> Vec<f32> {
    let rows = [(0.4, 0.95), (0.2, 0.8), (0.7, 1.3), (0.1, 0.6), (0.5, 0.9), (-0.1, 0.1)];
    rows.into_iter().flat_map(|(low, high)| draw(stream, NEURONS, low, high)).collect()
}

/// The function whose derivative a surrogate is.
fn smoothed(surrogate: Surrogate, u: Tensor<2>) -> Tensor<2> {
    match surrogate {
        Surrogate::FastSigmoid { slope } => u.clone() / (u.abs() * slope + 1.0),
        Surrogate::Arctan { slope } => {
            (u * (slope * std::f32::consts::FRAC_PI_2)).atan() / std::f32::consts::PI
        }
        Surrogate::Triangular { slope } => {
            let x = u.clamp(-1.0 / slope, 1.0 / slope);
            x.clone() - x.clone() * x.abs() * (0.5 * slope)
        }
        Surrogate::Rectangular { slope } => u.clamp(-0.5 / slope, 0.5 / slope),
        Surrogate::Sigmoid { slope } => activation::sigmoid(u * slope),
    }
}

/// The layer, put together.
fn reference(x: &Tensor<3>, table: &Tensor<2>, recurrent: Option<&Tensor<2>>, kind: Kind) -> Tensor<3> {
    let row = |r: usize| table.clone().narrow(0, r, 1);
    let zeros = || Tensor::<2>::zeros([SAMPLES, NEURONS], &device());
    let (mut v, mut i, mut a, mut before) = (zeros(), zeros(), zeros(), zeros());
    let mut steps = Vec::new();
    for t in 0..STEPS {
        let mut x = x.clone().narrow(0, t, 1).squeeze_dim::<2>(0);
        if let Some(recurrent) = recurrent {
            x = x + before.clone().matmul(recurrent.clone());
        }
        i = if kind.form == Form::CubaLif { i * row(1) + x } else { x };
        let mut potential = v * row(0) + (i.clone() + row(5));
        if kind.form == Form::Linear {
            potential = activation::relu(potential);
        }
        let bar = if kind.adaptation { row(2) + a.clone() * row(3) } else { row(2) + zeros() };
        let u = potential.clone() - bar.clone();
        let fired = u.clone().greater_equal_elem(0.0).float().detach();
        let smooth = smoothed(kind.surrogate, u);
        let spikes = smooth.clone() + (fired.clone() - smooth.detach());
        v = match kind.reset {
            Reset::Zero => potential * (-fired.clone() + 1.0),
            Reset::Subtract => potential - (bar.detach() * fired),
        };
        a = a * row(4) + spikes.clone();
        before = spikes.clone();
        steps.push(spikes);
    }
    Tensor::stack(steps, 0)
}

/// Every combination of what a layer can be.
fn kinds() -> Vec<Kind> {
    let surrogates = [
        Surrogate::FastSigmoid { slope: 3.0 },
        Surrogate::Arctan { slope: 2.0 },
        Surrogate::Triangular { slope: 0.8 },
        Surrogate::Rectangular { slope: 0.7 },
        Surrogate::Sigmoid { slope: 4.0 },
    ];
    let mut kinds = Vec::new();
    for reset in [Reset::Zero, Reset::Subtract] {
        for form in [Form::Lif, Form::CubaLif, Form::Linear] {
            for adaptation in [false, true] {
                let surrogate = surrogates[kinds.len() % surrogates.len()];
                kinds.push(Kind { reset, form, adaptation, surrogate });
            }
        }
    }
    kinds
}

fn alike(ours: &[f32], theirs: &[f32], what: &str, kind: impl Debug) {
    let largest = theirs.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (place, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 1e-5 * largest.max(1e-3), "{what} {place}: {a} is not {b}, for {kind:?}");
    }
}

fn check(recurrent: bool) {
    for (case, kind) in kinds().into_iter().enumerate() {
        let mut stream = Key::new(5).named("layers").stream(case as u64);
        let x = tensor(draw(&mut stream, STEPS * SAMPLES * NEURONS, -0.4, 1.0), [STEPS, SAMPLES, NEURONS]);
        let table = tensor(constants(&mut stream), [CONSTANTS, NEURONS]);
        let weights = tensor(draw(&mut stream, NEURONS * NEURONS, -0.3, 0.3), [NEURONS, NEURONS]);
        let pull = tensor(draw(&mut stream, STEPS * SAMPLES * NEURONS, -1.0, 1.0), [STEPS, SAMPLES, NEURONS]);
        let ours = if recurrent {
            spike_recurrent(x.clone(), table.clone(), weights.clone(), kind)
        } else {
            spike(x.clone(), table.clone(), kind)
        };
        let theirs = reference(&x, &table, recurrent.then_some(&weights), kind);
        let fired = numbers(ours.clone());
        assert_eq!(fired, numbers(theirs.clone()), "{kind:?}");
        assert!(fired.contains(&1.0) && fired.contains(&0.0), "{kind:?} says nothing");
        let [ours, theirs] = [ours, theirs].map(|spikes| (spikes * pull.clone()).sum().backward());
        let gradient = |of: &burn::tensor::Gradients| {
            let values = |gradient: Option<Vec<f32>>| gradient.expect("a gradient");
            let mut all = vec![
                ("input", values(x.grad(of).map(numbers))),
                ("constants", values(table.grad(of).map(numbers))),
            ];
            if recurrent {
                all.push(("recurrent", values(weights.grad(of).map(numbers))));
            }
            all
        };
        for ((what, ours), (_, theirs)) in gradient(&ours).into_iter().zip(gradient(&theirs)) {
            alike(&ours, &theirs, what, kind);
        }
    }
}

#[test]
fn a_layer_and_its_gradients_are_those_of_its_equations() {
    check(false);
}

#[test]
fn a_recurrent_layer_and_its_gradients_are_those_of_its_equations() {
    check(true);
}

#[test]
fn a_convolution_of_spikes_is_that_of_the_tensor_library_with_its_gradients() {
    for (case, (kernel, stride, height, width)) in
        [(3, 1, 5, 6), (5, 2, 9, 8), (1, 1, 4, 3), (3, 2, 7, 7)].into_iter().enumerate()
    {
        let (samples, channels, out) = (2, 3, 17);
        let patches = Patches { height, width, channels, kernel, stride };
        let mut stream = Key::new(8).named("patches").stream(case as u64);
        let fired: Vec<f32> =
            (0..samples * patches.sources()).map(|_| f32::from(u8::from(stream.uniform() < 0.3))).collect();
        let spikes = tensor(fired.clone(), [samples, patches.sources()]);
        let weights = tensor(draw(&mut stream, patches.places() * out, -1.0, 1.0), [patches.places(), out]);
        let pull = tensor(
            draw(&mut stream, samples * patches.count() * out, -1.0, 1.0),
            [samples * patches.count(), out],
        );
        let ours = convolve(spikes.clone(), weights.clone(), patches);
        let pictures = spikes.clone().reshape([samples, height, width, channels]).permute([0, 3, 1, 2]);
        let kernels = weights.clone().reshape([kernel, kernel, channels, out]).permute([3, 2, 0, 1]);
        let half = kernel / 2;
        let options = ConvOptions::new([stride, stride], [half, half], [1, 1], 1);
        let theirs = conv2d(pictures, kernels, None, options);
        assert_eq!(theirs.dims(), [samples, out, patches.rows(), patches.columns()]);
        let theirs = theirs.permute([0, 2, 3, 1]).reshape([samples * patches.count(), out]);
        alike(&numbers(ours.clone()), &numbers(theirs.clone()), "sums", "a convolution");
        let listed = Events::of(&fired, patches.sources(), 0).expect("no limit");
        let outside = convolve_from(Arc::new(listed), weights.clone(), patches);
        assert_eq!(numbers(outside.clone()), numbers(ours.clone()));
        let [ours, theirs, outside] =
            [ours, theirs, outside].map(|product| (product * pull.clone()).sum().backward());
        let of = |tensor: &Tensor<2>, gradients| numbers(tensor.grad(gradients).expect("a gradient"));
        alike(&of(&spikes, &ours), &of(&spikes, &theirs), "of spikes", "a convolution");
        alike(&of(&weights, &ours), &of(&weights, &theirs), "of weights", "a convolution");
        assert_eq!(of(&weights, &ours), of(&weights, &outside));
        let mut dense = vec![0.0; patches.sources() * patches.count() * out];
        let table = numbers(weights.clone());
        for (source, target, at) in patches.synapses(out) {
            dense[source as usize * patches.count() * out + target as usize] += table[at];
        }
        let dense = tensor(dense, [patches.sources(), patches.count() * out]);
        let sums = spikes.clone().matmul(dense);
        alike(&numbers(convolve(spikes, weights, patches)), &numbers(sums), "synapses", "a convolution");
    }
}

#[test]
fn weights_on_a_grid_are_whole_multiples_of_it_and_gradients_pass() {
    let mut stream = Key::new(9).named("grid").stream(0);
    let weights = tensor(draw(&mut stream, 60, -3.0, 3.0), [6, 10]);
    let rounded = on_grid(weights.clone(), 8);
    let largest = numbers(weights.clone()).iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let step = grid_step(&numbers(weights.clone()), 8);
    assert!(step * 127.0 >= largest && step * 63.0 < largest);
    for (rounded, weight) in numbers(rounded.clone()).iter().zip(numbers(weights.clone())) {
        assert_eq!((rounded / step).fract(), 0.0);
        assert!((rounded - weight).abs() <= 0.5 * step);
    }
    let pull = tensor(draw(&mut stream, 60, -1.0, 1.0), [6, 10]);
    let gradients = (rounded * pull.clone()).sum().backward();
    assert_eq!(numbers(weights.grad(&gradients).expect("a gradient")), numbers(pull));
}

#[test]
fn with_few_bits_a_weight_that_stands_out_is_cut_off() {
    let weights: Vec<f32> = std::iter::repeat_n([0.24, -0.26, 0.01], 20).flatten().chain([1.5]).collect();
    let rounded = numbers(on_grid(tensor(weights.clone(), [61, 1]), 2));
    assert_eq!(rounded[..3], [0.25, -0.25, 0.0]);
    assert_eq!(rounded[60], 0.25);
    assert_eq!(grid_step(&weights, 8), 1.0 / 64.0, "with eight the largest is kept");
}

#[test]
fn products_with_few_or_many_spikes_are_those_of_matrices() {
    for (case, share) in [0.02, 0.2, 0.9].into_iter().enumerate() {
        let mut stream = Key::new(6).named("products").stream(case as u64);
        let few = |stream: &mut Stream| {
            (0..40 * 70).map(|_| f32::from(u8::from(stream.uniform() < share))).collect()
        };
        let spikes = tensor(few(&mut stream), [40, 70]);
        let weights = tensor(draw(&mut stream, 70 * 130, -1.0, 1.0), [70, 130]);
        let pull = tensor(draw(&mut stream, 40 * 130, -1.0, 1.0), [40, 130]);
        let [ours, theirs] = [send(spikes.clone(), weights.clone()), spikes.clone().matmul(weights.clone())];
        let close = |a: Tensor<2>, b: Tensor<2>, what: &str| {
            for (a, b) in numbers(a).iter().zip(numbers(b)) {
                assert!(
                    (a - b).abs() <= 1e-5 * (1.0 + b.abs()),
                    "{what}: {a} is not {b} with a share of {share}"
                );
            }
        };
        close(ours.clone(), theirs.clone(), "product");
        let [ours, theirs] = [ours, theirs].map(|product| (product * pull.clone()).sum().backward());
        close(
            spikes.grad(&ours).expect("a gradient"),
            spikes.grad(&theirs).expect("a gradient"),
            "of spikes",
        );
        close(
            weights.grad(&ours).expect("a gradient"),
            weights.grad(&theirs).expect("a gradient"),
            "of weights",
        );
    }
}
