//! A step of supervision: the answer y is thought over T times, and only the last time is learnt from.
//!
//! ```text
//! T times:  { n times: z = f(z, y + x);  y = f(y, z) }      the first T − 1 without gradient
//! ```
//!
//! y and z then pass to the next step of supervision as plain numbers, so gradients reach through n + 1 calls of f
//! and no further; with the one-step gradient of HRM through the last call for z and the last for y.

use crate::layers::loss::binary_cross_entropy;
use crate::supervision::carry::Carry;
use crate::supervision::ends::Step;
use crate::trm::net::{Net, Sizes};
use crate::weights::Weights;
use burn::tensor::{Int, Tensor};

/// One step of supervision for tokens `[puzzle][cell]` behind a prefix `[puzzle][place][D]`.
pub fn step(
    sizes: &Sizes,
    weights: &Weights,
    tokens: Tensor<2, Int>,
    prefix: Tensor<3>,
    mut carry: Carry,
) -> Step {
    let (net, fixed) = (Net::new(sizes, weights), Net::new(sizes, &weights.fixed()));
    let x = net.ends.injected(tokens, prefix);
    let still = x.clone().inner();
    for _ in 1..sizes.high_cycles {
        carry = cycle(&fixed, sizes.low_cycles, carry, &still);
    }
    let learnt = if sizes.one_step { 1 } else { sizes.low_cycles };
    carry.latent = latent(&fixed, sizes.low_cycles - learnt, &carry, &still);
    let last = cycle(&net, learnt, carry, &x);
    let (logits, q) = net.ends.read(last.answer.clone(), sizes.cells);
    let puzzles = q.dims()[0];
    let carry = Carry { answer: last.answer.inner(), latent: last.latent.inner() };
    Step { logits, halt: q.narrow(1, 0, 1).reshape([puzzles]), carry }
}

/// z after so many renewals.
fn latent(net: &Net, renewals: usize, carry: &Carry, x: &Tensor<3>) -> Tensor<3> {
    (0..renewals).fold(carry.latent.clone(), |z, _| net.apply(z, carry.answer.clone() + x.clone()))
}

/// So many renewals of z, then one of y.
fn cycle(net: &Net, renewals: usize, carry: Carry, x: &Tensor<3>) -> Carry {
    let latent = latent(net, renewals, &carry, x);
    Carry { answer: net.apply(carry.answer, latent.clone()), latent }
}

/// Two losses of each puzzle `[puzzle]`: the mean stablemax cross-entropy of its cells' labels `[puzzle][cell]`, in nats,
/// and the binary cross-entropy of the logit of halting and whether all cells are right.
pub fn losses(done: &Step, labels: Tensor<2, Int>) -> (Tensor<1>, Tensor<1>) {
    let halting = binary_cross_entropy(done.halt.clone(), done.right(labels.clone()));
    (done.wrong(labels), halting)
}
