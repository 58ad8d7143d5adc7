//! The random numbers of a core: drawn from a key or taken from a record, and recorded if wanted.
//!
//! The chip has one generator a core, whose polynomial and order of use are unpublished. Here a core
//! has one stream; draws are taken neuron by neuron in ascending order, and within a neuron for its
//! synaptic events in the order of axons, then for its leak, then for its threshold, each only if that
//! part of the neuron is stochastic.

use sim_core::rng::{Key, Stream};
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// Bits of a draw for a synaptic event or a leak.
pub const WEIGHT_BITS: u32 = 8;
/// Bits of a draw for a threshold.
pub const THRESHOLD_BITS: u32 = 17;

/// The stream of one core.
#[derive(Clone, Debug)]
pub struct Draws {
    from: From,
    record: Option<Vec<u32>>,
}

#[derive(Clone, Debug)]
enum From {
    Key(Stream),
    Record { draws: Vec<u32>, taken: usize },
}

impl Draws {
    /// The stream of core number `core` of a chip with this key.
    pub fn keyed(key: Key, core: usize) -> Draws {
        Draws { from: From::Key(key.stream(core as u64)), record: None }
    }

    /// A recorded stream.
    pub fn recorded(draws: Vec<u32>) -> Draws {
        Draws { from: From::Record { draws, taken: 0 }, record: None }
    }

    /// Keeps what is drawn from here on, for [`Draws::take_record`].
    pub fn record(&mut self) {
        self.record.get_or_insert_default();
    }

    /// What was drawn since recording began or was last asked for.
    pub fn take_record(&mut self) -> Vec<u32> {
        self.record.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How many draws of a record are left; below 0 if more were asked for, which then were 0. Nothing
    /// of a stream that has no end.
    pub fn left(&self) -> Option<i64> {
        match &self.from {
            From::Key(_) => None,
            From::Record { draws, taken } => Some(draws.len() as i64 - *taken as i64),
        }
    }

    /// The next number of so many bits, at most 32 and at least 1.
    pub fn draw(&mut self, bits: u32) -> i32 {
        let word = match &mut self.from {
            From::Key(stream) => stream.next_u32() >> (32 - bits),
            From::Record { draws, taken } => {
                *taken += 1;
                draws.get(*taken - 1).copied().unwrap_or(0)
            }
        };
        if let Some(record) = &mut self.record {
            record.push(word);
        }
        word as i32
    }

    /// Writes the position in the stream.
    pub fn save(&self, out: &mut Saver) {
        match &self.from {
            From::Key(stream) => stream.save(out),
            From::Record { taken, .. } => out.u64(*taken as u64),
        }
    }

    /// Goes on where a stream of the same core was saved.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        match &mut self.from {
            From::Key(stream) => stream.restore(from),
            From::Record { taken, .. } => {
                *taken = from.u64()? as usize;
                Ok(())
            }
        }
    }
}
