//! The gated layer, what passes by it and the norm behind it as one operation of the tensor library, differentiated by hand.

use crate::layers::gated::{self, Along, Inputs, Kept, Plan};
use crate::spiking::flex::{tensor, values, whole};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use std::fmt::Debug;
use std::sync::Arc;

/// rms(h + swiglu(h)) for `h` `[sample][place][D]`, both the layer and the norm along one dimension; of the same sizes.
/// `gate_up` is `[gate, then up][length]`, `down` `[length][inner]`.
pub fn gated_norm(h: Tensor<3>, gate_up: Tensor<2>, down: Tensor<2>, along: Along) -> Tensor<3> {
    let ([samples, places, width], inner) = (h.dims(), down.dims()[1]);
    let plan = Plan { samples, places, width, inner, along };
    let [h, gate_up, down] = [h.into_dispatch(), gate_up.into_dispatch(), down.into_dispatch()];
    Tensor::from_dispatch(Dispatch::gated_norm(h, gate_up, down, plan))
}

/// The layer on one device.
pub trait GatedKernels: Backend {
    /// What the way back needs beside input and output.
    type Kept: Clone + Debug + Send + 'static;

    /// The output, and what the way back needs.
    fn gated_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept);

    /// Gradients of what went in.
    fn gated_back(
        of_out: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        out: FloatTensor<Self>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>>;
}

impl GatedKernels for Flex {
    type Kept = Arc<Kept>;

    fn gated_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept) {
        let inputs = inputs.clone().map(whole);
        let (out, kept) = gated::forward_kept(&inputs.each(values), plan);
        (tensor(out, [plan.samples, plan.places, plan.width]), Arc::new(kept))
    }

    fn gated_back(
        of_out: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        out: FloatTensor<Self>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>> {
        let (inputs, of_out, out) = (inputs.clone().map(whole), whole(of_out), whole(out));
        let Inputs { h, gate_up, down } =
            gated::back(values(&of_out), &inputs.each(values), values(&out), kept, plan);
        let length = down.len() / plan.inner;
        Inputs {
            h: tensor(h, [plan.samples, plan.places, plan.width]),
            gate_up: tensor(gate_up, [2 * plan.inner, length]),
            down: tensor(down, [length, plan.inner]),
        }
    }
}

/// The operation.
#[backend_extension(Flex, Autodiff)]
pub trait GatedOps: Backend {
    /// rms(h + swiglu(h)); shapes as in [`Inputs`].
    fn gated_norm(
        h: FloatTensor<Self>,
        gate_up: FloatTensor<Self>,
        down: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;
}

impl GatedOps for Flex {
    fn gated_norm(
        h: FloatTensor<Self>,
        gate_up: FloatTensor<Self>,
        down: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let inputs = Inputs { h, gate_up, down }.map(whole);
        tensor(gated::forward(&inputs.each(values), &plan), [plan.samples, plan.places, plan.width])
    }
}

#[derive(Debug)]
struct Gated;

impl<B: GatedKernels> Backward<B, 3> for Gated {
    type State = (Inputs<FloatTensor<B>>, FloatTensor<B>, B::Kept, Plan);

    fn backward(self, ops: Ops<Self::State, 3>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_out = graph.consume::<B>(&ops.node);
        let (inputs, out, kept, plan) = ops.state;
        let Inputs { h, gate_up, down } = B::gated_back(of_out, &inputs, out, &kept, &plan);
        for (node, gradient) in ops.parents.into_iter().zip([h, gate_up, down]) {
            if let Some(node) = node {
                graph.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: GatedKernels, C: CheckpointStrategy> GatedOps for Autodiff<B, C> {
    fn gated_norm(
        h: FloatTensor<Self>,
        gate_up: FloatTensor<Self>,
        down: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let ((h, h_node), (gate_up, gate_up_node)) = (h.into_parts(), gate_up.into_parts());
        let (down, down_node) = down.into_parts();
        let inputs = Inputs { h, gate_up, down };
        let (out, kept) = B::gated_forward(&inputs, &plan);
        match Gated.prepare::<C>([h_node, gate_up_node, down_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((inputs, out.clone(), kept, plan), out),
            OpsKind::UnTracked(prepared) => prepared.finish(out),
        }
    }
}
