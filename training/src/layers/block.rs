//! Blocks that add what they mix, and normalise the sum (post-norm), as TRM and HRM have them.
//!
//! ```text
//! block:  h = rms(h + mix(h));  h = rms(h + swiglu(h))
//! ```
//!
//! Where values are rounded it is norms, and what is inside of SwiGLUs; attention computes in floats.
//!
//! `mix` is attention over all places, or a SwiGLU over the places of each channel; the norm after the latter is over
//! places too.

use crate::layers::attention::Attention;
use crate::layers::gated::Along;
use crate::layers::quantise::quantised;
use crate::layers::rope::Turning;
use crate::layers::swiglu::{SwiGlu, inner};
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;

/// How places see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixer {
    /// SwiGLU over the places of a channel.
    Mlp,
    /// Self-attention with so many heads.
    Attention {
        /// They share the width among them, an even number of channels each.
        heads: usize,
        /// Whether they are turned by their place (RoPE); if not, only what is injected can tell places apart.
        turned: Option<Turning>,
    },
}

/// The sizes of blocks behind each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Places of a sample.
    pub places: usize,
    /// Channels D of a place.
    pub width: usize,
    /// Blocks.
    pub blocks: usize,
    /// How places see each other.
    pub mixer: Mixer,
    /// How much wider a SwiGLU is inside, were it an ordinary one.
    pub expansion: usize,
    /// Its inner width is a multiple of this.
    pub rounding: usize,
    /// With how many bits values are said, if they are rounded.
    pub bits: Option<u32>,
}

impl Sizes {
    /// The matrices of blocks `{name}.layers.0`, `{name}.layers.1` …
    pub fn declarations(&self, name: &str) -> Vec<Declaration> {
        let &Self { places, width, expansion, rounding, .. } = self;
        let swiglu = |name: &str, width| SwiGlu::declarations(name, width, inner(width, expansion, rounding));
        let block = |block: usize| {
            let name = layer(name, block);
            let mixer = match self.mixer {
                Mixer::Mlp => swiglu(&format!("{name}.mlp_t"), places),
                Mixer::Attention { .. } => Attention::declarations(&format!("{name}.self_attn"), width),
            };
            mixer.into_iter().chain(swiglu(&format!("{name}.mlp"), width))
        };
        (0..self.blocks).flat_map(block).collect()
    }
}

fn layer(name: &str, block: usize) -> String {
    format!("{name}.layers.{block}")
}

/// Blocks behind each other, with their weights in place.
pub struct Blocks(Vec<Block>);

struct Block {
    mix: Mix,
    mlp: SwiGlu,
    bits: Option<u32>,
}

enum Mix {
    Mlp(SwiGlu),
    Attention(Attention),
}

impl Blocks {
    /// With the weights of `name`.
    pub fn new(sizes: &Sizes, weights: &Weights, name: &str) -> Self {
        let block = |block: usize| {
            let name = layer(name, block);
            let mix = match sizes.mixer {
                Mixer::Mlp => {
                    Mix::Mlp(SwiGlu::new(weights, &format!("{name}.mlp_t"), Along::Places, sizes.bits))
                }
                Mixer::Attention { heads, turned } => {
                    let (name, turning) =
                        (format!("{name}.self_attn"), turned.map(|turning| (turning, sizes.places)));
                    Mix::Attention(Attention::new(weights, &name, heads, turning))
                }
            };
            Block {
                mix,
                mlp: SwiGlu::new(weights, &format!("{name}.mlp"), Along::Channels, sizes.bits),
                bits: sizes.bits,
            }
        };
        Self((0..sizes.blocks).map(block).collect())
    }

    /// All of them, for places `[sample][place][D]`; of the same sizes.
    pub fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        self.0.iter().fold(h, |h, block| block.forward(h))
    }
}

impl Block {
    fn forward(&self, h: Tensor<3>) -> Tensor<3> {
        let mixed = match &self.mix {
            Mix::Mlp(mlp) => mlp.forward(h),
            Mix::Attention(attention) => attention.forward(h),
        };
        self.said(self.mlp.forward(self.said(mixed)))
    }

    fn said(&self, h: Tensor<3>) -> Tensor<3> {
        match self.bits {
            Some(bits) => quantised(h, bits),
            None => h,
        }
    }
}
