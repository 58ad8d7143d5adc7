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

/// The slowest pair of channels turns about this many times more slowly than the fastest, along a line and on a grid.
const SLOWEST: [f64; 2] = [10_000.0, 100.0];

impl Turning {
    /// By what a place turns pair `pair` of so many, in radians.
    fn angle(self, place: usize, pair: usize, pairs: usize) -> f64 {
        let turn = |at: usize, pair: usize, pairs: usize, slowest: f64| {
            at as f64 * libm::pow(slowest, -(pair as f64) / pairs as f64)
        };
        let Turning::Grid { before, side } = self else { return turn(place, pair, pairs, SLOWEST[0]) };
        let outside = (side + place, side + place);
        let (row, column) = place.checked_sub(before).map_or(outside, |cell| (cell / side, cell % side));
        let rows = pairs.div_ceil(2);
        if pair < rows {
            turn(row, pair, rows, SLOWEST[1])
        } else {
            turn(column, pair - rows, pairs - rows, SLOWEST[1])
        }
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
    let [(mut query, mut query_bias), (key, key_bias), (value, value_bias)] = qkv;
    let scale = 1.0 / (size as f32).sqrt();
    query.values.iter_mut().chain(query_bias.iter_mut().flatten()).for_each(|weight| *weight *= scale);
    let side = |net: &mut Net, part: &str, matrix: Matrix, bias: Option<Vec<f32>>| {
        let made = net.linear(format!("{name}_{part}"), of, matrix, Axis::Channels, bias);
        net.nodes[made].fine = true;
        let shape = net.shape(made);
        let turn = |turning| Operation::Sparse { of: made, synapses: turns(turning, shape, size) };
        let turned = turned.map(turn);
        turned.map_or(made, |turn| net.push_fine(format!("{name}_{part}_turned"), shape, turn))
    };
    let query = side(net, "query", query, query_bias);
    let key = side(net, "key", key, key_bias);
    let value = net.linear(format!("{name}_value"), of, value, Axis::Channels, value_bias);
    let copy =
        |net: &mut Net, part: &str, of: usize, channels: usize, from: &dyn Fn(usize, usize) -> usize| {
            let shape = Shape { places, channels };
            let synapse = |at: usize| (from(at / channels, at % channels) as u32, at as u32, 1.0);
            let synapses = (0..shape.len()).map(synapse).collect();
            net.push_fine(format!("{name}_{part}"), shape, Operation::Sparse { of, synapses })
        };
    // Channels of what pairs make: head, other place, channel of the head; or head, channel of the head, other place.
    let all = places * width;
    let (head, other) = (|at: usize| at / (places * size), |at: usize| at / size % places);
    let query = copy(net, "queries", query, all, &|place, at| place * width + head(at) * size + at % size);
    let key = copy(net, "keys", key, all, &|_, at| other(at) * width + head(at) * size + at % size);
    let pairs = Shape { places, channels: all };
    let scores = net.push_fine(format!("{name}_match"), pairs, Operation::Product(key, query));
    let by_head = Shape { places, channels: count * places };
    let scores = net.push_fine(format!("{name}_score"), by_head, Operation::Total(scores));
    let seen = net.push_fine(format!("{name}_seen"), by_head, Operation::Exponents(scores, places));
    let one = Shape { places, channels: count };
    let total = net.push_fine(format!("{name}_total_sum"), one, Operation::Total(seen));
    let total = net.push_fine(format!("{name}_total"), one, Operation::Activation(total, Function::Relu));
    let seen =
        copy(net, "seens", seen, all, &|place, at| place * count * places + head(at) * places + at % places);
    let value = copy(net, "values", value, all, &|_, at| at % places * width + at / places);
    let seen = net.push_fine(format!("{name}_part"), pairs, Operation::Product(seen, value));
    let whole = Shape { places, channels: width };
    let sum = net.push(format!("{name}_parts"), whole, Operation::Total(seen));
    let total = copy(net, "totals", total, width, &|place, at| place * count + at / size);
    Ok(net.push(format!("{name}_view"), whole, Operation::Quotient(sum, total)))
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
