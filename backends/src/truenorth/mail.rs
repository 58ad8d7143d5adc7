//! Events that pass between groups of cores.
//!
//! An event is the axon it makes active and the slot of the tick in which it does so. Making an axon active
//! is a logical or, and merges are counted when it finds the axon active already; so the order in which
//! events come makes no difference to anything.

use super::core::Target;
use super::limits::AXONS;
use std::sync::{Mutex, PoisonError};

/// An axon in the lowest 28 bits, as `core · 256 + axon`, and above them a slot, or a delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event(u32);

const PLACE_BITS: u32 = 28;

impl Event {
    /// An axon of a core in a slot; or, of a neuron's target, its delay, 0 for none.
    #[inline(always)]
    pub fn new(slot: usize, core: usize, axon: usize) -> Event {
        Event((slot as u32) << PLACE_BITS | (core * AXONS + axon) as u32)
    }

    /// The target of a neuron.
    pub fn of(target: Target) -> Event {
        match target {
            Target::Out => Event(0),
            Target::Axon { core, axon, delay } => Event::new(delay.into(), core as usize, axon.into()),
        }
    }

    /// As a plain number.
    #[inline(always)]
    pub fn word(self) -> u32 {
        self.0
    }

    /// From such a number.
    #[inline(always)]
    pub fn from_word(word: u32) -> Event {
        Event(word)
    }

    /// Whether this is no axon: the target of a neuron without one.
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.slot() == 0
    }

    /// The event of a target when its neuron fires in tick `tick`.
    #[inline(always)]
    pub fn fired(self, tick: i64) -> Event {
        Event(self.0.wrapping_add((tick as u32) << PLACE_BITS))
    }

    /// Its slot, or delay.
    #[inline(always)]
    pub fn slot(self) -> usize {
        (self.0 >> PLACE_BITS) as usize
    }

    /// `core · 256 + axon`.
    #[inline(always)]
    pub fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }
}

/// Letter boxes between groups, and from outside to each group, in two sets: one is filled while the other
/// is emptied.
pub struct Mail {
    groups: usize,
    boxes: [Vec<Mutex<Vec<u32>>>; 2],
}

impl Mail {
    /// Boxes for so many groups.
    pub fn new(groups: usize) -> Mail {
        let boxes = || (0..(groups + 1) * groups).map(|_| Mutex::default()).collect();
        Mail { groups, boxes: [boxes(), boxes()] }
    }

    /// Puts events, as plain numbers, of epoch number `epoch` into the box from one group to another, and leaves none.
    pub fn send(&self, epoch: usize, from: usize, to: usize, events: &mut Vec<u32>) {
        if !events.is_empty() {
            let letters = &self.boxes[epoch % 2][from * self.groups + to];
            letters.lock().unwrap_or_else(PoisonError::into_inner).append(events);
        }
    }

    /// The same from outside, to be fetched in that epoch.
    pub fn send_in(&self, epoch: usize, to: usize, events: &mut Vec<u32>) {
        self.send(epoch.wrapping_sub(1), self.groups, to, events);
    }

    /// Hands over what was sent to a group in the epoch before `epoch`.
    pub fn fetch(&self, epoch: usize, to: usize, mut take: impl FnMut(Event)) {
        for from in 0..=self.groups {
            let letters = &self.boxes[epoch.wrapping_sub(1) % 2][from * self.groups + to];
            letters.lock().unwrap_or_else(PoisonError::into_inner).drain(..).map(Event).for_each(&mut take);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_falls_due_a_delay_after_its_neuron_fired() {
        let target = Event::of(Target::Axon { core: (1 << 20) - 1, axon: 255, delay: 15 });
        for tick in [0, 1, 15, 16, 1 << 40] {
            let event = target.fired(tick);
            assert_eq!(event.slot() as i64, (tick + 15) % 16);
            assert_eq!(event.place(), (1 << 28) - 1);
        }
        assert!(Event::of(Target::Out).is_none() && !target.is_none());
    }

    #[test]
    fn letters_are_fetched_in_the_epoch_after_they_were_sent() {
        let mail = Mail::new(2);
        let fetched = |epoch, to| {
            let mut all = Vec::new();
            mail.fetch(epoch, to, |event| all.push(event.place()));
            all
        };
        mail.send(7, 0, 1, &mut vec![Event::new(1, 0, 5).word()]);
        mail.send_in(8, 1, &mut vec![Event::new(1, 0, 6).word()]);
        assert_eq!((fetched(7, 1), fetched(8, 0), fetched(8, 1)), (vec![], vec![], vec![5, 6]));
        assert!(fetched(8, 1).is_empty());
    }
}
