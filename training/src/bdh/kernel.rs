//! A layer of BDH on the CPU, forwards and backwards.
//!
//! What reaches all neurons is multiplied as whole matrices: v to x, the past, and LN(a) to y. What happens behind the
//! gate z = x·y, one neuron in twenty of a trained network, is done event by event, and so are all gradients that
//! pass the gate: nothing else has any. Each head of each text is done as a whole, so that it stays in the second cache.

use crate::bdh::fused::{Dropout, Plan};
use crate::bdh::reference::EPSILON;
use multiversion::multiversion;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::prelude::*;
use std::ops::Range;

/// The tensors that go into a layer.
#[derive(Clone, Debug)]
pub struct Inputs<T> {
    /// `[text][place][D]`
    pub v: T,
    /// `[head][D][neuron]`
    pub encoder: T,
    /// `[head][D][neuron]`
    pub encoder_v: T,
    /// `[head][neuron][D]`
    pub decoder: T,
}

impl<T> Inputs<T> {
    /// Each made into another.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Inputs<U> {
        let Self { v, encoder, encoder_v, decoder } = self;
        Inputs { v: make(v), encoder: make(encoder), encoder_v: make(encoder_v), decoder: make(decoder) }
    }

    /// A look at each.
    pub fn each<'a, U: ?Sized>(&'a self, look: impl Fn(&'a T) -> &'a U) -> Inputs<&'a U> {
        let Self { v, encoder, encoder_v, decoder } = self;
        Inputs { v: look(v), encoder: look(encoder), encoder_v: look(encoder_v), decoder: look(decoder) }
    }
}

/// What the way back needs of one head on one text.
#[derive(Debug)]
pub struct Seen {
    /// `[place][neuron]`
    x: Vec<f32>,
    /// How much each place sees of those before it, `[place][place]`.
    past: Vec<f32>,
    /// LN(a), `[place][D]`.
    a: Vec<f32>,
    /// What LN multiplied each place by.
    gains: Vec<f32>,
    /// What passed the gate, place by place.
    events: Vec<Event>,
    /// Where the events of each place end.
    ends: Vec<usize>,
}

/// A neuron that passed the gate at some place.
#[derive(Clone, Copy, Debug)]
struct Event {
    neuron: u32,
    y: f32,
    /// What dropout multiplied it by, 0 or more than 1.
    kept: f32,
}

/// Pieces of work that a layer is cut into, where it has so many texts: enough for many threads, and the same for any
/// number of them, so that sums have one order.
const PIECES: usize = 32;

impl Plan {
    /// Texts of a piece.
    fn together(&self) -> usize {
        self.texts.div_ceil((PIECES / self.heads).clamp(1, self.texts.max(1)))
    }

    /// Head and texts of each piece, head by head.
    fn pieces(&self) -> Vec<(usize, Range<usize>)> {
        let together = self.together();
        let of_head = |head| {
            (0..self.texts)
                .step_by(together)
                .map(move |first| (head, first..self.texts.min(first + together)))
        };
        (0..self.heads).flat_map(of_head).collect()
    }

    /// The numbers `[place][D]` of some texts.
    fn of(&self, texts: &Range<usize>) -> Range<usize> {
        let text = self.places * self.width;
        texts.start * text..texts.end * text
    }
}

/// The sum that leaves the layer, `[text][place][D]`, and what the way back needs, piece by piece and text by text.
pub fn forward(inputs: &Inputs<&[f32]>, plan: &Plan) -> (Vec<f32>, Vec<Vec<Seen>>) {
    let pieces = plan.pieces();
    let done: Vec<(Vec<f32>, Vec<Seen>)> = pieces
        .par_iter()
        .map(|(head, texts)| {
            let head = Head::new(inputs, plan, *head);
            let mut sent = vec![0.0; plan.of(texts).len()];
            let of_text = texts.clone().zip(sent.chunks_exact_mut(plan.places * plan.width));
            let seen = of_text.map(|(text, sent)| head.see(text, sent)).collect();
            (sent, seen)
        })
        .collect();
    let mut sum = vec![0.0; inputs.v.len()];
    pieces.iter().zip(&done).for_each(|((_, texts), (sent, _))| add_all(&mut sum[plan.of(texts)], sent));
    (sum, done.into_iter().map(|(_, seen)| seen).collect())
}

/// Gradients of what went in, from that of what left, `[text][place][D]`; that of `encoder_v` is `[head][neuron][D]`.
pub fn back(of_sent: &[f32], inputs: &Inputs<&[f32]>, seen: &[Vec<Seen>], plan: &Plan) -> Inputs<Vec<f32>> {
    let pieces = plan.pieces();
    let done: Vec<(Vec<f32>, Gradients)> = pieces
        .par_iter()
        .zip(seen)
        .map(|((head, texts), seen)| {
            let head = Head::new(inputs, plan, *head);
            let (mut of_v, mut gradients) = (vec![0.0; plan.of(texts).len()], Gradients::new(plan));
            let of_text = texts.clone().zip(of_v.chunks_exact_mut(plan.places * plan.width));
            for (seen, (text, of_v)) in seen.iter().zip(of_text) {
                head.back(of_sent, text, seen, of_v, &mut gradients);
            }
            (of_v, gradients)
        })
        .collect();
    let mut v = vec![0.0; of_sent.len()];
    pieces.iter().zip(&done).for_each(|((_, texts), (of_v, _))| add_all(&mut v[plan.of(texts)], of_v));
    let all = |of: fn(&Gradients) -> &Vec<f32>| -> Vec<f32> {
        let of_head = |pieces: &[(Vec<f32>, Gradients)]| {
            let mut sum = vec![0.0; plan.neurons * plan.width];
            pieces.iter().for_each(|(_, gradients)| add_all(&mut sum, of(gradients)));
            sum
        };
        let heads: Vec<Vec<f32>> = done.par_chunks(done.len() / plan.heads).map(of_head).collect();
        heads.concat()
    };
    Inputs {
        v,
        encoder: all(|of| &of.encoder),
        encoder_v: all(|of| &of.encoder_v),
        decoder: all(|of| &of.decoder),
    }
}

/// Gradients of the matrices of a head.
struct Gradients {
    /// `[D][neuron]`
    encoder: Vec<f32>,
    /// `[neuron][D]`
    encoder_v: Vec<f32>,
    /// `[neuron][D]`
    decoder: Vec<f32>,
}

impl Gradients {
    fn new(plan: &Plan) -> Self {
        let zeros = || vec![0.0; plan.neurons * plan.width];
        Self { encoder: zeros(), encoder_v: zeros(), decoder: zeros() }
    }
}

/// The matrices of a head.
struct Head<'a> {
    plan: &'a Plan,
    head: usize,
    /// `[text][place][D]`
    v: &'a [f32],
    /// `[D][neuron]`
    encoder: ArrayView2<'a, f32>,
    /// `[D][neuron]`
    encoder_v: ArrayView2<'a, f32>,
    /// `[neuron][D]`
    encoder_v_rows: Vec<f32>,
    /// `[neuron][D]`
    decoder: &'a [f32],
}

impl<'a> Head<'a> {
    fn new(inputs: &Inputs<&'a [f32]>, plan: &'a Plan, head: usize) -> Self {
        let size = plan.width * plan.neurons;
        let own = |all: &'a [f32]| &all[head * size..][..size];
        let encoder_v = matrix(own(inputs.encoder_v), plan.width);
        Self {
            plan,
            head,
            v: inputs.v,
            encoder: matrix(own(inputs.encoder), plan.width),
            encoder_v,
            encoder_v_rows: encoder_v.t().iter().copied().collect(),
            decoder: own(inputs.decoder),
        }
    }

    fn v_of(&self, text: usize) -> ArrayView2<'a, f32> {
        matrix(&self.v[self.plan.of(&(text..text + 1))], self.plan.places)
    }

    /// One text: adds what the head sends to `sent`, `[place][D]`.
    fn see(&self, text: usize, sent: &mut [f32]) -> Seen {
        let Plan { places, width, neurons, .. } = *self.plan;
        let v = self.v_of(text);
        let mut x = vec![0.0; places * neurons];
        add_product(v, self.encoder, &mut x);
        x.iter_mut().for_each(|x| *x = x.max(0.0));
        let mut q = vec![0.0; places * neurons];
        self.turn(&x, 1.0, &mut q);
        let (q, mut past) = (matrix(&q, places), vec![0.0; places * places]);
        add_product(q, q.t(), &mut past);
        strictly_past(&mut past, places);
        let mut a = vec![0.0; places * width];
        add_product(matrix(&past, places), v, &mut a);
        let gains = a.chunks_exact_mut(width).map(normalise).collect();
        let mut y = vec![0.0; places * neurons];
        add_product(matrix(&a, places), self.encoder_v, &mut y);
        let (events, ends) = self.gated(&x, &y, text);
        let seen = Seen { x, past, a, gains, events, ends };
        send(&seen, self.decoder, width, sent);
        seen
    }

    /// What passes the gate, place by place, and where the events of each place end.
    fn gated(&self, x: &[f32], y: &[f32], text: usize) -> (Vec<Event>, Vec<usize>) {
        let Plan { places, neurons, texts, dropout, .. } = *self.plan;
        let mut draw = Dropout::draws(dropout, self.head * texts + text);
        let (mut events, mut ends) = (Vec::new(), Vec::with_capacity(places));
        let mut passed = vec![0; neurons];
        for (x, y) in x.chunks_exact(neurons).zip(y.chunks_exact(neurons)) {
            let count = gate(x, y, &mut passed);
            let event = |neuron: &u32| Event { neuron: *neuron, y: y[*neuron as usize], kept: draw() };
            events.extend(passed[..count].iter().map(event));
            ends.push(events.len());
        }
        (events, ends)
    }

    /// One text: adds to the gradient of v, `[place][D]`, and to those of the matrices.
    fn back(&self, of_sent: &[f32], text: usize, seen: &Seen, of_v: &mut [f32], gradients: &mut Gradients) {
        let Plan { places, width, neurons, .. } = *self.plan;
        let v = self.v_of(text);
        let (mut of_a, mut of_x) = (vec![0.0; places * width], vec![0.0; places * neurons]);
        back_through_gate(
            seen,
            &of_sent[self.plan.of(&(text..text + 1))],
            [self.decoder, &self.encoder_v_rows],
            width,
            [&mut of_a, &mut of_x],
            [&mut gradients.decoder, &mut gradients.encoder_v],
        );
        let rows = of_a.chunks_exact_mut(width).zip(seen.a.chunks_exact(width)).zip(&seen.gains);
        rows.for_each(|((of_a, a), gain)| back_through_norm(of_a, a, *gain));
        let of_a = matrix(&of_a, places);
        add_product(matrix(&seen.past, places).reversed_axes(), of_a, of_v);
        let mut of_past = vec![0.0; places * places];
        add_product(of_a, v.t(), &mut of_past);
        // q stands on both sides, so the gradient of one side is added to that of the other.
        strictly_past(&mut of_past, places);
        mirror(&mut of_past, places);
        let (mut q, mut of_q) = (vec![0.0; places * neurons], vec![0.0; places * neurons]);
        self.turn(&seen.x, 1.0, &mut q);
        add_product(matrix(&of_past, places), matrix(&q, places), &mut of_q);
        self.turn(&of_q, -1.0, &mut of_x);
        of_x.iter_mut().zip(&seen.x).for_each(|(of_x, x)| *of_x = if *x > 0.0 { *of_x } else { 0.0 });
        let of_x = matrix(&of_x, places);
        add_product(v.t(), of_x, &mut gradients.encoder);
        add_product(of_x, self.encoder.t(), of_v);
    }

    /// Adds each pair of `x`, `[place][neuron]`, turned by the angle of its place or back, to `turned`.
    fn turn(&self, x: &[f32], way: f32, turned: &mut [f32]) {
        let Plan { neurons, ref turns, .. } = *self.plan;
        let half = neurons / 2;
        let rows = x.chunks_exact(neurons).zip(turned.chunks_exact_mut(neurons));
        let angles = turns.cos.chunks_exact(half).zip(turns.sin.chunks_exact(half));
        rows.zip(angles).for_each(|((x, turned), (cos, sin))| add_turned(x, cos, sin, way, turned));
    }
}

/// Values as a matrix of so many rows.
fn matrix(values: &[f32], rows: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, values.len() / rows), values).expect("rows are whole")
}

/// sum += a b
fn add_product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>, sum: &mut [f32]) {
    let mut sum =
        ArrayViewMut2::from_shape((a.nrows(), b.ncols()), sum).expect("a sum of their product's size");
    general_mat_mul(1.0, &a, &b, 1.0, &mut sum);
}

/// Writes the neurons in which both are above 0 to the front of `passed`; how many there are. Without a branch, which
/// would be guessed wrongly as often as a neuron fires.
fn gate(x: &[f32], y: &[f32], passed: &mut [u32]) -> usize {
    let mut count = 0;
    for (neuron, (x, y)) in x.iter().zip(y).enumerate() {
        passed[count] = neuron as u32;
        count += usize::from(x.min(*y) > 0.0);
    }
    count
}

/// Clears all but what lies below the diagonal.
fn strictly_past(square: &mut [f32], places: usize) {
    square.chunks_exact_mut(places).enumerate().for_each(|(place, row)| row[place..].fill(0.0));
}

/// Copies what lies below the diagonal above it.
fn mirror(square: &mut [f32], places: usize) {
    for row in 1..places {
        for column in 0..row {
            square[column * places + row] = square[row * places + column];
        }
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_turned(x: &[f32], cos: &[f32], sin: &[f32], way: f32, turned: &mut [f32]) {
    let half = cos.len();
    let ((first, second), (to_first, to_second)) = (x.split_at(half), turned.split_at_mut(half));
    let (second, sin, to_second) = (&second[..half], &sin[..half], &mut to_second[..half]);
    for k in 0..half {
        let sin = sin[k] * way;
        to_first[k] += first[k] * cos[k] - second[k] * sin;
        to_second[k] += second[k] * cos[k] + first[k] * sin;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_all(sum: &mut [f32], more: &[f32]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// Mean 0 and variance 1; what it was multiplied by.
fn normalise(row: &mut [f32]) -> f32 {
    let count = row.len() as f32;
    let middle = row.iter().sum::<f32>() / count;
    row.iter_mut().for_each(|value| *value -= middle);
    let variance = row.iter().map(|value| value * value).sum::<f32>() / count;
    let gain = 1.0 / (variance + EPSILON as f32).sqrt();
    row.iter_mut().for_each(|value| *value *= gain);
    gain
}

/// The gradient of what LN made becomes that of what it got.
fn back_through_norm(gradient: &mut [f32], made: &[f32], gain: f32) {
    let count = made.len() as f32;
    let middle = gradient.iter().sum::<f32>() / count;
    let along = gradient.iter().zip(made).map(|(gradient, made)| gradient * made).sum::<f32>() / count;
    let pairs = gradient.iter_mut().zip(made);
    pairs.for_each(|(gradient, made)| *gradient = gain * (*gradient - middle - along * made));
}

/// Adds the decoder's rows of all events to `sent`, `[place][D]`.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn send(seen: &Seen, decoder: &[f32], width: usize, sent: &mut [f32]) {
    let x = &seen.x;
    let neurons = x.len() / seen.ends.len().max(1);
    let mut first = 0;
    for ((sent, x), &end) in sent.chunks_exact_mut(width).zip(x.chunks_exact(neurons)).zip(&seen.ends) {
        for event in &seen.events[first..end] {
            let neuron = event.neuron as usize;
            let z = x[neuron] * event.y * event.kept;
            let row = &decoder[neuron * width..][..width];
            sent.iter_mut().zip(row).for_each(|(sent, row)| *sent += z * row);
        }
        first = end;
    }
}

/// From the gradient of what was sent, `[place][D]`, to those of LN(a) and x, and of the rows of decoder and encoder.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn back_through_gate(
    seen: &Seen,
    of_sent: &[f32],
    [decoder, encoder_v]: [&[f32]; 2],
    width: usize,
    [of_a, of_x]: [&mut [f32]; 2],
    [of_decoder, of_encoder_v]: [&mut [f32]; 2],
) {
    let x = &seen.x;
    let neurons = x.len() / seen.ends.len().max(1);
    let mut first = 0;
    for (place, &end) in seen.ends.iter().enumerate() {
        let (of_sent, a) = (&of_sent[place * width..][..width], &seen.a[place * width..][..width]);
        let (x, of_x) = (&x[place * neurons..][..neurons], &mut of_x[place * neurons..][..neurons]);
        let of_a = &mut of_a[place * width..][..width];
        for event in &seen.events[first..end] {
            let (neuron, y) = (event.neuron as usize, event.y);
            let row = neuron * width..(neuron + 1) * width;
            let of_z = event.kept * dot(of_sent, &decoder[row.clone()]);
            let (z, of_y) = (x[neuron] * y * event.kept, of_z * x[neuron]);
            of_x[neuron] += of_z * y;
            let of_decoder = of_decoder[row.clone()].iter_mut().zip(of_sent);
            of_decoder.for_each(|(sum, of_sent)| *sum += z * of_sent);
            of_a.iter_mut().zip(&encoder_v[row.clone()]).for_each(|(sum, row)| *sum += of_y * row);
            of_encoder_v[row].iter_mut().zip(a).for_each(|(sum, a)| *sum += of_y * a);
        }
        first = end;
    }
}

/// Numbers that are summed side by side.
const LANES: usize = 16;

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; LANES];
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
