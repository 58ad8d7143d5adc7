//! The puzzles of a training: which are worked on, and how far each is.

use crate::lesson::{Job, Problem};
use crate::supervision::carry::Carry;
use crate::supervision::ease::Ease;
use crate::supervision::ends::Step;
use crate::supervision::slots::Slots;
use crate::tasks::grids::{Grids, Sheet};
use crate::tasks::puzzle::Puzzle;
use crate::weights::{Misfit, Named, Weights, numbers};
use sim_core::rng::Key;

/// Puzzles being worked on, one in each slot.
pub struct Practice {
    key: Key,
    ease: Ease,
    slots: Slots,
    carry: Carry,
}

/// What a training step works on.
pub struct Batch {
    /// The puzzles.
    pub sheet: Sheet,
    /// What the last step passed on, or what a puzzle begins with.
    pub carry: Carry,
    /// Which puzzles it is the last step of.
    pub last: Vec<bool>,
}

impl Practice {
    /// As many slots as `batch` says, each for up to `supervision` steps, at least a number by chance with probability
    /// `explore`; states are `[place][D]`.
    ///
    /// # Errors
    /// If puzzles are to be made easier that cannot be.
    pub fn new(job: &Job<'_>, grids: &Grids, [places, width]: [usize; 2]) -> Result<Self, Problem> {
        let integer = |name: &str| job.arguments.integer(name) as usize;
        let (batch, key) = (integer("batch"), Key::new(job.seed()).named("puzzles"));
        let (ease, explore) = (Ease::of(job.arguments, grids)?, job.arguments.number("explore"));
        Ok(Self {
            slots: Slots::new(batch, ease, explore, key.named("explore")),
            carry: Carry::nothing([batch, places, width], job.device),
            key,
            ease,
        })
    }

    /// What training step `number` works on; slots that had halted take other puzzles.
    pub fn next(&mut self, number: u64, grids: &Grids, weights: &Weights) -> Batch {
        let begun = self.slots.renew(number);
        // What a slot works on follows from when it took it, so it need not be saved.
        let puzzle = |(slot, taken): (usize, u64)| {
            let mut stream = self.key.numbered(taken).stream(slot as u64);
            self.ease.given(grids.draw(&mut stream), taken, &mut stream)
        };
        let puzzles: Vec<Puzzle> = self.slots.taken().enumerate().map(puzzle).collect();
        let sheet = grids.sheet(&puzzles, &self.carry.answer.device().autodiff());
        let carry = self.carry.clone().with_begun(&begun, weights);
        Batch { sheet, carry, last: self.slots.last() }
    }

    /// Notes what came of it.
    pub fn note(&mut self, number: u64, done: Step) {
        self.slots.halt(number, &numbers(done.halt));
        self.carry = done.carry;
    }

    /// To be saved.
    pub fn save(&self) -> Vec<Named> {
        self.carry.save().into_iter().chain([self.slots.save()]).collect()
    }

    /// As it was saved.
    ///
    /// # Errors
    /// If it was of other sizes.
    pub fn load(&mut self, saved: &[Named]) -> Result<(), Misfit> {
        self.carry.load(saved)?;
        self.slots.load(saved)
    }
}
