//! Sudoku: grids in which every row, column and box has each digit once.
//!
//! Puzzles come from files (`puzzle,solution` in CSV, row by row, 0 or a dot where a cell is empty), or the program makes
//! them, with one solution each. Puzzles to test on have other solutions than those to learn from.

use crate::tasks::file::DataProblem;
use crate::tasks::puzzle::{self, Puzzle, Puzzles};
use crate::tasks::recall::shuffle;
use sim_core::rng::{Key, Stream};
use std::ops::RangeInclusive;
use std::path::Path;

/// How a grid is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of a box.
    pub rows: usize,
    /// Columns of a box.
    pub columns: usize,
}

/// Grids of 4 × 4.
pub const FOUR: Shape = Shape { rows: 2, columns: 2 };
/// Grids of 6 × 6.
pub const SIX: Shape = Shape { rows: 2, columns: 3 };
/// Grids of 9 × 9.
pub const NINE: Shape = Shape { rows: 3, columns: 3 };

/// Digits found in each row, column and box, as bits.
struct Used {
    rows: Vec<u16>,
    columns: Vec<u16>,
    boxes: Vec<u16>,
}

impl Shape {
    /// Digits, and rows and columns of a grid.
    pub fn side(self) -> usize {
        self.rows * self.columns
    }

    /// Cells of a grid.
    pub fn cells(self) -> usize {
        self.side() * self.side()
    }

    /// Row, column and box of a cell.
    fn lines(self, cell: usize) -> [usize; 3] {
        let (row, column) = (cell / self.side(), cell % self.side());
        [row, column, row / self.rows * self.rows + column / self.columns]
    }

    /// Whether every row, column and box has each digit once.
    pub fn is_solution(self, grid: &[u8]) -> bool {
        if grid.len() != self.cells() || grid.iter().any(|digit| usize::from(*digit) > self.side()) {
            return false;
        }
        let all = (1_u16 << self.side()) - 1;
        let Used { rows, columns, boxes } = self.used(grid);
        [rows, columns, boxes].iter().flatten().all(|digits| *digits == all)
    }

    /// Up to `most` grids that a puzzle without mistakes may become.
    pub fn solutions(self, given: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        self.search(&mut given.to_vec(), most, &mut |_| {}, &mut found);
        found
    }

    /// Fills the empty cell with the fewest candidates, tries them in an order, and goes on with the next.
    fn search(
        self,
        grid: &mut [u8],
        most: usize,
        order: &mut dyn FnMut(&mut [u8]),
        found: &mut Vec<Vec<u8>>,
    ) {
        let Used { rows, columns, boxes } = self.used(grid);
        let free = |cell: usize| {
            let [row, column, block] = self.lines(cell);
            !(rows[row] | columns[column] | boxes[block]) & ((1 << self.side()) - 1)
        };
        let open = (0..grid.len()).filter(|cell| grid[*cell] == 0).map(|cell| (cell, free(cell)));
        let Some((cell, free)) = open.min_by_key(|(_, free): &(usize, u16)| free.count_ones()) else {
            found.push(grid.to_vec());
            return;
        };
        let mut digits: Vec<u8> =
            (1..=self.side() as u8).filter(|digit| (free >> (digit - 1)) & 1 == 1).collect();
        order(&mut digits);
        for digit in digits {
            grid[cell] = digit;
            self.search(grid, most, order, found);
            if found.len() >= most {
                break;
            }
        }
        grid[cell] = 0;
    }

    fn used(self, grid: &[u8]) -> Used {
        let none = || vec![0; self.side()];
        let mut used = Used { rows: none(), columns: none(), boxes: none() };
        for (cell, digit) in grid.iter().enumerate().filter(|(_, digit)| **digit > 0) {
            let [row, column, block] = self.lines(cell);
            let bit = 1 << (digit - 1);
            used.rows[row] |= bit;
            used.columns[column] |= bit;
            used.boxes[block] |= bit;
        }
        used
    }

    /// A puzzle with one solution: cells of a full grid are emptied in an order by chance, while no other solution
    /// comes up, until so few are left as was drawn.
    fn draw(self, givens: RangeInclusive<u32>, stream: &mut Stream) -> Puzzle {
        let mut found = Vec::new();
        self.search(&mut vec![0; self.cells()], 1, &mut |digits| shuffle(digits, stream), &mut found);
        let solution = found.swap_remove(0);
        let target = (givens.start() + stream.below(givens.end() - givens.start() + 1)) as usize;
        let (mut given, mut left) = (solution.clone(), self.cells());
        let mut cells: Vec<usize> = (0..self.cells()).collect();
        shuffle(&mut cells, stream);
        for cell in cells {
            if left == target {
                break;
            }
            let digit = std::mem::take(&mut given[cell]);
            if self.solutions(&given, 2).len() == 1 {
                left -= 1;
            } else {
                given[cell] = digit;
            }
        }
        Puzzle::new(given, solution)
    }
}

/// Puzzles that the program makes. Those to learn from and to be tested on have other solutions.
pub fn made(shape: Shape, seed: u64, counts: (usize, usize)) -> Puzzles {
    let givens = match shape {
        FOUR => 4..=8,
        SIX => 8..=18,
        _ => 30..=45,
    };
    let draw = |stream: &mut Stream| Some(shape.draw(givens.clone(), stream));
    puzzle::made(Key::new(seed).named("sudoku"), counts, draw, |puzzle| puzzle.solution.clone())
}

/// The files of a folder whose names have `list` before `train` or `test`.
///
/// # Errors
/// If one is not there or has a line that is no puzzle and its solution.
pub fn read(shape: Shape, folder: &Path, list: &str) -> Result<Puzzles, DataProblem> {
    puzzle::read(folder, list, |line| sudoku(shape, line))
}

/// A line `puzzle,solution` and perhaps more columns.
fn sudoku(shape: Shape, line: &str) -> Result<Puzzle, String> {
    let mut columns = line.split(',');
    let mut grid = |what: &str| -> Result<Vec<u8>, String> {
        let text = columns.next().unwrap_or_default().trim();
        let digit = |letter: u8| match letter {
            b'.' => Some(0),
            _ => letter.checked_sub(b'0').filter(|digit| usize::from(*digit) <= shape.side()),
        };
        let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
        let fits = digits.filter(|digits| digits.len() == shape.cells());
        fits.ok_or_else(|| format!("the {what} is not {} digits of 0 to {}", shape.cells(), shape.side()))
    };
    let (given, solution) = (grid("puzzle")?, grid("solution")?);
    if !shape.is_solution(&solution) {
        return Err("the solution breaks the rules".into());
    }
    let agrees = given.iter().zip(&solution).all(|(given, right)| *given == 0 || given == right);
    if agrees { Ok(Puzzle::new(given, solution)) } else { Err("the solution is of another puzzle".into()) }
}
