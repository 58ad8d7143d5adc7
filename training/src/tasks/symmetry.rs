//! What can be done to a Sudoku without changing its rules.

use crate::tasks::puzzle::Puzzle;
use crate::tasks::recall::shuffle;
use crate::tasks::sudoku::Shape;
use sim_core::rng::Stream;

/// Other digits, rows and columns in another order within bands and stacks, these in another order too, and, where boxes are
/// square, rows for columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symmetry {
    /// What each digit becomes; 0 stays.
    digits: Vec<u8>,
    /// Where each row comes from.
    rows: Vec<usize>,
    /// Where each column comes from.
    columns: Vec<usize>,
    transposed: bool,
}

impl Symmetry {
    /// One by chance, each as likely as any other.
    pub fn draw(shape: Shape, stream: &mut Stream) -> Self {
        let mut digits: Vec<u8> = (0..=shape.side() as u8).collect();
        shuffle(&mut digits[1..], stream);
        let rows = lines(shape.columns, shape.rows, stream);
        let columns = lines(shape.rows, shape.columns, stream);
        let transposed = shape.rows == shape.columns && stream.below(2) == 1;
        Self { digits, rows, columns, transposed }
    }

    /// A puzzle seen through it.
    pub fn of(&self, puzzle: &Puzzle) -> Puzzle {
        Puzzle::new(self.grid(&puzzle.given), self.grid(&puzzle.solution))
    }

    fn grid(&self, grid: &[u8]) -> Vec<u8> {
        let side = self.rows.len();
        let from = |(row, column): (usize, usize)| {
            if self.transposed { column * side + row } else { row * side + column }
        };
        let cells = self.rows.iter().flat_map(|row| self.columns.iter().map(|column| (*row, *column)));
        cells.map(|cell| self.digits[usize::from(grid[from(cell)])]).collect()
    }
}

/// `groups` groups of `size` lines in an order by chance, and so those in each.
fn lines(groups: usize, size: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..groups).collect();
    shuffle(&mut order, stream);
    let mut group = |group: usize| {
        let mut lines: Vec<usize> = (group * size..(group + 1) * size).collect();
        shuffle(&mut lines, stream);
        lines
    };
    order.into_iter().flat_map(&mut group).collect()
}
