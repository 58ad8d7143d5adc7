//! Synaptic memory of a shard: rows of synapses by delay, and which rows a spike goes to.
//!
//! A row is what one axon reaches: of an unmapped network all synapses of a source in the shard, of a
//! mapped one the list of an input axon of a core. Its synapses stand by delay, so that each stretch of
//! one delay is a loop.

use sim_core::hints::{empty_on_huge_pages, fetch, on_huge_pages};
use std::ops::Range;

/// A synapse in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stored<W> {
    /// Place of the target in the shard.
    pub place: u16,
    /// What it adds.
    pub weight: W,
}

/// A synapse of a row that is being built.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<W> {
    /// Place of the target in the shard.
    pub place: u16,
    /// Steps from the spike to its arrival, at least 1.
    pub delay: u8,
    /// What it adds.
    pub weight: W,
}

/// Rows.
#[derive(Debug)]
pub struct Rows<W> {
    /// Per row the first of its runs; one more at the end.
    starts: Vec<u32>,
    /// One more at the end.
    runs: Vec<Run>,
    synapses: Vec<Stored<W>>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    first: u32,
    delay: u32,
}

impl<W: Copy + Default> Rows<W> {
    /// An empty memory with room for so many rows and synapses.
    pub fn with_capacity(rows: usize, synapses: usize) -> Self {
        let mut starts = empty_on_huge_pages(rows + 1);
        starts.push(0);
        let first = Run { first: 0, delay: 0 };
        Rows { starts, runs: vec![first], synapses: empty_on_huge_pages(synapses) }
    }

    /// Appends a row; equal delays keep their order, which is that in which floats are added.
    pub fn push(&mut self, row: &mut [Incoming<W>]) {
        row.sort_by_key(|synapse| synapse.delay);
        for run in row.chunk_by(|a, b| a.delay == b.delay) {
            if let Some(last) = self.runs.last_mut() {
                last.delay = u32::from(run[0].delay);
            }
            self.synapses.extend(run.iter().map(|s| Stored { place: s.place, weight: s.weight }));
            self.runs.push(Run { first: self.synapses.len() as u32, delay: 0 });
        }
        self.starts.push(self.runs.len() as u32 - 1);
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many synapses there are.
    pub fn synapses(&self) -> usize {
        self.synapses.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        (self.starts.len() * 4
            + self.runs.len() * size_of::<Run>()
            + self.synapses.len() * size_of::<Stored<W>>()) as u64
    }

    /// Calls `take` with each stretch of one delay of a row.
    #[inline]
    pub fn each(&self, row: u32, mut take: impl FnMut(i64, &[Stored<W>])) {
        let runs = self.starts[row as usize] as usize..self.starts[row as usize + 1] as usize;
        let ends = &self.runs[runs.start..=runs.end];
        for pair in ends.windows(2) {
            let stretch = pair[0].first as usize..pair[1].first as usize;
            take(i64::from(pair[0].delay), &self.synapses[stretch]);
        }
    }

    /// Asks for the first of three things that a row is found by, `level` 0 to 2.
    #[inline]
    pub fn fetch(&self, row: u32, level: usize) {
        match level {
            0 => fetch(&self.starts, row as usize),
            1 => fetch(&self.runs, self.starts[row as usize] as usize),
            _ => {
                let first = self.runs[self.starts[row as usize] as usize].first as usize;
                (0..4).for_each(|line| fetch(&self.synapses, first + 16 * line));
            }
        }
    }
}

/// Which rows of a shard a source's spike goes to.
#[derive(Debug)]
pub enum Routes {
    /// The row of its own number.
    Own,
    /// Those of its axons: per source the first of its rows, one more at the end; the rows.
    Axons(Vec<u32>, Vec<u32>),
}

impl Routes {
    /// Routes to `rows` rows that belong to these sources, out of so many; a source's rows keep their order.
    pub fn new(sources: usize, rows: &[u32]) -> Self {
        let mut starts = on_huge_pages::<u32>(sources + 1);
        rows.iter().for_each(|&source| starts[source as usize + 1] += 1);
        for source in 0..sources {
            starts[source + 1] += starts[source];
        }
        let mut next = starts.clone();
        let mut axons = vec![0; rows.len()];
        for (row, &source) in rows.iter().enumerate() {
            axons[next[source as usize] as usize] = row as u32;
            next[source as usize] += 1;
        }
        Routes::Axons(starts, axons)
    }

    /// Asks for where the rows of a source are listed.
    #[inline]
    pub fn fetch(&self, source: u32) {
        if let Routes::Axons(starts, _) = self {
            fetch(starts, source as usize);
        }
    }

    /// Appends the rows of a source to `rows`, each with `step`.
    #[inline]
    pub fn follow(&self, source: u32, step: i64, rows: &mut Vec<(u32, i64)>) {
        match self {
            Routes::Own => rows.push((source, step)),
            Routes::Axons(starts, axons) => {
                let own: Range<usize> =
                    starts[source as usize] as usize..starts[source as usize + 1] as usize;
                rows.extend(axons[own].iter().map(|&row| (row, step)));
            }
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        match self {
            Routes::Own => 0,
            Routes::Axons(starts, axons) => 4 * (starts.len() + axons.len()) as u64,
        }
    }
}
