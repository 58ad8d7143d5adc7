//! A step of supervision of HRM, and what it is learnt from.
//!
//! ```text
//! N times:  { T times: z_L = L(z_L, z_H + x);  z_H = H(z_H, z_L) }      all but the last call of each without gradient
//! logits = lm_head(z_H of the cells),  q_halt, q_continue = q_head(z_H of the first place)
//! ```
//!
//! Two calls are learnt from, whatever N and T: at a fixed point of the recursion that is the first term of the Neumann
//! series of its implicit gradient (section 2 of the paper, "approximate gradient").
//!
//! Whether to halt is learnt as a game of two moves (Q-learning): to halt is worth 1 if the answer is right, to go on is
//! worth the better of the two moves after one more step, which is computed for that and not learnt from.

use crate::hrm::net::{Net, Sizes};
use crate::layers::loss::binary_cross_entropy;
use crate::supervision::carry::Carry;
use crate::supervision::ends::Step;
use crate::weights::Weights;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Bool, Int, Tensor, TensorData};

/// What a step of supervision says.
pub struct Thought {
    /// The answer and what passes on; the network would halt where q_halt > q_continue.
    pub step: Step,
    /// Logits of what halting is worth, `[puzzle]`.
    pub halt: Tensor<1>,
    /// Logits of what going on is worth, `[puzzle]`.
    pub go_on: Tensor<1>,
}

/// One step of supervision for tokens `[puzzle][cell]` behind a prefix `[puzzle][place][D]`.
pub fn step(
    sizes: &Sizes,
    weights: &Weights,
    tokens: Tensor<2, Int>,
    prefix: Tensor<3>,
    Carry { mut answer, mut latent }: Carry,
) -> Thought {
    let (net, fixed) = (Net::new(sizes, weights), Net::new(sizes, &weights.fixed()));
    let x = net.ends.injected(tokens, prefix);
    let still = x.clone().inner();
    for left in (0..sizes.high_cycles).rev() {
        let learnt = usize::from(left == 0);
        for _ in learnt..sizes.low_cycles {
            latent = fixed.low(latent, answer.clone(), still.clone());
        }
        if left > 0 {
            answer = fixed.high(answer, latent.clone());
        }
    }
    let latent = net.low(latent, answer.clone(), x);
    let answer = net.high(answer, latent.clone());
    let (logits, q) = net.ends.read(answer.clone(), sizes.cells);
    let puzzles = q.dims()[0];
    let [halt, go_on] = [0, 1].map(|which| q.clone().narrow(1, which, 1).reshape([puzzles]));
    let carry = Carry { answer: answer.inner(), latent: latent.inner() };
    Thought { step: Step { logits, halt: halt.clone() - go_on.clone(), carry }, halt, go_on }
}

impl Thought {
    /// What going on would have been worth, `[puzzle]`, if this is the step after; `last` says which puzzles it is the
    /// last of, where only halting is left.
    pub fn worth(&self, last: &[bool]) -> Tensor<1> {
        let [halt, go_on] = [&self.halt, &self.go_on].map(|q| q.clone().inner());
        let mask = TensorData::new(last.to_vec(), [last.len()]);
        let mask = Tensor::<1, Bool>::from_data(mask, &halt.device());
        sigmoid(halt.clone().max_pair(go_on).mask_where(mask, halt))
    }

    /// Three losses of each puzzle `[puzzle]`, in nats: the mean stablemax cross-entropy of its cells' labels
    /// `[puzzle][cell]`, and the binary cross-entropies of halting and whether all cells are right, and of going on and
    /// what it is worth.
    pub fn losses(&self, labels: Tensor<2, Int>, worth: Tensor<1>) -> [Tensor<1>; 3] {
        let right = self.step.right(labels.clone());
        [
            self.step.wrong(labels),
            binary_cross_entropy(self.halt.clone(), right),
            binary_cross_entropy(self.go_on.clone(), worth),
        ]
    }
}
