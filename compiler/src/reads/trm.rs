//! The Tiny Recursive Model (arXiv:2510.04871) with the mixer `Mlp`, tensors named as in its release.
//!
//! z and y are registers, and so is x, the question. A round is a step of supervision: T times n waves that renew z from
//! y + x + z, and one that renews y from z + y. The head gives the logits of all tokens at each place, and, behind them,
//! that of halting, which is right at the first place.

use super::{Problem, Tensors};
use crate::layers::{
    Axis, Function, Matrix, Net, Operation, Program, Question, Register, Shape, Start, Wave,
};

/// What the tensors do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Places without a token.
    pub prefix: usize,
    /// Places with one.
    pub cells: usize,
    /// Blocks of f.
    pub blocks: usize,
    /// T
    pub high_cycles: usize,
    /// n
    pub low_cycles: usize,
    /// Steps of supervision.
    pub rounds: usize,
}

/// Registers.
const X: usize = 0;
const Z: usize = 1;
const Y: usize = 2;

/// The program of a trained TRM.
///
/// # Errors
/// If a tensor is missing.
pub fn program(tensors: &Tensors, schedule: &Schedule) -> Result<Program, Problem> {
    let (places, width) = (schedule.prefix + schedule.cells, tensors.vector("H_init")?.len());
    let shape = Shape { places, channels: width };
    let start = |name: &str| Ok(Start::Always(tensors.vector(name)?.repeat(places)));
    let registers = vec![
        Register { name: "x".into(), shape, start: Start::Question },
        Register { name: "z".into(), shape, start: start("L_init")? },
        Register { name: "y".into(), shape, start: start("H_init")? },
    ];
    let mut waves = Vec::new();
    for _ in 0..schedule.high_cycles {
        waves.extend((0..schedule.low_cycles).map(|_| Wave { net: 0, reads: vec![Z, Y, X], writes: Z }));
        waves.push(Wave { net: 0, reads: vec![Y, Z], writes: Y });
    }
    let mut table = tensors.matrix("embed_tokens.embedding_weight")?;
    table.values.iter_mut().for_each(|value| *value *= (width as f32).sqrt());
    Ok(Program {
        question: Question::Tokens { table, before: schedule.prefix },
        registers,
        nets: vec![net(tensors, schedule.blocks, shape)?],
        waves,
        head: (Y, head(tensors, shape)?),
        rounds: schedule.rounds,
    })
}

fn net(tensors: &Tensors, blocks: usize, shape: Shape) -> Result<Net, Problem> {
    let mut net = Net::default();
    let mut last = net.push("sum", shape, Operation::Registers);
    for block in 0..blocks {
        for (name, part, along) in [("mix", "mlp_t", Axis::Places), ("mlp", "mlp", Axis::Channels)] {
            let tensor = format!("L_level.layers.{block}.{part}");
            let name = format!("block{block}_{name}");
            let made = swiglu(&mut net, &name, last, tensors, &tensor, along)?;
            let sum = net.push(format!("{name}_sum"), shape, Operation::Sum(last, made));
            last = net.push(format!("{name}_norm"), shape, Operation::Norm(sum, along));
        }
    }
    Ok(net)
}

/// down(silu(gate) · up); its value.
fn swiglu(
    net: &mut Net,
    name: &str,
    of: usize,
    tensors: &Tensors,
    tensor: &str,
    along: Axis,
) -> Result<usize, Problem> {
    let both = format!("{tensor}.gate_up_proj.weight");
    let inner = tensors.rows(&both)? / 2;
    let gate = net.linear(format!("{name}_gate_sum"), of, tensors.turned(&both, 0..inner)?, along, None);
    let gate = net.push(format!("{name}_gate"), net.shape(gate), Operation::Activation(gate, Function::Silu));
    let up = net.linear(format!("{name}_up"), of, tensors.turned(&both, inner..2 * inner)?, along, None);
    let product = net.push(format!("{name}_product"), net.shape(up), Operation::Product(gate, up));
    let down = format!("{tensor}.down_proj.weight");
    let rows = tensors.rows(&down)?;
    Ok(net.linear(format!("{name}_down"), product, tensors.turned(&down, 0..rows)?, along, None))
}

/// Logits of tokens, and of halting behind them.
fn head(tensors: &Tensors, shape: Shape) -> Result<Net, Problem> {
    let tokens = tensors.rows("lm_head.weight")?;
    let (lm, halt) = (tensors.turned("lm_head.weight", 0..tokens)?, tensors.turned("q_head.weight", 0..1)?);
    let rows = lm.values.chunks(tokens).zip(&halt.values);
    let values = rows.flat_map(|(row, halt)| row.iter().chain([halt]).copied()).collect();
    let mut bias = vec![0.0; tokens];
    bias.extend(tensors.vector("q_head.bias")?.first());
    let mut head = Net::default();
    let y = head.push("y", shape, Operation::Registers);
    head.linear(
        "logits",
        y,
        Matrix { from: shape.channels, to: tokens + 1, values },
        Axis::Channels,
        Some(bias),
    );
    Ok(head)
}
