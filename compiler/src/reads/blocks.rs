//! Blocks that normalise after what they add (post-norm), as TRM and HRM have them.

use super::attention::{Heads, attention};
use super::{Problem, Tensors};
use crate::layers::{Axis, Function, Net, Operation, Shape};

/// How places see each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixer {
    /// SwiGLU over the places of a channel.
    Mlp,
    /// Self-attention.
    Attention(Heads),
}

/// The net of blocks with tensors `{tensors}.layers.0`, `.1` …; names of its values begin with `prefix`.
pub(super) fn net(
    tensors: &Tensors,
    (level, prefix): (&str, &str),
    blocks: usize,
    mixer: Mixer,
    shape: Shape,
) -> Result<Net, Problem> {
    let mut net = Net::default();
    let mut last = net.push(format!("{prefix}sum"), shape, Operation::Registers);
    for block in 0..blocks {
        let (tensor, name) = (format!("{level}.layers.{block}"), format!("{prefix}block{block}"));
        let mixed = format!("{name}_mix");
        let (made, along) = match mixer {
            Mixer::Mlp => {
                let tensor = format!("{tensor}.mlp_t");
                (swiglu(&mut net, &mixed, last, tensors, &tensor, Axis::Places)?, Axis::Places)
            }
            Mixer::Attention(heads) => {
                let tensor = format!("{tensor}.self_attn");
                let qkv = format!("{tensor}.qkv_proj.weight");
                let width = shape.channels;
                let part = |part: usize| tensors.turned(&qkv, part * width..(part + 1) * width);
                let qkv = [(part(0)?, None), (part(1)?, None), (part(2)?, None)];
                let seen = attention(&mut net, &mixed, last, qkv, heads)?;
                let out = tensors.turned(&format!("{tensor}.o_proj.weight"), 0..width)?;
                (net.linear(format!("{mixed}_out"), seen, out, Axis::Channels, None), Axis::Channels)
            }
        };
        last = normed(&mut net, &mixed, [last, made], along);
        let name = format!("{name}_mlp");
        let made = swiglu(&mut net, &name, last, tensors, &format!("{tensor}.mlp"), Axis::Channels)?;
        last = normed(&mut net, &name, [last, made], Axis::Channels);
    }
    Ok(net)
}

/// The norm of a sum; its value.
fn normed(net: &mut Net, name: &str, [last, made]: [usize; 2], along: Axis) -> usize {
    let shape = net.shape(last);
    let sum = net.push(format!("{name}_sum"), shape, Operation::Sum(last, made));
    net.push(format!("{name}_norm"), shape, Operation::Norm(sum, along))
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
