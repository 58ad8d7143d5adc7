//! The released form for training: each layer one operation, differentiated by hand.
//!
//! It computes what [`crate::bdh::reference`] says, from v to the sum that leaves the layer, in a fraction of the time:
//! the pieces in between are never written out as tensors.

use crate::bdh::kernel::{self, Inputs, Seen};
use crate::bdh::reference::{Sizes, Turns, Views, normed};
use crate::spiking::flex::{tensor, values, whole};
use crate::weights::Weights;
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients as Graph;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Int, Tensor};
use sim_core::rng::Key;
use std::fmt::Debug;
use std::sync::Arc;

/// What is left out by chance of what passes the gate, while training; the rest is scaled up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// How much, from 0 to below 1.
    pub share: f64,
    /// Of the draws.
    pub key: Key,
}

impl Dropout {
    /// What each next event is multiplied by, in stretch `stretch` of a layer.
    pub(super) fn draws(dropout: Option<Self>, stretch: usize) -> impl FnMut() -> f32 {
        let mut stream = dropout.map(|dropout| (dropout, dropout.key.stream(stretch as u64)));
        move || match &mut stream {
            Some((dropout, stream)) => {
                let kept = stream.uniform() >= dropout.share;
                if kept { (1.0 / (1.0 - dropout.share)) as f32 } else { 0.0 }
            }
            None => 1.0,
        }
    }
}

/// A layer, apart from its numbers.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Texts.
    pub texts: usize,
    /// Tokens of a text.
    pub places: usize,
    /// D.
    pub width: usize,
    /// Heads.
    pub heads: usize,
    /// Neurons of a head.
    pub neurons: usize,
    /// Of all places.
    pub turns: Arc<Turns>,
    /// What is left out.
    pub dropout: Option<Dropout>,
}

/// Logits `[text][place][token]` for tokens `[text][place]`.
pub fn forward(
    sizes: &Sizes,
    weights: &Weights,
    tokens: Tensor<2, Int>,
    dropout: Option<Dropout>,
) -> Tensor<3> {
    let [texts, places] = tokens.dims();
    let &Sizes { width, heads, neurons, vocabulary, .. } = sizes;
    let views = Views::new(sizes, weights);
    let turns = Arc::new(Turns::new(neurons, places));
    let mut v = views.embedded(tokens, width);
    for layer in 0..sizes.layers {
        let dropout = dropout.map(|all| Dropout { key: all.key.numbered(layer as u64), ..all });
        let plan = Plan { texts, places, width, heads, neurons, turns: Arc::clone(&turns), dropout };
        v = normed(v.clone() + normed(sent(v, &views, plan)));
    }
    let logits = v.reshape([texts * places, width]).matmul(weights.get::<2>("lm_head"));
    logits.reshape([texts, places, vocabulary])
}

/// What leaves a layer before it is normed and added, `[text][place][D]`.
fn sent(v: Tensor<3>, views: &Views, plan: Plan) -> Tensor<3> {
    let [v, encoder, encoder_v, decoder] =
        [v, views.encoder.clone(), views.encoder_v.clone(), views.decoder.clone()].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::bdh_layer(v, encoder, encoder_v, decoder, plan))
}

/// A layer of BDH on one device.
pub trait LayerKernels: Backend {
    /// What the way back needs.
    type Kept: Clone + Debug + Send + 'static;

    /// What leaves the layer.
    fn layer_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept);

    /// Gradients of what went in.
    fn layer_back(
        of_sent: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>>;
}

impl LayerKernels for Flex {
    type Kept = Arc<Vec<Vec<Seen>>>;

    fn layer_forward(inputs: &Inputs<FloatTensor<Self>>, plan: &Plan) -> (FloatTensor<Self>, Self::Kept) {
        let inputs = inputs.clone().map(whole);
        let (sent, seen) = kernel::forward(&inputs.each(values), plan);
        (tensor(sent, [plan.texts, plan.places, plan.width]), Arc::new(seen))
    }

    fn layer_back(
        of_sent: FloatTensor<Self>,
        inputs: &Inputs<FloatTensor<Self>>,
        kept: &Self::Kept,
        plan: &Plan,
    ) -> Inputs<FloatTensor<Self>> {
        let &Plan { texts, places, width, heads, neurons, .. } = plan;
        let inputs = inputs.clone().map(whole);
        let gradients = kernel::back(values(&whole(of_sent)), &inputs.each(values), kept, plan);
        Inputs {
            v: tensor(gradients.v, [texts, places, width]),
            encoder: tensor(gradients.encoder, [heads, width, neurons]),
            encoder_v: tensor(gradients.encoder_v, [heads, neurons, width]).transpose(1, 2),
            decoder: tensor(gradients.decoder, [heads, neurons, width]),
        }
    }
}

/// The operation.
#[backend_extension(Flex, Autodiff)]
pub trait LayerOps: Backend {
    /// From v and the matrices of all heads to the sum that leaves the layer; shapes as in [`Inputs`].
    fn bdh_layer(
        v: FloatTensor<Self>,
        encoder: FloatTensor<Self>,
        encoder_v: FloatTensor<Self>,
        decoder: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self>;
}

impl LayerOps for Flex {
    fn bdh_layer(
        v: FloatTensor<Self>,
        encoder: FloatTensor<Self>,
        encoder_v: FloatTensor<Self>,
        decoder: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        Self::layer_forward(&Inputs { v, encoder, encoder_v, decoder }, &plan).0
    }
}

#[derive(Debug)]
struct Layer;

impl<B: LayerKernels> Backward<B, 4> for Layer {
    type State = (Inputs<FloatTensor<B>>, B::Kept, Plan);

    fn backward(self, ops: Ops<Self::State, 4>, graph: &mut Graph, _: &mut Checkpointer) {
        let of_sent = graph.consume::<B>(&ops.node);
        let (inputs, kept, plan) = ops.state;
        let Inputs { v, encoder, encoder_v, decoder } = B::layer_back(of_sent, &inputs, &kept, &plan);
        for (node, gradient) in ops.parents.into_iter().zip([v, encoder, encoder_v, decoder]) {
            if let Some(node) = node {
                graph.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: LayerKernels, C: CheckpointStrategy> LayerOps for Autodiff<B, C> {
    fn bdh_layer(
        v: FloatTensor<Self>,
        encoder: FloatTensor<Self>,
        encoder_v: FloatTensor<Self>,
        decoder: FloatTensor<Self>,
        plan: Plan,
    ) -> FloatTensor<Self> {
        let ((v, v_node), (encoder, encoder_node)) = (v.into_parts(), encoder.into_parts());
        let (encoder_v, encoder_v_node) = encoder_v.into_parts();
        let (decoder, decoder_node) = decoder.into_parts();
        let inputs = Inputs { v, encoder, encoder_v, decoder };
        let (sent, kept) = B::layer_forward(&inputs, &plan);
        let nodes = [v_node, encoder_node, encoder_v_node, decoder_node];
        match Layer.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((inputs, kept, plan), sent),
            OpsKind::UnTracked(prepared) => prepared.finish(sent),
        }
    }
}
