//! Self-attention as products, sums and quotients of numbers, all of which neurons compute.
//!
//! ```text
//! score[i][h, j] = Σ_c q[i][h, c] k[j][h, c]                      a product for each pair of places and channel
//! e[i][h, j] = exp(score[i][h, j] − max_j score[i][h, j])
//! out[i][h, c] = Σ_j e[i][h, j] v[j][h, c] / Σ_j e[i][h, j]       divided last, where least is lost
//! ```
//!
//! Queries and keys may be turned by their place (RoPE; Su et al. 2021, arXiv:2104.09864), and queries are divided by the
//! root of a head's channels, which their weights do.

use super::Problem;
use crate::layers::{Axis, Function, Matrix, Net, Operation, Shape, Synapse};
use std::f64::consts::PI;
use std::sync::Arc;

/// Heads of an attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    /// They share the channels among them.
    pub count: usize,
    /// What queries and keys are turned by, if they are.
    pub turned: Option<Turning>,
}

/// What pairs of channels are turned by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turning {
    /// The number of the place.
    Line,
    /// Row and column, half of the pairs each, of cells behind `before` other places.
    Grid {
        /// Places before the first cell.
        before: usize,
        /// Cells of a row.
        side: usize,
    },
}

/// Along a line the slowest pair of channels turns about this many times more slowly than the fastest.
const SLOWEST: f64 = 10_000.0;

impl Turning {
    /// By what a place turns pair `pair` of so many, in radians.
    fn angle(self, place: usize, pair: usize, pairs: usize) -> f64 {
        let Turning::Grid { before, side } = self else {
            return place as f64 * libm::pow(SLOWEST, -(pair as f64) / pairs as f64);
        };
        // From half a turn a cell to half a turn from one side to the other.
        let turn = |at: usize, pair: usize, pairs: usize| {
            at as f64 * PI * libm::pow(side as f64, -(pair as f64) / (pairs.max(2) - 1) as f64)
        };
        let outside = (side + place, side + place);
        let (row, column) = place.checked_sub(before).map_or(outside, |cell| (cell / side, cell % side));
        let rows = pairs.div_ceil(2);
        if pair < rows { turn(row, pair, rows) } else { turn(column, pair - rows, pairs - rows) }
    }
}

/// A matrix, and what is added to what it makes.
pub(super) type Affine = (Matrix, Option<Vec<f32>>);

/// What each place of value `of` sees of all, `[place][channel]`: queries, keys and values are weighed as `qkv` says.
///
/// # Errors
/// If heads do not go into the channels.
pub(super) fn attention(
    net: &mut Net,
    name: &str,
    of: usize,
    qkv: [Affine; 3],
    heads: Heads,
) -> Result<usize, Problem> {
    let (places, width) = (net.shape(of).places, qkv[0].0.to);
    let Heads { count, turned } = heads;
    if count == 0 || !width.is_multiple_of(count * if turned.is_some() { 2 } else { 1 }) {
        return Err(Problem(format!("{count} heads do not go into {width} channels")));
    }
    let size = width / count;
    let [(mut query, mut query_bias), key, (value, value_bias)] = qkv;
    let scale = 1.0 / (size as f32).sqrt();
    query.values.iter_mut().chain(query_bias.iter_mut().flatten()).for_each(|weight| *weight *= scale);
    let mut view = View { net, name, places, width, size };
    let query = view.side("query", of, (query, query_bias), turned);
    let key = view.side("key", of, key, turned);
    let value = view.net.linear(format!("{name}_value"), of, value, Axis::Channels, value_bias);
    let seen = view.seen(query, key);
    Ok(view.mixed(seen, value))
}

/// An attention that is being put together. Channels of what pairs of places make are: head, other place, channel of the
/// head; or head, channel of the head, other place.
struct View<'a> {
    net: &'a mut Net,
    name: &'a str,
    places: usize,
    /// Channels of all heads.
    width: usize,
    /// Channels of a head.
    size: usize,
}

impl View<'_> {
    /// Heads.
    fn count(&self) -> usize {
        self.width / self.size
    }

    /// The head of a channel of pairs.
    fn head(&self, channel: usize) -> usize {
        channel / (self.places * self.size)
    }

    fn push(&mut self, part: &str, channels: usize, operation: Operation) -> usize {
        let shape = Shape { places: self.places, channels };
        self.net.push_fine(format!("{}_{part}", self.name), shape, operation)
    }

    /// Queries or keys.
    fn side(&mut self, part: &str, of: usize, (matrix, bias): Affine, turned: Option<Turning>) -> usize {
        let made = self.net.linear(format!("{}_{part}", self.name), of, matrix, Axis::Channels, bias);
        self.net.nodes[made].fine = true;
        let Some(turning) = turned else { return made };
        let synapses = turns(turning, self.net.shape(made), self.size);
        self.push(&format!("{part}_turned"), self.width, Operation::Sparse { of: made, synapses })
    }

    /// `channels` numbers for each place, copied from those of value `of`: number `from(place, channel)`.
    fn copy(
        &mut self,
        part: &str,
        of: usize,
        channels: usize,
        from: impl Fn(&Self, usize, usize) -> usize,
    ) -> usize {
        let synapse = |at: usize| (from(self, at / channels, at % channels) as u32, at as u32, 1.0);
        let synapses = (0..self.places * channels).map(synapse).collect();
        self.push(part, channels, Operation::Sparse { of, synapses })
    }

    /// How much each place sees of each other, by head: e to the power of its score less the largest.
    fn seen(&mut self, query: usize, key: usize) -> usize {
        let all = self.places * self.width;
        let query = self.copy("queries", query, all, |view, place, at| {
            place * view.width + view.head(at) * view.size + at % view.size
        });
        let key = self.copy("keys", key, all, |view, _, at| {
            at / view.size % view.places * view.width + view.head(at) * view.size + at % view.size
        });
        let matched = self.push("match", all, Operation::Product(key, query));
        let by_head = self.count() * self.places;
        let scores = self.push("score", by_head, Operation::Total(matched));
        self.push("seen", by_head, Operation::Exponents(scores, self.places))
    }

    /// The mean of values, weighed by how much is seen of them.
    fn mixed(&mut self, seen: usize, value: usize) -> usize {
        let (all, count, width) = (self.places * self.width, self.count(), self.width);
        let total = self.push("total_sum", count, Operation::Total(seen));
        let total = self.push("total", count, Operation::Activation(total, Function::Relu));
        let seen = self.copy("seens", seen, all, |view, place, at| {
            (place * view.count() + view.head(at)) * view.places + at % view.places
        });
        let value =
            self.copy("values", value, all, |view, _, at| at % view.places * view.width + at / view.places);
        let part = self.push("part", all, Operation::Product(seen, value));
        let sum = self.push("parts", width, Operation::Total(part));
        let total =
            self.copy("totals", total, width, |view, place, at| place * view.count() + at / view.size);
        let mixed = self.push("view", width, Operation::Quotient(sum, total));
        self.net.nodes[mixed].fine = false;
        mixed
    }
}

/// Channel k of the first half of a head and channel k of the second are a pair, which is turned.
fn turns(turning: Turning, shape: Shape, size: usize) -> Arc<[Synapse]> {
    let pairs = size / 2;
    let turn = |at: usize| {
        let (place, channel) = (at / shape.channels, at % shape.channels % size);
        let angle = turning.angle(place, channel % pairs, pairs);
        let (other, sign) = if channel < pairs { (at + pairs, -1.0) } else { (at - pairs, 1.0) };
        let (cos, sin) = (libm::cos(angle), sign * libm::sin(angle));
        [(at as u32, at as u32, cos as f32), (other as u32, at as u32, sin as f32)]
    };
    (0..shape.len()).flat_map(turn).filter(|synapse| synapse.2 != 0.0).collect()
}
