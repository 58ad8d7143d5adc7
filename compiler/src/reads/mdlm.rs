//! MDLM's transformer (arXiv:2406.07524), tensors named as in its release, told no time.
//!
//! Then what adaLN says is the same for all texts, and it is folded away: scales and shifts of a norm, with its gain, into
//! the weights and biases behind it, gates into those before them. What passes by the blocks is sent anew after each,
//! with more digits than other values; its mean is taken off it by each norm.
//!
//! ```text
//! x = embed[token]
//! for each block:  x = x + W attention(norm(x − mean x)) + b,  x = x + W gelu(W norm(x − mean x) + b) + b
//! logits = W norm(x − mean x) + b
//! ```

use super::attention::{Affine, Heads, Turning, attention};
use super::{Problem, Tensors};
use crate::layers::{Axis, Function, Net, Operation, Program, Question, Register, Shape, Start, Wave};

/// What the tensors do not say.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Places of a text.
    pub places: usize,
    /// Heads; all are turned.
    pub heads: usize,
    /// Blocks.
    pub blocks: usize,
    /// What adaLN's gates begin with.
    pub gate: f32,
}

/// Registers.
const X: usize = 0;
const Y: usize = 1;

/// The program of a trained MDLM that answers texts with logits of all tokens, the mask's among them.
///
/// # Errors
/// If a tensor is missing.
pub fn program(tensors: &Tensors, schedule: &Schedule) -> Result<Program, Problem> {
    let table = tensors.matrix("vocab_embed.embedding")?;
    let shape = Shape { places: schedule.places, channels: table.to };
    let told = told(tensors)?;
    let [shift, scale] = &said(tensors, "output_layer.adaLN_modulation", &told, table.to)?[..] else {
        return Err(Problem("output_layer.adaLN_modulation does not say two things".into()));
    };
    let last = Norm::new(tensors, "output_layer.norm_final", [shift, scale])?;
    let mut head = Net::default();
    let y = head.push("y", shape, Operation::Registers);
    let (matrix, bias) = last.before(affine(tensors, "output_layer.linear")?);
    head.linear("logits", y, matrix, Axis::Channels, bias);
    Ok(Program {
        question: Question::Tokens { table, before: 0 },
        registers: vec![
            Register { name: "x".into(), shape, start: Start::Question },
            Register { name: "y".into(), shape, start: Start::Nothing },
        ],
        nets: vec![net(tensors, schedule, &told, shape)?],
        waves: vec![Wave { net: 0, reads: vec![X], writes: Y }],
        head: (Y, head),
        rounds: 1,
    })
}

fn net(tensors: &Tensors, schedule: &Schedule, told: &[f32], shape: Shape) -> Result<Net, Problem> {
    let mut net = Net::default();
    let heads = Heads { count: schedule.heads, turned: Some(Turning::Line) };
    let mut x = net.push("tokens", shape, Operation::Registers);
    for block in 0..schedule.blocks {
        let (tensor, name) = (|part: &str| format!("blocks.{block}.{part}"), format!("block{block}"));
        let width = shape.channels;
        let [s1, c1, g1, s2, c2, g2] = &said(tensors, &tensor("adaLN_modulation"), told, width)?[..] else {
            return Err(Problem(format!("{} does not say six things", tensor("adaLN_modulation"))));
        };
        let norm = Norm::new(tensors, &tensor("norm1"), [s1, c1])?;
        let qkv = tensor("attn_qkv.weight");
        let part = |part: usize| -> Result<Affine, Problem> {
            Ok(norm.before((tensors.turned(&qkv, part * width..(part + 1) * width)?, None)))
        };
        let attends = format!("{name}_attention");
        let h = normed(&mut net, &attends, x);
        let seen = attention(&mut net, &attends, h, [part(0)?, part(1)?, part(2)?], heads)?;
        let out = (tensors.turned(&tensor("attn_out.weight"), 0..width)?, None);
        x = added(&mut net, &attends, [x, seen], gated(out, g1, schedule.gate));
        let (norm, name) = (Norm::new(tensors, &tensor("norm2"), [s2, c2])?, format!("{name}_mlp"));
        let h = normed(&mut net, &name, x);
        let (matrix, bias) = norm.before(affine(tensors, &tensor("mlp.0"))?);
        let inner = net.linear(format!("{name}_inner_sum"), h, matrix, Axis::Channels, bias);
        let gelu = Operation::Activation(inner, Function::Gelu);
        let inner = net.push(format!("{name}_inner"), net.shape(inner), gelu);
        x = added(&mut net, &name, [x, inner], gated(affine(tensors, &tensor("mlp.2"))?, g2, schedule.gate));
    }
    normed(&mut net, "last", x);
    Ok(net)
}

/// x, and what a layer makes of another value; sent with more digits.
fn added(net: &mut Net, name: &str, [x, of]: [usize; 2], (matrix, bias): Affine) -> usize {
    let shape = net.shape(x);
    let made = net.linear(format!("{name}_out"), of, matrix, Axis::Channels, bias);
    let sum = net.push(format!("{name}_past_sum"), shape, Operation::Sum(x, made));
    net.push_fine(format!("{name}_past"), shape, Operation::Activation(sum, Function::Identity))
}

/// The norm of x less its mean.
fn normed(net: &mut Net, name: &str, x: usize) -> usize {
    let shape = net.shape(x);
    let one = Shape { channels: 1, ..shape };
    let total = net.push_fine(format!("{name}_total_of_places"), one, Operation::Total(x));
    let share = -1.0 / shape.channels as f32;
    let synapses = (0..shape.len()).map(|at| ((at / shape.channels) as u32, at as u32, share)).collect();
    let less = net.push(format!("{name}_mean"), shape, Operation::Sparse { of: total, synapses });
    let apart = net.push(format!("{name}_apart"), shape, Operation::Sum(x, less));
    net.push(format!("{name}_norm"), shape, Operation::Norm(apart, Axis::Channels))
}

/// What a norm is multiplied by and what is added to it, channel by channel.
struct Norm {
    gain: Vec<f32>,
    shift: Vec<f32>,
}

impl Norm {
    /// That of a gain, and of a shift and a scale that adaLN says.
    fn new(tensors: &Tensors, name: &str, [shift, scale]: [&[f32]; 2]) -> Result<Self, Problem> {
        let gain = tensors.vector(&format!("{name}.weight"))?;
        let gain = gain.iter().zip(scale).map(|(gain, scale)| gain * (1.0 + scale)).collect();
        Ok(Self { gain, shift: shift.to_vec() })
    }

    /// A layer behind it that does its work too.
    fn before(&self, (mut matrix, bias): Affine) -> Affine {
        let mut bias = bias.unwrap_or_else(|| vec![0.0; matrix.to]);
        let rows = matrix.values.chunks_mut(matrix.to).zip(self.gain.iter().zip(&self.shift));
        for (row, (gain, shift)) in rows {
            bias.iter_mut().zip(&*row).for_each(|(bias, weight)| *bias += shift * weight);
            row.iter_mut().for_each(|weight| *weight *= gain);
        }
        (matrix, Some(bias))
    }
}

/// What the network is told of the time, which is 0: of the sinusoids that say so all cosines are 1 and all sines 0.
fn told(tensors: &Tensors) -> Result<Vec<f32>, Problem> {
    let sinusoids = tensors.get("sigma_map.mlp.0.weight", 2)?.shape[1];
    let mut c: Vec<f32> = (0..sinusoids).map(|k| if k < sinusoids / 2 { 1.0 } else { 0.0 }).collect();
    for name in ["sigma_map.mlp.0", "sigma_map.mlp.2"] {
        c = made(tensors, name, &c)?;
        c.iter_mut().for_each(|x| *x = Function::Silu.of(f64::from(*x)) as f32);
    }
    Ok(c)
}

/// What adaLN says: parts of `width` numbers each.
fn said(tensors: &Tensors, name: &str, told: &[f32], width: usize) -> Result<Vec<Vec<f32>>, Problem> {
    Ok(made(tensors, name, told)?.chunks(width).map(<[f32]>::to_vec).collect())
}

/// W x + b
fn made(tensors: &Tensors, name: &str, x: &[f32]) -> Result<Vec<f32>, Problem> {
    let weights = tensors.get(&format!("{name}.weight"), 2)?;
    let bias = tensors.vector(&format!("{name}.bias"))?;
    if weights.shape != [bias.len(), x.len()] {
        return Err(Problem(format!("{name}.weight is of the sizes {:?}", weights.shape)));
    }
    let of = |row: &[f32]| row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>();
    Ok(weights.values.chunks(x.len()).zip(&bias).map(|(row, bias)| of(row) + bias).collect())
}

/// A layer whose outputs are multiplied by gates.
fn gated((mut matrix, bias): Affine, gates: &[f32], begin: f32) -> Affine {
    let of = |row: &mut [f32]| row.iter_mut().zip(gates).for_each(|(weight, gate)| *weight *= gate + begin);
    matrix.values.chunks_mut(gates.len()).for_each(of);
    let bias = bias.map(|mut bias| {
        of(&mut bias);
        bias
    });
    (matrix, bias)
}

fn affine(tensors: &Tensors, name: &str) -> Result<Affine, Problem> {
    let weights = format!("{name}.weight");
    Ok((
        tensors.turned(&weights, 0..tensors.rows(&weights)?)?,
        Some(tensors.vector(&format!("{name}.bias"))?),
    ))
}
