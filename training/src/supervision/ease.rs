//! Puzzles that are easy at first: half of a solution is given on average, and one step of supervision has to do; as
//! training goes on less is given, and more steps are taken.
//!
//! A rule that reaches from a cell to the next is learnt from many gaps in a way, or in a Sudoku, sooner than from one gap
//! that is all of it: there nothing is gained before the whole chain of rules is there (curriculum learning; Bengio et al.
//! 2009). Steps of supervision that follow each other show a batch the same puzzles, so that with few of them more
//! puzzles are seen.

use crate::lesson::{Problem, number};
use crate::tasks::grids::Grids;
use crate::tasks::puzzle::Puzzle;
use sim_core::parameter::{Arguments, Parameter, Range};
use sim_core::rng::Stream;

/// The parameter that says for how long.
pub const EASE: Parameter = number(
    "ease",
    0.0,
    Range::Between(0.0, 1.0),
    "share of the training in which puzzles get harder: at first half of a solution is given on average and one step has to do, in the end nothing is given and as many steps are taken as `supervision` says",
);

/// How hard puzzles are.
#[derive(Clone, Copy, Debug)]
pub struct Ease {
    /// The training step from which on they are taken as they are.
    steps: f64,
    /// Steps of supervision from then on.
    most: u64,
}

impl Ease {
    /// As settings ask for.
    ///
    /// # Errors
    /// If answers to these puzzles have nothing in common with what is given.
    pub fn of(arguments: &Arguments, grids: &Grids) -> Result<Self, Problem> {
        let ease = arguments.number(EASE.name);
        if ease > 0.0 && !grids.filled_in {
            return Err(Problem(format!(
                "{} is {ease}, and answers to these puzzles do not fill in what is given",
                EASE.name
            )));
        }
        let steps = ease * arguments.integer("steps") as f64;
        Ok(Self { steps, most: arguments.integer("supervision") as u64 })
    }

    /// How much of the way to the full difficulty is gone at a training step, 0 to 1.
    fn gone(self, step: u64) -> f64 {
        if (step as f64) < self.steps { step as f64 / self.steps } else { 1.0 }
    }

    /// Steps of supervision of a puzzle that slot `slot` of so many takes in training step `taken`. Slots get more at
    /// different times, so that their puzzles do not all begin together from then on.
    pub fn most(self, taken: u64, [slot, slots]: [usize; 2]) -> u64 {
        let more = self.gone(taken) * (self.most - 1) as f64;
        let ahead = slot as f64 / slots as f64;
        (1 + (more + ahead) as u64).min(self.most)
    }

    /// A puzzle that is taken in training step `taken` with some of its solution given: of each a share of the open cells
    /// that is drawn between 0 and 1, less what is gone of the way.
    pub fn given(self, mut puzzle: Puzzle, taken: u64, stream: &mut Stream) -> Puzzle {
        if self.gone(taken) < 1.0 {
            let share = stream.uniform() - self.gone(taken);
            for (given, right) in puzzle.given.iter_mut().zip(&puzzle.solution) {
                if given != right && stream.uniform() < share {
                    *given = *right;
                }
            }
        }
        puzzle
    }
}
