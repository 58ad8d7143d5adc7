//! The selective scan of a state-space model (S6), over a text of which only the last places answer:
//!
//! ```text
//! Δ = softplus(δ)
//! hₛ ← e^(Δ Aₛ) hₛ + Δ Bₛ u       for each state s of each channel, from place to place
//! y = Σₛ Cₛ hₛ                    where a place answers
//! ```
//!
//! u, δ and y are numbers of a channel and a place, B and C of a place alone: they select what is kept, written and read.
//! The state stays in the cache from place to place; the way back goes over the places once more and keeps all states of
//! one text at a time.
//!
//! Reference: Gu and Dao (2023), arXiv:2312.00752, algorithm 2.

use crate::layers::fused::exp::exp;
use crate::layers::fused::rows::{add, dot};
use crate::layers::fused::{Fused, FusedOps};
use crate::spiking::flex::{tensor, values};
use burn::backend::flex::FlexTensor;
use burn::backend::{Dispatch, TensorMetadata};
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;
use std::sync::Arc;

/// What goes into a scan, row by row `[text · place]`.
#[derive(Clone, Debug)]
pub struct Selected {
    /// u, `[text · place][channel]`
    pub inputs: Tensor<2>,
    /// δ, `[text · place][channel]`
    pub steps: Tensor<2>,
    /// A, `[state][channel]`, below 0
    pub rates: Tensor<2>,
    /// B, `[text · place][state]`
    pub writes: Tensor<2>,
    /// C, `[text · answering place][state]`
    pub reads: Tensor<2>,
}

/// The way of a scan over a text.
#[derive(Clone, Copy, Debug)]
pub struct Scan {
    /// Places that only write. They come first.
    pub silent: usize,
    /// Places behind them, which answer.
    pub answering: usize,
    /// Whether the silent places, and then the answering ones, are gone over from their end.
    pub backward: bool,
}

impl Scan {
    /// y, `[text · answering place][channel]`.
    pub fn over(self, selected: Selected) -> Tensor<2> {
        let Selected { inputs, steps, rates, writes, reads } = selected;
        let [u, d, a, b, c] = [inputs, steps, rates, writes, reads].map(Tensor::into_dispatch);
        Tensor::from_dispatch(Dispatch::fused_5(u, d, a, b, c, Arc::new(self)))
    }

    fn places(self) -> usize {
        self.silent + self.answering
    }

    /// The places in the order in which they are gone over, each with the number of its answer.
    fn order(self) -> impl DoubleEndedIterator<Item = (usize, Option<usize>)> {
        let Self { silent, answering, backward } = self;
        let way = move |k: usize, count: usize| if backward { count - 1 - k } else { k };
        let first = (0..silent).map(move |k| (way(k, silent), None));
        first.chain((0..answering).map(move |k| (silent + way(k, answering), Some(way(k, answering)))))
    }
}

/// The numbers of one text.
#[derive(Clone, Copy)]
struct Text<'a> {
    u: &'a [f32],
    d: &'a [f32],
    b: &'a [f32],
    c: &'a [f32],
}

/// Numbers in a row of each matrix of a text.
#[derive(Clone, Copy)]
struct Sizes {
    channels: usize,
    states: usize,
}

impl Fused for Scan {
    fn forward(&self, inputs: &[FlexTensor]) -> (FlexTensor, Vec<FlexTensor>) {
        let [states, channels] = inputs[2].shape().dims();
        let sizes = Sizes { channels, states };
        let a = values(&inputs[2]);
        let answers = inputs[4].shape()[0];
        let mut y = vec![0.0; answers * channels];
        let each = y.par_chunks_mut(self.answering * channels).zip(self.texts(inputs, sizes));
        each.for_each(|(y, text)| self.scan(text, a, sizes, y));
        (tensor(y, [answers, channels]), Vec::new())
    }

    fn back(&self, of_y: FlexTensor, inputs: &[FlexTensor], _: &[FlexTensor]) -> Vec<FlexTensor> {
        let [states, channels] = inputs[2].shape().dims();
        let sizes = Sizes { channels, states };
        let zeros = |which: usize| vec![0.0; inputs[which].shape().num_elements()];
        let [mut of_u, mut of_d, mut of_a, mut of_b, mut of_c] = [0, 1, 2, 3, 4].map(zeros);
        let each = of_u
            .par_chunks_mut(self.places() * channels)
            .zip(of_d.par_chunks_mut(self.places() * channels))
            .zip(of_b.par_chunks_mut(self.places() * states))
            .zip(of_c.par_chunks_mut(self.answering * states))
            .zip(values(&of_y).par_chunks(self.answering * channels))
            .zip(self.texts(inputs, sizes));
        let done: Vec<Vec<f32>> = each
            .map(|(((((of_u, of_d), of_b), of_c), of_y), text)| {
                let of = Gradients { of_u, of_d, of_b, of_c };
                self.scan_back(text, values(&inputs[2]), sizes, of_y, of)
            })
            .collect();
        done.iter().for_each(|more| add(&mut of_a, more));
        let all = [of_u, of_d, of_a, of_b, of_c].into_iter().zip(inputs);
        all.map(|(gradient, input)| tensor(gradient, input.shape().dims::<2>())).collect()
    }
}

impl Scan {
    fn texts<'a>(
        self,
        inputs: &'a [FlexTensor],
        sizes: Sizes,
    ) -> impl IndexedParallelIterator<Item = Text<'a>> {
        let [wide, narrow] = [sizes.channels, sizes.states].map(|width| self.places() * width);
        let rows = values(&inputs[0]).par_chunks(wide).zip(values(&inputs[1]).par_chunks(wide));
        let rows = rows.zip(values(&inputs[3]).par_chunks(narrow));
        let rows = rows.zip(values(&inputs[4]).par_chunks(self.answering * sizes.states));
        rows.map(|(((u, d), b), c)| Text { u, d, b, c })
    }

    /// One text.
    fn scan(self, text: Text<'_>, a: &[f32], sizes: Sizes, y: &mut [f32]) {
        let Sizes { channels, states } = sizes;
        let mut state = vec![0.0; states * channels];
        let (mut rate, mut before) = (vec![0.0; channels], vec![0.0; states * channels]);
        for (place, answer) in self.order() {
            let u = &text.u[place * channels..][..channels];
            softplus(&text.d[place * channels..][..channels], &mut rate);
            std::mem::swap(&mut before, &mut state);
            advance(&rate, u, a, &text.b[place * states..][..states], &before, &mut state);
            if let Some(answer) = answer {
                read(&state, &text.c[answer * states..][..states], &mut y[answer * channels..][..channels]);
            }
        }
    }

    /// One text: writes the gradients of what is its own, and returns that of A.
    fn scan_back(self, text: Text<'_>, a: &[f32], sizes: Sizes, of_y: &[f32], of: Gradients<'_>) -> Vec<f32> {
        let Sizes { channels, states } = sizes;
        let wide = states * channels;
        // States before each place and behind the last, in the order of the scan.
        let mut history = vec![0.0; (self.places() + 1) * wide];
        let mut rates = vec![0.0; self.places() * channels];
        softplus(text.d, &mut rates);
        let row = |of: usize, place: usize| place * of..(place + 1) * of;
        for (k, (place, _)) in self.order().enumerate() {
            let (before, after) = history[k * wide..(k + 2) * wide].split_at_mut(wide);
            let (rate, u) = (&rates[row(channels, place)], &text.u[row(channels, place)]);
            advance(rate, u, a, &text.b[row(states, place)], before, after);
        }
        let (mut of_a, mut of_state, mut of_rate) = (vec![0.0; wide], vec![0.0; wide], vec![0.0; channels]);
        for (k, (place, answer)) in self.order().enumerate().collect::<Vec<_>>().into_iter().rev() {
            let (before, after) = history[k * wide..(k + 2) * wide].split_at(wide);
            if let Some(answer) = answer {
                let of_y = &of_y[row(channels, answer)];
                let (c, of_c) = (&text.c[row(states, answer)], &mut of.of_c[row(states, answer)]);
                read_back(after, c, of_y, of_c, &mut of_state);
            }
            of_rate.fill(0.0);
            let wide = row(channels, place);
            advance_back(
                Step {
                    rate: &rates[wide.clone()],
                    u: &text.u[wide.clone()],
                    a,
                    b: &text.b[row(states, place)],
                },
                before,
                &mut of_state,
                StepGradients {
                    rate: &mut of_rate,
                    u: &mut of.of_u[wide.clone()],
                    a: &mut of_a,
                    b: &mut of.of_b[row(states, place)],
                },
            );
            softplus_back(&text.d[wide.clone()], &of_rate, &mut of.of_d[wide]);
        }
        of_a
    }
}

/// Gradients of one text's own numbers.
struct Gradients<'a> {
    of_u: &'a mut [f32],
    of_d: &'a mut [f32],
    of_b: &'a mut [f32],
    of_c: &'a mut [f32],
}

/// What moves the state at a place.
#[derive(Clone, Copy)]
struct Step<'a> {
    rate: &'a [f32],
    u: &'a [f32],
    a: &'a [f32],
    b: &'a [f32],
}

/// Gradients of the same; those of A are added to.
struct StepGradients<'a> {
    rate: &'a mut [f32],
    u: &'a mut [f32],
    a: &'a mut [f32],
    b: &'a mut [f32],
}

/// log(1 + e^x)
fn softplus(x: &[f32], y: &mut [f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = x.max(0.0) + libm::log1pf(exp(-x.abs())));
}

fn softplus_back(x: &[f32], of_y: &[f32], of_x: &mut [f32]) {
    let each = of_x.iter_mut().zip(x).zip(of_y);
    each.for_each(|((of_x, x), of_y)| *of_x = of_y / (1.0 + exp(-x)));
}

/// The state behind a place.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance(rate: &[f32], u: &[f32], a: &[f32], b: &[f32], before: &[f32], after: &mut [f32]) {
    let channels = rate.len();
    for (s, b) in b.iter().enumerate() {
        let range = s * channels..(s + 1) * channels;
        let (a, before, after) = (&a[range.clone()], &before[range.clone()], &mut after[range]);
        for k in 0..channels {
            after[k] = exp(rate[k] * a[k]) * before[k] + rate[k] * u[k] * b;
        }
    }
}

/// What a place reads of the state.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn read(state: &[f32], c: &[f32], y: &mut [f32]) {
    for (state, c) in state.chunks_exact(y.len()).zip(c) {
        y.iter_mut().zip(state).for_each(|(y, h)| *y += c * h);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn read_back(state: &[f32], c: &[f32], of_y: &[f32], of_c: &mut [f32], of_state: &mut [f32]) {
    let channels = of_y.len();
    let states = state.chunks_exact(channels).zip(of_state.chunks_exact_mut(channels));
    for ((state, of_state), (c, of_c)) in states.zip(c.iter().zip(of_c)) {
        *of_c = dot(of_y, state);
        of_state.iter_mut().zip(of_y).for_each(|(sum, of_y)| *sum += c * of_y);
    }
}

/// The gradient of the state behind a place becomes that of the state before it.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance_back(step: Step<'_>, before: &[f32], of_state: &mut [f32], of: StepGradients<'_>) {
    let channels = step.rate.len();
    let (rate, u) = (&step.rate[..channels], &step.u[..channels]);
    let (of_rate, of_u) = (&mut of.rate[..channels], &mut of.u[..channels]);
    // What B is multiplied by.
    let written: Vec<f32> = rate.iter().zip(u).map(|(rate, u)| rate * u).collect();
    for (s, (b, of_b)) in step.b.iter().zip(of.b.iter_mut()).enumerate() {
        let range = s * channels..(s + 1) * channels;
        let (a, before) = (&step.a[range.clone()], &before[range.clone()]);
        let (of_a, of_state) = (&mut of.a[range.clone()], &mut of_state[range]);
        *of_b = dot(of_state, &written);
        for k in 0..channels {
            let kept = exp(rate[k] * a[k]);
            let through = of_state[k] * before[k] * kept;
            of_rate[k] += through * a[k] + of_state[k] * u[k] * b;
            of_u[k] += of_state[k] * rate[k] * b;
            of_a[k] += through * rate[k];
            of_state[k] *= kept;
        }
    }
}
