//! What makes another task of a task, of the same rule seen differently: grids are turned and mirrored, and colours other
//! than 0, which is often the ground, exchanged.

use crate::tasks::arc::file::Pair;
use crate::tasks::arc::grid::{COLOURS, Grid};
use crate::tasks::recall::shuffle;
use sim_core::rng::{Key, Stream};
use std::collections::BTreeSet;

/// Symmetries of a square.
pub const SYMMETRIES: u32 = 8;

/// Draws for each task that is wanted, at most: few colours and symmetric grids make the same one again.
const PATIENCE: usize = 5;

/// A symmetry and an exchange of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Bits: the last row first, the last column first, and before both rows as columns.
    symmetry: u32,
    /// What each colour becomes.
    colours: [u8; COLOURS],
}

impl Change {
    /// None at all.
    pub const NONE: Self = Self { symmetry: 0, colours: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };

    /// By chance; colour 0 stays.
    pub fn draw(stream: &mut Stream) -> Self {
        let mut change = Self { symmetry: stream.below(SYMMETRIES), ..Self::NONE };
        shuffle(&mut change.colours[1..], stream);
        change
    }

    fn has(&self, bit: u32) -> bool {
        self.symmetry >> bit & 1 == 1
    }

    /// A grid seen through it.
    pub fn of(&self, grid: &Grid) -> Grid {
        let grid = grid.coloured(&self.colours);
        let grid = if self.has(2) { grid.transposed() } else { grid };
        grid.mirrored(self.has(0), self.has(1))
    }

    /// The grid that was seen so.
    pub fn back(&self, grid: &Grid) -> Grid {
        let grid = grid.mirrored(self.has(0), self.has(1));
        let grid = if self.has(2) { grid.transposed() } else { grid };
        let mut before = [0; COLOURS];
        (0..).zip(self.colours).for_each(|(colour, becomes)| before[usize::from(becomes)] = colour);
        grid.coloured(&before)
    }

    /// Both grids of a pair seen through it.
    pub fn of_pair(&self, pair: &Pair) -> Pair {
        Pair { input: self.of(&pair.input), output: self.of(&pair.output) }
    }
}

/// No change, and up to `others` that make different tasks of the pairs of one; by chance, from its name.
pub fn changes(task: &str, pairs: [&[Pair]; 2], others: usize, key: Key) -> Vec<Change> {
    let all = |change: &Change| -> Vec<Pair> {
        pairs.into_iter().flatten().map(|pair| change.of_pair(pair)).collect()
    };
    let (mut changes, mut known) = (vec![Change::NONE], BTreeSet::from([all(&Change::NONE)]));
    let mut stream = key.named(task).stream(0);
    for _ in 0..PATIENCE * others {
        if changes.len() > others {
            break;
        }
        let change = Change::draw(&mut stream);
        if known.insert(all(&change)) {
            changes.push(change);
        }
    }
    changes
}
