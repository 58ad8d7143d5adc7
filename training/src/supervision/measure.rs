//! How well a network does that goes over its answer: after each step of supervision, all of which tests take.

use crate::lesson::{Figure, Part};
use crate::supervision::carry::Carry;
use crate::supervision::ends::Step;
use crate::tasks::grids::Grids;
use crate::weights::numbers;
use burn::tensor::{Device, Int, Tensor};

/// Puzzles measured together.
const MEASURED: usize = 200;

/// What came of some puzzles.
#[derive(Default)]
struct Measured {
    /// Grids without a mistake after each step.
    exact: Vec<f64>,
    /// Right cells after the last.
    cells: f64,
    /// Steps until the network would have halted, all puzzles together.
    steps: f64,
}

/// What is measured of a part of a task's puzzles, over `most` steps of supervision, of a network that starts so many
/// puzzles with `start` and takes tokens `[puzzle][cell]` one step on with `step`.
///
/// For validation the share of grids without a mistake, for tests also that of right cells, the steps until the network
/// would have halted, and the first after 1, 2, 4 … steps.
pub fn measure(
    grids: &Grids,
    part: Part,
    most: usize,
    device: &Device,
    start: impl Fn(usize) -> Carry,
    step: impl Fn(Tensor<2, Int>, Carry) -> Step,
) -> Vec<Figure> {
    let puzzles = grids.part(part);
    let mut measured = Measured { exact: vec![0.0; most], ..Measured::default() };
    for some in puzzles.chunks(MEASURED) {
        let (tokens, labels) = grids.tokens(some, device);
        measured.add(&tokens, &labels, start(some.len()), &step);
    }
    measured.figures(part, puzzles.len().max(1) as f64, grids.cells as f64)
}

impl Measured {
    /// Works on puzzles `[puzzle][cell]` for all steps.
    fn add(
        &mut self,
        tokens: &Tensor<2, Int>,
        labels: &Tensor<2, Int>,
        mut carry: Carry,
        step: &impl Fn(Tensor<2, Int>, Carry) -> Step,
    ) {
        let ([puzzles, cells], most) = (labels.dims(), self.exact.len());
        let mut halted = vec![false; puzzles];
        for (number, exact) in (1..).zip(&mut self.exact) {
            let done = step(tokens.clone(), carry);
            let right = numbers(done.answers().equal(labels.clone()).float());
            *exact += right.chunks(cells).filter(|grid| grid.iter().all(|r| *r > 0.5)).count() as f64;
            for (halted, logit) in halted.iter_mut().zip(numbers(done.halt)) {
                self.steps += f64::from(u8::from(!*halted));
                *halted |= logit > 0.0;
            }
            if number == most {
                self.cells += right.iter().map(|right| f64::from(*right)).sum::<f64>();
            }
            carry = done.carry;
        }
    }

    fn figures(&self, part: Part, puzzles: f64, cells: f64) -> Vec<Figure> {
        let most = self.exact.len();
        let figure = |name: String, sum: f64| Figure { name, value: sum / puzzles };
        let exact = self.exact[most - 1];
        if part == Part::Validation {
            return vec![figure("validation_exact_grids".into(), exact)];
        }
        let mut figures = vec![
            figure("exact_grids".into(), exact),
            figure("right_cells".into(), self.cells / cells),
            figure("steps_until_halt".into(), self.steps),
        ];
        let powers = (0..).map(|power| 1_usize << power).take_while(|steps| *steps < most);
        figures.extend(
            powers.map(|steps| figure(format!("exact_grids_after_{steps}_steps"), self.exact[steps - 1])),
        );
        figures
    }
}
