//! Losses that are not in the tensor library.

use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};

/// The mean cross-entropy of each sample `[sample]`, in nats, of logits `[sample][place][token]` and labels
/// `[sample][place]`, by stablemax: s(x) / Σ s in place of softmax, with s(x) = x + 1 from 0 on and 1/(1 − x) below
/// (Prieto et al. 2025, arXiv:2501.04697). Places with a label below 0 do not count.
pub fn stablemax_cross_entropy(logits: Tensor<3>, labels: Tensor<2, Int>) -> Tensor<1> {
    let [samples, places] = labels.dims();
    let s = relu(logits.clone()) + (relu(-logits) + 1.0).recip();
    let counted = labels.clone().greater_equal_elem(0).float();
    let labels = labels.clamp_min(0).reshape([samples, places, 1]);
    let likely = (s.clone() / s.sum_dim(2)).log().gather(2, labels).reshape([samples, places]);
    let sum = (likely * counted.clone()).sum_dim(1);
    -(sum / counted.sum_dim(1).clamp_min(1.0)).reshape([samples])
}

/// The binary cross-entropy, in nats, of each logit and the probability that it should stand for.
pub fn binary_cross_entropy(logits: Tensor<1>, wanted: Tensor<1>) -> Tensor<1> {
    relu(logits.clone()) - logits.clone() * wanted + (-logits.abs()).exp().log1p()
}
