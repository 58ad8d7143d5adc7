//! The network f of TRM, used for both updates: f(state, inject) = blocks(state + inject), of the blocks in
//! [`crate::layers::block`], which mix by a SwiGLU over places or by attention.
//!
//! Weights are named and laid out (`[out][in]`) as in the release.

use crate::layers::block::{self, Blocks, Mixer};
use crate::supervision::carry::Carry;
use crate::supervision::ends::Ends;
use crate::weights::{Declaration, Weights};
use burn::tensor::Tensor;

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
    /// With how many bits values are said, if they are rounded.
    pub bits: Option<u32>,
    /// Renewals of the answer in a step of supervision, T; only the last keeps gradients.
    pub high_cycles: usize,
    /// Renewals of the latent state before one of the answer, n.
    pub low_cycles: usize,
    /// Whether only the last renewal of each keeps gradients, as in HRM.
    pub one_step: bool,
}

/// What the blocks are called in the release.
const BLOCKS: &str = "L_level";

impl Sizes {
    /// All places.
    pub fn places(&self) -> usize {
        self.prefix + self.cells
    }

    fn of_blocks(&self) -> block::Sizes {
        let &Self { width, blocks, mixer, expansion, rounding, bits, .. } = self;
        block::Sizes { places: self.places(), width, blocks, mixer, expansion, rounding, bits }
    }

    /// The tensors. What every puzzle starts from is not learnt.
    pub fn declarations(&self) -> Vec<Declaration> {
        let start = Carry::declarations(self.width);
        let ends = Ends::declarations(self.vocabulary, self.width);
        start.into_iter().chain(ends).chain(self.of_blocks().declarations(BLOCKS)).collect()
    }
}

/// A network with its weights in place.
pub struct Net {
    /// Its ends.
    pub ends: Ends,
    blocks: Blocks,
}

impl Net {
    /// With these weights.
    pub fn new(sizes: &Sizes, weights: &Weights) -> Self {
        Self { ends: Ends::new(weights), blocks: Blocks::new(&sizes.of_blocks(), weights, BLOCKS) }
    }

    /// f, for a state and what is added to it, both `[puzzle][place][D]`.
    pub fn apply(&self, state: Tensor<3>, inject: Tensor<3>) -> Tensor<3> {
        self.blocks.forward(state + inject)
    }
}
