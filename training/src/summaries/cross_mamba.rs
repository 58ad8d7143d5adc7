//! CrossMamba: a block of the decoder without attention. In each direction a selective state-space model runs over what the
//! encoder says of the text, and with the state that this leaves over the summary:
//!
//! ```text
//! h = LN(x) (1 + scale) + shift;   (u, z) = W h
//! for each direction:
//!     u' = silu(conv(u) + b)                        each channel over a place and the three before it
//!     (r, B, C) = W u'                              what a place of the summary steps by, writes and reads
//!     v = silu(V e),  (r, B) = W' v                 what a place of the text steps by and writes; it reads nothing
//!     Δ = softplus(W r + b),  y = scan over v, then u',  + D u'
//! x = x + gate · W (silu(z) (y → + y ←))
//! ```
//!
//! As keys and values of a text are to attention, so are B and v to the state: Δ and B that follow from the encoder select what
//! of the text is kept. Backwards, text and summary are both gone over from their end. Shift, scale and gate come from
//! `[CLS]`, and so what a place of the summary selects depends on the text too. A = −(s + 1) e^a for state s begins as in S4D-Real, and softplus(b)
//! spread evenly over the logarithms from 0.001 to 0.1.
//!
//! How arXiv:2407.10998 brings the encoder into its Mamba we could not read; this is our reading of "CrossMamba".
//!
//! References: Gu and Dao (2023), arXiv:2312.00752 (Mamba); Zhu et al. (2024), arXiv:2401.09417 (both directions).

use crate::layers::fused::gated::gated_sum;
use crate::layers::fused::scan::{Scan, Selected};
use crate::mdlm::net::{draw, gain, zero};
use crate::summaries::net::{Block, Sizes, matrix};
use crate::weights::{Declaration, Start};
use burn::tensor::activation::silu;
use burn::tensor::{Tensor, TensorData};

/// How much wider a block is inside.
const WIDER: usize = 2;
/// Places that a convolution sees.
const TAPS: usize = 4;
/// Channels for each number that a step follows from.
const PER_RANK: usize = 16;
/// The middle of where b begins, and how far it is spread: softplus of the ends is 0.001 and 0.1.
const STEP: f64 = -4.58;
const SPREAD: f32 = 2.33;

const DIRECTIONS: [&str; 2] = ["forward", "backward"];

/// Channels inside, and numbers that steps follow from.
fn inside(sizes: &Sizes) -> (usize, usize) {
    (WIDER * sizes.width, sizes.width.div_ceil(PER_RANK))
}

/// The tensors of a block.
pub fn declarations(name: &str, sizes: &Sizes) -> Vec<Declaration> {
    let (&Sizes { width, states, .. }, (inner, rank)) = (sizes, inside(sizes));
    let part = |part: &str| format!("{name}.{part}");
    let constant = |name: String, shape: Vec<usize>, value: f32| {
        Declaration::new(name, shape, Start::Constant(value)).undecayed()
    };
    let mut all = vec![
        gain(part("norm.weight"), width),
        draw(part("in.weight"), vec![2 * inner, width], width),
        draw(part("text.weight"), vec![inner, width], width),
        draw(part("out.weight"), vec![width, inner], inner),
    ];
    for direction in DIRECTIONS {
        let part = |name: &str| part(&format!("{direction}.{name}"));
        all.extend([
            draw(part("conv.weight"), vec![TAPS, inner], TAPS),
            constant(part("conv.bias"), vec![inner], 0.0),
            draw(part("select.weight"), vec![rank + 2 * states, inner], inner),
            draw(part("text.weight"), vec![rank + states, inner], inner),
            draw(part("step.weight"), vec![inner, rank], rank),
            Declaration::new(part("step.bias"), [inner], Start::Uniform(SPREAD)).undecayed(),
            constant(part("rate"), vec![states, inner], 0.0),
            constant(part("pass"), vec![inner], 1.0),
        ]);
    }
    all.extend(zero(part("adaLN_modulation"), 3 * width, width));
    all
}

/// Rows `[text · place][D]` behind the block.
pub fn forward(block: &Block<'_>, name: &str, x: Tensor<2>) -> Tensor<2> {
    let &Block { sizes, weights, .. } = block;
    let (inner, _) = inside(sizes);
    let part = |part: &str| format!("{name}.{part}");
    let [shift, scale, gate] = block.modulation(name);
    let both = block.norm(&part("norm"), &x, [shift, scale]).matmul(matrix(weights, &part("in")));
    let text = silu(block.read.states.clone().matmul(matrix(weights, &part("text"))));
    let ways = DIRECTIONS.map(|way| {
        let direction = Direction { block, name: part(way), backward: way == "backward" };
        direction.over(both.clone().narrow(1, 0, inner), text.clone())
    });
    let [there, back] = ways;
    let open = silu(both.narrow(1, inner, inner)) * (there + back);
    gated_sum(x, open.matmul(matrix(weights, &part("out"))), gate + 1.0)
}

/// One direction of a block.
struct Direction<'a> {
    block: &'a Block<'a>,
    name: String,
    backward: bool,
}

impl Direction<'_> {
    /// y + D u' for u of the summary and v of the text, `[text · place][channel]`.
    fn over(&self, u: Tensor<2>, v: Tensor<2>) -> Tensor<2> {
        let (weights, states) = (self.block.weights, self.block.sizes.states);
        let (inner, rank) = inside(self.block.sizes);
        let row = |part: &str| weights.get::<1>(&self.part(part)).reshape([1, inner]);
        let u = silu(self.convolved(u) + row("conv.bias"));
        let own = u.clone().matmul(matrix(weights, &self.part("select")));
        let of_text = v.clone().matmul(matrix(weights, &self.part("text")));
        let behind_text = |first: usize, count: usize| {
            let [text, own] = [&of_text, &own].map(|all| all.clone().narrow(1, first, count));
            self.behind_text(text, own)
        };
        let steps = behind_text(0, rank).matmul(matrix(weights, &self.part("step")));
        let selected = Selected {
            inputs: self.behind_text(v.clone(), u.clone()),
            steps: steps + row("step.bias") + STEP,
            rates: self.rates(),
            writes: behind_text(rank, states),
            reads: own.clone().narrow(1, rank + states, states),
        };
        let silent = v.dims()[0] / self.block.texts;
        let scan = Scan { silent, answering: self.block.places, backward: self.backward };
        scan.over(selected) + u * row("pass")
    }

    fn part(&self, part: &str) -> String {
        format!("{}.{part}", self.name)
    }

    /// A, `[state][channel]`.
    fn rates(&self) -> Tensor<2> {
        let rate = self.block.weights.get::<2>(&self.part("rate"));
        let states = rate.dims()[0];
        let first: Vec<f32> = (0..states).map(|state| -(state as f32 + 1.0)).collect();
        let first = Tensor::<2>::from_data(TensorData::new(first, [states, 1]), &rate.device());
        rate.exp() * first
    }

    /// Each channel over a place and those before it, in the direction of the scan; nothing stands before the first.
    fn convolved(&self, u: Tensor<2>) -> Tensor<2> {
        let &Block { texts, places, .. } = self.block;
        let [rows, inner] = u.dims();
        let taps = self.block.weights.get::<2>(&self.part("conv.weight"));
        let nothing = Tensor::<3>::zeros([texts, TAPS - 1, inner], &u.device());
        let u = u.reshape([texts, places, inner]);
        let padded = if self.backward { vec![u, nothing] } else { vec![nothing, u] };
        let padded = Tensor::cat(padded, 1);
        let tap = |distance: usize| {
            let first = if self.backward { distance } else { TAPS - 1 - distance };
            padded.clone().narrow(1, first, places)
                * taps.clone().narrow(0, distance, 1).reshape([1, 1, inner])
        };
        let sum = (1..TAPS).fold(tap(0), |sum, distance| sum + tap(distance));
        sum.reshape([rows, inner])
    }

    /// Rows of the text, and behind them those of its summary.
    fn behind_text(&self, text: Tensor<2>, own: Tensor<2>) -> Tensor<2> {
        let texts = self.block.texts;
        let [text_rows, width] = text.dims();
        let rows = text_rows + own.dims()[0];
        let by_text = |all: Tensor<2>| {
            let places = all.dims()[0] / texts;
            all.reshape([texts, places, width])
        };
        Tensor::cat(vec![by_text(text), by_text(own)], 1).reshape([rows, width])
    }
}
