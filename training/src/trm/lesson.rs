//! TRM learns Sudoku: what can be set, how it is learnt and measured.

use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, SEED, number, task, whole,
};
use crate::optimiser::{Rule, Settings};
use crate::tasks::sudoku::{self, FOUR, Puzzle, Puzzles, SIX, Shape};
use crate::tasks::symmetry::Symmetry;
use crate::trm::net::{Mixer, Sizes};
use crate::trm::recursion::{Carry, silent, step};
use crate::trm::slots::{MOST_STEPS, Slots, carried};
use crate::weights::{Declaration, Misfit, Named, Weights, numbers};
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};
use sim_core::rng::Key;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Trm",
    summary: "The Tiny Recursive Model: one small network that goes over its answer to a puzzle again and again.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(
        &["sudoku4", "sudoku6"],
        "sudoku4",
        "Sudoku of 4 × 4 or 6 × 6 (CSV files *train*.csv and *test*.csv, or puzzles that the program makes)",
    ),
    DATA,
    SEED,
    Parameter::choice(
        "mixer",
        &["Mlp", "Attention"],
        "Mlp",
        "how places see each other: by weights of their own, or by attention",
    ),
    whole("width", 48.0, 2.0, 4096.0, "channels of a place"),
    whole("heads", 4.0, 1.0, 64.0, "heads (Attention)"),
    whole("blocks", 2.0, 1.0, 64.0, "blocks of the network"),
    whole("expansion", 4.0, 1.0, 16.0, "how much wider feed-forward layers are inside"),
    whole("rounding", 64.0, 1.0, 1024.0, "inner widths are multiples of this"),
    whole("prefix", 1.0, 0.0, 1024.0, "places without a cell; the first place says when to halt"),
    whole(
        "high_cycles",
        2.0,
        1.0,
        64.0,
        "renewals of the answer in a step, of which the last is learnt from",
    ),
    whole("low_cycles", 3.0, 1.0, 64.0, "renewals of the latent state before one of the answer"),
    whole("supervision", 8.0, 1.0, 1024.0, "steps that a puzzle is worked on at most, and in tests"),
    number(
        "explore",
        0.1,
        Allowed::Between(0.0, 1.0),
        "chance of having to go on though the network would halt",
    ),
    Parameter::flag("augment", true, "puzzles are turned into others of the same rules by chance"),
    whole("batch", 96.0, 1.0, 65536.0, "puzzles that are worked on together"),
    whole("steps", 1000.0, 1.0, MOST_STEPS, "steps of training, each one step of every puzzle"),
    number("rate", 2e-3, Allowed::Positive, "learning rate"),
    number("decay", 0.1, Allowed::NotNegative, "weight decay"),
    number("average", 0.99, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    whole("validation", 200.0, 1.0, 1e9, "puzzles of the training data kept for validation"),
    whole("every", 250.0, 1.0, 1e9, "steps between validations"),
];

/// Puzzles that the program makes where no files are given.
const MADE: (usize, usize) = (1500, 400);

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let shape = if job.arguments.word("task") == "sudoku6" { SIX } else { FOUR };
    let puzzles = match job.data() {
        Some(folder) => sudoku::read(shape, folder)?,
        None => sudoku::made(shape, job.seed(), MADE),
    };
    of_puzzles(shape, puzzles, job)
}

/// The lesson of these puzzles.
///
/// # Errors
/// If heads do not go into the width, or if no puzzle is left to learn from.
pub fn of_puzzles(shape: Shape, puzzles: Puzzles, job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let sizes = sizes(shape, job.arguments)?;
    let integer = |name: &str| job.arguments.integer(name) as usize;
    let learnt = puzzles.train.len().saturating_sub(integer("validation"));
    if learnt == 0 {
        let (kept, all) = (integer("validation"), puzzles.train.len());
        return Err(Problem(format!("validation takes {kept} puzzles, and there are {all}")));
    }
    let (batch, key) = (integer("batch"), Key::new(job.seed()).named("puzzles"));
    let (most, explore) = (integer("supervision") as u64, job.arguments.number("explore"));
    let nothing = || Tensor::zeros([batch, sizes.places(), sizes.width], job.device);
    Ok(Box::new(Trm {
        slots: Slots::new(batch, most, explore, key.named("explore")),
        carry: Carry { answer: nothing(), latent: nothing() },
        sizes,
        shape,
        puzzles,
        learnt,
        arguments: job.arguments.clone(),
        key,
        device: job.device.clone(),
    }))
}

/// The network that settings ask for.
fn sizes(shape: Shape, arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let (width, heads) = (whole("width"), whole("heads"));
    let attends = arguments.word("mixer") == "Attention";
    if attends && !width.is_multiple_of(2 * heads) {
        return Err(Problem(format!("width is {width}, and {heads} heads need a multiple of {}", 2 * heads)));
    }
    Ok(Sizes {
        vocabulary: shape.side() + FIRST_DIGIT as usize,
        cells: shape.cells(),
        prefix: whole("prefix"),
        width,
        blocks: whole("blocks"),
        mixer: if attends { Mixer::Attention { heads } } else { Mixer::Mlp },
        expansion: whole("expansion"),
        rounding: whole("rounding"),
        high_cycles: whole("high_cycles"),
        low_cycles: whole("low_cycles"),
    })
}

/// The token of digit 1. Before it come padding, which these grids never need, and the empty cell.
const FIRST_DIGIT: i64 = 2;

/// A network and the puzzles it learns.
struct Trm {
    sizes: Sizes,
    shape: Shape,
    puzzles: Puzzles,
    /// Puzzles that are learnt from; those behind them validate.
    learnt: usize,
    arguments: Arguments,
    key: Key,
    device: Device,
    slots: Slots,
    carry: Carry,
}

/// Puzzles measured together.
const MEASURED: usize = 200;

/// What came of some puzzles after each step of supervision.
#[derive(Default)]
struct Measured {
    /// Grids without a mistake, by step.
    exact: Vec<f64>,
    /// Right cells after the last.
    cells: f64,
    /// Steps until the network would have halted, all puzzles together.
    steps: f64,
}

impl Trm {
    /// The puzzle that slot `slot` took in training step `taken`.
    fn puzzle(&self, taken: u64, slot: usize) -> Puzzle {
        let mut stream = self.key.numbered(taken).stream(slot as u64);
        let puzzle = &self.puzzles.train[stream.below(self.learnt as u32) as usize];
        if !self.arguments.flag("augment") {
            return puzzle.clone();
        }
        Symmetry::draw(self.shape, &mut stream).of(puzzle)
    }

    /// Grids as tokens `[puzzle][cell]`.
    fn tokens<'a>(&self, grids: impl Iterator<Item = &'a Vec<u8>>, device: &Device) -> Tensor<2, Int> {
        let tokens: Vec<i64> = grids.flatten().map(|digit| i64::from(*digit) + FIRST_DIGIT - 1).collect();
        let shape = [tokens.len() / self.sizes.cells, self.sizes.cells];
        Tensor::from_data(TensorData::new(tokens, shape), device)
    }

    /// Works on puzzles for all steps of supervision.
    fn measured(&self, weights: &Weights, puzzles: &[Puzzle]) -> Measured {
        let most = self.arguments.integer("supervision") as usize;
        let mut measured = Measured { exact: vec![0.0; most], ..Measured::default() };
        for some in puzzles.chunks(MEASURED) {
            let count = some.len();
            let tokens = self.tokens(some.iter().map(|puzzle| &puzzle.given), &self.device);
            let labels = self.tokens(some.iter().map(|puzzle| &puzzle.solution), &self.device);
            let mut carry = Carry::fresh(&self.sizes, weights, count);
            let mut halted = vec![false; count];
            for (number, exact) in (1..).zip(&mut measured.exact) {
                let prefix = silent(&self.sizes, count, &self.device);
                let done = step(&self.sizes, weights, tokens.clone(), prefix, carry);
                let right = numbers(done.answers().equal(labels.clone()).float());
                *exact += right.chunks(self.sizes.cells).filter(|grid| grid.iter().all(|r| *r > 0.5)).count()
                    as f64;
                for (halted, logit) in halted.iter_mut().zip(numbers(done.halt)) {
                    measured.steps += f64::from(u8::from(!*halted));
                    *halted |= logit > 0.0;
                }
                if number == most {
                    measured.cells += right.iter().map(|right| f64::from(*right)).sum::<f64>();
                }
                carry = done.carry;
            }
        }
        measured
    }
}

impl Lesson for Trm {
    fn declarations(&self) -> Vec<Declaration> {
        self.sizes.declarations()
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let steps = whole("steps");
        let optimiser = Settings {
            rule: Rule::AdamAtan2,
            rate: self.arguments.number("rate"),
            betas: (0.9, 0.95),
            decay: self.arguments.number("decay"),
            warm_up: (steps / 20).min(2000),
            average: Some(self.arguments.number("average")).filter(|keep| *keep > 0.0),
            ..Settings::default()
        };
        Plan { optimiser, steps, every: whole("every"), patience: None, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, number: u64) -> Tensor<1> {
        let begun = self.slots.renew(number);
        let puzzles: Vec<Puzzle> =
            self.slots.taken().enumerate().map(|(slot, taken)| self.puzzle(taken, slot)).collect();
        let device = self.device.clone().autodiff();
        let tokens = self.tokens(puzzles.iter().map(|puzzle| &puzzle.given), &device);
        let labels = self.tokens(puzzles.iter().map(|puzzle| &puzzle.solution), &device);
        let carry = self.carry.clone().with_begun(&begun, &self.sizes, weights);
        let prefix = silent(&self.sizes, puzzles.len(), &device);
        let done = step(&self.sizes, weights, tokens, prefix, carry);
        let (wrong, halting) = done.losses(labels);
        self.slots.halt(number, &numbers(done.halt));
        self.carry = done.carry;
        (wrong + halting * 0.5).mean()
    }

    fn carried(&self) -> Vec<Named> {
        let tensor = |name: &str, tensor: &Tensor<3>| Named {
            name: name.into(),
            shape: tensor.dims().to_vec(),
            values: numbers(tensor.clone()),
        };
        vec![tensor("z_H", &self.carry.answer), tensor("z_L", &self.carry.latent), self.slots.save()]
    }

    fn carry_on(&mut self, saved: &[Named]) -> Result<(), Misfit> {
        let shape = self.carry.answer.dims();
        let tensor = |name: &str| -> Result<Tensor<3>, Misfit> {
            let values = carried(saved, name, &shape)?.to_vec();
            Ok(Tensor::from_data(TensorData::new(values, shape), &self.device))
        };
        self.carry = Carry { answer: tensor("z_H")?, latent: tensor("z_L")? };
        self.slots.load(saved)
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "a Trm is no network file: its norms, gates and attention are arithmetic that no machine's neurons do"
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let puzzles = match part {
            Part::Validation => &self.puzzles.train[self.learnt..],
            Part::Test => &self.puzzles.test[..],
        };
        let measured = self.measured(weights, puzzles);
        let (count, most) = (puzzles.len().max(1) as f64, measured.exact.len());
        let figure = |name: String, sum: f64| Figure { name, value: sum / count };
        let exact = measured.exact[most - 1];
        if part == Part::Validation {
            return vec![figure("validation_exact_grids".into(), exact)];
        }
        let mut figures = vec![
            figure("exact_grids".into(), exact),
            figure("right_cells".into(), measured.cells / self.sizes.cells as f64),
            figure("steps_until_halt".into(), measured.steps),
        ];
        let powers = (0..).map(|power| 1_usize << power).take_while(|steps| *steps < most);
        figures.extend(
            powers.map(|steps| figure(format!("exact_grids_after_{steps}_steps"), measured.exact[steps - 1])),
        );
        figures
    }
}
