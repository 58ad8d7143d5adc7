//! How well a network does that goes over its answer: after each step of supervision, all of which tests take.

use crate::lesson::{Figure, Part};
use crate::supervision::carry::Carry;
use crate::supervision::ends::Step;
use crate::tasks::arc::vote::Answer;
use crate::tasks::grids::{Grids, Sheet};
use crate::tasks::puzzle::Puzzle;
use crate::weights::numbers;
use burn::tensor::{Device, Int, Tensor};

/// Puzzles measured together.
const MEASURED: usize = 200;

/// How a network is started and taken on.
struct Network<'a, S, T> {
    /// Steps of supervision.
    most: usize,
    device: &'a Device,
    /// What so many puzzles start from.
    start: S,
    /// One step on.
    step: T,
}

/// What came of some puzzles.
struct Measured {
    puzzles: f64,
    /// Grids without a mistake after each step.
    exact: Vec<f64>,
    /// Shares of right cells after the last, summed over puzzles.
    cells: f64,
    /// The same of what was given.
    given: f64,
    /// Steps until the network would have halted, all puzzles together.
    steps: f64,
    /// What was said of each puzzle after the last step.
    answers: Vec<Answer>,
}

/// What is measured of a part of a task's puzzles, over `most` steps of supervision, of a network that starts so many
/// puzzles with `start` and takes them one step on with `step`.
///
/// For validation the share of grids without a mistake. For tests also that of right cells, of the network's answers and of what
/// was given; the steps until the network would have halted; the share of grids after 1, 2, 4 … steps; where answers are votes,
/// what they elect, before all else; and if some puzzles that were learnt are measured, how many of those are right.
pub fn measure(
    grids: &Grids,
    part: Part,
    most: usize,
    device: &Device,
    start: impl Fn(usize) -> Carry,
    step: impl Fn(&Sheet, Carry) -> Step,
) -> Vec<Figure> {
    let network = Network { most, device, start, step };
    let measured = network.measured(grids, grids.part(part));
    if part == Part::Validation {
        return vec![Figure { name: "validation_exact_grids".into(), value: measured.exact_after(most) }];
    }
    let elected = grids.ballots.iter().flat_map(|ballots| ballots.figures(&measured.answers));
    let mut figures: Vec<Figure> = elected.chain(measured.figures()).collect();
    if !grids.learnt.is_empty() {
        let learnt = network.measured(grids, &grids.learnt);
        figures.push(Figure { name: "exact_grids_of_learnt".into(), value: learnt.exact_after(most) });
    }
    figures
}

impl<S: Fn(usize) -> Carry, T: Fn(&Sheet, Carry) -> Step> Network<'_, S, T> {
    fn measured(&self, grids: &Grids, puzzles: &[Puzzle]) -> Measured {
        let mut measured = Measured {
            puzzles: puzzles.len().max(1) as f64,
            exact: vec![0.0; self.most],
            cells: 0.0,
            given: 0.0,
            steps: 0.0,
            answers: Vec::new(),
        };
        for some in puzzles.chunks(MEASURED) {
            self.add(&mut measured, &grids.sheet(some, self.device));
        }
        measured
    }

    /// Works on puzzles for all steps.
    fn add(&self, measured: &mut Measured, sheet: &Sheet) {
        let [puzzles, cells] = sheet.labels.dims();
        let (labels, mut carry) = (whole(&sheet.labels), (self.start)(puzzles));
        measured.given += right(&whole(&sheet.given), &labels, cells).map(Right::share).sum::<f64>();
        let mut halted = vec![false; puzzles];
        for number in 0..self.most {
            let done = (self.step)(sheet, carry);
            let (answers, logits) = (whole(&done.answers()), numbers(done.halt));
            measured.exact[number] += right(&answers, &labels, cells).filter(Right::all).count() as f64;
            for (halted, logit) in halted.iter_mut().zip(&logits) {
                measured.steps += f64::from(u8::from(!*halted));
                *halted |= *logit > 0.0;
            }
            if number + 1 == self.most {
                measured.cells += right(&answers, &labels, cells).map(Right::share).sum::<f64>();
                let tokens = |answer: &[i64]| answer.iter().map(|token| *token as u8).collect();
                let said = answers.chunks_exact(cells).zip(logits);
                measured.answers.extend(said.map(|(answer, halt)| Answer { tokens: tokens(answer), halt }));
            }
            carry = done.carry;
        }
    }
}

impl Measured {
    fn exact_after(&self, steps: usize) -> f64 {
        self.exact[steps - 1] / self.puzzles
    }

    fn figures(&self) -> Vec<Figure> {
        let most = self.exact.len();
        let figure = |name: String, value: f64| Figure { name, value };
        let mut figures = vec![
            figure("exact_grids".into(), self.exact_after(most)),
            figure("right_cells".into(), self.cells / self.puzzles),
            figure("right_cells_by_copying".into(), self.given / self.puzzles),
            figure("steps_until_halt".into(), self.steps / self.puzzles),
        ];
        let powers = (0..).map(|power| 1_usize << power).take_while(|steps| *steps < most);
        figures.extend(
            powers.map(|steps| figure(format!("exact_grids_after_{steps}_steps"), self.exact_after(steps))),
        );
        figures
    }
}

/// Right cells of a puzzle, and cells that count.
#[derive(Clone, Copy)]
struct Right(usize, usize);

impl Right {
    fn all(&self) -> bool {
        self.0 == self.1
    }

    fn share(self) -> f64 {
        self.0 as f64 / self.1.max(1) as f64
    }
}

/// What is right of each puzzle's `cells` tokens.
fn right(tokens: &[i64], labels: &[i64], cells: usize) -> impl Iterator<Item = Right> {
    tokens.chunks_exact(cells).zip(labels.chunks_exact(cells)).map(|(tokens, labels)| {
        let right = tokens.iter().zip(labels).filter(|(token, label)| token == label).count();
        Right(right, labels.iter().filter(|label| **label >= 0).count())
    })
}

/// Tokens row by row.
fn whole(tokens: &Tensor<2, Int>) -> Vec<i64> {
    tokens.clone().into_data().convert::<i64>().try_into_vec().expect("the data was just made i64")
}
