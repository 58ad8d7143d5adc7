//! The network: an encoder that reads a text, and a decoder that guesses the masked pieces of its summary.
//!
//! ```text
//! e = embed[[CLS], piece, …]
//! for each block of the encoder:  e = e + attention(LN(e));  e = e + mlp(LN(e))           RoPE; every place sees all
//! e = LN(e),  c = silu(e of [CLS])                                                        what the decoder is told
//! x = embed[piece or mask] + position
//! for each block of the decoder:  x = block(x, e, c)
//! logits = W (LN(x) (1 + scale) + shift) + b,        (shift, scale) = W c + b
//! ```
//!
//! Blocks are those of [`cross_attention`] or [`cross_mamba`]. They
//! are a DiT's, told of the text by `[CLS]` through adaLN where a DiT is told of the time; as in MDLM nobody is told the time.
//! Encoder and decoder share their embedding. Positions in a summary are learnt: where all places are masked, RoPE cannot tell
//! them apart, as all that they see is alike. Behind its last piece a text is filled up with ends, which are pieces like any
//! other.

use crate::layers::fused::attention::Attention;
use crate::layers::fused::mlp::{Linear, mlp};
use crate::layers::fused::norm::normed;
use crate::mdlm::net::{affine, draw, gain, linear, modulation, zero};
use crate::summaries::{cross_attention, cross_mamba};
use crate::weights::{Declaration, Start, Weights, numbers};
use burn::tensor::activation::silu;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// How the decoder looks at the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// Attention among its places and over the text.
    Attention,
    /// State-space models over the text and then its places, in both directions.
    CrossMamba,
}

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Different pieces, the end among them; the mask is the token after them, and `[CLS]` the one after that.
    pub pieces: usize,
    /// Pieces of a text that are read.
    pub source: usize,
    /// Pieces of a summary.
    pub summary: usize,
    /// Channels D of a place.
    pub width: usize,
    /// Heads; they share the width among them, an even number of channels each.
    pub heads: usize,
    /// Blocks of the encoder.
    pub encoder: usize,
    /// Blocks of the decoder.
    pub blocks: usize,
    /// How much wider a block is inside.
    pub expansion: usize,
    /// What the decoder is made of.
    pub decoder: Decoder,
    /// States of a channel in a CrossMamba.
    pub states: usize,
}

/// Texts as the encoder has read them.
#[derive(Clone, Debug)]
pub struct Read {
    /// e, `[text · place][D]`, `[CLS]` first.
    pub states: Tensor<2>,
    /// e of `[CLS]`, `[text][D]`.
    pub cls: Tensor<2>,
    /// Queries, keys and values of the last block, `[text · place][3 D]`.
    last: Tensor<2>,
    attention: Attention,
}

impl Read {
    /// How much `[CLS]` attends to each place in the last block, itself first, `[text][place]`: the mean of its heads.
    pub fn seen(&self) -> Vec<f32> {
        self.attention.seen_by_first(&numbers(self.last.clone()))
    }

    /// Each text so many times, one after another.
    pub fn repeated(&self, times: usize) -> Self {
        let [texts, width] = self.cls.dims();
        let numbers: Vec<i64> = (0..texts * times).map(|k| (k / times) as i64).collect();
        let numbers =
            Tensor::<1, Int>::from_data(TensorData::new(numbers, [texts * times]), &self.cls.device());
        let rows = |all: &Tensor<2>| {
            let [rows, width] = all.dims();
            let of_text = all.clone().reshape([texts, rows / texts * width]);
            of_text.select(0, numbers.clone()).reshape([rows * times, width])
        };
        let cls = self.cls.clone().reshape([texts, width]).select(0, numbers.clone());
        Self { states: rows(&self.states), cls, last: rows(&self.last), attention: self.attention.clone() }
    }
}

impl Sizes {
    /// The token of a masked place.
    pub fn mask(&self) -> usize {
        self.pieces
    }

    /// What fills up texts behind their last piece.
    pub fn end(&self) -> u16 {
        (self.pieces - 1) as u16
    }

    /// The tensors.
    pub fn declarations(&self) -> Vec<Declaration> {
        let &Self { width, expansion, pieces, .. } = self;
        let norm = |name: String| {
            let shift = Declaration::new(format!("{name}.bias"), [width], Start::Constant(0.0)).undecayed();
            [gain(format!("{name}.weight"), width), shift]
        };
        let mut all = vec![draw("embed".into(), vec![pieces + 2, width], width)];
        for block in 0..self.encoder {
            let name = |part: &str| format!("encoder.{block}.{part}");
            all.extend(norm(name("norm1")));
            all.push(draw(name("attn_qkv.weight"), vec![3 * width, width], width));
            all.push(draw(name("attn_out.weight"), vec![width, width], width));
            all.extend(norm(name("norm2")));
            all.extend(linear(name("mlp.0"), expansion * width, width));
            all.extend(linear(name("mlp.2"), width, expansion * width));
        }
        all.extend(norm("encoder.norm".into()));
        for block in 0..self.blocks {
            let name = format!("decoder.{block}");
            all.extend(match self.decoder {
                Decoder::Attention => cross_attention::declarations(&name, self),
                Decoder::CrossMamba => cross_mamba::declarations(&name, self),
            });
        }
        all.push(draw("decoder.position".into(), vec![self.summary, width], width));
        all.push(gain("decoder.norm.weight".into(), width));
        all.extend(zero("decoder.adaLN_modulation".into(), 2 * width, width));
        all.extend(zero("decoder.linear".into(), pieces + 1, width));
        all
    }

    /// Reads texts of equal length, each with `[CLS]` before it.
    pub fn read(&self, weights: &Weights, texts: &[&[u16]], device: &Device) -> Read {
        let &Self { width, heads, .. } = self;
        let places = texts[0].len() + 1;
        let cls = (self.pieces + 1) as i64;
        let tokens = texts.iter().flat_map(|text| {
            let pieces = text.iter().map(|piece| i64::from(*piece));
            std::iter::once(cls).chain(pieces)
        });
        let tokens = TensorData::new(tokens.collect::<Vec<i64>>(), [texts.len() * places]);
        let mut e = weights.get::<2>("embed").select(0, Tensor::<1, Int>::from_data(tokens, device));
        let attention = Attention::new(places, heads, width);
        let mut last = None;
        for block in 0..self.encoder {
            let name = |part: &str| format!("encoder.{block}.{part}");
            let qkv = norm(weights, &name("norm1"), e.clone()).matmul(matrix(weights, &name("attn_qkv")));
            last = Some(qkv.clone());
            e = e + attention.mixed(qkv).matmul(matrix(weights, &name("attn_out")));
            let inside = norm(weights, &name("norm2"), e.clone());
            e = e + mlp(inside, both(weights, &name("mlp.0")), both(weights, &name("mlp.2")));
        }
        let states = norm(weights, "encoder.norm", e);
        let cls = states.clone().reshape([texts.len(), places, width]).narrow(1, 0, 1);
        let last = last.expect("an encoder has a block or more");
        Read { states, cls: cls.reshape([texts.len(), width]), last, attention }
    }

    /// Logits `[text][place][token]`, the mask's last, for tokens `[text][place]` of a summary of each text.
    pub fn guess(&self, weights: &Weights, read: &Read, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [texts, places] = tokens.dims();
        let width = self.width;
        let told = silu(read.cls.clone());
        let block = Block { sizes: self, weights, read, told: &told, texts, places };
        let x =
            weights.get::<2>("embed").select(0, tokens.flatten::<1>(0, 1)).reshape([texts, places, width]);
        let positions = weights.get::<2>("decoder.position").reshape([1, places, width]);
        let mut x = (x + positions).reshape([texts * places, width]);
        for number in 0..self.blocks {
            let name = format!("decoder.{number}");
            x = match self.decoder {
                Decoder::Attention => cross_attention::forward(&block, &name, x),
                Decoder::CrossMamba => cross_mamba::forward(&block, &name, x),
            };
        }
        let h = block.norm("decoder.norm", &x, modulation(weights, "decoder.adaLN_modulation", &told, width));
        affine(h, both(weights, "decoder.linear")).reshape([texts, places, self.pieces + 1])
    }
}

/// What is the same for all blocks of a decoder.
pub struct Block<'a> {
    /// Of the network.
    pub sizes: &'a Sizes,
    /// Of the network.
    pub weights: &'a Weights,
    /// The texts.
    pub read: &'a Read,
    /// c, `[text][D]`.
    pub told: &'a Tensor<2>,
    /// How many texts there are.
    pub texts: usize,
    /// Places of a summary.
    pub places: usize,
}

impl Block<'_> {
    /// LN(x) (1 + scale) + shift for rows `[text · place][D]`, with a gain of that name.
    pub fn norm(&self, name: &str, x: &Tensor<2>, [shift, scale]: [Tensor<2>; 2]) -> Tensor<2> {
        let gain = self.weights.get::<1>(&format!("{name}.weight")).reshape([1, self.sizes.width]);
        normed(x.clone(), gain * (scale + 1.0), shift)
    }

    /// What adaLN says to a block: N parts `[text][D]`.
    pub fn modulation<const N: usize>(&self, name: &str) -> [Tensor<2>; N] {
        modulation(self.weights, &format!("{name}.adaLN_modulation"), self.told, self.sizes.width)
    }
}

/// A norm with a gain and a shift.
fn norm(weights: &Weights, name: &str, x: Tensor<2>) -> Tensor<2> {
    let row = |part: &str| weights.get::<1>(&format!("{name}.{part}")).reshape([1, x.dims()[1]]);
    let (gain, shift) = (row("weight"), row("bias"));
    normed(x, gain, shift)
}

/// A matrix, `[in][out]`.
pub(crate) fn matrix(weights: &Weights, name: &str) -> Tensor<2> {
    weights.get::<2>(&format!("{name}.weight")).transpose()
}

/// A matrix and its bias.
pub(crate) fn both(weights: &Weights, name: &str) -> Linear {
    (weights.get(&format!("{name}.weight")), weights.get(&format!("{name}.bias")))
}
