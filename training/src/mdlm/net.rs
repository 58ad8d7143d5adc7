//! The network of MDLM: a diffusion transformer (DiT) over tokens, in which every place sees all others.
//!
//! ```text
//! c = silu(W silu(W sinusoids(σ)))                           what it is told of the time
//! x = embed[token]
//! for each block:  (s₁, c₁, g₁, s₂, c₂, g₂) = W c + b        adaLN: shift, scale and gate of each channel
//!     x = x + g₁ · attention(LN(x) (1 + c₁) + s₁)            RoPE, base 10,000
//!     x = x + g₂ · mlp(LN(x) (1 + c₂) + s₂)
//! logits = W (LN(x) (1 + c) + s) + b
//! ```
//!
//! LN has a gain and no shift. By default the network is not told the time (σ = 0), so that what adaLN says is the same
//! for all texts. adaLN and the last matrix begin with zeros. Weights are named and laid out (`[out][in]`) as in the release.
//!
//! Reference: Sahoo et al. (2024), arXiv:2406.07524, and the code released with it; Peebles and Xie (2023),
//! arXiv:2212.09748.

use crate::layers::fused::attention::Attention;
use crate::layers::fused::gated::gated_sum;
use crate::layers::fused::mlp::{Linear, mlp};
use crate::layers::fused::norm::normed;
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Different tokens without the mask, which is the token after them.
    pub vocabulary: usize,
    /// Channels D of a place.
    pub width: usize,
    /// Heads; they share the width among them, an even number of channels each.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// How much wider a block is inside.
    pub expansion: usize,
    /// Numbers that say what time it is.
    pub condition: usize,
    /// Whether the network is told the time.
    pub timed: bool,
    /// What adaLN's gates begin with: 0 in the release, where nothing passes a block at first.
    pub gate: f32,
}

/// Sinusoids that stand for σ, and the slowest's share of the fastest's frequency.
const SINUSOIDS: usize = 256;
const SLOWEST: f64 = 1e-4;

impl Sizes {
    /// The token of a masked place.
    pub fn mask(&self) -> usize {
        self.vocabulary
    }

    /// The tensors, as they are called in the release.
    pub fn declarations(&self) -> Vec<Declaration> {
        let &Self { width, condition, .. } = self;
        let tokens = self.vocabulary + 1;
        let gain = |name: String| gain(name, width);
        let mut all = vec![draw("vocab_embed.embedding".into(), vec![tokens, width], width)];
        all.extend(linear("sigma_map.mlp.0".into(), condition, SINUSOIDS));
        all.extend(linear("sigma_map.mlp.2".into(), condition, condition));
        for block in 0..self.blocks {
            let name = |part: &str| format!("blocks.{block}.{part}");
            all.extend([gain(name("norm1.weight")), gain(name("norm2.weight"))]);
            all.push(draw(name("attn_qkv.weight"), vec![3 * width, width], width));
            all.push(draw(name("attn_out.weight"), vec![width, width], width));
            all.extend(linear(name("mlp.0"), self.expansion * width, width));
            all.extend(linear(name("mlp.2"), width, self.expansion * width));
            all.extend(zero(name("adaLN_modulation"), 6 * width, condition));
        }
        all.push(gain("output_layer.norm_final.weight".into()));
        all.extend(zero("output_layer.linear".into(), tokens, width));
        all.extend(zero("output_layer.adaLN_modulation".into(), 2 * width, condition));
        all
    }

    /// Logits `[text][place][token]` for tokens `[text][place]`, the mask's among them; `noise` is σ of each text.
    pub fn forward(&self, weights: &Weights, tokens: Tensor<2, Int>, noise: &[f64]) -> Tensor<3> {
        let [texts, places] = tokens.dims();
        let &Self { width, heads, gate, .. } = self;
        let matrix = |name: &str| weights.get::<2>(&format!("{name}.weight")).transpose();
        let linear = |name: &str| -> Linear {
            (weights.get(&format!("{name}.weight")), weights.get(&format!("{name}.bias")))
        };
        let attention = Attention::new(places, heads, width);
        let c = self.told(weights, noise, &tokens.device());
        let norm = |name: &str, x: &Tensor<2>, [shift, scale]: [Tensor<2>; 2]| {
            let gain = weights.get::<1>(name).reshape([1, width]) * (scale + 1.0);
            normed(x.clone(), gain, shift)
        };
        let mut x = weights.get::<2>("vocab_embed.embedding").select(0, tokens.flatten::<1>(0, 1));
        for block in 0..self.blocks {
            let name = |part: &str| format!("blocks.{block}.{part}");
            let [s1, c1, g1, s2, c2, g2] = modulation(weights, &name("adaLN_modulation"), &c, width);
            let qkv = norm(&name("norm1.weight"), &x, [s1, c1]).matmul(matrix(&name("attn_qkv")));
            x = gated_sum(x, attention.mixed(qkv).matmul(matrix(&name("attn_out"))), g1 + gate);
            let h = norm(&name("norm2.weight"), &x, [s2, c2]);
            x = gated_sum(x, mlp(h, linear(&name("mlp.0")), linear(&name("mlp.2"))), g2 + gate);
        }
        let last = modulation(weights, "output_layer.adaLN_modulation", &c, width);
        let h = norm("output_layer.norm_final.weight", &x, last);
        affine(h, linear("output_layer.linear")).reshape([texts, places, self.vocabulary + 1])
    }

    /// c of each text `[text][number]`, or one for all.
    fn told(&self, weights: &Weights, noise: &[f64], device: &Device) -> Tensor<2> {
        let noise = if self.timed { noise } else { &[0.0] };
        let angle = |sigma: f64, k: usize| {
            sigma * libm::pow(SLOWEST, (k % (SINUSOIDS / 2)) as f64 / (SINUSOIDS / 2) as f64)
        };
        let sinusoid = |sigma: f64, k: usize| {
            let of = if k < SINUSOIDS / 2 { libm::cos } else { libm::sin };
            of(angle(sigma, k)) as f32
        };
        let values = noise.iter().flat_map(|sigma| (0..SINUSOIDS).map(|k| sinusoid(*sigma, k))).collect();
        let c = Tensor::from_data(TensorData::new(values, [noise.len(), SINUSOIDS]), device);
        let layer = |c: Tensor<2>, name: &str| {
            let bias = weights.get(&format!("{name}.bias"));
            silu(affine(c, (weights.get(&format!("{name}.weight")), bias)))
        };
        layer(layer(c, "sigma_map.mlp.0"), "sigma_map.mlp.2")
    }
}

/// A tensor that is uniform as far as 1/√in, as matrices and biases alike begin.
pub(crate) fn draw(name: String, shape: Vec<usize>, inputs: usize) -> Declaration {
    Declaration::new(name, shape, Start::Uniform(1.0 / (inputs as f32).sqrt()))
}

/// A matrix `[out][in]` and its bias.
pub(crate) fn linear(name: String, outputs: usize, inputs: usize) -> [Declaration; 2] {
    let bias = draw(format!("{name}.bias"), vec![outputs], inputs).undecayed();
    [draw(format!("{name}.weight"), vec![outputs, inputs], inputs), bias]
}

/// The same, of zeros at first.
pub(crate) fn zero(name: String, outputs: usize, inputs: usize) -> [Declaration; 2] {
    let zeros = |part: &str, shape: Vec<usize>| {
        Declaration::new(format!("{name}.{part}"), shape, Start::Constant(0.0))
    };
    [zeros("weight", vec![outputs, inputs]), zeros("bias", vec![outputs]).undecayed()]
}

/// The gain of a norm.
pub(crate) fn gain(name: String, width: usize) -> Declaration {
    Declaration::new(name, [width], Start::Constant(1.0)).undecayed()
}

/// x Wᵀ + b
pub(crate) fn affine(x: Tensor<2>, (weight, bias): Linear) -> Tensor<2> {
    let outputs = bias.dims()[0];
    x.matmul(weight.transpose()) + bias.reshape([1, outputs])
}

/// What adaLN says of each text: N parts `[text][D]`.
pub(crate) fn modulation<const N: usize>(
    weights: &Weights,
    name: &str,
    c: &Tensor<2>,
    width: usize,
) -> [Tensor<2>; N] {
    let linear = (weights.get(&format!("{name}.weight")), weights.get(&format!("{name}.bias")));
    let all = affine(c.clone(), linear);
    std::array::from_fn(|part| all.clone().narrow(1, part * width, width))
}
