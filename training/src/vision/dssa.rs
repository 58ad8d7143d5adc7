//! Dual spike self-attention and the group-wise feed-forward network of SpikingResformer (Shi, Hao and Yu 2024, CVPR,
//! arXiv:2403.14302).
//!
//! ```text
//! S = LIF(x)          Y₁, Y₂ = BN(conv p×p, stride p, of S)
//! A = LIF(S Y₁ᵀ /√(f_S·d))            [place][patch]
//! O = LIF(A Y₂ /√(f_A·patches))       [place][channel]
//! y = BN(conv 1×1 of O) + x
//! ```
//!
//! d are the channels of a head, f_S and f_A the running firing rates of S and A in each head. One operand of each product
//! is spikes, and there is no softmax.

use crate::vision::blocks::{Between, Block, Place};
use crate::vision::pass::{Layer, Map, Pass, THRESHOLD};
use crate::weights::{Declaration, Start};
use burn::tensor::{Tensor, TensorData};

/// Dual spike self-attention.
pub struct Dssa {
    name: String,
    place: Place,
    heads: usize,
    patch: usize,
    /// Y₁ and Y₂, as convolutions of 1 × 1 on patches laid out as channels.
    parts: [Layer; 2],
    out: Layer,
}

/// Firing rates below this count as this, so that products of heads that are silent stay finite.
const LEAST_RATE: f32 = 1e-4;

impl Dssa {
    /// On such maps; `patch` divides their rows and columns, `heads` their channels.
    pub fn new(name: &str, place: Place, heads: usize, patch: usize) -> Self {
        let patches = Place {
            height: place.height / patch,
            width: place.width / patch,
            channels: place.channels * patch * patch,
        };
        Self {
            parts: ["first", "second"]
                .map(|what| patches.layer(format!("{name}.{what}"), 1, 1, place.channels, 1)),
            out: place.layer(format!("{name}.out"), 1, 1, place.channels, 1),
            name: name.to_owned(),
            place,
            heads,
            patch,
        }
    }

    /// Patches of `p` × `p` places, each with all its places as channels.
    fn patches(&self, map: &Map) -> Map {
        let (p, c) = (self.patch, map.channels());
        if p == 1 {
            return map.clone();
        }
        let (height, width) = (map.height / p, map.width / p);
        let frames = map.x.dims()[0] / map.places();
        let cut = map.x.clone().reshape([frames * height, p, width, p * c]).swap_dims(1, 2);
        Map { x: cut.reshape([frames * height * width, p * p * c]), height, width }
    }

    /// Rates `[head]` of what is `[…][head][…][…]`, and the factor of each head, 1/√(rate · count).
    fn factors(&self, pass: &mut Pass<'_>, what: &str, spikes: &Tensor<4>, count: usize) -> Tensor<4> {
        let device = spikes.device();
        let spikes = if device.is_autodiff() { spikes.clone().inner() } else { spikes.clone() };
        let now = spikes.mean_dims(&[0, 2, 3]).reshape([self.heads]);
        let rates = pass.rates(&format!("{}.{what}", self.name), now);
        let factor = |rate: &f32| 1.0 / (rate.max(LEAST_RATE) * count as f32).sqrt();
        let factors: Vec<f32> = rates.iter().map(factor).collect();
        Tensor::from_data(TensorData::new(factors, [1, self.heads, 1, 1]), &device)
    }

    /// Spikes A `[frame][head][place][patch]` for S `[frame][head][place][channel]` and Y₁
    /// `[frame][head][patch][channel]`.
    fn attention(&self, pass: &mut Pass<'_>, spikes: &Tensor<4>, first: Tensor<4>) -> Tensor<4> {
        let factors = self.factors(pass, "rate", spikes, self.place.channels / self.heads);
        let scores = scores(spikes.clone(), first) * factors;
        let [frames, heads, places, patches] = scores.dims();
        let flat = scores.reshape([frames * heads * places, patches]);
        pass.spikes(flat, THRESHOLD).reshape([frames, heads, places, patches])
    }
}

/// S Y₁ᵀ, `[frame][head][place][patch]`.
pub fn scores(spikes: Tensor<4>, first: Tensor<4>) -> Tensor<4> {
    spikes.matmul(first.swap_dims(2, 3))
}

/// Channels `[frame · place][channel]` by head: `[frame][head][place][channel of the head]`.
pub(super) fn by_head(x: Tensor<2>, places: usize, heads: usize) -> Tensor<4> {
    let [rows, channels] = x.dims();
    x.reshape([rows / places, places, heads, channels / heads]).swap_dims(1, 2)
}

/// Back from [`by_head`].
pub(super) fn all_heads(x: Tensor<4>) -> Tensor<2> {
    let [frames, heads, places, channels] = x.dims();
    x.swap_dims(1, 2).reshape([frames * places, heads * channels])
}

impl Block for Dssa {
    fn declare(&self, all: &mut Vec<Declaration>) {
        self.parts.iter().for_each(|layer| layer.declare(all));
        self.out.declare(all);
        for what in ["rate", "attention_rate"] {
            all.push(Declaration::running(
                format!("{}.{what}", self.name),
                [self.heads],
                Start::Constant(0.0),
            ));
        }
    }

    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map {
        let spikes = pass.fire(&map);
        let patches = self.patches(&spikes);
        let count = patches.places();
        let [first, second] =
            self.parts.each_ref().map(|layer| by_head(layer.of(pass, &patches).x, count, self.heads));
        let spikes = by_head(spikes.x, map.places(), self.heads);
        let attention = self.attention(pass, &spikes, first);
        let factors = self.factors(pass, "attention_rate", &attention, count);
        let found = map.with(all_heads(attention.matmul(second) * factors));
        let out = Between::Membranes.through(pass, &self.out, &found);
        out + map
    }
}

/// The group-wise feed-forward network:
/// u = BN(conv 1×1 of LIF(x)), w = BN(group conv 3×3 of LIF(u)) + u, y = BN(conv 1×1 of LIF(w)) + x.
pub struct Gwffn {
    up: Layer,
    middle: Layer,
    down: Layer,
}

impl Gwffn {
    /// On such maps, `expand` times as wide inside, in groups of at most `group` channels that divide that width.
    pub fn new(name: &str, place: Place, expand: usize, group: usize) -> Self {
        let inside = Place { channels: place.channels * expand, ..place };
        let groups = inside.channels / group.min(inside.channels);
        Self {
            up: place.layer(format!("{name}.up"), 1, 1, inside.channels, 1),
            middle: inside.layer(format!("{name}.middle"), 3, 1, inside.channels, groups),
            down: inside.layer(format!("{name}.down"), 1, 1, place.channels, 1),
        }
    }
}

impl Block for Gwffn {
    fn declare(&self, all: &mut Vec<Declaration>) {
        [&self.up, &self.middle, &self.down].into_iter().for_each(|layer| layer.declare(all));
    }

    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map {
        let up = Between::Membranes.through(pass, &self.up, &map);
        let middle = Between::Membranes.through(pass, &self.middle, &up) + up;
        Between::Membranes.through(pass, &self.down, &middle) + map
    }
}
