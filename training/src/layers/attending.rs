//! rms(h + attention(h)) on the CPU, forwards and backwards, a sample at a time so that all in between stays in a near cache.
//!
//! ```text
//! q, k, v = h Wᵀ for each head, q and k turned by their place or not
//! p = softmax(q kᵀ / √size),  z = h + (p v of all heads) Oᵀ,  out = z / √(mean over channels z² + ε)
//! ```
//!
//! p is kept for the way back.

use crate::layers::norm::{back_through_norm, normalise};
use crate::layers::product::{Panel, transposed};
use crate::layers::rope::Turns;
use crate::layers::softmax::{back_through_softmax, softmax};
use rayon::prelude::*;
use std::sync::Arc;

/// The sizes of a layer.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Samples.
    pub samples: usize,
    /// Places of a sample.
    pub places: usize,
    /// Channels D of a place.
    pub width: usize,
    /// They share the channels among them.
    pub heads: usize,
    /// How queries and keys are turned, if they are.
    pub turns: Option<Arc<Turns>>,
}

/// What goes into a layer, or gradients of it.
#[derive(Clone, Debug)]
pub struct Inputs<T> {
    /// `[sample][place][D]`
    pub h: T,
    /// W, `[queries of all heads, keys, values][D]`
    pub qkv: T,
    /// O, `[D][D]`
    pub out: T,
}

impl<T> Inputs<T> {
    /// Each made into another.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Inputs<U> {
        Inputs { h: make(self.h), qkv: make(self.qkv), out: make(self.out) }
    }

    /// A look at each.
    pub fn each<'a, U: ?Sized>(&'a self, look: impl Fn(&'a T) -> &'a U) -> Inputs<&'a U> {
        Inputs { h: look(&self.h), qkv: look(&self.qkv), out: look(&self.out) }
    }
}

/// What the way back needs beside input and output, of some samples.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Queries by √size, keys and values, `[sample][part][head][place][channel]`.
    parts: Vec<f32>,
    /// p, `[sample][head][place][place]`.
    seen: Vec<f32>,
    /// p v, `[sample][place][D]`.
    mixed: Vec<f32>,
    /// What the norm multiplied each place by, `[sample][place]`.
    gains: Vec<f32>,
}

/// Pieces that the samples are cut into, where there are as many: the same for any number of threads, so that sums have
/// one order.
const PIECES: usize = 16;

impl Plan {
    /// Channels of a head.
    fn size(&self) -> usize {
        self.width / self.heads
    }

    /// Numbers of a sample.
    fn of_sample(&self) -> usize {
        self.places * self.width
    }

    /// Numbers of a piece.
    fn piece(&self) -> usize {
        self.samples.div_ceil(PIECES) * self.of_sample()
    }
}

impl Kept {
    fn new(plan: &Plan, samples: usize) -> Self {
        let zeros = |of_sample: usize| vec![0.0; samples * of_sample];
        Self {
            parts: zeros(3 * plan.of_sample()),
            seen: zeros(plan.heads * plan.places * plan.places),
            mixed: zeros(plan.of_sample()),
            gains: zeros(plan.places),
        }
    }

    /// Of one sample.
    fn sample(&self, plan: &Plan, sample: usize) -> [&[f32]; 4] {
        fn one(all: &[f32], size: usize, sample: usize) -> &[f32] {
            &all[sample * size..][..size]
        }
        let &Plan { places, heads, .. } = plan;
        [
            one(&self.parts, 3 * plan.of_sample(), sample),
            one(&self.seen, heads * places * places, sample),
            one(&self.mixed, plan.of_sample(), sample),
            one(&self.gains, places, sample),
        ]
    }

    /// Of one sample, to be written over.
    fn sample_mut(&mut self, plan: &Plan, sample: usize) -> [&mut [f32]; 4] {
        fn one(all: &mut [f32], size: usize, sample: usize) -> &mut [f32] {
            &mut all[sample * size..][..size]
        }
        let &Plan { places, heads, .. } = plan;
        [
            one(&mut self.parts, 3 * plan.of_sample(), sample),
            one(&mut self.seen, heads * places * places, sample),
            one(&mut self.mixed, plan.of_sample(), sample),
            one(&mut self.gains, places, sample),
        ]
    }
}

/// The output, of the sizes of h.
pub fn forward(inputs: &Inputs<&[f32]>, plan: &Plan) -> Vec<f32> {
    let layer = Layer::new(inputs, plan);
    let mut out = inputs.h.to_vec();
    out.par_chunks_mut(plan.piece()).for_each(|out| {
        let (mut scratch, mut kept) = (Scratch::default(), Kept::new(plan, 1));
        let samples = out.chunks_mut(plan.of_sample());
        samples.for_each(|out| layer.forward(out, kept.sample_mut(plan, 0), &mut scratch));
    });
    out
}

/// The output, and what the way back needs of each piece.
pub fn forward_kept(inputs: &Inputs<&[f32]>, plan: &Plan) -> (Vec<f32>, Vec<Kept>) {
    let layer = Layer::new(inputs, plan);
    let mut out = inputs.h.to_vec();
    let pieces = out.par_chunks_mut(plan.piece()).map(|out| {
        let (mut scratch, mut kept) = (Scratch::default(), Kept::new(plan, out.len() / plan.of_sample()));
        for (sample, out) in out.chunks_mut(plan.of_sample()).enumerate() {
            layer.forward(out, kept.sample_mut(plan, sample), &mut scratch);
        }
        kept
    });
    let kept = pieces.collect();
    (out, kept)
}

/// Gradients of what went in, from that of the output.
pub fn back(
    of_out: &[f32],
    inputs: &Inputs<&[f32]>,
    out: &[f32],
    kept: &[Kept],
    plan: &Plan,
) -> Inputs<Vec<f32>> {
    let layer = Layer::new(inputs, plan);
    let (piece, sample) = (plan.piece(), plan.of_sample());
    let mut of_h = of_out.to_vec();
    let pieces = of_h.par_chunks_mut(piece).zip(inputs.h.par_chunks(piece)).zip(out.par_chunks(piece));
    let done: Vec<[Vec<f32>; 2]> = pieces
        .zip(kept)
        .map(|(((of_h, h), out), kept)| {
            let mut of_weights = [vec![0.0; inputs.qkv.len()], vec![0.0; inputs.out.len()]];
            let mut scratch = Scratch::default();
            let samples = of_h.chunks_mut(sample).zip(h.chunks(sample)).zip(out.chunks(sample));
            for (number, ((of_h, h), out)) in samples.enumerate() {
                layer.back(of_h, [h, out], kept.sample(plan, number), &mut of_weights, &mut scratch);
            }
            of_weights
        })
        .collect();
    let [mut qkv, mut out] = [vec![0.0; inputs.qkv.len()], vec![0.0; inputs.out.len()]];
    for [of_qkv, of_out] in &done {
        qkv.iter_mut().zip(of_qkv).for_each(|(sum, more)| *sum += more);
        out.iter_mut().zip(of_out).for_each(|(sum, more)| *sum += more);
    }
    Inputs { h: of_h, qkv, out }
}

/// Memory that is used again from sample to sample.
#[derive(Default)]
struct Scratch {
    panel: Panel,
    both: Vec<f32>,
    head: Vec<f32>,
    of_head: Vec<f32>,
    of_seen: Vec<f32>,
    of_mixed: Vec<f32>,
}

/// So many numbers, to be written over.
fn some(memory: &mut Vec<f32>, count: usize) -> &mut [f32] {
    memory.resize(count, 0.0);
    memory
}

/// The matrices as products want them.
struct Layer<'a> {
    plan: &'a Plan,
    /// `[queries, keys, values][D]`
    qkv: &'a [f32],
    /// `[D][D]`
    out: &'a [f32],
    /// The same two, transposed.
    turned: [Vec<f32>; 2],
}

impl<'a> Layer<'a> {
    fn new(inputs: &Inputs<&'a [f32]>, plan: &'a Plan) -> Self {
        let &Inputs { qkv, out, .. } = inputs;
        Self { plan, qkv, out, turned: [transposed(qkv, plan.width), transposed(out, plan.width)] }
    }

    /// A sample: `out` is h at first; the others are left for the way back.
    fn forward(&self, out: &mut [f32], kept: [&mut [f32]; 4], scratch: &mut Scratch) {
        let &Plan { places, width, .. } = self.plan;
        let ([parts, seen, mixed, gains], size, panel) = (kept, self.plan.size(), &mut scratch.panel);
        let both = some(&mut scratch.both, 3 * places * width);
        panel.multiply(out, &self.turned[0], 3 * width, both);
        for (part, values) in parts.chunks_exact_mut(places * size).enumerate() {
            gather(both, values, [3 * width, part * size, size]);
            self.turn(part, values);
        }
        let (queries, rest) = parts.split_at(places * width);
        let (keys, values) = rest.split_at(places * width);
        for (head, seen) in seen.chunks_exact_mut(places * places).enumerate() {
            let range = head * places * size..(head + 1) * places * size;
            panel.multiply(&queries[range.clone()], &transposed(&keys[range.clone()], size), places, seen);
            seen.chunks_exact_mut(places).for_each(softmax);
            let one = some(&mut scratch.head, places * size);
            panel.multiply(seen, &values[range], size, one);
            scatter(one, mixed, [width, head * size, size]);
        }
        panel.add(mixed, &self.turned[1], width, out);
        let rows = out.chunks_exact_mut(width).zip(gains);
        rows.for_each(|(row, gain)| *gain = normalise(row));
    }

    /// Turns and scales the queries of a head, turns its keys, leaves values.
    fn turn(&self, part: usize, values: &mut [f32]) {
        let heads = self.plan.heads;
        if let Some(turns) = self.plan.turns.as_ref().filter(|_| part < 2 * heads) {
            turns.turn(values);
        }
        if part < heads {
            let scale = self.scale();
            values.iter_mut().for_each(|x| *x *= scale);
        }
    }

    /// Gradients through [`Self::turn`].
    fn turn_back(&self, part: usize, gradient: &mut [f32]) {
        let heads = self.plan.heads;
        if part < heads {
            let scale = self.scale();
            gradient.iter_mut().for_each(|x| *x *= scale);
        }
        if let Some(turns) = self.plan.turns.as_ref().filter(|_| part < 2 * heads) {
            turns.turn_back(gradient);
        }
    }

    fn scale(&self) -> f32 {
        1.0 / (self.plan.size() as f32).sqrt()
    }

    /// A sample: `of_h` is the gradient of the output at first.
    fn back(
        &self,
        of_h: &mut [f32],
        [h, out]: [&[f32]; 2],
        [parts, seen, mixed, gains]: [&[f32]; 4],
        [of_qkv, of_out]: &mut [Vec<f32>; 2],
        scratch: &mut Scratch,
    ) {
        let &Plan { places, width, heads, .. } = self.plan;
        let (size, panel) = (self.plan.size(), &mut scratch.panel);
        let rows = of_h.chunks_exact_mut(width).zip(out.chunks_exact(width)).zip(gains);
        rows.for_each(|((of_row, row), gain)| back_through_norm(of_row, row, *gain));
        let of_mixed = some(&mut scratch.of_mixed, places * width);
        panel.multiply(of_h, self.out, width, of_mixed);
        panel.add_transposed(of_h, mixed, width, of_out);
        let of_both = some(&mut scratch.both, 3 * places * width);
        let part =
            |which: usize, head: usize| &parts[(which * heads + head) * places * size..][..places * size];
        for (head, seen) in seen.chunks_exact(places * places).enumerate() {
            let of_head = some(&mut scratch.of_head, places * size);
            gather(of_mixed, of_head, [width, head * size, size]);
            let of_seen = some(&mut scratch.of_seen, places * places);
            panel.multiply(of_head, &transposed(part(2, head), size), places, of_seen);
            let rows = of_seen.chunks_exact_mut(places).zip(seen.chunks_exact(places));
            rows.for_each(|(gradient, made)| back_through_softmax(gradient, made));
            let mut note = |which: usize, gradient: &mut [f32]| {
                let part = which * heads + head;
                self.turn_back(part, gradient);
                scatter(gradient, of_both, [3 * width, part * size, size]);
            };
            let of_value = some(&mut scratch.head, places * size);
            panel.multiply_transposed(seen, of_head, size, of_value);
            note(2, of_value);
            let of_query = some(&mut scratch.head, places * size);
            panel.multiply(of_seen, part(1, head), size, of_query);
            note(0, of_query);
            let of_key = some(&mut scratch.head, places * size);
            panel.multiply_transposed(of_seen, part(0, head), size, of_key);
            note(1, of_key);
        }
        panel.add(of_both, self.qkv, width, of_h);
        panel.add_transposed(of_both, h, width, of_qkv);
    }
}

/// Copies `size` columns from `first` on of rows of `width` numbers.
fn gather(rows: &[f32], to: &mut [f32], [width, first, size]: [usize; 3]) {
    let rows = rows.chunks_exact(width).zip(to.chunks_exact_mut(size));
    rows.for_each(|(row, to)| to.copy_from_slice(&row[first..first + size]));
}

/// Copies them back.
fn scatter(from: &[f32], rows: &mut [f32], [width, first, size]: [usize; 3]) {
    let rows = rows.chunks_exact_mut(width).zip(from.chunks_exact(size));
    rows.for_each(|(row, from)| row[first..first + size].copy_from_slice(from));
}
