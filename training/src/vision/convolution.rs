//! Convolutions of real numbers or spike counts, as a differentiable operation.
//!
//! Maps are `[frame][row][column][channel]` with channels last, so that a row of a patch is one piece: patches are
//! written out for some hundred places at a time, which stay in the second cache, and multiplied with the weights. What
//! goes back to a map is, with a stride of 1, a convolution too, with the weights turned around.

use crate::spiking::flex::{tensor, values, whole};
use crate::spiking::patches::Patches;
use crate::spiking::products::SendingKernels;
use crate::vision::patch::{depthwise, depthwise_weights, grouped, turned, write_out};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use rayon::prelude::*;

/// What a convolution without bias looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// The patches of a map; `channels` are those that come in.
    pub patches: Patches,
    /// Channels that go out.
    pub out: usize,
    /// Groups of channels that only see each other; as many as channels for a depth-wise one.
    pub groups: usize,
}

impl Convolution {
    /// Sizes of the weights, `[place][channel of the group]` by `[channel out]`.
    pub fn weights(&self) -> [usize; 2] {
        let per_group = self.patches.channels / self.groups;
        [self.patches.kernel * self.patches.kernel * per_group, self.out]
    }

    /// Whether each place is looked at alone.
    fn is_pointwise(&self) -> bool {
        self.patches.kernel == 1 && self.patches.stride == 1 && self.groups == 1
    }

    /// Whether each channel is looked at alone.
    fn is_depthwise(&self) -> bool {
        self.groups == self.patches.channels && self.groups == self.out && self.patches.stride == 1
    }

    /// Frames whose patches are written out together.
    fn together(&self) -> usize {
        (PLACES / self.patches.count()).max(1)
    }
}

/// Patches that are written out together.
const PLACES: usize = 512;

/// Convolutions on one device; a map is `[frame · row · column][channel]`.
pub trait ConvolutionKernels: Backend {
    /// From a map to a map.
    fn forward(x: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self>;

    /// From the gradient of what goes out to that of what came in.
    fn of_input(of_y: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self>;

    /// From the gradient of what goes out to that of the weights.
    fn of_weights(of_y: FloatTensor<Self>, x: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self>;
}

impl ConvolutionKernels for Flex {
    fn forward(x: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self> {
        if by.is_pointwise() {
            return Self::float_matmul(x, weights);
        }
        let (x, weights) = (whole(x), whole(weights));
        let sources = by.patches.sources();
        let frames = values(&x).len() / sources;
        let mut y = vec![0.0; frames * by.patches.count() * by.out];
        let some = y.par_chunks_mut(by.together() * by.patches.count() * by.out);
        let some = some.zip(values(&x).par_chunks(by.together() * sources));
        if by.is_depthwise() {
            some.for_each(|(y, x)| depthwise(x, values(&weights), &by.patches, y));
        } else {
            let tables: Vec<FloatTensor<Self>> =
                (0..by.groups).map(|group| table(&weights, by, group)).collect();
            some.for_each(|(y, x)| {
                for (group, table) in tables.iter().enumerate() {
                    let sums = whole(Self::float_matmul(patches_of(x, by, group), table.clone()));
                    grouped(values(&sums), by.out, group, by.groups, y);
                }
            });
        }
        tensor(y, [frames * by.patches.count(), by.out])
    }

    fn of_input(of_y: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self> {
        if by.is_pointwise() {
            return Self::float_matmul(of_y, Self::float_transpose(weights));
        }
        if by.patches.stride == 1 {
            let weights = turned(values(&whole(weights)), &by);
            let back = Convolution {
                patches: Patches { channels: by.out, ..by.patches },
                out: by.patches.channels,
                groups: by.groups,
            };
            return Self::forward(of_y, tensor(weights, back.weights()), back);
        }
        let rows = of_y.shape().dims::<2>()[0] / by.patches.count() * by.patches.height * by.patches.width;
        let of_x = <Self as SendingKernels>::through_patches(of_y, weights, by.patches);
        tensor(values(&whole(of_x)).to_vec(), [rows, by.patches.channels])
    }

    fn of_weights(of_y: FloatTensor<Self>, x: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self> {
        if by.is_pointwise() {
            return Self::float_matmul(Self::float_transpose(x), of_y);
        }
        let (of_y, x) = (whole(of_y), whole(x));
        let some = values(&of_y).par_chunks(by.together() * by.patches.count() * by.out);
        let some = some.zip(values(&x).par_chunks(by.together() * by.patches.sources()));
        // Each stretch of frames on its own, and then summed in their order, whatever the number of threads.
        let parts: Vec<Vec<f32>> = if by.is_depthwise() {
            some.map(|(of_y, x)| depthwise_weights(of_y, x, &by.patches)).collect()
        } else {
            some.map(|(of_y, x)| weights_of(of_y, x, by)).collect()
        };
        let [rows, columns] = by.weights();
        let mut sums = vec![0.0; rows * columns];
        for part in &parts {
            sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
        }
        tensor(sums, [rows, columns])
    }
}

/// The patches of a group of channels in some frames, `[patch][place · channel]`.
fn patches_of(x: &[f32], by: Convolution, group: usize) -> FloatTensor<Flex> {
    let width = by.patches.channels / by.groups;
    let rows = x.len() / by.patches.sources() * by.patches.count();
    let places = by.patches.kernel * by.patches.kernel * width;
    tensor(write_out(x, &by.patches, group * width, width), [rows, places])
}

/// The columns of a group of channels.
fn table(weights: &FloatTensor<Flex>, by: Convolution, group: usize) -> FloatTensor<Flex> {
    let width = by.out / by.groups;
    columns(values(weights), by.out, group * width, width)
}

/// `width` columns from `from` on of a matrix of `all` columns.
fn columns(matrix: &[f32], all: usize, from: usize, width: usize) -> FloatTensor<Flex> {
    let rows = matrix.len() / all;
    if width == all {
        return tensor(matrix.to_vec(), [rows, all]);
    }
    let values: Vec<f32> =
        matrix.chunks_exact(all).flat_map(|row| &row[from..from + width]).copied().collect();
    tensor(values, [rows, width])
}

/// The gradient of the weights from some frames.
fn weights_of(of_y: &[f32], x: &[f32], by: Convolution) -> Vec<f32> {
    let [rows, _] = by.weights();
    let (mut sums, width) = (vec![0.0; rows * by.out], by.out / by.groups);
    for group in 0..by.groups {
        let patches = Flex::float_transpose(patches_of(x, by, group));
        let product = whole(Flex::float_matmul(patches, columns(of_y, by.out, group * width, width)));
        grouped(values(&product), by.out, group, by.groups, &mut sums);
    }
    sums
}

/// Convolutions.
#[backend_extension(Flex, Autodiff)]
pub trait ConvolutionOps: Backend {
    /// From a map `[frame · row · column][channel]` to a map.
    fn convolution(x: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self>;
}

impl ConvolutionOps for Flex {
    fn convolution(x: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self> {
        Self::forward(x, weights, by)
    }
}

#[derive(Debug)]
struct Convolved;

impl<B: ConvolutionKernels> Backward<B, 2> for Convolved {
    type State = (FloatTensor<B>, FloatTensor<B>, Convolution);

    fn backward(self, ops: Ops<Self::State, 2>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_y = graph.consume::<B>(&ops.node);
        let ((x, weights, by), [of_x, of_weights]) = (ops.state, ops.parents);
        if let Some(node) = of_x {
            graph.register::<B>(node.id, B::of_input(of_y.clone(), weights, by));
        }
        if let Some(node) = of_weights {
            graph.register::<B>(node.id, B::of_weights(of_y, x, by));
        }
    }
}

impl<B: ConvolutionKernels, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolution(x: FloatTensor<Self>, weights: FloatTensor<Self>, by: Convolution) -> FloatTensor<Self> {
        let ((x, x_node), (weights, weights_node)) = (x.into_parts(), weights.into_parts());
        let y = B::forward(x.clone(), weights.clone(), by);
        match Convolved.prepare::<C>([x_node, weights_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((x, weights, by), y),
            OpsKind::UnTracked(prepared) => prepared.finish(y),
        }
    }
}

/// A convolution without bias of a map `[frame · row · column][channel]` with [`Convolution::weights`].
///
/// # Panics
///
/// If the sizes do not fit, or with groups and a stride above 1: mistakes in a network, not in a file.
pub fn convolution(x: Tensor<2>, weights: Tensor<2>, by: Convolution) -> Tensor<2> {
    let [rows, channels] = x.dims();
    assert!(channels == by.patches.channels && rows.is_multiple_of(by.patches.height * by.patches.width));
    assert!(weights.dims() == by.weights() && (by.groups == 1 || by.patches.stride == 1));
    Tensor::from_dispatch(Dispatch::convolution(x.into_dispatch(), weights.into_dispatch(), by))
}
