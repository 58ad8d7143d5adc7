//! Where threads meet between epochs.
//!
//! Who comes first spins for a while, then sleeps. Spinning costs well under a microsecond when cores
//! are free; but where others want the cores too, who spins keeps away the one it waits for. So the
//! while is learned from those who slept: it doubles when their wait would have ended soon, and halves
//! when not. Waking up takes long itself, so what counts is when the last one came.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Fewest and most turns of spinning; a turn takes 10 to 50 ns, by processor.
const TURNS: (u32, u32) = (16, 8192);
/// A wait in ns that is worth spinning for: about what it takes to sleep and wake up.
const SOON: u64 = 200_000;

/// A meeting point for a fixed number of threads.
pub struct Barrier {
    parties: usize,
    arrived: AtomicUsize,
    round: AtomicUsize,
    /// When the last one came, in ns since the beginning.
    over: AtomicU64,
    begin: Instant,
    /// How many turns to spin.
    turns: AtomicU32,
    /// How many sleep: waking nobody would ask the system all the same.
    asleep: Mutex<usize>,
    wake: Condvar,
}

impl Barrier {
    /// For so many threads.
    pub fn new(parties: usize) -> Self {
        Barrier {
            parties,
            arrived: AtomicUsize::new(0),
            round: AtomicUsize::new(0),
            over: AtomicU64::new(0),
            begin: Instant::now(),
            turns: AtomicU32::new(TURNS.1),
            asleep: Mutex::new(0),
            wake: Condvar::new(),
        }
    }

    /// Returns when all parties have called it. What each did before is seen by all after.
    pub fn meet(&self) {
        let round = self.round.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.parties {
            self.arrived.store(0, Ordering::Relaxed);
            self.over.store(self.now(), Ordering::Relaxed);
            let asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
            self.round.store(round.wrapping_add(1), Ordering::Release);
            if *asleep > 0 {
                self.wake.notify_all();
            }
            return;
        }
        let turns = self.turns.load(Ordering::Relaxed);
        for _ in 0..turns {
            if self.is_over(round) {
                return;
            }
            std::hint::spin_loop();
        }
        let begin = self.now();
        self.sleep(round);
        let wait = self.over.load(Ordering::Relaxed).saturating_sub(begin);
        let turns = if wait < SOON { turns * 2 } else { turns / 2 };
        self.turns.store(turns.clamp(TURNS.0, TURNS.1), Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.begin.elapsed().as_nanos() as u64
    }

    fn is_over(&self, round: usize) -> bool {
        self.round.load(Ordering::Acquire) != round
    }

    fn sleep(&self, round: usize) {
        let mut asleep = self.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        *asleep += 1;
        while !self.is_over(round) {
            asleep = self.wake.wait(asleep).unwrap_or_else(PoisonError::into_inner);
        }
        *asleep -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_before_all_have_come_however_many_share_a_core() {
        const PARTIES: usize = 7;
        let (barrier, visits) = (Barrier::new(PARTIES), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..PARTIES {
                scope.spawn(|| {
                    for round in 1..=200 {
                        visits.fetch_add(1, Ordering::Relaxed);
                        barrier.meet();
                        assert!(visits.load(Ordering::Relaxed) >= round * PARTIES);
                    }
                });
            }
        });
        assert_eq!(visits.into_inner(), 200 * PARTIES);
    }
}
