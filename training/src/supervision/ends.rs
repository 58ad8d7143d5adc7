//! Both ends of a network that goes over its answer: tokens become what is injected, an answer becomes tokens and a
//! wish to halt.
//!
//! ```text
//! x = √D · (prefix, embed[token])                        places of a prefix hold no token
//! x = √D · ((prefix, embed[token]) + embed_pos) / √2     if places are learnt too
//! logits = lm_head(y of the cells),  q = q_head(y of the first place)
//! ```

use crate::layers::loss::stablemax_cross_entropy;
use crate::layers::matrix;
use crate::supervision::carry::Carry;
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::{Device, Int, Tensor};

/// The logits of halting before training.
const HALT_AT_FIRST: f32 = -5.0;

const PLACES: &str = "embed_pos.embedding_weight";

/// Both ends with their weights in place.
pub struct Ends {
    /// `[token][D]`
    embed: Tensor<2>,
    /// `[place][D]`
    places: Option<Tensor<2>>,
    /// `[D][token]`
    head: Tensor<2>,
    /// `[D][2]` and `[1][2]`
    halt: (Tensor<2>, Tensor<2>),
}

impl Ends {
    /// The tensors, as they are called in the releases.
    pub fn declarations(vocabulary: usize, width: usize) -> [Declaration; 4] {
        [
            matrix("embed_tokens.embedding_weight", [vocabulary, width]),
            matrix("lm_head.weight", [vocabulary, width]),
            Declaration::new("q_head.weight", [2, width], Start::Constant(0.0)),
            Declaration::new("q_head.bias", [2], Start::Constant(HALT_AT_FIRST)),
        ]
    }

    /// What is learnt of each place, if it is.
    pub fn of_places(places: usize, width: usize) -> Declaration {
        matrix(PLACES, [places, width])
    }

    /// With these weights.
    pub fn new(weights: &Weights) -> Self {
        let bias = weights.get::<1>("q_head.bias").reshape([1, 2]);
        Self {
            embed: weights.get("embed_tokens.embedding_weight"),
            places: None,
            head: weights.get::<2>("lm_head.weight").transpose(),
            halt: (weights.get::<2>("q_head.weight").transpose(), bias),
        }
    }

    /// The same, with what is learnt of each place.
    pub fn with_places(self, weights: &Weights) -> Self {
        Self { places: Some(weights.get(PLACES)), ..self }
    }

    /// What is injected for tokens `[puzzle][cell]` behind a prefix `[puzzle][place][D]`: `[puzzle][place][D]`.
    pub fn injected(&self, tokens: Tensor<2, Int>, prefix: Tensor<3>) -> Tensor<3> {
        let ([puzzles, cells], width) = (tokens.dims(), self.embed.dims()[1]);
        let rows = self.embed.clone().select(0, tokens.flatten::<1>(0, 1));
        let rows = rows.reshape([puzzles, cells, width]);
        let all = if prefix.dims()[1] == 0 { rows } else { Tensor::cat(vec![prefix, rows], 1) };
        let all = match &self.places {
            Some(places) => (all + places.clone().unsqueeze()) * std::f64::consts::FRAC_1_SQRT_2,
            None => all,
        };
        all * (width as f64).sqrt()
    }

    /// Logits of tokens `[puzzle][cell][token]` of the last `cells` places of an answer `[puzzle][place][D]`, and two
    /// logits of its first place, `[puzzle][2]`: of halting, and of going on where a model has it.
    pub fn read(&self, answer: Tensor<3>, cells: usize) -> (Tensor<3>, Tensor<2>) {
        let ([puzzles, places, width], vocabulary) = (answer.dims(), self.head.dims()[1]);
        let rows = answer.clone().narrow(1, places - cells, cells).reshape([puzzles * cells, width]);
        let logits = rows.matmul(self.head.clone()).reshape([puzzles, cells, vocabulary]);
        let first = answer.narrow(1, 0, 1).reshape([puzzles, width]);
        let (weight, bias) = self.halt.clone();
        (logits, first.matmul(weight) + bias)
    }
}

/// What a step of supervision says.
pub struct Step {
    /// Of each token, `[puzzle][cell][token]`.
    pub logits: Tensor<3>,
    /// Of halting, `[puzzle]`: the network would halt above 0.
    pub halt: Tensor<1>,
    /// For the next step.
    pub carry: Carry,
}

impl Step {
    /// The likeliest token of each cell, `[puzzle][cell]`.
    pub fn answers(&self) -> Tensor<2, Int> {
        let [puzzles, cells, _] = self.logits.dims();
        self.logits.clone().argmax(2).reshape([puzzles, cells])
    }

    /// Whether all cells of a puzzle are as its labels `[puzzle][cell]`, 1 or 0, `[puzzle]`; cells with a label below 0 do
    /// not count.
    pub fn right(&self, labels: Tensor<2, Int>) -> Tensor<1> {
        let (puzzles, ignored) = (labels.dims()[0], labels.clone().lower_elem(0));
        self.answers().equal(labels).bool_or(ignored).all_dim(1).float().reshape([puzzles])
    }

    /// The mean stablemax cross-entropy of each puzzle's cells, `[puzzle]`, in nats; cells with a label below 0 do not count.
    pub fn wrong(&self, labels: Tensor<2, Int>) -> Tensor<1> {
        stablemax_cross_entropy(self.logits.clone(), labels)
    }
}

/// A prefix that says nothing about a puzzle, `[puzzle][place][D]`.
pub fn silent(sizes: [usize; 3], device: &Device) -> Tensor<3> {
    Tensor::zeros(sizes, device)
}
