//! rms(h + swiglu(h)) on the CPU, forwards and backwards, a few rows at a time so that all in between stays in a near cache.
//!
//! With G = gate_up, split in gate and up, and W = down, the two ways to lie along h `[sample][place][D]` are
//!
//! ```text
//! channels:  u = h Gᵀ,  s = silu(u_gate) · u_up,  z = h + s Wᵀ,  out = z / √(mean over channels z² + ε)
//! places:    u = G h,   s = silu(u_gate) · u_up,  z = h + W s,   out = z / √(mean over places z² + ε)
//! ```
//!
//! so nothing is transposed to mix places. On the way back, with g the norm's gain, δz = g (δout − out · mean(δout · out)).

use crate::layers::gate::{pass, pass_back};
use crate::layers::norm::{back_through_norm, back_through_norm_of_columns, normalise, normalise_columns};
use crate::layers::product::{Panel, transposed};
use multiversion::multiversion;
use rayon::prelude::*;

/// Which dimension a layer lies along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The channels of each place, the last dimension.
    Channels,
    /// The places of each channel.
    Places,
}

/// The sizes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Samples.
    pub samples: usize,
    /// Places of a sample.
    pub places: usize,
    /// Channels D of a place.
    pub width: usize,
    /// Numbers between the matrices.
    pub inner: usize,
    /// What it lies along.
    pub along: Along,
}

/// What goes into a layer, or gradients of it.
#[derive(Clone, Debug)]
pub struct Inputs<T> {
    /// `[sample][place][D]`
    pub h: T,
    /// `[gate, then up][length]`, the length being that of the dimension that the layer lies along.
    pub gate_up: T,
    /// `[length][inner]`
    pub down: T,
}

impl<T> Inputs<T> {
    /// Each made into another.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Inputs<U> {
        Inputs { h: make(self.h), gate_up: make(self.gate_up), down: make(self.down) }
    }

    /// A look at each.
    pub fn each<'a, U: ?Sized>(&'a self, look: impl Fn(&'a T) -> &'a U) -> Inputs<&'a U> {
        Inputs { h: look(&self.h), gate_up: look(&self.gate_up), down: look(&self.down) }
    }
}

/// What the way back needs beside input and output.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What comes to the gate: `[sample][place][gate, then up]`, or `[sample][gate, then up][D]` along places.
    both: Vec<f32>,
    /// What the norm multiplied each place by, or each channel of a sample.
    gains: Vec<f32>,
}

/// Pieces that the samples are cut into, where there are as many: the same for any number of threads, so that sums have
/// one order.
const PIECES: usize = 16;

/// Places that go through a layer along channels together; whole tiles of products.
const TOGETHER: usize = 48;

impl Plan {
    /// What is done at once, cut from numbers of which a sample has `of_sample`: a sample, or some places.
    fn block(&self, of_sample: usize) -> usize {
        match self.along {
            Along::Channels => of_sample / self.places * TOGETHER,
            Along::Places => of_sample,
        }
    }

    /// Numbers of a sample: places and channels, gate and up, gains.
    fn of_sample(&self) -> [usize; 3] {
        let &Self { places, width, inner, .. } = self;
        let lines = if self.along == Along::Channels { places } else { width };
        [places * width, lines * 2 * inner, lines]
    }

    /// Samples of a piece.
    fn piece(&self) -> usize {
        self.samples.div_ceil(PIECES)
    }
}

/// The output, of the sizes of h.
pub fn forward(inputs: &Inputs<&[f32]>, plan: &Plan) -> Vec<f32> {
    let layer = Layer::new(inputs, plan);
    let [h, both, gains] = plan.of_sample();
    let mut out = inputs.h.to_vec();
    out.par_chunks_mut(plan.piece() * h).for_each(|out| {
        let (mut scratch, [both, gains]) = (Scratch::default(), [both, gains].map(|size| plan.block(size)));
        let (mut both, mut gains) = (vec![0.0; both], vec![0.0; gains]);
        out.chunks_mut(plan.block(h)).for_each(|out| layer.forward(out, &mut both, &mut gains, &mut scratch));
    });
    out
}

/// The output, and what the way back needs.
pub fn forward_kept(inputs: &Inputs<&[f32]>, plan: &Plan) -> (Vec<f32>, Kept) {
    let layer = Layer::new(inputs, plan);
    let sizes @ [_, both, gains] = plan.of_sample();
    let mut out = inputs.h.to_vec();
    let mut kept = Kept { both: vec![0.0; plan.samples * both], gains: vec![0.0; plan.samples * gains] };
    let [of_out, of_both, of_gains] = sizes.map(|size| plan.piece() * size);
    let pieces = out.par_chunks_mut(of_out).zip(kept.both.par_chunks_mut(of_both));
    pieces.zip(kept.gains.par_chunks_mut(of_gains)).for_each(|((out, both), gains)| {
        let ([of_out, of_both, of_gains], mut scratch) =
            (sizes.map(|size| plan.block(size)), Scratch::default());
        let blocks = out.chunks_mut(of_out).zip(both.chunks_mut(of_both)).zip(gains.chunks_mut(of_gains));
        blocks.for_each(|((out, both), gains)| layer.forward(out, both, gains, &mut scratch));
    });
    (out, kept)
}

/// Gradients of what went in, from that of the output.
pub fn back(
    of_out: &[f32],
    inputs: &Inputs<&[f32]>,
    out: &[f32],
    kept: &Kept,
    plan: &Plan,
) -> Inputs<Vec<f32>> {
    let layer = Layer::new(inputs, plan);
    let sizes = plan.of_sample();
    let [piece, of_both, of_gains] = sizes.map(|size| plan.piece() * size);
    let mut of_h = of_out.to_vec();
    let pieces = of_h.par_chunks_mut(piece).zip(inputs.h.par_chunks(piece)).zip(out.par_chunks(piece));
    let pieces = pieces.zip(kept.both.par_chunks(of_both)).zip(kept.gains.par_chunks(of_gains));
    let done: Vec<[Vec<f32>; 2]> = pieces
        .map(|((((of_h, h), out), both), gains)| {
            let mut of_weights = [vec![0.0; inputs.gate_up.len()], vec![0.0; inputs.down.len()]];
            let ([block, of_both, of_gains], mut scratch) =
                (sizes.map(|size| plan.block(size)), Scratch::default());
            let blocks = of_h.chunks_mut(block).zip(h.chunks(block)).zip(out.chunks(block));
            let blocks = blocks.zip(both.chunks(of_both)).zip(gains.chunks(of_gains));
            for ((((of_h, h), out), both), gains) in blocks {
                layer.back(of_h, [h, out, both, gains], &mut of_weights, &mut scratch);
            }
            of_weights
        })
        .collect();
    let [mut gate_up, mut down] = [vec![0.0; inputs.gate_up.len()], vec![0.0; inputs.down.len()]];
    for [of_gate_up, of_down] in &done {
        add(&mut gate_up, of_gate_up);
        add(&mut down, of_down);
    }
    if plan.along == Along::Places {
        down = transposed(&down, plan.places);
    }
    Inputs { h: of_h, gate_up, down }
}

/// Memory that is used again from block to block.
#[derive(Default)]
struct Scratch {
    panel: Panel,
    passed: Vec<f32>,
    of_passed: Vec<f32>,
    of_both: Vec<f32>,
}

/// So many numbers, to be written over.
fn some(memory: &mut Vec<f32>, count: usize) -> &mut [f32] {
    memory.resize(count, 0.0);
    memory
}

/// The matrices as products want them.
struct Layer<'a> {
    plan: &'a Plan,
    /// `[gate, then up][length]`
    gate_up: &'a [f32],
    /// `[length][inner]`
    down: &'a [f32],
    /// `[length][gate, then up]` and `[inner][length]`, along channels.
    turned: Option<[Vec<f32>; 2]>,
}

impl<'a> Layer<'a> {
    fn new(inputs: &Inputs<&'a [f32]>, plan: &'a Plan) -> Self {
        let &Inputs { gate_up, down, .. } = inputs;
        let turned = (plan.along == Along::Channels)
            .then(|| [transposed(gate_up, plan.width), transposed(down, plan.inner)]);
        Self { plan, gate_up, down, turned }
    }

    /// A block: `out` is h at first; `both` and `gains` are left for the way back.
    fn forward(&self, out: &mut [f32], both: &mut [f32], gains: &mut [f32], scratch: &mut Scratch) {
        let &Plan { width, inner, .. } = self.plan;
        let panel = &mut scratch.panel;
        if let Some([gate_up, down]) = &self.turned {
            let places = out.len() / width;
            let (both, passed) = (&mut both[..places * 2 * inner], some(&mut scratch.passed, places * inner));
            panel.multiply(out, gate_up, 2 * inner, both);
            for (both, passed) in both.chunks_exact(2 * inner).zip(passed.chunks_exact_mut(inner)) {
                pass(&both[..inner], &both[inner..], passed);
            }
            panel.add(passed, down, width, out);
            let rows = out.chunks_exact_mut(width).zip(gains);
            rows.for_each(|(row, gain)| *gain = normalise(row));
        } else {
            let passed = some(&mut scratch.passed, inner * width);
            panel.multiply(self.gate_up, out, width, both);
            pass(&both[..inner * width], &both[inner * width..], passed);
            panel.add(self.down, passed, width, out);
            normalise_columns(out, gains);
        }
    }

    /// A block: `of_h` is the gradient of the output at first. Along places that of `down` is transposed.
    fn back(
        &self,
        of_h: &mut [f32],
        [h, out, both, gains]: [&[f32]; 4],
        [of_gate_up, of_down]: &mut [Vec<f32>; 2],
        scratch: &mut Scratch,
    ) {
        let &Plan { places, width, inner, .. } = self.plan;
        let count = both.len() / 2;
        let panel = &mut scratch.panel;
        let (passed, of_passed) = (some(&mut scratch.passed, count), some(&mut scratch.of_passed, count));
        let of_both = some(&mut scratch.of_both, 2 * count);
        if self.turned.is_some() {
            let rows = of_h.chunks_exact_mut(width).zip(out.chunks_exact(width)).zip(gains);
            rows.for_each(|((of_row, row), gain)| back_through_norm(of_row, row, *gain));
            panel.multiply(of_h, self.down, inner, of_passed);
            let rows = both.chunks_exact(2 * inner).zip(of_both.chunks_exact_mut(2 * inner));
            let inside = of_passed.chunks_exact(inner).zip(passed.chunks_exact_mut(inner));
            for ((both, of_both), (of_passed, passed)) in rows.zip(inside) {
                let (of_gate, of_up) = of_both.split_at_mut(inner);
                pass_back([&both[..inner], &both[inner..], of_passed], passed, of_gate, of_up);
            }
            panel.add_transposed(of_h, passed, inner, of_down);
            panel.add_transposed(of_both, h, width, of_gate_up);
            panel.add(of_both, self.gate_up, width, of_h);
        } else {
            back_through_norm_of_columns(of_h, out, gains);
            panel.multiply_transposed(self.down, of_h, width, of_passed);
            let (of_gate, of_up) = of_both.split_at_mut(count);
            pass_back([&both[..count], &both[count..], of_passed], passed, of_gate, of_up);
            panel.add(passed, &transposed(of_h, width), places, of_down);
            panel.add(of_both, &transposed(h, width), places, of_gate_up);
            panel.add_transposed(self.gate_up, of_both, width, of_h);
        }
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn add(sum: &mut [f32], more: &[f32]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}
