//! The two networks of HRM, H and L, both of blocks in [`crate::layers::block`] that mix by attention.
//!
//! Weights are named and laid out (`[out][in]`) as in the release.

use crate::layers::block::{self, Blocks, Mixer};
use crate::layers::rope::Turning;
use crate::supervision::carry::Carry;
use crate::supervision::ends::Ends;
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;

/// How places are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positions {
    /// Queries and keys are turned by their place (RoPE).
    Turned,
    /// Queries and keys are turned by row and column of a square grid.
    Grid,
    /// Something is learnt of each place, and injected with its token.
    Learned,
}

/// The sizes of the networks and their schedule.
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
    /// Heads of attention; they share the width, an even number of channels each.
    pub heads: usize,
    /// How places are told apart.
    pub positions: Positions,
    /// Blocks of H.
    pub high_blocks: usize,
    /// Blocks of L.
    pub low_blocks: usize,
    /// How much wider a SwiGLU is inside, were it an ordinary one.
    pub expansion: usize,
    /// Its inner width is a multiple of this.
    pub rounding: usize,
    /// With how many bits values are said, if they are rounded.
    pub bits: Option<u32>,
    /// Calls of H in a step of supervision.
    pub high_cycles: usize,
    /// Calls of L before one of H.
    pub low_cycles: usize,
}

/// What the blocks are called in the release.
const HIGH: &str = "H_level";
const LOW: &str = "L_level";

impl Sizes {
    /// All places.
    pub fn places(&self) -> usize {
        self.prefix + self.cells
    }

    fn of_blocks(&self, blocks: usize) -> block::Sizes {
        let &Self { width, heads, positions, expansion, rounding, bits, .. } = self;
        let turned = match positions {
            Positions::Turned => Some(Turning::Line),
            Positions::Grid => Some(Turning::Grid { before: self.prefix, side: self.cells.isqrt() }),
            Positions::Learned => None,
        };
        let mixer = Mixer::Attention { heads, turned };
        block::Sizes { places: self.places(), width, blocks, mixer, expansion, rounding, bits }
    }

    /// The tensors. What every puzzle starts from is not learnt.
    pub fn declarations(&self) -> Vec<Declaration> {
        let (start, ends) =
            (Carry::declarations(self.width), Ends::declarations(self.vocabulary, self.width));
        let places =
            (self.positions == Positions::Learned).then(|| Ends::of_places(self.places(), self.width));
        let high = self.of_blocks(self.high_blocks).declarations(HIGH);
        let low = self.of_blocks(self.low_blocks).declarations(LOW);
        start.into_iter().chain(ends).chain(places).chain(high).chain(low).collect()
    }
}

/// Both networks with their weights in place.
pub struct Net {
    /// Their ends.
    pub ends: Ends,
    high: Blocks,
    low: Blocks,
}

impl Net {
    /// With these weights.
    pub fn new(sizes: &Sizes, weights: &Weights) -> Self {
        let ends = Ends::new(weights);
        Self {
            ends: match sizes.positions {
                Positions::Turned | Positions::Grid => ends,
                Positions::Learned => ends.with_places(weights),
            },
            high: Blocks::new(&sizes.of_blocks(sizes.high_blocks), weights, HIGH),
            low: Blocks::new(&sizes.of_blocks(sizes.low_blocks), weights, LOW),
        }
    }

    /// L, for z_L, z_H and what is injected, all `[puzzle][place][D]`: the next z_L.
    pub fn low(&self, latent: Tensor<3>, answer: Tensor<3>, x: Tensor<3>) -> Tensor<3> {
        self.low.forward(latent + (answer + x))
    }

    /// H, for z_H and z_L, both `[puzzle][place][D]`: the next z_H.
    pub fn high(&self, answer: Tensor<3>, latent: Tensor<3>) -> Tensor<3> {
        self.high.forward(answer + latent)
    }
}
