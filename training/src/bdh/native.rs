//! BDH event by event, as the released form computes it, without a tensor library.
//!
//! An event is a neuron and its value. For each token and layer:
//!
//! | what comes | whom it reaches | counted as |
//! |---|---|---|
//! | v, D numbers | all neurons; those above 0 fire: x | n·D, the only dense step |
//! | x, turned by the angle of its place | the rows of synaptic state of its pair: a = Σ q σ | D for each row |
//! | LN(a) of a head | those of its neurons that fired; those above 0 fire again: y | D for each x |
//! | z = x·y | the sum that leaves the layer | D for each z |
//! | x again, after all has been read | its rows of the state: σ += q v | D for each row |
//!
//! So a row of the state is touched only when a neuron of its pair fires, and what does not fire costs nothing. A row
//! never decays: it is turned by where it was written and read, not by time that passes. LN is one mean and one gain for
//! all.

use crate::bdh::code::{Code, Scale};
use crate::bdh::reference::{EPSILON, Sizes, Turns};
use crate::weights::{Misfit, Named};

/// A network that reads token by token.
#[derive(Clone)]
pub struct Native {
    sizes: Sizes,
    matrices: Matrices,
    /// What is remembered: `[layer][head][neuron][D]`.
    state: Vec<f32>,
    /// How many tokens were read.
    place: usize,
    /// How values travel.
    code: Code,
    /// Full scales of the values of each layer.
    scales: Vec<Scale>,
    /// Angles of all pairs at the next place.
    turns: Turns,
    /// What was done so far.
    pub work: Work,
}

/// Weights, each row what one neuron sends or receives.
#[derive(Clone)]
struct Matrices {
    /// `[token][D]`
    embed: Vec<f32>,
    /// `[head][D][neuron]`
    encoder: Vec<f32>,
    /// `[head][neuron][D]`
    encoder_v: Vec<f32>,
    /// `[head][neuron][D]`
    decoder: Vec<f32>,
    /// `[D][token]`
    head: Vec<f32>,
}

/// Work, in events and in multiplications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Tokens.
    pub tokens: u64,
    /// Events of x, and of x·y, in each layer.
    pub fired: Vec<(u64, u64)>,
    /// Multiplications that events caused, and those of the dense steps.
    pub by_events: u64,
    /// Those of the steps in which everything takes part: v to x, and the logits.
    pub dense_steps: u64,
}

impl Work {
    /// Multiplications of the same network without events, for all tokens.
    pub fn without_events(&self, sizes: &Sizes) -> u64 {
        let layer = 5 * sizes.all_neurons() * sizes.width;
        self.tokens * (sizes.layers * layer + sizes.width * sizes.vocabulary) as u64
    }
}

/// What a token did to a layer.
pub struct Step {
    /// Events of x, (neuron among those of all heads, value).
    pub x: Vec<(usize, f32)>,
    /// y of each of them, 0 or more.
    pub y: Vec<f32>,
    /// What left the layer.
    pub v: Vec<f32>,
}

impl Native {
    /// A network that has read nothing.
    ///
    /// # Errors
    /// If the tensors are not those of a network of these sizes.
    pub fn new(sizes: Sizes, saved: &[Named]) -> Result<Self, Misfit> {
        let find = |name: &str| -> Result<Vec<f32>, Misfit> {
            let declared = sizes.declarations().into_iter().find(|d| d.name == name);
            let needed = declared.map_or_else(Vec::new, |d| d.shape);
            let found = saved.iter().find(|t| t.name == name).ok_or(Misfit::Missing(name.to_owned()))?;
            if found.shape != needed {
                let (name, found) = (name.to_owned(), found.shape.clone());
                return Err(Misfit::Shape { name, needed, found });
            }
            Ok(found.values.clone())
        };
        let (width, neurons) = (sizes.width, sizes.neurons);
        let by_neuron = |matrix: Vec<f32>| -> Vec<f32> {
            let of = |head: &[f32], neuron: usize| -> Vec<f32> {
                (0..width).map(|d| head[d * neurons + neuron]).collect()
            };
            let heads = matrix.chunks_exact(width * neurons);
            heads.flat_map(|head| (0..neurons).flat_map(move |neuron| of(head, neuron))).collect()
        };
        Ok(Self {
            sizes,
            matrices: Matrices {
                embed: find("embed.weight")?,
                encoder: find("encoder")?,
                encoder_v: by_neuron(find("encoder_v")?),
                decoder: find("decoder")?,
                head: find("lm_head")?,
            },
            state: vec![0.0; sizes.layers * sizes.all_neurons() * width],
            place: 0,
            code: Code::Exact,
            scales: vec![Scale::default(); sizes.layers],
            turns: Turns::at(sizes.neurons, 0),
            work: Work { fired: vec![(0, 0); sizes.layers], ..Work::default() },
        })
    }

    /// The same network with values in another code, whose full scales are given layer by layer.
    pub fn coded(self, code: Code, scales: Vec<Scale>) -> Self {
        Self { code, scales, ..self }
    }

    /// Its sizes.
    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// Forgets everything that was read.
    pub fn forget(&mut self) {
        self.state.fill(0.0);
        self.place = 0;
        self.turns = Turns::at(self.sizes.neurons, 0);
    }

    /// Reads a token; the logits of the next one, `[token]`, and what every layer did.
    pub fn read(&mut self, token: usize) -> (Vec<f32>, Vec<Step>) {
        let width = self.sizes.width;
        let mut v = self.matrices.embed[token * width..][..width].to_vec();
        normalise(&mut v);
        let mut steps = Vec::with_capacity(self.sizes.layers);
        for layer in 0..self.sizes.layers {
            steps.push(self.layer(layer, &mut v));
        }
        let mut logits = vec![0.0; self.sizes.vocabulary];
        for (row, value) in self.matrices.head.chunks_exact(self.sizes.vocabulary).zip(&v) {
            add(&mut logits, *value, row);
        }
        self.place += 1;
        self.turns = Turns::at(self.sizes.neurons, self.place);
        self.work.tokens += 1;
        self.work.dense_steps += (width * self.sizes.vocabulary) as u64;
        (logits, steps)
    }

    /// One layer: what fired in it; `v` becomes what leaves it.
    fn layer(&mut self, layer: usize, v: &mut [f32]) -> Step {
        let Sizes { width, heads, neurons, .. } = self.sizes;
        let mut sent = vec![0.0; width];
        let mut written = Vec::new();
        let (mut all_x, mut all_y) = (Vec::new(), Vec::new());
        let full = self.scales[layer];
        for head in 0..heads {
            let x = self.see(layer, head, v);
            let q = self.turned(&x);
            let first = (layer * heads + head) * neurons * width;
            let mut a = vec![0.0; width];
            for &(neuron, q) in &q {
                add(&mut a, q, &self.state[first + neuron * width..][..width]);
            }
            normalise(&mut a);
            for &(neuron, x) in &x {
                let neuron = head * neurons + neuron;
                let y = dot(&a, &self.matrices.encoder_v[neuron * width..][..width]).max(0.0);
                let y = self.code.pass(y, full.y, self.draw(layer, neuron, 1));
                if y > 0.0 {
                    add(&mut sent, x * y, &self.matrices.decoder[neuron * width..][..width]);
                }
                all_x.push((neuron, x));
                all_y.push(y);
            }
            written.extend(q.into_iter().map(|(neuron, q)| (first + neuron * width, q)));
        }
        for (row, q) in &written {
            add(&mut self.state[*row..][..width], *q, v);
        }
        let z = all_y.iter().filter(|y| **y > 0.0).count();
        self.count(layer, all_x.len(), z, written.len());
        normalise(&mut sent);
        v.iter_mut().zip(&sent).for_each(|(v, sent)| *v += sent);
        normalise(v);
        Step { x: all_x, y: all_y, v: v.to_vec() }
    }

    /// The neurons of a head that fire at v, and how strongly.
    fn see(&self, layer: usize, head: usize, v: &[f32]) -> Vec<(usize, f32)> {
        let Sizes { width, neurons, .. } = self.sizes;
        let mut sums = vec![0.0; neurons];
        let encoder = &self.matrices.encoder[head * width * neurons..][..width * neurons];
        for (row, value) in encoder.chunks_exact(neurons).zip(v) {
            add(&mut sums, *value, row);
        }
        let full = self.scales[layer].x;
        let arrives = |(neuron, sum): (usize, f32)| {
            let draw = self.draw(layer, head * neurons + neuron, 0);
            let value = if sum > 0.0 { self.code.pass(sum, full, draw) } else { 0.0 };
            (value > 0.0).then_some((neuron, value))
        };
        sums.into_iter().enumerate().filter_map(arrives).collect()
    }

    /// Both neurons of each pair in which one fired, turned by the angle of this place.
    fn turned(&self, x: &[(usize, f32)]) -> Vec<(usize, f32)> {
        let mut q = Vec::with_capacity(2 * x.len());
        let mut events = x.iter().peekable();
        while let Some(&(neuron, value)) = events.next() {
            let first = neuron & !1;
            let pair = if neuron > first {
                [0.0, value]
            } else {
                [value, events.next_if(|next| next.0 == first + 1).map_or(0.0, |next| next.1)]
            };
            let (sin, cos) = (self.turns.sin[first / 2], self.turns.cos[first / 2]);
            q.push((first, pair[0] * cos - pair[1] * sin));
            q.push((first + 1, pair[1] * cos + pair[0] * sin));
        }
        q
    }

    /// What tells a draw apart from all others: when and where.
    fn draw(&self, layer: usize, neuron: usize, which: u64) -> (u64, u64) {
        (self.work.tokens * self.sizes.layers as u64 + layer as u64, 2 * neuron as u64 + which)
    }

    fn count(&mut self, layer: usize, x: usize, z: usize, rows: usize) {
        let work = &mut self.work;
        work.fired[layer].0 += x as u64;
        work.fired[layer].1 += z as u64;
        work.by_events += ((2 * rows + x + z) * self.sizes.width) as u64;
        work.dense_steps += (self.sizes.all_neurons() * self.sizes.width) as u64;
    }
}

/// sum += factor · row
fn add(sum: &mut [f32], factor: f32, row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Mean 0 and variance 1.
fn normalise(values: &mut [f32]) {
    let count = values.len() as f32;
    let middle = values.iter().sum::<f32>() / count;
    values.iter_mut().for_each(|value| *value -= middle);
    let variance = values.iter().map(|value| value * value).sum::<f32>() / count;
    let gain = 1.0 / (variance + EPSILON as f32).sqrt();
    values.iter_mut().for_each(|value| *value *= gain);
}
