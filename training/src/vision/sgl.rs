//! The block of SGLFormer (Zhang et al. 2024, Front. Neurosci. 18:1371290), which mixes local and global spiking
//! self-attention (SSA, Zhou et al. 2023, arXiv:2209.15425).
//!
//! Everything that passes is spikes or sums of them; every layer is convolution, normalisation, neuron, and adds to what
//! it saw:
//!
//! ```text
//! s ← s + Local(s),  s ← s + SSA(s) within each of 2 × 2 partitions,  s ← s + MLP(s),  twice: s ← s + SSA(s), s ← s + MLP(s)
//! SSA:   Q, K, V = LIF(BN(conv 1×1))     LIF_½((Q Kᵀ) V/8)     LIF(BN(conv 1×1))
//! Local: r = s + LIF(BN(depth-wise 3×3)),  r + LIF(BN(1×1)) ∘ LIF(BN(depth-wise 3×3)) ∘ LIF(BN(1×1 wider))(r)
//! ```
//!
//! There is no softmax, so (Q Kᵀ) V = Q (Kᵀ V), which costs less where there are more places than channels of a head; all
//! are counts of spikes, so both are the same to the bit.

use crate::vision::blocks::{Between, Block, Place};
use crate::vision::dssa::{all_heads, by_head};
use crate::vision::pass::{Layer, Map, Pass};
use crate::weights::Declaration;
use burn::tensor::Tensor;

/// What products of spikes count.
const SCALE: f64 = 0.125;

/// The threshold of what attention finds.
const THRESHOLD: f32 = 0.5;

/// Partitions to a side in local attention.
const SIDE: usize = 2;

/// Spiking self-attention, among all places or among every second one both ways.
struct Ssa {
    /// Q, K and V.
    parts: [Layer; 3],
    out: Layer,
    heads: usize,
    local: bool,
}

impl Ssa {
    fn new(name: &str, place: Place, heads: usize, local: bool) -> Self {
        let layer = |what: &str| place.layer(format!("{name}.{what}"), 1, 1, place.channels, 1);
        Self { parts: ["q", "k", "v"].map(layer), out: layer("out"), heads, local }
    }

    fn of(&self, pass: &mut Pass<'_>, map: &Map) -> Map {
        let side = if self.local { SIDE } else { 1 };
        let places = map.places() / (side * side);
        let [q, k, v] = self.parts.each_ref().map(|layer| {
            let x = Between::Spikes.through(pass, layer, map).x;
            by_head(partitions(x, map, side), places, self.heads)
        });
        let found = whole_map(all_heads(attend(q, k, v)), map, side) * SCALE;
        let found = pass.fire_at(&map.with(found), THRESHOLD);
        Between::Spikes.through(pass, &self.out, &found)
    }
}

/// (Q Kᵀ) V of `[…][head][place][channel]`.
pub fn attend(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Tensor<4> {
    q.matmul(k.swap_dims(2, 3).matmul(v))
}

/// Frames cut into `side` × `side` partitions, `[frame · partition · place][channel]`: a partition has every `side`th
/// row and column.
pub fn partitions(x: Tensor<2>, map: &Map, side: usize) -> Tensor<2> {
    let [rows, channels] = x.dims();
    if side == 1 {
        return x;
    }
    let frames = rows / map.places();
    let cut = [frames, map.height / side, side, map.width / side, side, channels];
    x.reshape(cut).permute([0, 2, 4, 1, 3, 5]).reshape([rows, channels])
}

/// Back from [`partitions`].
pub fn whole_map(x: Tensor<2>, map: &Map, side: usize) -> Tensor<2> {
    let [rows, channels] = x.dims();
    if side == 1 {
        return x;
    }
    let frames = rows / map.places();
    let cut = [frames, side, side, map.height / side, map.width / side, channels];
    x.reshape(cut).permute([0, 3, 1, 4, 2, 5]).reshape([rows, channels])
}

/// The block.
pub struct Sgl {
    /// Depth-wise; wider; depth-wise there; back.
    local: [Layer; 4],
    attention: [Ssa; 3],
    mlp: [[Layer; 2]; 3],
}

impl Sgl {
    /// On such maps of an even number of rows and columns, `expand` times as wide inside; `heads` divides the channels.
    pub fn new(name: &str, place: Place, heads: usize, expand: usize) -> Self {
        let (n, wide) = (place.channels, place.channels * expand);
        let inside = Place { channels: wide, ..place };
        let named = |what: &str| format!("{name}.{what}");
        let local = [
            place.layer(named("near"), 3, 1, n, n),
            place.layer(named("up"), 1, 1, wide, 1),
            inside.layer(named("middle"), 3, 1, wide, wide),
            inside.layer(named("down"), 1, 1, n, 1),
        ];
        let mlp = |k: usize| {
            [
                place.layer(format!("{name}.mlp{k}.up"), 1, 1, wide, 1),
                inside.layer(format!("{name}.mlp{k}.down"), 1, 1, n, 1),
            ]
        };
        let attention = |k: usize| Ssa::new(&format!("{name}.ssa{k}"), place, heads, k == 1);
        Self { local, attention: [1, 2, 3].map(attention), mlp: [1, 2, 3].map(mlp) }
    }

    fn local(&self, pass: &mut Pass<'_>, map: &Map) -> Map {
        let [near, up, middle, down] = &self.local;
        let map = map.clone() + Between::Spikes.through(pass, near, map);
        let inner = [up, middle, down]
            .into_iter()
            .fold(map.clone(), |inner, layer| Between::Spikes.through(pass, layer, &inner));
        inner + map
    }
}

impl Block for Sgl {
    fn declare(&self, all: &mut Vec<Declaration>) {
        self.local.iter().chain(self.mlp.iter().flatten()).for_each(|layer| layer.declare(all));
        let attention = self.attention.iter().flat_map(|ssa| ssa.parts.iter().chain([&ssa.out]));
        attention.for_each(|layer| layer.declare(all));
    }

    fn of(&self, pass: &mut Pass<'_>, map: Map) -> Map {
        let mut map = map.clone() + self.local(pass, &map);
        for (attention, mlp) in self.attention.iter().zip(&self.mlp) {
            map = map.clone() + attention.of(pass, &map);
            let inner =
                mlp.iter().fold(map.clone(), |inner, layer| Between::Spikes.through(pass, layer, &inner));
            map = map + inner;
        }
        map
    }
}
