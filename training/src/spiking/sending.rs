//! From spikes to what they bring about in the next layer: products with few spikes, as differentiable operations.

use crate::spiking::events::Events;
use crate::spiking::patches::Patches;
use crate::spiking::products::{SendingKernels, product, transposed_product};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use std::sync::Arc;

/// Where spikes go.
#[backend_extension(Flex, Autodiff)]
pub trait SendingOps: Backend {
    /// Spikes `[row][source]` times weights `[source][target]`.
    fn send(spikes: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self>;

    /// As `send`, for spikes that come from outside and are only known by their places.
    fn send_from(spikes: Arc<Events>, weights: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Patches of spikes `[sample][source]` times weights `[place in a patch][channel]`: `[patch][channel]`.
    fn convolve(spikes: FloatTensor<Self>, weights: FloatTensor<Self>, patches: Patches)
    -> FloatTensor<Self>;

    /// As `convolve`, for spikes that come from outside.
    fn convolve_from(spikes: Arc<Events>, weights: FloatTensor<Self>, patches: Patches) -> FloatTensor<Self>;

    /// Weights on a grid of `bits` bits with their sign; gradients pass.
    fn on_grid(weights: FloatTensor<Self>, bits: u32) -> FloatTensor<Self>;
}

impl SendingOps for Flex {
    fn send(spikes: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self> {
        product::<Self>(&Self::events(&spikes), spikes, weights)
    }

    fn send_from(spikes: Arc<Events>, weights: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::times(&Self::listed(spikes), weights)
    }

    fn convolve(
        spikes: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        patches: Patches,
    ) -> FloatTensor<Self> {
        Self::times(&Self::patches(&spikes, patches), weights)
    }

    fn convolve_from(spikes: Arc<Events>, weights: FloatTensor<Self>, patches: Patches) -> FloatTensor<Self> {
        Self::times(&Self::listed_patches(&spikes, patches), weights)
    }

    fn on_grid(weights: FloatTensor<Self>, bits: u32) -> FloatTensor<Self> {
        Self::rounded(weights, bits)
    }
}

#[derive(Debug)]
struct Sending;

impl<B: SendingKernels> Backward<B, 2> for Sending {
    type State = (Option<B::Events>, FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_sent = graph.consume::<B>(&ops.node);
        let (events, spikes, weights) = ops.state;
        let [of_spikes, of_weights] = ops.parents;
        if let Some(node) = of_spikes {
            graph.register::<B>(node.id, B::float_matmul(of_sent.clone(), B::float_transpose(weights)));
        }
        if let Some(node) = of_weights {
            let gradient = transposed_product::<B>(&events, spikes, of_sent);
            graph.register::<B>(node.id, gradient);
        }
    }
}

/// Spikes from outside, or through patches: what is needed to go back to the weights, and to the spikes if
/// anybody asks for those.
#[derive(Debug)]
struct SendingFrom;

impl<B: SendingKernels> Backward<B, 1> for SendingFrom {
    type State = (B::Events, usize);

    fn backward(self, ops: Ops<Self::State, 1>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_sent = graph.consume::<B>(&ops.node);
        let ((events, sources), [of_weights]) = (ops.state, ops.parents);
        if let Some(node) = of_weights {
            graph.register::<B>(node.id, B::transposed_times(&events, sources, of_sent));
        }
    }
}

#[derive(Debug)]
struct Convolving;

impl<B: SendingKernels> Backward<B, 2> for Convolving {
    type State = (B::Events, FloatTensor<B>, Patches);

    fn backward(self, ops: Ops<Self::State, 2>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_sent = graph.consume::<B>(&ops.node);
        let ((events, weights, patches), [of_spikes, of_weights]) = (ops.state, ops.parents);
        if let Some(node) = of_spikes {
            graph.register::<B>(node.id, B::through_patches(of_sent.clone(), weights, patches));
        }
        if let Some(node) = of_weights {
            graph.register::<B>(node.id, B::transposed_times(&events, patches.places(), of_sent));
        }
    }
}

#[derive(Debug)]
struct Rounding;

impl<B: SendingKernels> Backward<B, 1> for Rounding {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 1>, graph: &mut Graph, _: &mut Checkpointer) {
        let gradient = graph.consume::<B>(&ops.node);
        let [of_weights] = ops.parents;
        if let Some(node) = of_weights {
            graph.register::<B>(node.id, gradient);
        }
    }
}

impl<B: SendingKernels, C: CheckpointStrategy> SendingOps for Autodiff<B, C> {
    fn send(spikes: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((spikes, spikes_node), (weights, weights_node)) = (spikes.into_parts(), weights.into_parts());
        let events = B::events(&spikes);
        let sent = product::<B>(&events, spikes.clone(), weights.clone());
        match Sending.prepare::<C>([spikes_node, weights_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((events, spikes, weights), sent),
            OpsKind::UnTracked(prepared) => prepared.finish(sent),
        }
    }

    fn send_from(spikes: Arc<Events>, weights: FloatTensor<Self>) -> FloatTensor<Self> {
        let (weights, node) = weights.into_parts();
        let ([sources, _], events) = (weights.shape().dims::<2>(), B::listed(spikes));
        let sent = B::times(&events, weights);
        match SendingFrom.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((events, sources), sent),
            OpsKind::UnTracked(prepared) => prepared.finish(sent),
        }
    }

    fn convolve(
        spikes: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        patches: Patches,
    ) -> FloatTensor<Self> {
        let ((spikes, spikes_node), (weights, weights_node)) = (spikes.into_parts(), weights.into_parts());
        let events = B::patches(&spikes, patches);
        let sent = B::times(&events, weights.clone());
        match Convolving.prepare::<C>([spikes_node, weights_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((events, weights, patches), sent),
            OpsKind::UnTracked(prepared) => prepared.finish(sent),
        }
    }

    fn convolve_from(spikes: Arc<Events>, weights: FloatTensor<Self>, patches: Patches) -> FloatTensor<Self> {
        let (weights, node) = weights.into_parts();
        let events = B::listed_patches(&spikes, patches);
        let sent = B::times(&events, weights);
        match SendingFrom.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((events, patches.places()), sent),
            OpsKind::UnTracked(prepared) => prepared.finish(sent),
        }
    }

    fn on_grid(weights: FloatTensor<Self>, bits: u32) -> FloatTensor<Self> {
        let (weights, node) = weights.into_parts();
        let rounded = B::rounded(weights, bits);
        match Rounding.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((), rounded),
            OpsKind::UnTracked(prepared) => prepared.finish(rounded),
        }
    }
}

/// Spikes `[row][source]` times weights `[source][target]`; only spikes cost anything where they are few.
///
/// What is not 0 or 1 is sent with its value.
pub fn send(spikes: Tensor<2>, weights: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::send(spikes.into_dispatch(), weights.into_dispatch()))
}

/// As [`send`], for spikes that come from outside.
pub fn send_from(spikes: Arc<Events>, weights: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::send_from(spikes, weights.into_dispatch()))
}

/// A convolution without bias: patches of spikes `[sample][source]` times weights `[place in a patch][channel]`.
///
/// The result is `[patch][channel]`, patches of a sample one after the other.
pub fn convolve(spikes: Tensor<2>, weights: Tensor<2>, patches: Patches) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::convolve(spikes.into_dispatch(), weights.into_dispatch(), patches))
}

/// As [`convolve`], for spikes that come from outside.
pub fn convolve_from(spikes: Arc<Events>, weights: Tensor<2>, patches: Patches) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::convolve_from(spikes, weights.into_dispatch(), patches))
}

/// Weights rounded to whole multiples of a power of two, the finest at which the largest still has `bits` bits
/// with its sign; gradients pass as if nothing had been rounded (Bengio, Léonard and Courville 2013).
/// With 0 bits they stay as they are.
pub fn on_grid(weights: Tensor<2>, bits: u32) -> Tensor<2> {
    if bits == 0 { weights } else { Tensor::from_dispatch(Dispatch::on_grid(weights.into_dispatch(), bits)) }
}
