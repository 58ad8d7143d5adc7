//! The network f of TRM: blocks that add what they mix, and normalise the sum.
//!
//! ```text
//! f(state, inject) = blocks(state + inject)
//! block:  h = rms(h + mix(h));  h = rms(h + swiglu(h))
//! rms(h) = h / √(mean h² + 1e-5)              no gain
//! swiglu(h) = down(silu(gate) · up)           gate and up are the halves of one matrix's product
//! ```
//!
//! `mix` is attention over all places, its queries and keys turned by their place (RoPE, base 10,000), or a SwiGLU
//! over the places of each channel; the norm after the latter is over places too. No matrix has a bias but the
//! one that says when to halt. Weights are named and laid out (`[out][in]`) as in the release.

use crate::bdh::reference::turned;
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// How places see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixer {
    /// SwiGLU over the places of a channel.
    Mlp,
    /// Self-attention with so many heads.
    Attention {
        /// They share the width among them, an even number of channels each.
        heads: usize,
    },
}

/// The sizes of a network and its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Different tokens.
    pub vocabulary: usize,
    /// Places that hold tokens.
    pub cells: usize,
    /// Places before them that hold none.
    pub prefix: usize,
    /// Channels D of a place.
    pub width: usize,
    /// Blocks of f.
    pub blocks: usize,
    /// How places see each other.
    pub mixer: Mixer,
    /// How much wider a SwiGLU is inside, were it an ordinary one.
    pub expansion: usize,
    /// Its inner width is a multiple of this.
    pub rounding: usize,
    /// Renewals of the answer in a step of supervision, T; only the last keeps gradients.
    pub high_cycles: usize,
    /// Renewals of the latent state before one of the answer, n.
    pub low_cycles: usize,
}

/// Keeps the norm of nothing finite.
const EPSILON: f64 = 1e-5;

/// The slowest pair of channels turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 10_000.0;

/// The logit of halting before training.
const HALT_AT_FIRST: f32 = -5.0;

impl Sizes {
    /// All places.
    pub fn places(&self) -> usize {
        self.prefix + self.cells
    }

    /// Inner width of a SwiGLU over `width` numbers.
    fn inner(&self, width: usize) -> usize {
        // Two thirds to the nearest, as its three matrices stand for two; then up to a multiple.
        ((2 * self.expansion * width + 1) / 3).next_multiple_of(self.rounding)
    }

    /// The tensors, as they are called in the release. What every puzzle starts from is not learnt.
    pub fn declarations(&self) -> Vec<Declaration> {
        let &Self { vocabulary, width, .. } = self;
        let draw = |name: String, shape: [usize; 2]| {
            Declaration::new(name, shape, Start::TruncatedNormal(1.0 / (shape[1] as f32).sqrt()))
        };
        let begin = |name: &str| Declaration::running(name, [width], Start::TruncatedNormal(1.0));
        let mut all = vec![
            begin("H_init"),
            begin("L_init"),
            draw("embed_tokens.embedding_weight".into(), [vocabulary, width]),
            draw("lm_head.weight".into(), [vocabulary, width]),
            Declaration::new("q_head.weight", [2, width], Start::Constant(0.0)),
            Declaration::new("q_head.bias", [2], Start::Constant(HALT_AT_FIRST)),
        ];
        let swiglu = |name: &str, width: usize| {
            let inner = self.inner(width);
            let gate = draw(format!("{name}.gate_up_proj.weight"), [2 * inner, width]);
            [gate, draw(format!("{name}.down_proj.weight"), [width, inner])]
        };
        for block in 0..self.blocks {
            let name = layer(block);
            all.extend(match self.mixer {
                Mixer::Mlp => swiglu(&format!("{name}.mlp_t"), self.places()),
                Mixer::Attention { .. } => [
                    draw(format!("{name}.self_attn.qkv_proj.weight"), [3 * width, width]),
                    draw(format!("{name}.self_attn.o_proj.weight"), [width, width]),
                ],
            });
            all.extend(swiglu(&format!("{name}.mlp"), width));
        }
        all
    }
}

fn layer(block: usize) -> String {
    format!("L_level.layers.{block}")
}

/// A network with its weights in place.
pub struct Net {
    sizes: Sizes,
    embed: Tensor<2>,
    blocks: Vec<Block>,
    head: Tensor<2>,
    halt: (Tensor<2>, Tensor<2>),
}

struct Block {
    mix: Mix,
    mlp: SwiGlu,
}

enum Mix {
    Mlp(Box<SwiGlu>),
    Attention(Box<Attention>),
}

impl Net {
    /// With these weights.
    pub fn new(sizes: &Sizes, weights: &Weights) -> Self {
        let head = weights.get::<2>("lm_head.weight");
        let turned_by = |heads: usize| turns(sizes.places(), sizes.width / heads / 2, &head.device());
        let block = |block: usize| {
            let name = layer(block);
            let mix = match sizes.mixer {
                Mixer::Mlp => Mix::Mlp(Box::new(SwiGlu::new(weights, &format!("{name}.mlp_t")))),
                Mixer::Attention { heads } => Mix::Attention(Box::new(Attention {
                    heads,
                    qkv: weights.get::<2>(&format!("{name}.self_attn.qkv_proj.weight")).transpose(),
                    out: weights.get::<2>(&format!("{name}.self_attn.o_proj.weight")).transpose(),
                    turns: turned_by(heads),
                })),
            };
            Block { mix, mlp: SwiGlu::new(weights, &format!("{name}.mlp")) }
        };
        let bias = weights.get::<1>("q_head.bias").reshape([1, 2]);
        Self {
            sizes: *sizes,
            embed: weights.get("embed_tokens.embedding_weight"),
            blocks: (0..sizes.blocks).map(block).collect(),
            head: head.transpose(),
            halt: (weights.get::<2>("q_head.weight").transpose(), bias),
        }
    }

    /// What is injected for tokens `[puzzle][cell]` behind a prefix `[puzzle][place][D]`: `[puzzle][place][D]`.
    pub fn injected(&self, tokens: Tensor<2, Int>, prefix: Tensor<3>) -> Tensor<3> {
        let [puzzles, cells] = tokens.dims();
        let rows = self.embed.clone().select(0, tokens.flatten::<1>(0, 1));
        let rows = rows.reshape([puzzles, cells, self.sizes.width]);
        let all = if self.sizes.prefix == 0 { rows } else { Tensor::cat(vec![prefix, rows], 1) };
        all * (self.sizes.width as f64).sqrt()
    }

    /// f, for a state and what is added to it, both `[puzzle][place][D]`.
    pub fn apply(&self, state: Tensor<3>, inject: Tensor<3>) -> Tensor<3> {
        self.blocks.iter().fold(state + inject, |h, block| block.forward(h))
    }

    /// Logits of tokens `[puzzle][cell][token]`, and of halting `[puzzle]`, of an answer `[puzzle][place][D]`.
    pub fn read(&self, answer: Tensor<3>) -> (Tensor<3>, Tensor<1>) {
        let &Sizes { vocabulary, cells, prefix, width, .. } = &self.sizes;
        let puzzles = answer.dims()[0];
        let rows = answer.clone().narrow(1, prefix, cells).reshape([puzzles * cells, width]);
        let logits = rows.matmul(self.head.clone()).reshape([puzzles, cells, vocabulary]);
        let first = answer.narrow(1, 0, 1).reshape([puzzles, width]);
        let (weight, bias) = self.halt.clone();
        let halt = (first.matmul(weight) + bias).narrow(1, 0, 1).reshape([puzzles]);
        (logits, halt)
    }
}

impl Block {
    fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let h = match &self.mix {
            Mix::Mlp(mlp) => {
                let channels = h.swap_dims(1, 2);
                rms(channels.clone() + mlp.forward(channels)).swap_dims(1, 2)
            }
            Mix::Attention(attention) => rms(h.clone() + attention.forward(h)),
        };
        rms(h.clone() + self.mlp.forward(h))
    }
}

/// With a mean square of 1 along the last dimension.
fn rms(h: Tensor<3>) -> Tensor<3> {
    let mean = h.clone().square().mean_dim(2);
    h / (mean + EPSILON).sqrt()
}

/// A gated layer, along the last dimension.
struct SwiGlu {
    /// `[in][gate, then up]`
    gate_up: Tensor<2>,
    /// `[inner][out]`
    down: Tensor<2>,
}

impl SwiGlu {
    fn new(weights: &Weights, name: &str) -> Self {
        let matrix = |part: &str| weights.get::<2>(&format!("{name}.{part}.weight")).transpose();
        Self { gate_up: matrix("gate_up_proj"), down: matrix("down_proj") }
    }

    fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let ([a, b, width], inner) = (h.dims(), self.down.dims()[0]);
        let both = h.reshape([a * b, width]).matmul(self.gate_up.clone());
        let (gate, up) = (both.clone().narrow(1, 0, inner), both.narrow(1, inner, inner));
        (silu(gate) * up).matmul(self.down.clone()).reshape([a, b, width])
    }
}

/// Self-attention in which every place sees all.
struct Attention {
    heads: usize,
    /// `[D][queries of all heads, keys, values]`
    qkv: Tensor<2>,
    /// `[D][D]`
    out: Tensor<2>,
    turns: (Tensor<4>, Tensor<4>),
}

impl Attention {
    fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let ([puzzles, places, width], heads) = (h.dims(), self.heads);
        let size = width / heads;
        let all = h.reshape([puzzles * places, width]).matmul(self.qkv.clone());
        let all = all.reshape([puzzles, places, 3 * heads, size]).swap_dims(1, 2);
        let [q, k, v] = [0, 1, 2].map(|which| all.clone().narrow(1, which * heads, heads));
        let (q, k) = (turned(q, &self.turns), turned(k, &self.turns));
        let seen = softmax(q.matmul(k.transpose()) / (size as f64).sqrt(), 3);
        let mixed = seen.matmul(v).swap_dims(1, 2).reshape([puzzles * places, width]);
        mixed.matmul(self.out.clone()).reshape([puzzles, places, width])
    }
}

/// Cosines and sines `[1][1][place][pair]` by which pairs of a head's channels are turned.
fn turns(places: usize, pairs: usize, device: &Device) -> (Tensor<4>, Tensor<4>) {
    let angle = |k: usize| {
        let (place, pair) = (k / pairs, k % pairs);
        place as f64 * libm::pow(SLOWEST, -(pair as f64) / pairs as f64)
    };
    let table = |of: fn(f64) -> f64| {
        let values: Vec<f32> = (0..places * pairs).map(|k| of(angle(k)) as f32).collect();
        Tensor::from_data(TensorData::new(values, [1, 1, places, pairs]), device)
    };
    (table(libm::cos), table(libm::sin))
}
