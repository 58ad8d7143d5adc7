//! A step of supervision: the answer y is thought over T times, and only the last time is learnt from.
//!
//! ```text
//! T times:  { n times: z = f(z, y + x);  y = f(y, z) }      the first T − 1 without gradient
//! logits = lm_head(y of the cells),  q = q_head(y of the first place)
//! ```
//!
//! y and z then pass to the next step of supervision as plain numbers, so gradients reach through n + 1 calls of f
//! and no further.

use crate::trm::net::{Net, Sizes};
use crate::weights::Weights;
use burn::tensor::activation::relu;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

/// What passes from step to step, without gradients.
#[derive(Clone)]
pub struct Carry {
    /// The answer y (`z_H` in the release), `[puzzle][place][D]`.
    pub answer: Tensor<3>,
    /// The latent state z (`z_L`), of the same sizes.
    pub latent: Tensor<3>,
}

impl Carry {
    /// What as many puzzles start from.
    pub fn fresh(sizes: &Sizes, weights: &Weights, puzzles: usize) -> Self {
        let start = |name: &str| {
            let one = weights.get::<1>(name).inner().reshape([1, 1, sizes.width]);
            one.expand([puzzles, sizes.places(), sizes.width])
        };
        Self { answer: start("H_init"), latent: start("L_init") }
    }

    /// The same with other puzzles begun where `begun` says so.
    pub fn with_begun(self, begun: &[bool], sizes: &Sizes, weights: &Weights) -> Self {
        let fresh = Self::fresh(sizes, weights, begun.len());
        let mask = TensorData::new(begun.to_vec(), [begun.len(), 1, 1]);
        let mask = Tensor::<3, Bool>::from_data(mask, &self.answer.device());
        let mask = mask.expand(fresh.answer.dims());
        Self {
            answer: self.answer.mask_where(mask.clone(), fresh.answer),
            latent: self.latent.mask_where(mask, fresh.latent),
        }
    }
}

/// What a step of supervision says.
pub struct Step {
    /// Of each token, `[puzzle][cell][token]`.
    pub logits: Tensor<3>,
    /// Of halting, `[puzzle]`.
    pub halt: Tensor<1>,
    /// For the next step.
    pub carry: Carry,
}

/// One step of supervision for tokens `[puzzle][cell]` behind a prefix `[puzzle][place][D]`.
pub fn step(
    sizes: &Sizes,
    weights: &Weights,
    tokens: Tensor<2, Int>,
    prefix: Tensor<3>,
    mut carry: Carry,
) -> Step {
    let (net, fixed) = (Net::new(sizes, weights), Net::new(sizes, &weights.fixed()));
    let x = net.injected(tokens, prefix);
    let still = x.clone().inner();
    for _ in 1..sizes.high_cycles {
        carry = cycle(&fixed, sizes, carry, &still);
    }
    let last = cycle(&net, sizes, carry, &x);
    let (logits, halt) = net.read(last.answer.clone());
    Step { logits, halt, carry: Carry { answer: last.answer.inner(), latent: last.latent.inner() } }
}

fn cycle(net: &Net, sizes: &Sizes, Carry { mut answer, mut latent }: Carry, x: &Tensor<3>) -> Carry {
    for _ in 0..sizes.low_cycles {
        latent = net.apply(latent, answer.clone() + x.clone());
    }
    answer = net.apply(answer, latent.clone());
    Carry { answer, latent }
}

impl Step {
    /// The likeliest token of each cell, `[puzzle][cell]`.
    pub fn answers(&self) -> Tensor<2, Int> {
        let [puzzles, cells, _] = self.logits.dims();
        self.logits.clone().argmax(2).reshape([puzzles, cells])
    }

    /// Two losses of each puzzle `[puzzle]`: the mean stablemax cross-entropy of its cells' labels `[puzzle][cell]`, in nats,
    /// and the binary cross-entropy of the logit of halting and whether all cells are right.
    pub fn losses(&self, labels: Tensor<2, Int>) -> (Tensor<1>, Tensor<1>) {
        let [puzzles, cells] = labels.dims();
        let right = self.answers().equal(labels.clone()).all_dim(1).float().reshape([puzzles]);
        let likely = log_stablemax(self.logits.clone()).gather(2, labels.reshape([puzzles, cells, 1]));
        let wrong = -likely.reshape([puzzles, cells]).mean_dim(1).reshape([puzzles]);
        let q = self.halt.clone();
        let halting = relu(q.clone()) - q.clone() * right + (-q.abs()).exp().log1p();
        (wrong, halting)
    }
}

/// log(s(x) / Σ s), with s(x) = x + 1 from 0 on and 1/(1 − x) below (Prieto et al. 2025, arXiv:2501.04697).
fn log_stablemax(logits: Tensor<3>) -> Tensor<3> {
    let s = relu(logits.clone()) + (relu(-logits) + 1.0).recip();
    (s.clone() / s.sum_dim(2)).log()
}

/// A prefix that says nothing about a puzzle, `[puzzle][place][D]`.
pub fn silent(sizes: &Sizes, puzzles: usize, device: &Device) -> Tensor<3> {
    Tensor::zeros([puzzles, sizes.prefix, sizes.width], device)
}
