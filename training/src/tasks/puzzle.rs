//! Puzzles: grids of symbols, what is given and what is asked for.
//!
//! They come from files (a line of headings, then `puzzle,solution` in CSV, cells row by row), or the program makes them.

use crate::tasks::file::{DataProblem, bytes, find};
use sim_core::rng::{Key, Stream};
use std::collections::BTreeSet;
use std::path::Path;

/// A puzzle; cells row by row, each the number of its symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Puzzle {
    /// What is given.
    pub given: Vec<u8>,
    /// What it becomes.
    pub solution: Vec<u8>,
    /// Which of the things it is that something may be learnt of by itself; 0 where all puzzles are of one kind.
    pub identity: usize,
}

impl Puzzle {
    /// One of a task whose puzzles are of one kind.
    pub fn new(given: Vec<u8>, solution: Vec<u8>) -> Self {
        Self { given, solution, identity: 0 }
    }
}

/// Puzzles to learn from and to be tested on.
#[derive(Clone, Debug)]
pub struct Puzzles {
    /// To learn from.
    pub train: Vec<Puzzle>,
    /// To be tested on.
    pub test: Vec<Puzzle>,
}

/// The files `*train*.csv*` and `*test*.csv*` of a folder whose names have `list` before that, of several the first by name;
/// `puzzle` reads a line, which may have more columns.
///
/// # Errors
/// If one is not there or has a line that is no puzzle and its solution.
pub fn read(
    folder: &Path,
    list: &str,
    puzzle: impl Fn(&str) -> Result<Puzzle, String>,
) -> Result<Puzzles, DataProblem> {
    let part = |name: &str| {
        let parts = [list, name, ".csv"];
        let path = find(folder, &parts[usize::from(list.is_empty())..])?;
        let mut file = bytes(&path)?;
        let left = file.left();
        let text = String::from_utf8_lossy(file.take(left)?).into_owned();
        let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty());
        let puzzles = lines.map(|(number, line)| {
            puzzle(line).map_err(|why| DataProblem::new(&path, format!("line {}: {why}", number + 1)))
        });
        let puzzles: Vec<Puzzle> = puzzles.collect::<Result<_, _>>()?;
        if puzzles.is_empty() { Err(DataProblem::new(&path, "it has no puzzle")) } else { Ok(puzzles) }
    };
    Ok(Puzzles { train: part("train")?, test: part("test")? })
}

/// Share of families whose puzzles are kept to be tested on.
const TESTED: f64 = 0.2;

/// Puzzles that the program makes, all different: so many to learn from, so many to be tested on. `draw` may fail;
/// `family` is what puzzles to learn from and to be tested on never share.
pub fn made(
    key: Key,
    counts: (usize, usize),
    draw: impl Fn(&mut Stream) -> Option<Puzzle>,
    family: impl Fn(&Puzzle) -> Vec<u8>,
) -> Puzzles {
    let is_tested = |puzzle: &Puzzle| {
        let symbols = family(puzzle).into_iter();
        let number = symbols.fold(0_u64, |number, symbol| number.wrapping_mul(11) + u64::from(symbol));
        key.named("tested").uniform(number) < TESTED
    };
    let (mut puzzles, mut known) = (Puzzles { train: Vec::new(), test: Vec::new() }, BTreeSet::new());
    let mut drawn = 0;
    while puzzles.train.len() < counts.0 || puzzles.test.len() < counts.1 {
        let puzzle = draw(&mut key.stream(drawn));
        drawn += 1;
        let Some(puzzle) = puzzle else { continue };
        let (part, wanted) =
            if is_tested(&puzzle) { (&mut puzzles.test, counts.1) } else { (&mut puzzles.train, counts.0) };
        if part.len() < wanted && known.insert(puzzle.given.clone()) {
            part.push(puzzle);
        }
    }
    puzzles
}
