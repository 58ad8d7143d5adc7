//! A block of the decoder that attends to the summary, and then to the text:
//!
//! ```text
//! x = x + g₁ · attention(LN(x) (1 + c₁) + s₁)             RoPE; every place of the summary sees all of them
//! x = x + g₂ · attention(LN(x) (1 + c₂) + s₂, e)          queries from the summary, keys and values from the text
//! x = x + g₃ · mlp(LN(x) (1 + c₃) + s₃)
//! ```
//!
//! Shift, scale and gate come from `[CLS]` by adaLN, whose matrix begins with zeros; gates begin with 1.
//!
//! References: Peebles and Xie (2023), arXiv:2212.09748; Vaswani et al. (2017), arXiv:1706.03762.

use crate::layers::fused::attention::Attention;
use crate::layers::fused::gated::gated_sum;
use crate::layers::fused::mlp::mlp;
use crate::mdlm::net::{draw, gain, linear, zero};
use crate::summaries::net::{Block, Sizes, both, matrix};
use crate::weights::Declaration;
use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

/// The tensors of a block.
pub fn declarations(name: &str, sizes: &Sizes) -> Vec<Declaration> {
    let &Sizes { width, expansion, .. } = sizes;
    let name = |part: &str| format!("{name}.{part}");
    let square = |part: &str, rows: usize| draw(name(part), vec![rows * width, width], width);
    let mut all: Vec<Declaration> =
        ["norm1.weight", "norm2.weight", "norm3.weight"].map(|part| gain(name(part), width)).into();
    all.extend([square("attn_qkv.weight", 3), square("attn_out.weight", 1)]);
    all.extend([square("cross_q.weight", 1), square("cross_kv.weight", 2), square("cross_out.weight", 1)]);
    all.extend(linear(name("mlp.0"), expansion * width, width));
    all.extend(linear(name("mlp.2"), width, expansion * width));
    all.extend(zero(name("adaLN_modulation"), 9 * width, width));
    all
}

/// Rows `[text · place][D]` behind the block.
pub fn forward(block: &Block<'_>, name: &str, x: Tensor<2>) -> Tensor<2> {
    let &Block { sizes, weights, .. } = block;
    let part = |part: &str| format!("{name}.{part}");
    let times = |x: Tensor<2>, name: &str| x.matmul(matrix(weights, &part(name)));
    let [s1, c1, g1, s2, c2, g2, s3, c3, g3] = block.modulation(name);
    let qkv = times(block.norm(&part("norm1"), &x, [s1, c1]), "attn_qkv");
    let mixed = Attention::new(block.places, sizes.heads, sizes.width).mixed(qkv);
    let x = gated_sum(x, times(mixed, "attn_out"), g1 + 1.0);
    let queries = times(block.norm(&part("norm2"), &x, [s2, c2]), "cross_q");
    let keys_values = times(block.read.states.clone(), "cross_kv");
    let mixed = attended(queries, keys_values, block.texts, sizes.heads);
    let x = gated_sum(x, times(mixed, "cross_out"), g2 + 1.0);
    let h = block.norm(&part("norm3"), &x, [s3, c3]);
    gated_sum(x, mlp(h, both(weights, &part("mlp.0")), both(weights, &part("mlp.2"))), g3 + 1.0)
}

/// softmax(q kᵀ / √size) v for each head of each text, from queries `[text · place][D]` and keys and values
/// `[text · place of the text][2 D]`.
fn attended(queries: Tensor<2>, keys_values: Tensor<2>, texts: usize, heads: usize) -> Tensor<2> {
    let [rows, width] = queries.dims();
    let seen = keys_values.dims()[0] / texts;
    let size = width / heads;
    let by_head = |x: Tensor<2>, places: usize| x.reshape([texts, places, heads, size]).swap_dims(1, 2);
    let q = by_head(queries, rows / texts);
    let [k, v] = [0, width].map(|first| by_head(keys_values.clone().narrow(1, first, width), seen));
    let weights = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3);
    weights.matmul(v).swap_dims(1, 2).reshape([rows, width])
}
