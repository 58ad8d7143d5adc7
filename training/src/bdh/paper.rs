//! BDH in the form of the paper, in parallel over all tokens; not to be mixed up with the released form.
//!
//! What differs: neurons accumulate x over the layers, and nothing else passes by a layer.
//!
//! ```text
//! v₀ = LN(embed[token]), x₀ = 0
//! x_l = x_{l-1} + relu(v_{l-1} Dₓ)
//! a   = Σ_{τ<t} (q_t · q_τ) v_{l-1,τ}         q = x_l, turned as in the released form
//! y_l = relu(LN(a) D_y) · x_l
//! v_l = LN(y_l E)
//! logits = v_L Head
//! ```
//!
//! The first token has no past, so its y is 0 and it predicts nothing. The paper leaves open how a token enters; here its
//! embedding stands for E y₀. Tensors are called as in the released form: Dₓ is `encoder`, D_y `encoder_v`, E `decoder`.
//!
//! Reference: Kosowski et al. (2025), arXiv:2509.26507, equations 4 to 8.

use crate::bdh::reference::{Layer, Sizes, Turns, Views, normed, past};
use crate::weights::Weights;
use burn::tensor::activation::relu;
use burn::tensor::{Int, Tensor};

/// Logits `[text][place][token]` for tokens `[text][place]`, and what every layer did.
pub fn forward(sizes: &Sizes, weights: &Weights, tokens: Tensor<2, Int>) -> (Tensor<3>, Vec<Layer>) {
    let [texts, places] = tokens.dims();
    let &Sizes { width, heads, neurons, layers, vocabulary } = sizes;
    let views = Views::new(sizes, weights);
    let turns = Turns::new(neurons, places).tables(&tokens.device());
    let rows = texts * places;
    let mut v = views.embedded(tokens, width);
    let mut x: Option<Tensor<4>> = None;
    let mut done = Vec::with_capacity(layers);
    for _ in 0..layers {
        let seen = relu(v.clone().reshape([1, rows, width]).matmul(views.encoder.clone()));
        let seen = seen.reshape([heads, texts, places, neurons]);
        let now = x.map_or_else(|| seen.clone(), |x| x + seen.clone());
        let a = normed(past(now.clone(), &turns).matmul(v.reshape([1, texts, places, width])));
        let y = relu(a.reshape([heads, rows, width]).matmul(views.encoder_v.clone()));
        let y = y.reshape([heads, texts, places, neurons]);
        let z = (now.clone() * y.clone()).reshape([heads, rows, neurons]);
        v = normed(z.matmul(views.decoder.clone()).sum_dim(0).reshape([texts, places, width]));
        done.push(Layer { x: now.clone(), y, v: v.clone() });
        x = Some(now);
    }
    let logits = v.reshape([rows, width]).matmul(weights.get::<2>("lm_head"));
    (logits.reshape([texts, places, vocabulary]), done)
}
