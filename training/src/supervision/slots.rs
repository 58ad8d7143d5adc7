//! The puzzles that are being worked on: each stays for some steps of supervision, then another takes its slot.

use crate::supervision::ease::Ease;
use crate::weights::{Misfit, Named};
use sim_core::rng::Key;

/// A place for a puzzle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    /// The training step in which it took its puzzle: what is drawn for it follows from this.
    taken: u64,
    /// Steps of supervision since.
    steps: u64,
    /// Whether it is to take another.
    halted: bool,
}

/// All slots of a training.
pub struct Slots {
    slots: Vec<Slot>,
    /// Says after how many steps of supervision a puzzle is given up.
    ease: Ease,
    /// Chance, in each step, of a least number of steps.
    explore: f64,
    key: Key,
}

/// Training steps that single precision, in which slots are saved, can count.
pub const MOST_STEPS: f64 = 16_777_216.0;

const NAME: &str = "slots";

impl Slots {
    /// As many empty ones.
    pub fn new(count: usize, ease: Ease, explore: f64, key: Key) -> Self {
        Self { slots: vec![Slot { taken: 0, steps: 0, halted: true }; count], ease, explore, key }
    }

    /// Gives halted slots a new puzzle in this training step; which they were.
    pub fn renew(&mut self, step: u64) -> Vec<bool> {
        let renew = |slot: &mut Slot| {
            let halted = slot.halted;
            if halted {
                *slot = Slot { taken: step, steps: 0, halted: false };
            }
            halted
        };
        self.slots.iter_mut().map(renew).collect()
    }

    /// The training steps in which they took their puzzles.
    pub fn taken(&self) -> impl Iterator<Item = u64> + '_ {
        self.slots.iter().map(|slot| slot.taken)
    }

    /// Whose time will be over after the next step of supervision.
    pub fn last(&self) -> Vec<bool> {
        let last = |(k, slot): (usize, &Slot)| slot.steps + 1 >= self.most(k, slot);
        self.slots.iter().enumerate().map(last).collect()
    }

    /// Steps of supervision that the puzzle of slot `k` gets at most.
    fn most(&self, k: usize, slot: &Slot) -> u64 {
        self.ease.most(slot.taken, [k, self.slots.len()])
    }

    /// Counts a step of supervision, and halts those whose logit is above 0 or whose time is over. To see what comes of
    /// more steps, some have to go on for a number of steps drawn by chance.
    pub fn halt(&mut self, step: u64, logits: &[f32]) {
        let key = self.key.numbered(step);
        let most: Vec<u64> = self.slots.iter().enumerate().map(|(k, slot)| self.most(k, slot)).collect();
        for (k, ((slot, logit), most)) in self.slots.iter_mut().zip(logits).zip(most).enumerate() {
            slot.steps += 1;
            let mut stream = key.stream(k as u64);
            let explores = most > 1 && stream.uniform() < self.explore;
            let least = if explores { 2 + u64::from(stream.below(most as u32 - 1)) } else { 0 };
            slot.halted = slot.steps >= most || (*logit > 0.0 && slot.steps >= least);
        }
    }

    /// To be saved: `[slot][taken, steps, halted]`.
    pub fn save(&self) -> Named {
        let numbers = |slot: &Slot| [slot.taken as f32, slot.steps as f32, f32::from(u8::from(slot.halted))];
        let values = self.slots.iter().flat_map(numbers).collect();
        Named { name: NAME.into(), shape: vec![self.slots.len(), 3], values }
    }

    /// As they were saved.
    pub fn load(&mut self, saved: &[Named]) -> Result<(), Misfit> {
        let values = carried(saved, NAME, &[self.slots.len(), 3])?;
        for (slot, saved) in self.slots.iter_mut().zip(values.as_chunks::<3>().0) {
            *slot = Slot { taken: saved[0] as u64, steps: saved[1] as u64, halted: saved[2] > 0.5 };
        }
        Ok(())
    }
}

/// The numbers of a saved tensor of this name and these sizes.
pub fn carried<'a>(saved: &'a [Named], name: &str, shape: &[usize]) -> Result<&'a [f32], Misfit> {
    let found = saved.iter().find(|tensor| tensor.name == name);
    let found = found.ok_or_else(|| Misfit::Missing(name.to_owned()))?;
    if found.shape != shape {
        let (needed, found) = (shape.to_vec(), found.shape.clone());
        return Err(Misfit::Shape { name: name.to_owned(), needed, found });
    }
    Ok(&found.values)
}
