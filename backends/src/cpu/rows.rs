//! Synapses of one shard: rows by source, cut into runs.
//!
//! A row holds all synapses of one source onto the shard's neurons; a run those of one delay and one
//! port, and, in a table where all weights are constants, one weight. Within a run synapses stand in
//! the order of their projections and numbers. A target is the *place* of a neuron in the shard.

use sim_core::hints::{empty_on_huge_pages, fetch};
use std::ops::Range;

/// The number of a neuron's place, as wide as the shard needs it.
pub trait Cell: Copy + Default {
    /// From a place that fits.
    fn of(place: u32) -> Self;
    /// The place.
    fn place(self) -> u32;
}

impl Cell for u16 {
    #[inline]
    fn of(place: u32) -> Self {
        place as u16
    }
    #[inline]
    fn place(self) -> u32 {
        u32::from(self)
    }
}

impl Cell for u32 {
    #[inline]
    fn of(place: u32) -> Self {
        place
    }
    #[inline]
    fn place(self) -> u32 {
        self
    }
}

/// The static synapses of a shard: wide where its neurons are left alone, for these shards are large.
#[derive(Debug)]
pub enum StaticRows<R> {
    /// For sums in a near cache.
    Narrow(Rows<R>),
    /// For a list.
    Wide(Rows<R, u32>),
}

impl<R> StaticRows<R> {
    /// Where rows and runs are.
    pub fn runs(&self) -> &Runs {
        match self {
            StaticRows::Narrow(rows) => &rows.runs,
            StaticRows::Wide(rows) => &rows.runs,
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        match self {
            StaticRows::Narrow(rows) => rows.bytes(),
            StaticRows::Wide(rows) => rows.bytes(),
        }
    }
}

/// Compressed rows.
#[derive(Debug, Default)]
pub struct Rows<R, C = u16> {
    /// Where rows and runs are.
    pub runs: Runs,
    /// Per synapse its target; some places at the front are nobody's.
    pub cells: Vec<C>,
    /// Per synapse its weight; in a constant table, per class of runs.
    pub weights: Vec<R>,
    /// Whether all synapses of a run share a weight.
    pub constant: bool,
}

/// Where rows and runs of a table are.
#[derive(Debug, Default)]
pub struct Runs {
    /// Per source of the network, the first of its runs; one more entry at the end.
    row_start: Vec<u32>,
    /// By source, delay and port; one more entry at the end.
    runs: Vec<Run>,
}

/// Synapses of one source that share delay and port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// The first of its synapses.
    pub first: u32,
    /// In steps.
    pub delay: u16,
    /// The port of the targets that it arrives at.
    pub port: u8,
    /// In a constant table, the place of its weight.
    pub class: u8,
}

impl<R, C> Rows<R, C> {
    /// The weights of a run's synapses: one for each, or one for all.
    pub fn weights(&self, run: u32) -> &[R] {
        if self.constant {
            let class = usize::from(self.runs.get(run).class);
            return &self.weights[class..=class];
        }
        &self.weights[self.runs.run(run)]
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        let index = self.runs.row_start.len() * 4 + self.runs.runs.len() * size_of::<Run>();
        (index + self.cells.len() * size_of::<C>() + self.weights.len() * size_of::<R>()) as u64
    }
}

impl Runs {
    /// For a table of so many sources and, as far as that is known, runs.
    pub fn with_capacity(sources: usize, runs: usize) -> Self {
        Runs { row_start: empty_on_huge_pages(sources + 1), runs: empty_on_huge_pages(runs + 1) }
    }

    /// The row of the next source begins.
    pub fn begin_row(&mut self) {
        self.row_start.push(self.runs.len() as u32);
    }

    /// The next run of the row.
    pub fn push(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// There are no more rows, and so many synapses in all.
    pub fn finish(&mut self, synapses: usize) {
        self.begin_row();
        self.runs.push(Run { first: synapses as u32, ..Run::default() });
        self.runs.shrink_to_fit();
    }

    /// The runs of a source's row, by ascending delay.
    #[inline]
    pub fn row(&self, source: u32) -> Range<u32> {
        self.row_start[source as usize]..self.row_start[source as usize + 1]
    }

    /// A run.
    #[inline]
    pub fn get(&self, run: u32) -> Run {
        self.runs[run as usize]
    }

    /// The delay of a run in steps.
    #[inline]
    pub fn delay(&self, run: u32) -> i64 {
        i64::from(self.get(run).delay)
    }

    /// The synapses of a run.
    #[inline]
    pub fn run(&self, run: u32) -> Range<usize> {
        self.get(run).first as usize..self.get(run + 1).first as usize
    }

    /// How many synapses there are.
    pub fn synapses(&self) -> usize {
        match (&self.runs[..], self.runs.last()) {
            ([first, ..], Some(end)) => (end.first - first.first) as usize,
            _ => 0,
        }
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        self.runs.len().saturating_sub(1)
    }

    /// The shortest delay, if there is a synapse.
    pub fn shortest_delay(&self) -> Option<i64> {
        self.runs[..self.count()].iter().map(|run| i64::from(run.delay)).min()
    }

    /// Asks for the place of a row, which is needed soon.
    #[inline]
    pub fn fetch_row(&self, source: u32) {
        fetch(&self.row_start, source as usize);
    }

    /// Asks for a run, which is needed soon.
    #[inline]
    pub fn fetch_run(&self, run: u32) {
        fetch(&self.runs, run as usize);
    }
}
