//! Two attempts at a test input out of many answers: a network is asked it in all variants of its task, what it says is
//! turned back, and equal grids are votes for one another.

use crate::lesson::Figure;
use crate::tasks::arc::change::Change;
use crate::tasks::arc::file::Pair;
use crate::tasks::arc::grid::{Canvas, Grid};

/// What a network says of a puzzle after its last step.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The likeliest token of each cell.
    pub tokens: Vec<u8>,
    /// The logit of halting: how sure it is.
    pub halt: f32,
}

/// A test input, and the variants in which a network is asked it.
#[derive(Clone, Debug)]
pub struct Ballot {
    /// What is asked, and what is right.
    pub pair: Pair,
    /// How it is changed; as many answers are votes.
    pub changes: Vec<Change>,
}

/// All test inputs, in the order in which networks are asked.
#[derive(Clone, Debug)]
pub struct Ballots {
    /// What grids are seen on.
    pub canvas: Canvas,
    /// The test inputs.
    pub inputs: Vec<Ballot>,
}

/// Attempts at a test input that ARC allows.
const ATTEMPTS: usize = 2;

impl Ballots {
    /// How many answers make all votes.
    pub fn answers(&self) -> usize {
        self.inputs.iter().map(|input| input.changes.len()).sum()
    }

    /// The shares of test inputs that two attempts, the first alone, and copying the input solve; of as many answers as
    /// [`Self::answers`] says.
    pub fn figures(&self, answers: &[Answer]) -> Vec<Figure> {
        let (mut rest, mut two, mut first, mut copied) = (answers, 0, 0, 0);
        for Ballot { pair, changes } in &self.inputs {
            let (votes, others) = rest.split_at(changes.len());
            rest = others;
            let vote = |(answer, change): (&Answer, &Change)| {
                (change.back(&self.canvas.read(&answer.tokens)), f64::from(answer.halt))
            };
            let ranked = ranked(votes.iter().zip(changes).map(vote));
            two += usize::from(ranked.iter().take(ATTEMPTS).any(|grid| *grid == pair.output));
            first += usize::from(ranked.first() == Some(&pair.output));
            copied += usize::from(pair.input == pair.output);
        }
        let share = |name: &str, solved: usize| Figure {
            name: name.into(),
            value: solved as f64 / self.inputs.len().max(1) as f64,
        };
        vec![
            share("solved_in_two_attempts", two),
            share("solved_at_first_attempt", first),
            share("solved_by_copying_the_input", copied),
        ]
    }
}

/// Grids voted for, those with more votes first, of as many those that were surer on average (by σ of the logit), and of
/// as sure ones those that came first.
pub fn ranked(votes: impl Iterator<Item = (Grid, f64)>) -> Vec<Grid> {
    let mut candidates: Vec<(Grid, usize, f64)> = Vec::new();
    for (grid, logit) in votes {
        let sure = 1.0 / (1.0 + libm::exp(-logit));
        match candidates.iter_mut().find(|(known, ..)| *known == grid) {
            Some((_, count, sum)) => {
                *count += 1;
                *sum += sure;
            }
            None => candidates.push((grid, 1, sure)),
        }
    }
    let mean = |(_, count, sum): &(Grid, usize, f64)| sum / *count as f64;
    // The sort is stable.
    candidates.sort_by(|a, b| b.1.cmp(&a.1).then(mean(b).total_cmp(&mean(a))));
    candidates.into_iter().map(|(grid, ..)| grid).collect()
}
