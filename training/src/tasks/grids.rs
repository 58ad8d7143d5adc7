//! Puzzles on grids as tokens: what networks that go over their answer learn from.
//!
//! Token 0 is padding, which Sudoku and mazes do not need; there a cell's value v is token v + 1. Cells of ARC are tokens.

use crate::lesson::{Asked, Job, Part, Problem, Questions};
use crate::tasks::arc::vote::Ballots;
use crate::tasks::arc::{self, Tasks, grid::TOKENS};
use crate::tasks::maze::{self, SYMBOLS};
use crate::tasks::puzzle::{Puzzle, Puzzles};
use crate::tasks::sudoku::{self, Shape};
use crate::tasks::symmetry::Symmetry;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::rng::Stream;

/// Turns a puzzle into another of the same rules, by chance.
type Change = Box<dyn Fn(&Puzzle, &mut Stream) -> Puzzle>;

/// A task of puzzles.
pub struct Grids {
    /// Different tokens.
    pub vocabulary: usize,
    /// Cells of a grid.
    pub cells: usize,
    /// Different identities of puzzles.
    pub identities: usize,
    /// Whether an answer is what is given with its open cells filled in.
    pub filled_in: bool,
    /// The token of a cell's value 0.
    first: u32,
    draw: Box<dyn Fn(&mut Stream) -> Puzzle>,
    validation: Vec<Puzzle>,
    test: Vec<Puzzle>,
    /// Puzzles that are learnt from, to be measured beside those of tests; few or none.
    pub learnt: Vec<Puzzle>,
    /// If answers to the puzzles of tests are votes.
    pub ballots: Option<Ballots>,
}

/// Puzzles as tokens.
pub struct Sheet {
    /// What is given, `[puzzle][cell]`.
    pub given: Tensor<2, Int>,
    /// What is right, `[puzzle][cell]`; −1 where any token is.
    pub labels: Tensor<2, Int>,
    /// Which they are, `[puzzle]`.
    pub identities: Vec<usize>,
}

/// The parameter that chooses among several lists of puzzles in one folder.
pub const FILES: Parameter =
    Parameter::optional("files", Kind::Text, Range::Any, "what names of files have before train or test");

/// The tasks, by name.
pub const TASKS: &[&str] = &["sudoku4", "sudoku6", "sudoku9", "maze9", "maze15", "maze29", "arc"];

/// What they are.
pub const TASKS_ARE: &str = "Sudoku of 4 × 4, 6 × 6 or 9 × 9, or mazes of 9 × 9, 15 × 15 or 29 × 29 (CSV files *train*.csv and *test*.csv, or puzzles that the program makes), or ARC-AGI (*training*.json and *evaluation*.json)";

/// Puzzles that the program makes where no files are given: to learn from, to be tested on.
const SUDOKU: (usize, usize) = (1500, 400);
const MAZES: (usize, usize) = (4000, 500);

/// Pairs of ARC that are learnt from and measured, at most.
const MEASURED: usize = 200;

impl Grids {
    /// The puzzles that the settings `task`, `data`, [`FILES`] and `seed` ask for; `validation` and `augment` as in [`Self::sudoku`].
    ///
    /// # Errors
    /// If a file cannot be read, or if no puzzle is left to learn from.
    pub fn of(job: &Job<'_>) -> Result<Self, Problem> {
        let list = job.arguments.text(FILES.name).unwrap_or_default();
        let of_sudoku = |shape| {
            let read = job.data().map(|folder| sudoku::read(shape, folder, list)).transpose()?;
            Self::sudoku(shape, read.unwrap_or_else(|| sudoku::made(shape, job.seed(), SUDOKU)), job)
        };
        let of_maze = |shape| {
            let read = job.data().map(|folder| maze::read(shape, folder, list)).transpose()?;
            Self::maze(shape, read.unwrap_or_else(|| maze::made(shape, job.seed(), MAZES)), job)
        };
        match job.arguments.word("task") {
            "sudoku6" => of_sudoku(sudoku::SIX),
            "sudoku9" => of_sudoku(sudoku::NINE),
            "maze9" => of_maze(maze::NINE),
            "maze15" => of_maze(maze::FIFTEEN),
            "maze29" => of_maze(maze::TWENTY_NINE),
            "arc" => {
                let nothing = || Problem("the task arc needs --data, a folder with its files".into());
                let folder = job.data().ok_or_else(nothing)?;
                Ok(Self::arc(Tasks::of(arc::file::read(folder, list)?, job)?))
            }
            _ => of_sudoku(sudoku::FOUR),
        }
    }

    /// Sudoku; the last `validation` puzzles to learn from are kept for validation, and with `augment` puzzles are turned
    /// into others.
    ///
    /// # Errors
    /// If no puzzle is left to learn from.
    pub fn sudoku(shape: Shape, puzzles: Puzzles, job: &Job<'_>) -> Result<Self, Problem> {
        let change = move |puzzle: &Puzzle, stream: &mut Stream| Symmetry::draw(shape, stream).of(puzzle);
        Self::new(shape.side() + 1, shape.cells(), puzzles, job, Box::new(change))
    }

    /// Mazes; `validation` and `augment` as in [`Self::sudoku`].
    ///
    /// # Errors
    /// If no maze is left to learn from.
    pub fn maze(shape: maze::Shape, puzzles: Puzzles, job: &Job<'_>) -> Result<Self, Problem> {
        let change = move |puzzle: &Puzzle, stream: &mut Stream| shape.changed(puzzle, stream);
        Self::new(SYMBOLS, shape.cells(), puzzles, job, Box::new(change))
    }

    /// Tasks of ARC.
    pub fn arc(Tasks { learnt, validation, tested, ballots }: Tasks) -> Self {
        Self {
            vocabulary: TOKENS,
            cells: learnt.canvas.cells(),
            identities: learnt.identities,
            filled_in: false,
            first: 0,
            validation,
            test: tested,
            learnt: learnt.first(MEASURED),
            ballots: Some(ballots),
            draw: Box::new(move |stream| learnt.draw(stream)),
        }
    }

    /// Puzzles of `cells` cells with so many different values, 0 among them.
    fn new(
        values: usize,
        cells: usize,
        puzzles: Puzzles,
        job: &Job<'_>,
        change: Change,
    ) -> Result<Self, Problem> {
        let Puzzles { mut train, test } = puzzles;
        let (kept, all) = (job.arguments.integer("validation") as usize, train.len());
        let learnt = all.saturating_sub(kept);
        if learnt == 0 {
            return Err(Problem(format!("validation takes {kept} puzzles, and there are {all}")));
        }
        let validation = train.split_off(learnt);
        let change = Some(change).filter(|_| job.arguments.flag("augment"));
        let draw = move |stream: &mut Stream| {
            let puzzle = &train[stream.below(learnt as u32) as usize];
            change.as_ref().map_or_else(|| puzzle.clone(), |change| change(puzzle, stream))
        };
        Ok(Self {
            vocabulary: values + 1,
            cells,
            identities: 1,
            filled_in: true,
            first: 1,
            draw: Box::new(draw),
            validation,
            test,
            learnt: Vec::new(),
            ballots: None,
        })
    }

    /// A puzzle to learn from, by chance.
    pub fn draw(&self, stream: &mut Stream) -> Puzzle {
        (self.draw)(stream)
    }

    /// Puzzles to measure on.
    pub fn part(&self, part: Part) -> &[Puzzle] {
        match part {
            Part::Validation => &self.validation,
            Part::Test => &self.test,
        }
    }

    /// The first puzzles of a part, as a compiled network is asked them.
    pub fn questions(&self, part: Part, count: usize) -> Questions {
        let tokens =
            |grid: &[u8]| grid.iter().map(|value| u32::from(*value) + self.first).collect::<Vec<u32>>();
        let puzzles = self.part(part);
        let puzzles = &puzzles[..count.min(puzzles.len())];
        Questions {
            asked: puzzles.iter().map(|puzzle| Asked::Tokens(tokens(&puzzle.given))).collect(),
            answers: puzzles.iter().map(|puzzle| tokens(&puzzle.solution)).collect(),
            blank: None,
        }
    }

    /// Puzzles as tokens.
    pub fn sheet(&self, puzzles: &[Puzzle], device: &Device) -> Sheet {
        let all = |grid: fn(&Puzzle) -> &Vec<u8>, of: &dyn Fn(i64) -> i64| {
            let values = puzzles.iter().flat_map(grid);
            let tokens: Vec<i64> =
                values.map(|value| of(i64::from(*value) + i64::from(self.first))).collect();
            Tensor::from_data(TensorData::new(tokens, [puzzles.len(), self.cells]), device)
        };
        Sheet {
            given: all(|puzzle| &puzzle.given, &|token| token),
            labels: all(|puzzle| &puzzle.solution, &|token| if token == 0 { -1 } else { token }),
            identities: puzzles.iter().map(|puzzle| puzzle.identity).collect(),
        }
    }
}
