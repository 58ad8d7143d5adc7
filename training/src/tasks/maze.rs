//! Mazes: the shortest way from S to G, in mazes that have only one as short.
//!
//! ```text
//! S # G        S # G
//!   #     →    o # o        # wall, space free, o on the way
//!              o o o
//! ```
//!
//! A maze comes from a file (`maze,solution` in CSV, letters row by row), or the program makes it: a tree of corridors
//! dug at random through every other cell, a few walls of it opened, and S and G where the shortest way is long enough
//! and the only one.

use crate::tasks::file::DataProblem;
use crate::tasks::puzzle::{self, Puzzle, Puzzles};
use sim_core::rng::{Key, Stream};
use std::collections::VecDeque;
use std::path::Path;

/// The letters of files; a symbol is a place in them.
const LETTERS: &[u8; SYMBOLS] = b"# SGo";
/// Different symbols.
pub const SYMBOLS: usize = 5;

const WALL: u8 = 0;
const FREE: u8 = 1;
const START: u8 = 2;
const GOAL: u8 = 3;
const WAY: u8 = 4;

/// What mazes are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows and columns, an odd number.
    pub side: usize,
    /// Steps of the shortest way, at least, in mazes that are made.
    pub least: usize,
}

/// Mazes of 9 × 9.
pub const NINE: Shape = Shape { side: 9, least: 8 };
/// Mazes of 15 × 15.
pub const FIFTEEN: Shape = Shape { side: 15, least: 16 };
/// Mazes of 29 × 29.
pub const TWENTY_NINE: Shape = Shape { side: 29, least: 110 };

/// Symmetries of a square.
pub const SYMMETRIES: u32 = 8;

/// How a cell is reached from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reached {
    steps: usize,
    /// Whether no other way is as short.
    only: bool,
}

impl Shape {
    /// Cells of a maze.
    pub fn cells(self) -> usize {
        self.side * self.side
    }

    /// The cells `far` away from a cell in the four directions.
    fn neighbours(self, cell: usize, far: usize) -> impl Iterator<Item = usize> {
        let (side, row, column) = (self.side, cell / self.side, cell % self.side);
        let places = [
            (row.checked_sub(far), Some(column)),
            (Some(row), column.checked_sub(far)),
            (Some(row), Some(column + far).filter(|column| *column < side)),
            (Some(row + far).filter(|row| *row < side), Some(column)),
        ];
        places.into_iter().filter_map(move |(row, column)| Some(row? * side + column?))
    }

    /// How each cell that is no wall is reached from one, in breadth-first order.
    fn reached(self, maze: &[u8], from: usize) -> Vec<Option<Reached>> {
        let mut reached: Vec<Option<Reached>> = vec![None; self.cells()];
        reached[from] = Some(Reached { steps: 0, only: true });
        let mut next = VecDeque::from([from]);
        while let Some(cell) = next.pop_front() {
            let Some(Reached { steps, only }) = reached[cell] else { continue };
            for neighbour in self.neighbours(cell, 1).filter(|cell| maze[*cell] != WALL) {
                match &mut reached[neighbour] {
                    Some(other) => other.only &= other.steps != steps + 1,
                    empty => {
                        *empty = Some(Reached { steps: steps + 1, only });
                        next.push_back(neighbour);
                    }
                }
            }
        }
        reached
    }

    /// The maze with its shortest way, or why it has none that could be asked for.
    pub fn solution(self, given: &[u8]) -> Result<Vec<u8>, &'static str> {
        let the = |symbol: u8| {
            let mut cells = (0..given.len()).filter(|cell| given[*cell] == symbol);
            cells.next().filter(|_| cells.next().is_none())
        };
        let (Some(start), Some(goal)) = (the(START), the(GOAL)) else {
            return Err("a maze has one S and one G");
        };
        let reached = self.reached(given, start);
        match reached[goal] {
            None => return Err("no way leads from S to G"),
            Some(Reached { only: false, .. }) => return Err("another way from S to G is as short"),
            Some(Reached { .. }) => {}
        }
        let (mut solution, mut cell) = (given.to_vec(), goal);
        let steps = |cell: usize| reached[cell].map(|reached| reached.steps);
        while let Some(before) =
            self.neighbours(cell, 1).find(|next| steps(*next) < steps(cell) && steps(*next).is_some())
        {
            if before == start {
                break;
            }
            solution[before] = WAY;
            cell = before;
        }
        Ok(solution)
    }

    /// A maze by chance, if S and G find their places in it.
    fn draw(self, stream: &mut Stream) -> Option<Puzzle> {
        let mut maze = self.tree(stream);
        for _ in 0..stream.below(self.side as u32 / 3 + 1) {
            self.open(&mut maze, stream);
        }
        let free: Vec<usize> = (0..maze.len()).filter(|cell| maze[*cell] == FREE).collect();
        let start = free[stream.below(free.len() as u32) as usize];
        let reached = self.reached(&maze, start);
        let far =
            |cell: &&usize| reached[**cell].is_some_and(|there| there.only && there.steps >= self.least);
        let goals: Vec<usize> = free.iter().filter(far).copied().collect();
        if goals.is_empty() {
            return None;
        }
        maze[start] = START;
        maze[goals[stream.below(goals.len() as u32) as usize]] = GOAL;
        let solution = self.solution(&maze).ok()?;
        Some(Puzzle::new(maze, solution))
    }

    /// A tree of corridors through every other cell: from where it is, the way goes on to a cell not dug yet, and
    /// back if there is none.
    fn tree(self, stream: &mut Stream) -> Vec<u8> {
        let mut maze = vec![WALL; self.cells()];
        let halves = self.side.div_ceil(2) as u32;
        let first = 2 * (stream.below(halves) as usize * self.side + stream.below(halves) as usize);
        maze[first] = FREE;
        let mut way = vec![first];
        while let Some(cell) = way.last().copied() {
            let open: Vec<usize> = self.neighbours(cell, 2).filter(|next| maze[*next] == WALL).collect();
            if open.is_empty() {
                way.pop();
                continue;
            }
            let next = open[stream.below(open.len() as u32) as usize];
            maze[usize::midpoint(cell, next)] = FREE;
            maze[next] = FREE;
            way.push(next);
        }
        maze
    }

    /// Opens a wall between two cells of the tree, if chance finds one.
    fn open(self, maze: &mut [u8], stream: &mut Stream) {
        let cell = stream.below(self.cells() as u32) as usize;
        let (row, column) = (cell / self.side, cell % self.side);
        if (row + column) % 2 == 1 {
            maze[cell] = FREE;
        }
    }

    /// A grid turned and mirrored in one of [`SYMMETRIES`] ways.
    pub fn turned(self, grid: &[u8], symmetry: u32) -> Vec<u8> {
        let last = self.side - 1;
        let has = |bit: u32| symmetry >> bit & 1 == 1;
        let from = |cell: usize| {
            let (row, column) = (cell / self.side, cell % self.side);
            let (row, column) = if has(2) { (column, row) } else { (row, column) };
            let (row, column) =
                (if has(0) { last - row } else { row }, if has(1) { last - column } else { column });
            row * self.side + column
        };
        (0..grid.len()).map(|cell| grid[from(cell)]).collect()
    }

    /// A maze turned by chance.
    pub fn changed(self, puzzle: &Puzzle, stream: &mut Stream) -> Puzzle {
        let symmetry = stream.below(SYMMETRIES);
        Puzzle::new(self.turned(&puzzle.given, symmetry), self.turned(&puzzle.solution, symmetry))
    }
}

/// Mazes that the program makes. Those to learn from and to be tested on have other walls, turned or not.
pub fn made(shape: Shape, seed: u64, counts: (usize, usize)) -> Puzzles {
    let walls = |puzzle: &Puzzle| {
        let walls: Vec<u8> = puzzle.given.iter().map(|symbol| u8::from(*symbol == WALL)).collect();
        (0..SYMMETRIES).map(|symmetry| shape.turned(&walls, symmetry)).min().unwrap_or(walls)
    };
    puzzle::made(Key::new(seed).named("maze"), counts, |stream| shape.draw(stream), walls)
}

/// The files of a folder whose names have `list` before `train` or `test`.
///
/// # Errors
/// If one is not there or has a line that is no maze and its shortest way.
pub fn read(shape: Shape, folder: &Path, list: &str) -> Result<Puzzles, DataProblem> {
    puzzle::read(folder, list, |line| maze(shape, line))
}

/// A line `maze,solution` and perhaps more columns.
fn maze(shape: Shape, line: &str) -> Result<Puzzle, String> {
    let mut columns = line.split(',');
    let mut grid = |what: &str| -> Result<Vec<u8>, String> {
        let symbol = |letter: u8| Some(LETTERS.iter().position(|known| *known == letter)? as u8);
        let symbols: Option<Vec<u8>> = columns.next().unwrap_or_default().bytes().map(symbol).collect();
        let fits = symbols.filter(|symbols| symbols.len() == shape.cells());
        fits.ok_or_else(|| {
            let (cells, side) = (shape.cells(), shape.side);
            format!("the {what} is not {cells} letters ({side} rows) of '#', ' ', 'S', 'G' and 'o'")
        })
    };
    let (given, solution) = (grid("maze")?, grid("solution")?);
    if given.contains(&WAY) {
        return Err("the maze has a way in it already".into());
    }
    if shape.solution(&given)? != solution {
        return Err("the solution is not the maze with its shortest way".into());
    }
    Ok(Puzzle::new(given, solution))
}
