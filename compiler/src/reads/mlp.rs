//! Layers of rectified sums: `layer0`, `layer1` … with `weight` `[from][to]` and `bias` `[to]`, the last without a
//! rectifier.

use super::{Problem, Tensors};
use crate::layers::{Axis, Function, Net, Operation, Program, Question, Register, Shape, Start, Wave};

/// The program of a network of `layers` layers.
///
/// # Errors
/// If a tensor is missing.
pub fn program(tensors: &Tensors, layers: usize) -> Result<Program, Problem> {
    let weights = |layer: usize| tensors.matrix(&format!("layer{layer}.weight"));
    let bias = |layer: usize| tensors.vector(&format!("layer{layer}.bias")).map(Some);
    let one = |channels: usize| Shape { places: 1, channels };
    let (mut net, inputs) = (Net::default(), weights(0)?.from);
    let mut last = net.push("pixels", one(inputs), Operation::Registers);
    for layer in 0..layers.saturating_sub(1) {
        let sum = net.linear(format!("sum{layer}"), last, weights(layer)?, Axis::Channels, bias(layer)?);
        last = net.push(format!("hidden{layer}"), net.shape(sum), Operation::Activation(sum, Function::Relu));
    }
    let hidden = net.shape(last);
    let mut head = Net::default();
    let read = head.push("state", hidden, Operation::Registers);
    head.linear("logits", read, weights(layers - 1)?, Axis::Channels, bias(layers - 1)?);
    let registers = vec![
        Register { name: "input".into(), shape: one(inputs), start: Start::Question },
        Register { name: "state".into(), shape: hidden, start: Start::Nothing },
    ];
    let waves = vec![Wave { net: 0, reads: vec![0], writes: 1 }];
    Ok(Program { question: Question::Numbers, registers, nets: vec![net], waves, head: (1, head), rounds: 1 })
}
