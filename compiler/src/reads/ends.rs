//! Both ends of TRM and HRM: rows of numbers for tokens, and logits of tokens and of halting.

use super::{Problem, Tensors};
use crate::layers::{Axis, Matrix, Net, Operation, Shape};

/// A row for each token, times `factor`.
pub(super) fn table(tensors: &Tensors, factor: f32) -> Result<Matrix, Problem> {
    let mut table = tensors.matrix("embed_tokens.embedding_weight")?;
    table.values.iter_mut().for_each(|value| *value *= factor);
    Ok(table)
}

/// Logits of tokens at each place and, behind them, a number that is above 0 at the first place where a network halts:
/// made of the logits of halting and of going on.
pub(super) fn head(tensors: &Tensors, shape: Shape, halts: impl Fn(f32, f32) -> f32) -> Result<Net, Problem> {
    let tokens = tensors.rows("lm_head.weight")?;
    let (lm, q) = (tensors.turned("lm_head.weight", 0..tokens)?, tensors.turned("q_head.weight", 0..2)?);
    let rows = lm.values.chunks(tokens).zip(q.values.chunks(2));
    let values = rows.flat_map(|(row, q)| row.iter().copied().chain([halts(q[0], q[1])])).collect();
    let q = tensors.vector("q_head.bias")?;
    let [halt, go_on] = q[..] else { return Err(Problem("q_head.bias has not two numbers".into())) };
    let mut bias = vec![0.0; tokens];
    bias.push(halts(halt, go_on));
    let mut head = Net::default();
    let y = head.push("y", shape, Operation::Registers);
    let matrix = Matrix { from: shape.channels, to: tokens + 1, values };
    head.linear("logits", y, matrix, Axis::Channels, Some(bias));
    Ok(head)
}
