//! Puzzles on grids as tokens: what networks that go over their answer learn from.
//!
//! Token 0 is padding, which no task here needs; a cell's value v is token v + 1.

use crate::lesson::{Asked, Job, Part, Problem, Questions};
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
    puzzles: Puzzles,
    /// Puzzles that are learnt from; those behind them validate.
    learnt: usize,
    change: Option<Change>,
}

/// The parameter that chooses among several lists of puzzles in one folder.
pub const FILES: Parameter =
    Parameter::optional("files", Kind::Text, Range::Any, "what names of files have before train or test");

/// The tasks, by name.
pub const TASKS: &[&str] = &["sudoku4", "sudoku6", "sudoku9", "maze9", "maze15", "maze29"];

/// What they are.
pub const TASKS_ARE: &str = "Sudoku of 4 × 4, 6 × 6 or 9 × 9, or mazes of 9 × 9, 15 × 15 or 29 × 29 (CSV files *train*.csv and *test*.csv, or puzzles that the program makes)";

/// Puzzles that the program makes where no files are given: to learn from, to be tested on.
const SUDOKU: (usize, usize) = (1500, 400);
const MAZES: (usize, usize) = (4000, 500);

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

    /// Puzzles of `cells` cells with so many different values, 0 among them.
    fn new(
        values: usize,
        cells: usize,
        puzzles: Puzzles,
        job: &Job<'_>,
        change: Change,
    ) -> Result<Self, Problem> {
        let (kept, all) = (job.arguments.integer("validation") as usize, puzzles.train.len());
        let learnt = all.saturating_sub(kept);
        if learnt == 0 {
            return Err(Problem(format!("validation takes {kept} puzzles, and there are {all}")));
        }
        let change = Some(change).filter(|_| job.arguments.flag("augment"));
        Ok(Self { vocabulary: values + 1, cells, puzzles, learnt, change })
    }

    /// A puzzle to learn from, by chance.
    pub fn draw(&self, stream: &mut Stream) -> Puzzle {
        let puzzle = &self.puzzles.train[stream.below(self.learnt as u32) as usize];
        self.change.as_ref().map_or_else(|| puzzle.clone(), |change| change(puzzle, stream))
    }

    /// Puzzles to measure on.
    pub fn part(&self, part: Part) -> &[Puzzle] {
        match part {
            Part::Validation => &self.puzzles.train[self.learnt..],
            Part::Test => &self.puzzles.test,
        }
    }

    /// The first puzzles of a part, as a compiled network is asked them.
    pub fn questions(&self, part: Part, count: usize) -> Questions {
        let tokens = |grid: &[u8]| grid.iter().map(|value| u32::from(*value) + 1).collect::<Vec<u32>>();
        let puzzles = self.part(part);
        let puzzles = &puzzles[..count.min(puzzles.len())];
        Questions {
            asked: puzzles.iter().map(|puzzle| Asked::Tokens(tokens(&puzzle.given))).collect(),
            answers: puzzles.iter().map(|puzzle| tokens(&puzzle.solution)).collect(),
            blank: None,
        }
    }

    /// What is given of puzzles, and their solutions, as tokens `[puzzle][cell]`.
    pub fn tokens(&self, puzzles: &[Puzzle], device: &Device) -> (Tensor<2, Int>, Tensor<2, Int>) {
        let tokens = |grid: fn(&Puzzle) -> &Vec<u8>| {
            let tokens: Vec<i64> = puzzles.iter().flat_map(grid).map(|value| i64::from(*value) + 1).collect();
            Tensor::from_data(TensorData::new(tokens, [puzzles.len(), self.cells]), device)
        };
        (tokens(|puzzle| &puzzle.given), tokens(|puzzle| &puzzle.solution))
    }
}
