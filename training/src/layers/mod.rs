//! Layers of transformers that several models share.
//!
//! [`block`] is the block that adds what it mixes and normalises the sum, made of [`norm`], [`attention`] (turned by
//! place: [`rope`]) and [`swiglu`]; [`quantise`] rounds values while a network learns; [`loss`] has the losses that are
//! not in the tensor library. A gated layer with its norm is one [`operation`], computed by [`gated`] out of [`product`]
//! and [`gate`], and so is attention with its norm: [`attending_operation`], computed by [`attending`] with
//! [`mod@softmax`]. [`fused`] has layers that are one operation each, differentiated by hand. Weights lie as the releases
//! have them, `[out][in]`, and matrices without biases start as normals cut at ±2 σ with deviation 1/√in.

pub mod attending;
pub mod attending_operation;
pub mod attention;
pub mod block;
pub mod fused;
pub mod gate;
pub mod gated;
pub mod loss;
pub mod norm;
pub mod operation;
pub mod product;
pub mod quantise;
pub mod rope;
pub mod softmax;
pub mod swiglu;

use crate::weights::{Declaration, Start};

/// A matrix `[out][in]` as these models begin with it.
pub fn matrix(name: impl Into<String>, shape: [usize; 2]) -> Declaration {
    Declaration::new(name, shape, Start::TruncatedNormal(1.0 / (shape[1] as f32).sqrt()))
}
