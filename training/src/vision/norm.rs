//! Batch normalisation with running averages (Ioffe and Szegedy 2015, arXiv:1502.03167), as a differentiable
//! operation on maps `[place][channel]`.
//!
//! ```text
//! y = g·(x − μ)/√(σ² + ε) + b          μ, σ² over all places of a channel: of the batch in training, running after it
//! ∂x = g/√(σ² + ε)·(∂y − mean(∂y) − x̂·mean(∂y·x̂))
//! ```

use crate::spiking::flex::{tensor, values, whole};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;

/// Keeps the quotient finite.
const EPSILON: f32 = 1e-5;

/// Places that are summed together.
const TOGETHER: usize = 256;

/// Gradients of what is normalised, of its gain and of its bias.
pub struct NormGradients<B: Backend> {
    x: FloatTensor<B>,
    gain: FloatTensor<B>,
    bias: FloatTensor<B>,
}

/// Normalisation on one device.
pub trait NormKernels: Backend {
    /// Mean and variance of each channel, `[2][channel]`.
    fn moments_of(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `x` with `gain` and `bias` `[channel]`, by these moments.
    fn forward(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// From the gradient of what was normalised, where the moments were those of `x`.
    fn back(
        of_y: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> NormGradients<Self>;
}

impl NormKernels for Flex {
    fn moments_of(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, [rows, channels]) = (whole(x.clone()), x.shape().dims());
        let sums = summed(values(&x), values(&x), &vec![0.0; channels]);
        let mean = sums[0].iter().map(|sum| sum / rows as f64);
        let variance =
            mean.clone().zip(&sums[1]).map(|(mean, sum)| (sum / rows as f64 - mean * mean).max(0.0));
        let moments = mean.clone().chain(variance).map(|x| x as f32).collect();
        tensor(moments, [2, channels])
    }

    fn forward(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [rows, channels] = x.shape().dims();
        let [x, gain, bias, moments] = [x, gain, bias, moments].map(whole);
        let (mean, scale) = scaled(values(&moments));
        let scale: Vec<f32> = scale.iter().zip(values(&gain)).map(|(scale, gain)| scale * gain).collect();
        let shift: Vec<f32> = values(&bias)
            .iter()
            .zip(mean)
            .zip(&scale)
            .map(|((bias, mean), scale)| bias - mean * scale)
            .collect();
        let mut y = vec![0.0; rows * channels];
        let some = y.par_chunks_mut(TOGETHER * channels).zip(values(&x).par_chunks(TOGETHER * channels));
        some.for_each(|(y, x)| scale_and_shift(x, &scale, &shift, y));
        tensor(y, [rows, channels])
    }

    fn back(
        of_y: FloatTensor<Self>,
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> NormGradients<Self> {
        let [rows, channels] = x.shape().dims();
        let [of_y, x, gain, moments] = [of_y, x, gain, moments].map(whole);
        let (mean, scale) = scaled(values(&moments));
        let sums = summed(values(&of_y), values(&x), mean);
        // Sums of ∂y and of ∂y·x̂.
        let of_bias: Vec<f32> = sums[0].iter().map(|sum| *sum as f32).collect();
        let of_gain: Vec<f32> =
            sums[1].iter().zip(&scale).map(|(sum, scale)| (*sum * f64::from(*scale)) as f32).collect();
        // ∂x = p·∂y + q·x + r for each channel.
        let n = rows as f32;
        let mut lines = [vec![0.0; channels], vec![0.0; channels], vec![0.0; channels]];
        for k in 0..channels {
            let p = values(&gain)[k] * scale[k];
            let q = -p * of_gain[k] / n * scale[k];
            lines[0][k] = p;
            lines[1][k] = q;
            lines[2][k] = -p * of_bias[k] / n - q * mean[k];
        }
        let mut of_x = vec![0.0; rows * channels];
        let size = TOGETHER * channels;
        let some =
            of_x.par_chunks_mut(size).zip(values(&of_y).par_chunks(size)).zip(values(&x).par_chunks(size));
        some.for_each(|((of_x, of_y), x)| combine(of_y, x, &lines, of_x));
        NormGradients {
            x: tensor(of_x, [rows, channels]),
            gain: tensor(of_gain, [channels]),
            bias: tensor(of_bias, [channels]),
        }
    }
}

/// The means, and 1/√(σ² + ε).
fn scaled(moments: &[f32]) -> (&[f32], Vec<f32>) {
    let (mean, variance) = moments.split_at(moments.len() / 2);
    (mean, variance.iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect())
}

/// Σ a and Σ a·(b − middle) of each channel; stretch by stretch in single precision, in double over the stretches in
/// their order.
fn summed(a: &[f32], b: &[f32], middle: &[f32]) -> [Vec<f64>; 2] {
    let size = TOGETHER * middle.len();
    let parts: Vec<[Vec<f32>; 2]> =
        a.par_chunks(size).zip(b.par_chunks(size)).map(|(a, b)| sum_rows(a, b, middle)).collect();
    let mut sums = [vec![0.0; middle.len()], vec![0.0; middle.len()]];
    for part in &parts {
        for (sums, part) in sums.iter_mut().zip(part) {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += f64::from(*x));
        }
    }
    sums
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn sum_rows(a: &[f32], b: &[f32], middle: &[f32]) -> [Vec<f32>; 2] {
    let n = middle.len();
    let (mut plain, mut weighted) = (vec![0.0f32; n], vec![0.0f32; n]);
    let (plain_sums, weighted_sums) = (&mut plain[..n], &mut weighted[..n]);
    for (a, b) in a.chunks_exact(n).zip(b.chunks_exact(n)) {
        for k in 0..n {
            plain_sums[k] += a[k];
            weighted_sums[k] += a[k] * (b[k] - middle[k]);
        }
    }
    [plain, weighted]
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn scale_and_shift(x: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
    let n = scale.len();
    let shift = &shift[..n];
    for (y, x) in y.chunks_exact_mut(n).zip(x.chunks_exact(n)) {
        for k in 0..n {
            y[k] = x[k] * scale[k] + shift[k];
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn combine(of_y: &[f32], x: &[f32], lines: &[Vec<f32>; 3], of_x: &mut [f32]) {
    let n = lines[0].len();
    let (p, q, r) = (&lines[0][..n], &lines[1][..n], &lines[2][..n]);
    for ((of_x, of_y), x) in of_x.chunks_exact_mut(n).zip(of_y.chunks_exact(n)).zip(x.chunks_exact(n)) {
        for k in 0..n {
            of_x[k] = p[k] * of_y[k] + (q[k] * x[k] + r[k]);
        }
    }
}

/// Normalisation.
#[backend_extension(Flex, Autodiff)]
pub trait NormOps: Backend {
    /// `x` `[place][channel]` by the moments `[2][channel]`, which are those of `x` where gradients are wanted.
    fn normalise(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The moments of `x`; no gradients pass.
    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl NormOps for Flex {
    fn normalise(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        Self::forward(x, gain, bias, moments)
    }

    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::moments_of(x)
    }
}

#[derive(Debug)]
struct Normalised;

impl<B: NormKernels> Backward<B, 3> for Normalised {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 3>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_y = graph.consume::<B>(&ops.node);
        let ((x, gain, moments), [of_x, of_gain, of_bias]) = (ops.state, ops.parents);
        let gradients = B::back(of_y, x, gain, moments);
        for (node, gradient) in [(of_x, gradients.x), (of_gain, gradients.gain), (of_bias, gradients.bias)] {
            if let Some(node) = node {
                graph.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: NormKernels, C: CheckpointStrategy> NormOps for Autodiff<B, C> {
    fn normalise(
        x: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        moments: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (gain, gain_node)) = (x.into_parts(), gain.into_parts());
        let ((bias, bias_node), (moments, _)) = (bias.into_parts(), moments.into_parts());
        let y = B::forward(x.clone(), gain.clone(), bias, moments.clone());
        match Normalised.prepare::<C>([x_node, gain_node, bias_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, gain, moments), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }

    fn moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, _) = x.into_parts();
        <Self as burn::backend::AutodiffBackend>::from_inner(B::moments_of(x))
    }
}

/// Mean and variance `[2][channel]` of each channel of `x` `[place][channel]`, without gradients.
pub fn moments(x: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::moments(x.into_dispatch()))
}

/// `x` `[place][channel]` normalised by `moments` `[2][channel]`. Gradients are those of moments that are of `x` itself.
pub fn normalise(x: Tensor<2>, gain: Tensor<1>, bias: Tensor<1>, moments: Tensor<2>) -> Tensor<2> {
    let [x, moments] = [x.into_dispatch(), moments.into_dispatch()];
    Tensor::from_dispatch(Dispatch::normalise(x, gain.into_dispatch(), bias.into_dispatch(), moments))
}
