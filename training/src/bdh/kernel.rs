//! A layer of BDH on the CPU, forwards and backwards.
//!
//! What reaches all neurons is multiplied as whole matrices: v to x, the past, and LN(a) to y. What happens behind the
//! gate z = x·y, one neuron in twenty of a trained network, is done event by event, and so are all gradients that
//! pass the gate: nothing else has any. Each head of each text is done as a whole, so that it stays in the second cache.

use crate::bdh::fused::{Dropout, Plan};
use crate::bdh::reference::EPSILON;
use crate::spiking::flex::{tensor, values, whole};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::Shape;
use multiversion::multiversion;
use rayon::prelude::*;

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
}

/// What the way back needs of one head on one text.
#[derive(Debug)]
pub struct Seen {
    /// `[place][neuron]`
    x: FlexTensor,
    /// How much each place sees of those before it, `[place][place]`.
    past: FlexTensor,
    /// LN(a), `[place][D]`.
    a: FlexTensor,
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

/// The sum that leaves the layer, `[text][place][D]`, and what the way back needs, head by head and text by text.
pub fn forward(inputs: &Inputs<FlexTensor>, plan: &Plan) -> (FlexTensor, Vec<Vec<Seen>>) {
    let heads: Vec<(Vec<f32>, Vec<Seen>)> = (0..plan.heads)
        .into_par_iter()
        .map(|head| {
            let head = Head::new(inputs, plan, head);
            let mut sent = vec![0.0; plan.texts * plan.places * plan.width];
            let of_text = sent.chunks_exact_mut(plan.places * plan.width).enumerate();
            let seen = of_text.map(|(text, sent)| head.see(&inputs.v, text, sent)).collect();
            (sent, seen)
        })
        .collect();
    let (sent, seen): (Vec<_>, Vec<_>) = heads.into_iter().unzip();
    (tensor(sum(sent), [plan.texts, plan.places, plan.width]), seen)
}

/// Gradients of what went in, from that of what left, `[text][place][D]`.
pub fn back(
    of_sent: &FlexTensor,
    inputs: &Inputs<FlexTensor>,
    seen: &[Vec<Seen>],
    plan: &Plan,
) -> Inputs<FlexTensor> {
    let of_sent = values(of_sent);
    let heads: Vec<(Vec<f32>, HeadGradients)> = seen
        .par_iter()
        .enumerate()
        .map(|(head, seen)| {
            let head = Head::new(inputs, plan, head);
            let mut of_v = vec![0.0; of_sent.len()];
            let mut gradients = HeadGradients::new(plan);
            let size = plan.places * plan.width;
            for (text, (seen, of_v)) in seen.iter().zip(of_v.chunks_exact_mut(size)).enumerate() {
                head.back(&of_sent[text * size..][..size], &inputs.v, text, seen, of_v, &mut gradients);
            }
            (of_v, gradients)
        })
        .collect();
    let (of_v, heads): (Vec<_>, Vec<_>) = heads.into_iter().unzip();
    let all = |of: fn(&HeadGradients) -> &Vec<f32>| heads.iter().flat_map(of).copied().collect::<Vec<f32>>();
    let (by_neuron, by_width) =
        ([plan.heads, plan.neurons, plan.width], [plan.heads, plan.width, plan.neurons]);
    Inputs {
        v: tensor(sum(of_v), [plan.texts, plan.places, plan.width]),
        encoder: tensor(all(|of| &of.encoder), by_width),
        encoder_v: tensor(all(|of| &of.encoder_v), by_neuron).transpose(1, 2),
        decoder: tensor(all(|of| &of.decoder), by_neuron),
    }
}

/// The sum of what all heads made, in their order.
fn sum(heads: Vec<Vec<f32>>) -> Vec<f32> {
    heads
        .into_iter()
        .reduce(|mut sum, next| {
            add_all(&mut sum, &next);
            sum
        })
        .unwrap_or_default()
}

/// Gradients of the matrices of a head.
struct HeadGradients {
    /// `[D][neuron]`
    encoder: Vec<f32>,
    /// `[neuron][D]`
    encoder_v: Vec<f32>,
    /// `[neuron][D]`
    decoder: Vec<f32>,
}

impl HeadGradients {
    fn new(plan: &Plan) -> Self {
        let zeros = || vec![0.0; plan.neurons * plan.width];
        Self { encoder: zeros(), encoder_v: zeros(), decoder: zeros() }
    }
}

/// The matrices of a head.
struct Head<'a> {
    plan: &'a Plan,
    head: usize,
    /// `[D][neuron]`
    encoder: FlexTensor,
    /// `[D][neuron]`
    encoder_v: FlexTensor,
    /// `[neuron][D]`
    encoder_v_rows: FlexTensor,
    /// `[neuron][D]`
    decoder: FlexTensor,
}

impl<'a> Head<'a> {
    fn new(inputs: &Inputs<FlexTensor>, plan: &'a Plan, head: usize) -> Self {
        let (encoder, encoder_v) = (part(&inputs.encoder, head), part(&inputs.encoder_v, head));
        let encoder_v_rows = whole(encoder_v.transpose(0, 1));
        Self { plan, head, encoder, encoder_v, encoder_v_rows, decoder: part(&inputs.decoder, head) }
    }

    /// One text: adds what the head sends to `sent`, `[place][D]`.
    fn see(&self, v: &FlexTensor, text: usize, sent: &mut [f32]) -> Seen {
        let v = part(v, text);
        let mut x = product(&v, &self.encoder);
        x.storage_mut::<f32>().iter_mut().for_each(|x| *x = x.max(0.0));
        let q = self.turned(&x, 1.0);
        let mut past = product(&q, &q.transpose(0, 1));
        strictly_past(past.storage_mut(), self.plan.places);
        let mut a = product(&past, &v);
        let gains = a.storage_mut::<f32>().chunks_exact_mut(self.plan.width).map(normalise).collect();
        let y = product(&a, &self.encoder_v);
        let mut draw = Dropout::draws(self.plan.dropout, self.head * self.plan.texts + text);
        let (mut events, mut ends) = (Vec::new(), Vec::with_capacity(self.plan.places));
        let neurons = self.plan.neurons;
        for (x, y) in values(&x).chunks_exact(neurons).zip(values(&y).chunks_exact(neurons)) {
            for (neuron, (x, y)) in x.iter().zip(y).enumerate() {
                if x.min(*y) > 0.0 {
                    events.push(Event { neuron: neuron as u32, y: *y, kept: draw() });
                }
            }
            ends.push(events.len());
        }
        let seen = Seen { x, past, a, gains, events, ends };
        send(&seen, values(&self.decoder), self.plan.width, sent);
        seen
    }

    /// One text: adds to the gradient of v, `[place][D]`, and to those of the matrices.
    fn back(
        &self,
        of_sent: &[f32],
        v: &FlexTensor,
        text: usize,
        seen: &Seen,
        of_v: &mut [f32],
        gradients: &mut HeadGradients,
    ) {
        let Plan { places, width, neurons, .. } = *self.plan;
        let v = part(v, text);
        let (mut of_a, mut of_x) = (vec![0.0; places * width], vec![0.0; places * neurons]);
        back_through_gate(
            seen,
            of_sent,
            [values(&self.decoder), values(&self.encoder_v_rows)],
            width,
            [&mut of_a, &mut of_x],
            [&mut gradients.decoder, &mut gradients.encoder_v],
        );
        let rows = of_a.chunks_exact_mut(width).zip(values(&seen.a).chunks_exact(width)).zip(&seen.gains);
        rows.for_each(|((of_a, a), gain)| back_through_norm(of_a, a, *gain));
        let of_a = tensor(of_a, [places, width]);
        add_all(of_v, values(&product(&seen.past.transpose(0, 1), &of_a)));
        let mut of_past = product(&of_a, &v.transpose(0, 1));
        // q stands on both sides, so the gradient of one side is added to that of the other.
        strictly_past(of_past.storage_mut(), places);
        mirror(of_past.storage_mut(), places);
        let of_q = product(&of_past, &self.turned(&seen.x, 1.0));
        add_all(&mut of_x, values(&self.turned(&of_q, -1.0)));
        of_x.iter_mut().zip(values(&seen.x)).for_each(|(of_x, x)| *of_x = if *x > 0.0 { *of_x } else { 0.0 });
        let of_x = tensor(of_x, [places, neurons]);
        add_all(&mut gradients.encoder, values(&product(&v.transpose(0, 1), &of_x)));
        add_all(of_v, values(&product(&of_x, &self.encoder.transpose(0, 1))));
    }

    /// Each pair of `[place][neuron]` turned by the angle of its place, or back.
    fn turned(&self, x: &FlexTensor, way: f32) -> FlexTensor {
        let Plan { places, neurons, ref turns, .. } = *self.plan;
        let mut turned = vec![0.0; places * neurons];
        let half = neurons / 2;
        let rows = values(x).chunks_exact(neurons).zip(turned.chunks_exact_mut(neurons));
        let angles = turns.cos.chunks_exact(half).zip(turns.sin.chunks_exact(half));
        rows.zip(angles).for_each(|((x, turned), (cos, sin))| turn(x, cos, sin, way, turned));
        tensor(turned, [places, neurons])
    }
}

/// One of the matrices of `[which][row][column]`, without copying.
fn part(all: &FlexTensor, which: usize) -> FlexTensor {
    let shape = all.layout().shape();
    let (rows, columns) = (shape[1], shape[2]);
    all.narrow(0, which, 1).reshape(Shape::new([rows, columns]))
}

fn product(a: &FlexTensor, b: &FlexTensor) -> FlexTensor {
    Flex::float_matmul(a.clone(), b.clone())
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
fn turn(x: &[f32], cos: &[f32], sin: &[f32], way: f32, turned: &mut [f32]) {
    let half = cos.len();
    let ((first, second), (to_first, to_second)) = (x.split_at(half), turned.split_at_mut(half));
    let (second, sin, to_second) = (&second[..half], &sin[..half], &mut to_second[..half]);
    for k in 0..half {
        let sin = sin[k] * way;
        to_first[k] = first[k] * cos[k] - second[k] * sin;
        to_second[k] = second[k] * cos[k] + first[k] * sin;
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
    let x = values(&seen.x);
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
    let x = values(&seen.x);
    let neurons = x.len() / seen.ends.len().max(1);
    let mut first = 0;
    for (place, &end) in seen.ends.iter().enumerate() {
        let (of_sent, a) = (&of_sent[place * width..][..width], &values(&seen.a)[place * width..][..width]);
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
