//! What is learnt of each puzzle by itself: a vector, which stands before its cells.
//!
//! A network is told which puzzle it has before it by a row of a table, one row an identity, that starts as zeros. Its D
//! numbers are the first place of the prefix, the other places are zeros. Where many puzzles follow one rule they share a
//! row; where each has a rule of its own, as tasks of ARC have, it is in that row that the rule is kept. A step looks at
//! the rows of its puzzles, and moves them by the signs of their gradients ([`crate::optimiser::signs`]); averaged weights
//! have them as they are.

use crate::lesson::{Problem, number};
use crate::optimiser::signs::SignSgd;
use crate::rows::Rows;
use crate::supervision::ends::silent;
use crate::tasks::grids::Grids;
use crate::weights::{Declaration, Start, Weights};
use burn::tensor::Tensor;
use sim_core::parameter::{Argument, Arguments, Kind, Parameter, Range};

/// Whether there is such a table.
pub const LEARNT: Parameter = Parameter::optional(
    "puzzles",
    Kind::Flag,
    Range::Any,
    "a vector is learnt of each puzzle, and stands in the prefix (without this: where puzzles have rules of their own)",
);
/// How fast its rows are learnt.
pub const RATE: Parameter =
    number("puzzle_rate", 1e-2, Range::Positive, "learning rate of the vectors of puzzles");
/// What pulls at its rows.
pub const DECAY: Parameter =
    number("puzzle_decay", 0.1, Range::NotNegative, "weight decay of the vectors of puzzles");

/// The table as the releases call it.
const TABLE: &str = "puzzle_emb.weights";

/// What stands before the cells of puzzles.
pub struct Identities {
    /// Rows of the table; nothing is learnt of puzzles without one.
    rows: Option<usize>,
    /// Places of the prefix.
    prefix: usize,
    /// Channels D of a place.
    width: usize,
}

impl Identities {
    /// What the settings ask for, with a prefix `[place][D]`.
    ///
    /// # Errors
    /// If vectors are asked for and the prefix has no place for them.
    pub fn of(arguments: &Arguments, grids: &Grids, [prefix, width]: [usize; 2]) -> Result<Self, Problem> {
        let learnt = match arguments.get(LEARNT.name) {
            Argument::Flag(learnt) => *learnt,
            _ => grids.identities > 1,
        };
        if learnt && prefix == 0 {
            return Err(Problem("prefix is 0, and what is learnt of each puzzle needs a place there".into()));
        }
        Ok(Self { rows: learnt.then_some(grids.identities), prefix, width })
    }

    /// How rows are learnt.
    pub fn rule(arguments: &Arguments) -> SignSgd {
        SignSgd { rate: arguments.number(RATE.name), decay: arguments.number(DECAY.name) }
    }

    /// Whether something is learnt of each puzzle.
    pub fn are_learnt(&self) -> bool {
        self.rows.is_some()
    }

    /// The table, if there is one.
    pub fn declaration(&self) -> Option<Declaration> {
        self.rows.map(|rows| Declaration::table(TABLE, [rows, self.width], Start::Constant(0.0)))
    }

    /// What stands before these puzzles, `[puzzle][place][D]`, on the device of the weights; and the rows that it was read
    /// from.
    pub fn prefix(&self, weights: &Weights, identities: &[usize]) -> (Tensor<3>, Option<Rows>) {
        let (puzzles, device) = (identities.len(), weights.device());
        let silent = |places: usize| silent([puzzles, places, self.width], &device);
        if self.rows.is_none() {
            return (silent(self.prefix), None);
        }
        let rows = Rows::of(weights, TABLE, identities);
        let first = rows.values.clone().reshape([puzzles, 1, self.width]);
        let rest = self.prefix - 1;
        let all = if rest == 0 { first } else { Tensor::cat(vec![first, silent(rest)], 1) };
        (all, Some(rows))
    }
}
