//! Grids of colours, and the square canvas of tokens that networks see them on.
//!
//! ```text
//!            5 5 1 . .        5 5   a grid of 2 × 2 in a corner of the canvas, colour c being token c + 2
//!  3 3  →    5 5 1 . .        1     where it ends (token 1), right of it and below
//!  3 3       1 1 . . .        .     padding (token 0)
//!            . . . . .
//! ```
//!
//! A grid as large as the canvas has no end in it. Tokens and layout are those of the releases of HRM and TRM.

/// Rows and columns of the largest grid there is.
pub const LARGEST: usize = 30;
/// Colours of a grid.
pub const COLOURS: usize = 10;
/// Different tokens.
pub const TOKENS: usize = COLOURS + 2;

const PADDING: u8 = 0;
const END: u8 = 1;
const FIRST_COLOUR: u8 = 2;

/// A grid of colours; of no cells if a network's answer has none in the corner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grid {
    /// Its rows.
    pub rows: usize,
    /// Its columns.
    pub columns: usize,
    /// The colour of each cell, row by row.
    pub cells: Vec<u8>,
}

impl Grid {
    /// A grid of these sizes whose cells are those of another, each from where `from` says, (row, column).
    fn taken(&self, [rows, columns]: [usize; 2], from: impl Fn(usize, usize) -> (usize, usize)) -> Self {
        let cell = |k: usize| {
            let (row, column) = from(k / columns, k % columns);
            self.cells[row * self.columns + column]
        };
        Self { rows, columns, cells: (0..rows * columns).map(cell).collect() }
    }

    /// Rows as columns.
    pub fn transposed(&self) -> Self {
        self.taken([self.columns, self.rows], |row, column| (column, row))
    }

    /// The last row first if `rows`, and the last column first if `columns`.
    pub fn mirrored(&self, rows: bool, columns: bool) -> Self {
        let place = |place: usize, of: usize, mirrors: bool| if mirrors { of - 1 - place } else { place };
        self.taken([self.rows, self.columns], |row, column| {
            (place(row, self.rows, rows), place(column, self.columns, columns))
        })
    }

    /// Each colour c as `colours[c]`.
    pub fn coloured(&self, colours: &[u8; COLOURS]) -> Self {
        Self { cells: self.cells.iter().map(|c| colours[usize::from(*c)]).collect(), ..self.clone() }
    }

    /// Its rows or its columns, whichever are more.
    pub fn side(&self) -> usize {
        self.rows.max(self.columns)
    }
}

/// A square of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Its rows, as many as its columns.
    pub side: usize,
}

impl Canvas {
    /// Its cells.
    pub fn cells(self) -> usize {
        self.side * self.side
    }

    /// The tokens of a grid whose first cell is at (`top`, `left`), row by row.
    ///
    /// # Panics
    ///
    /// If it does not fit there: a mistake of the program, not of a file.
    pub fn write(self, grid: &Grid, [top, left]: [usize; 2]) -> Vec<u8> {
        let (bottom, right) = (top + grid.rows, left + grid.columns);
        assert!(bottom.max(right) <= self.side, "a grid that ends at {bottom}, {right}");
        let token = |cell: usize| {
            let (row, column) = (cell / self.side, cell % self.side);
            let (inside, beside) = ((top..bottom).contains(&row), (left..right).contains(&column));
            if inside && beside {
                FIRST_COLOUR + grid.cells[(row - top) * grid.columns + column - left]
            } else if inside && column == right || beside && row == bottom {
                END
            } else {
                PADDING
            }
        };
        (0..self.cells()).map(token).collect()
    }

    /// The largest grid in the first corner whose cells are all colours; of several, the one with the fewest rows.
    pub fn read(self, tokens: &[u8]) -> Grid {
        let is_colour = |token: &u8| *token >= FIRST_COLOUR;
        let (mut rows, mut columns, mut width) = (0, 0, self.side);
        for (above, row) in tokens.chunks_exact(self.side).enumerate() {
            width = width.min(row.iter().take_while(|token| is_colour(token)).count());
            if (above + 1) * width > rows * columns {
                (rows, columns) = (above + 1, width);
            }
        }
        let cell = |k: usize| tokens[k / columns * self.side + k % columns] - FIRST_COLOUR;
        Grid { rows, columns, cells: (0..rows * columns).map(cell).collect() }
    }
}
