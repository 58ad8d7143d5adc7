//! A total spread at random over many places, of which any stretch can be looked at alone.
//!
//! The places are halved again and again; at each cut a keyed binomial number (hypergeometric, if
//! places fill up) says how many of the items go left. Items therefore fall as if each had chosen
//! its place alone, but a stretch is reached by the few cuts that lead to it.

use super::counts::{binomial, hypergeometric};
use sim_core::rng::Key;
use std::ops::Range;

/// How a total is spread.
pub struct Halving {
    /// The key of the cuts.
    pub key: Key,
    /// How many items a place can hold; absent if any number.
    pub room: Option<u64>,
    /// A stretch with no more items than this is not cut again.
    pub few: u64,
}

/// A stretch of places that is not cut further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its number among all stretches that can be cut.
    pub number: u64,
    /// The places.
    pub places: Range<u32>,
    /// Items before it.
    pub before: u64,
    /// Items in it.
    pub items: u64,
}

impl Halving {
    /// Spreads `total` items over the places below `places` and shows, in order, all last stretches
    /// with items that overlap `wanted`.
    pub fn spread(&self, total: u64, places: u32, wanted: Range<u32>, see: &mut dyn FnMut(Stretch)) {
        if wanted.start < wanted.end {
            self.cut(Stretch { number: 1, places: 0..places, before: 0, items: total }, &wanted, see);
        }
    }

    fn cut(&self, stretch: Stretch, wanted: &Range<u32>, see: &mut dyn FnMut(Stretch)) {
        let Stretch { number, places: Range { start, end }, before, items } = stretch;
        if items == 0 || start >= wanted.end || end <= wanted.start {
            return;
        }
        if end - start == 1 || items <= self.few {
            return see(stretch);
        }
        let middle = start + (end - start) / 2;
        let (left, right) = (u64::from(middle - start), u64::from(end - middle));
        let u = self.key.uniform(number);
        let first = match self.room {
            None => binomial(u, items, left as f64 / (left + right) as f64),
            Some(room) => hypergeometric(u, left * room, right * room, items),
        };
        self.cut(Stretch { number: 2 * number, places: start..middle, before, items: first }, wanted, see);
        let (before, items) = (before + first, items - first);
        self.cut(Stretch { number: 2 * number + 1, places: middle..end, before, items }, wanted, see);
    }
}
