//! Attention, what passes by it and the norm behind it as one operation of the tensor library, differentiated by hand.

use crate::layers::attending::{self, Inputs, Kept, Plan};
use crate::spiking::flex::{tensor, values, whole};
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use std::fmt::Debug;
use std::sync::Arc;

/// rms(h + attention(h)) for `h` `[sample][place][D]`; of the same sizes. `qkv` is `[queries, keys, values][D]`, `out`
/// `[D][D]`.
pub fn attended_norm(h: Tensor<3>, qkv: Tensor<2>, out: Tensor<2>, plan: Plan) -> Tensor<3> {
    let [h, qkv, out] = [h.into_dispatch(), qkv.into_dispatch(), out.into_dispatch()];
    Tensor::from_dispatch(Dispatch::attended_norm(h, qkv, out, plan))
}

/// The layer on one device.
pub trait AttendingKernels: Backend {
    /// What the way back needs beside input and output.
    type Kept: Clone + Debug + Send + 'static;

    /// The output, and what the way back needs.
    fn attending_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept);

    /// Gradients of what went in.
    fn attending_back(
        of_out: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        out: FloatTensor<Self>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>>;
}

impl AttendingKernels for Flex {
    type Kept = Arc<Vec<Kept>>;

    fn attending_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept) {
        let inputs = inputs.clone().map(whole);
        let (out, kept) = attending::forward_kept(&inputs.each(values), plan);
        (tensor(out, [plan.samples, plan.places, plan.width]), Arc::new(kept))
    }

    fn attending_back(
        of_out: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        out: FloatTensor<Self>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>> {
        let (inputs, of_out, out) = (inputs.clone().map(whole), whole(of_out), whole(out));
        let Inputs { h, qkv, out } =
            attending::back(values(&of_out), &inputs.each(values), values(&out), kept, plan);
        let &Plan { samples, places, width, .. } = plan;
        Inputs {
            h: tensor(h, [samples, places, width]),
            qkv: tensor(qkv, [3 * width, width]),
            out: tensor(out, [width, width]),
        }
    }
}

/// The operation.
#[backend_extension(Flex, Autodiff)]
pub trait AttendingOps: Backend {
    /// rms(h + attention(h)); shapes as in [`Inputs`].
    fn attended_norm(
        h: FloatTensor<Self>,
        qkv: FloatTensor<Self>,
        out: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;
}

impl AttendingOps for Flex {
    fn attended_norm(
        h: FloatTensor<Self>,
        qkv: FloatTensor<Self>,
        out: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let inputs = Inputs { h, qkv, out }.map(whole);
        tensor(attending::forward(&inputs.each(values), &plan), [plan.samples, plan.places, plan.width])
    }
}

#[derive(Debug)]
struct Attending;

impl<B: AttendingKernels> Backward<B, 3> for Attending {
    type State = (Inputs<FloatTensor<B>>, FloatTensor<B>, B::Kept, Plan);

    fn backward(self, ops: Ops<Self::State, 3>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_out = graph.consume::<B>(&ops.node);
        let (inputs, out, kept, plan) = ops.state;
        let Inputs { h, qkv, out } = B::attending_back(of_out, &inputs, out, &kept, &plan);
        for (node, gradient) in ops.parents.into_iter().zip([h, qkv, out]) {
            if let Some(node) = node {
                graph.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: AttendingKernels, C: CheckpointStrategy> AttendingOps for Autodiff<B, C> {
    fn attended_norm(
        h: FloatTensor<Self>,
        qkv: FloatTensor<Self>,
        out: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let ((h, h_node), (qkv, qkv_node)) = (h.into_parts(), qkv.into_parts());
        let (out, out_node) = out.into_parts();
        let inputs = Inputs { h, qkv, out };
        let (made, kept) = B::attending_forward(&inputs, &plan);
        match Attending.prepare::<C>([h_node, qkv_node, out_node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((inputs, made.clone(), kept, plan), made),
            OpsKind::UnTracked(prepared) => prepared.finish(made),
        }
    }
}
