//! Layers of transformers that are one operation each, differentiated by hand.
//!
//! Composed of the tensor library's operations such a layer writes out a tensor between any two of them. Here it is a
//! [`Fused`] layer: a function of whole tensors and its gradient, on the CPU. Matrix products are the library's; what
//! stands between them is one pass over the rows.

pub mod attention;
pub mod exp;
pub mod gated;
pub mod mlp;
pub mod norm;
pub mod rows;
pub mod scan;
pub mod surprise;

use crate::spiking::flex::whole;
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use std::fmt::Debug;
use std::sync::Arc;

/// A layer, apart from its numbers. All tensors are in one piece.
pub trait Fused: Debug + Send + Sync {
    /// What comes out, and what the way back needs beside what went in.
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>);

    /// The gradient of each of `inputs`, from that of what came out.
    fn back(&self, of_output: FlexTensor, inputs: &[FlexTensor], kept: &[FlexTensor]) -> Vec<FlexTensor>;
}

/// A device that fused layers run on.
pub trait Runs: Backend {
    /// [`Fused::forward`].
    fn run(layer: &dyn Fused, inputs: &[FloatTensor<Self>]) -> (FloatTensor<Self>, Vec<FloatTensor<Self>>);

    /// [`Fused::back`].
    fn run_back(
        layer: &dyn Fused,
        of_output: FloatTensor<Self>,
        inputs: &[FloatTensor<Self>],
        kept: &[FloatTensor<Self>],
    ) -> Vec<FloatTensor<Self>>;
}

impl Runs for Flex {
    fn run(layer: &dyn Fused, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let inputs: Vec<FlexTensor> = inputs.iter().cloned().map(whole).collect();
        layer.forward(&inputs)
    }

    fn run_back(
        layer: &dyn Fused,
        of_output: FlexTensor,
        inputs: &[FlexTensor],
        kept: &[FlexTensor],
    ) -> Vec<FlexTensor> {
        let inputs: Vec<FlexTensor> = inputs.iter().cloned().map(whole).collect();
        layer.back(whole(of_output), &inputs, kept)
    }
}

/// The operations, by how many tensors go in.
#[backend_extension(Flex, Autodiff)]
pub trait FusedOps: Backend {
    /// A layer of one tensor.
    fn fused_1(a: FloatTensor<Self>, layer: Arc<dyn Fused>) -> FloatTensor<Self>;

    /// A layer of three tensors.
    fn fused_3(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        layer: Arc<dyn Fused>,
    ) -> FloatTensor<Self>;

    /// A layer of five tensors.
    fn fused_5(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        layer: Arc<dyn Fused>,
    ) -> FloatTensor<Self>;
}

impl FusedOps for Flex {
    fn fused_1(a: FlexTensor, layer: Arc<dyn Fused>) -> FlexTensor {
        Self::run(&*layer, &[a]).0
    }

    fn fused_3(a: FlexTensor, b: FlexTensor, c: FlexTensor, layer: Arc<dyn Fused>) -> FlexTensor {
        Self::run(&*layer, &[a, b, c]).0
    }

    fn fused_5(
        a: FlexTensor,
        b: FlexTensor,
        c: FlexTensor,
        d: FlexTensor,
        e: FlexTensor,
        layer: Arc<dyn Fused>,
    ) -> FlexTensor {
        Self::run(&*layer, &[a, b, c, d, e]).0
    }
}

impl<B: Runs, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn fused_1(a: FloatTensor<Self>, layer: Arc<dyn Fused>) -> FloatTensor<Self> {
        tracked::<B, C, 1>([a], layer)
    }

    fn fused_3(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        layer: Arc<dyn Fused>,
    ) -> FloatTensor<Self> {
        tracked::<B, C, 3>([a, b, c], layer)
    }

    fn fused_5(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        layer: Arc<dyn Fused>,
    ) -> FloatTensor<Self> {
        tracked::<B, C, 5>([a, b, c, d, e], layer)
    }
}

/// A fused layer in the graph of gradients.
#[derive(Debug)]
struct Node;

impl<B: Runs, const N: usize> Backward<B, N> for Node {
    type State = (Vec<FloatTensor<B>>, Vec<FloatTensor<B>>, Arc<dyn Fused>);

    fn backward(self, ops: Ops<Self::State, N>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_output = graph.consume::<B>(&ops.node);
        let (inputs, kept, layer) = ops.state;
        let gradients = B::run_back(&*layer, of_output, &inputs, &kept);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(node) = node {
                graph.register::<B>(node.id, gradient);
            }
        }
    }
}

fn tracked<B: Runs, C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<B, C>>; N],
    layer: Arc<dyn Fused>,
) -> FloatTensor<Autodiff<B, C>> {
    let mut tensors = Vec::with_capacity(N);
    let nodes = inputs.map(|input| {
        let (tensor, node) = input.into_parts();
        tensors.push(tensor);
        node
    });
    match Node.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let (output, kept) = B::run(&*layer, &tensors);
            prepared.finish((tensors, kept, layer), output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(B::run(&*layer, &tensors).0),
    }
}

/// A layer of one tensor.
fn of_one<const D: usize>(a: Tensor<D>, layer: impl Fused + 'static) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::fused_1(a.into_dispatch(), Arc::new(layer)))
}

/// A layer of three.
fn of_three([a, b, c]: [Tensor<2>; 3], layer: impl Fused + 'static) -> Tensor<2> {
    let [a, b, c] = [a, b, c].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::fused_3(a, b, c, Arc::new(layer)))
}
