//! The fused operations as the tensor library sees them.
//!
//! A device supplies [`Kernels`]; differentiation is written once for all of them.

use crate::spiking::forward::Kind;
use crate::spiking::products::{SendingKernels, transposed_product};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension, tensor::FloatTensor};
use burn::tensor::{Shape, Slice, Tensor};
use std::fmt::Debug;

/// What a layer did, `[step][sample][neuron]`.
#[derive(Clone, Debug)]
pub struct Fired<B: Backend> {
    /// 0 or 1.
    pub spikes: FloatTensor<B>,
    /// V before the reset.
    pub potential: FloatTensor<B>,
}

/// Gradients of what went into a layer.
pub struct Gradients<B: Backend> {
    /// `[step][sample][neuron]`
    pub input: FloatTensor<B>,
    /// `[constant][neuron]`, if asked for.
    pub constants: Option<FloatTensor<B>>,
}

/// The time loop of a spiking layer on one device.
pub trait Kernels: SendingKernels {
    /// From input `[step][sample][neuron]` and constants `[constant][neuron]` to spikes.
    fn forward(x: FloatTensor<Self>, constants: FloatTensor<Self>, kind: Kind) -> Fired<Self>;

    /// As `forward`, for neurons that reach each other: spikes of a step come in the next one, through
    /// `recurrent` `[source][target]`.
    fn forward_recurrent(
        x: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
    ) -> Fired<Self>;

    /// From the gradient of the spikes to those of the input and, if asked for, of the constants.
    fn back(
        fired: Fired<Self>,
        of_spikes: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        kind: Kind,
        of_constants: bool,
    ) -> Gradients<Self>;

    /// As `back`, after `forward_recurrent`; the gradient of `recurrent` follows from that of the input.
    fn back_recurrent(
        fired: Fired<Self>,
        of_spikes: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
        of_constants: bool,
    ) -> Gradients<Self>;
}

/// The operations of a layer.
#[backend_extension(Flex, Autodiff)]
pub trait SpikingOps: Backend {
    /// Spikes `[step][sample][neuron]` for an input of the same shape.
    fn spike(x: FloatTensor<Self>, constants: FloatTensor<Self>, kind: Kind) -> FloatTensor<Self>;

    /// As `spike`, for neurons that reach each other with a delay of one step.
    fn spike_recurrent(
        x: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
    ) -> FloatTensor<Self>;
}

impl SpikingOps for Flex {
    fn spike(x: FloatTensor<Self>, constants: FloatTensor<Self>, kind: Kind) -> FloatTensor<Self> {
        Self::forward(x, constants, kind).spikes
    }

    fn spike_recurrent(
        x: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
    ) -> FloatTensor<Self> {
        Self::forward_recurrent(x, constants, recurrent, kind).spikes
    }
}

#[derive(Debug)]
struct Spike;

impl<B: Kernels> Backward<B, 2> for Spike {
    type State = (Fired<B>, FloatTensor<B>, Kind);

    fn backward(self, ops: Ops<Self::State, 2>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_spikes = graph.consume::<B>(&ops.node);
        let (fired, constants, kind) = ops.state;
        let [input, table] = ops.parents;
        let gradients = B::back(fired, of_spikes, constants, kind, table.is_some());
        if let Some(node) = input {
            graph.register::<B>(node.id, gradients.input);
        }
        if let (Some(node), Some(gradient)) = (table, gradients.constants) {
            graph.register::<B>(node.id, gradient);
        }
    }
}

#[derive(Debug)]
struct SpikeRecurrent;

impl<B: Kernels> Backward<B, 3> for SpikeRecurrent {
    type State = (Fired<B>, FloatTensor<B>, FloatTensor<B>, Kind);

    fn backward(self, ops: Ops<Self::State, 3>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_spikes = graph.consume::<B>(&ops.node);
        let (fired, constants, recurrent, kind) = ops.state;
        let [input, table, weights] = ops.parents;
        let spikes = fired.spikes.clone();
        let gradients = B::back_recurrent(fired, of_spikes, constants, recurrent, kind, table.is_some());
        if let Some(node) = weights {
            graph.register::<B>(node.id, of_recurrent::<B>(spikes, gradients.input.clone()));
        }
        if let Some(node) = input {
            graph.register::<B>(node.id, gradients.input);
        }
        if let (Some(node), Some(gradient)) = (table, gradients.constants) {
            graph.register::<B>(node.id, gradient);
        }
    }
}

/// Spikes of all steps but the last, transposed, times the input gradients of all but the first.
fn of_recurrent<B: Kernels>(spikes: FloatTensor<B>, of_input: FloatTensor<B>) -> FloatTensor<B> {
    let [steps, samples, neurons] = spikes.shape().dims();
    let rows = |tensor: FloatTensor<B>, from: usize| {
        let slices = [Slice::from(from..from + steps - 1), Slice::full(), Slice::full()];
        B::float_reshape(B::float_slice(tensor, &slices), Shape::new([(steps - 1) * samples, neurons]))
    };
    let before = rows(spikes, 0);
    transposed_product::<B>(&B::events(&before), before, rows(of_input, 1))
}

impl<B: Kernels, C: CheckpointStrategy> SpikingOps for Autodiff<B, C> {
    fn spike(x: FloatTensor<Self>, constants: FloatTensor<Self>, kind: Kind) -> FloatTensor<Self> {
        let ((x, x_node), (constants, constants_node)) = (x.into_parts(), constants.into_parts());
        match Spike.prepare::<C>([x_node, constants_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let fired = B::forward(x, constants.clone(), kind);
                prepared.finish((fired.clone(), constants, kind), fired.spikes)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::forward(x, constants, kind).spikes),
        }
    }

    fn spike_recurrent(
        x: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (constants, constants_node)) = (x.into_parts(), constants.into_parts());
        let (recurrent, recurrent_node) = recurrent.into_parts();
        let fired = B::forward_recurrent(x, constants.clone(), recurrent.clone(), kind);
        match SpikeRecurrent.prepare::<C>([x_node, constants_node, recurrent_node]).compute_bound().stateful()
        {
            OpsKind::Tracked(prepared) => {
                prepared.finish((fired.clone(), constants, recurrent, kind), fired.spikes)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(fired.spikes),
        }
    }
}

/// Spikes (0 or 1) of a layer for its input `x`, both `[step][sample][neuron]`.
///
/// `constants` is a table `[constant][neuron]` with the rows of [`crate::spiking::forward::Constants`].
pub fn spike(x: Tensor<3>, constants: Tensor<2>, kind: Kind) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::spike(x.into_dispatch(), constants.into_dispatch(), kind))
}

/// As [`spike`], for neurons that reach each other through `recurrent` `[source][target]`, one step later.
pub fn spike_recurrent(x: Tensor<3>, constants: Tensor<2>, recurrent: Tensor<2>, kind: Kind) -> Tensor<3> {
    let [x, constants, recurrent] = [x.into_dispatch(), constants.into_dispatch(), recurrent.into_dispatch()];
    Tensor::from_dispatch(Dispatch::spike_recurrent(x, constants, recurrent, kind))
}
