//! Synapses of one shard: rows by source, cut into runs of equal delay.
//!
//! A row holds all synapses of one source onto the shard's neurons, a run those of one delay. A
//! target is a *cell* (port and neuron) of the shard. Within a run synapses stand in the order of
//! their projections and numbers.

use super::draw::Drawn;
use sim_core::real::Real;
use std::ops::Range;

/// Compressed rows.
#[derive(Debug)]
pub struct Rows<R> {
    /// Where rows and runs are.
    pub runs: Runs,
    /// Per synapse its cell.
    pub cells: Vec<u16>,
    /// Per synapse its weight.
    pub weights: Vec<R>,
}

/// Where rows and runs of a table are.
#[derive(Debug, Default)]
pub struct Runs {
    /// Per source of the network, the first of its runs; one more entry at the end.
    row_start: Vec<u32>,
    /// Per run its delay in steps.
    delays: Vec<u16>,
    /// Per run the first of its synapses; one more entry at the end.
    run_start: Vec<u32>,
}

/// What a table of synapses is made from.
pub trait Recipe {
    /// Adds to each source's count its synapses; a count that does not fit stops at the largest number.
    fn count(&self, counts: &mut [u32]);
    /// Hands over as many synapses.
    fn hand_over(&self, take: &mut dyn FnMut(&[Drawn]));
}

/// More synapses onto one shard than its 32-bit index can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySynapses(pub u64);

impl<R: Real> Rows<R> {
    /// Builds the rows of `sources` sources. What is kept while building is the rows themselves and two
    /// bytes a synapse for delays.
    pub fn build(sources: usize, recipe: &impl Recipe) -> Result<Self, TooManySynapses> {
        let mut counts = vec![0; sources + 1];
        recipe.count(&mut counts);
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        if total >= u64::from(u32::MAX) {
            return Err(TooManySynapses(total));
        }
        let starts = running_sums(counts);
        let mut next = starts.clone();
        let mut cells = vec![0u16; total as usize];
        let mut weights = vec![R::ZERO; total as usize];
        let mut delays = vec![0u16; total as usize];
        recipe.hand_over(&mut |batch| {
            for drawn in batch {
                let place = &mut next[drawn.source as usize];
                cells[*place as usize] = drawn.cell;
                weights[*place as usize] = R::of(drawn.weight);
                delays[*place as usize] = drawn.delay;
                *place += 1;
            }
        });
        Ok(Self::cut_into_runs(&starts, cells, weights, &delays))
    }

    fn cut_into_runs(starts: &[u32], mut cells: Vec<u16>, mut weights: Vec<R>, delays: &[u16]) -> Self {
        let mut runs = Runs { row_start: Vec::with_capacity(starts.len()), ..Runs::default() };
        let mut scratch = SortScratch::default();
        for row in starts.windows(2) {
            runs.row_start.push(runs.delays.len() as u32);
            let range = row[0] as usize..row[1] as usize;
            if !range.is_empty() {
                scratch.sort_by_delay(
                    &delays[range.clone()],
                    &mut cells[range.clone()],
                    &mut weights[range.clone()],
                );
                scratch.runs(range.start, &mut runs);
            }
        }
        runs.row_start.push(runs.delays.len() as u32);
        runs.run_start.push(cells.len() as u32);
        Rows { runs, cells, weights }
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.runs.bytes() + (self.cells.len() * 2 + self.weights.len() * size_of::<R>()) as u64
    }
}

impl Runs {
    /// The runs of a source's row, by ascending delay.
    #[inline]
    pub fn row(&self, source: u32) -> Range<u32> {
        self.row_start[source as usize]..self.row_start[source as usize + 1]
    }

    /// The delay of a run in steps.
    #[inline]
    pub fn delay(&self, run: u32) -> i64 {
        i64::from(self.delays[run as usize])
    }

    /// The synapses of a run.
    #[inline]
    pub fn run(&self, run: u32) -> Range<usize> {
        self.run_start[run as usize] as usize..self.run_start[run as usize + 1] as usize
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        self.delays.len()
    }

    /// The shortest delay, if there is a synapse.
    pub fn shortest_delay(&self) -> Option<i64> {
        self.delays.iter().min().map(|&delay| i64::from(delay))
    }

    fn bytes(&self) -> u64 {
        (self.row_start.len() * 4 + self.delays.len() * 2 + self.run_start.len() * 4) as u64
    }
}

/// Starts of consecutive groups of these sizes; the last size must be 0.
fn running_sums(mut counts: Vec<u32>) -> Vec<u32> {
    let mut sum = 0;
    for count in &mut counts {
        sum += std::mem::replace(count, sum);
    }
    counts
}

/// What sorting one row needs, kept between rows.
struct SortScratch<R> {
    /// Per delay, how many synapses; then where the next one goes.
    places: Vec<u32>,
    cells: Vec<u16>,
    weights: Vec<R>,
    /// (delay, synapses) of the runs of the last row.
    runs: Vec<(u16, u32)>,
}

impl<R> Default for SortScratch<R> {
    fn default() -> Self {
        SortScratch { places: Vec::new(), cells: Vec::new(), weights: Vec::new(), runs: Vec::new() }
    }
}

impl<R: Real> SortScratch<R> {
    /// Counting sort by delay; equal delays keep their order.
    fn sort_by_delay(&mut self, delays: &[u16], cells: &mut [u16], weights: &mut [R]) {
        let shortest = delays.iter().copied().min().unwrap_or(0);
        let longest = delays.iter().copied().max().unwrap_or(0);
        self.places.clear();
        self.places.resize(usize::from(longest - shortest) + 1, 0);
        delays.iter().for_each(|delay| self.places[usize::from(delay - shortest)] += 1);
        self.runs.clear();
        let mut start = 0;
        for (delay, place) in (shortest..=longest).zip(&mut self.places) {
            if *place > 0 {
                self.runs.push((delay, *place));
            }
            start += std::mem::replace(place, start);
        }
        if self.runs.len() < 2 {
            return;
        }
        self.cells.clear();
        self.cells.extend_from_slice(cells);
        self.weights.clear();
        self.weights.extend_from_slice(weights);
        for (index, delay) in delays.iter().enumerate() {
            let place = &mut self.places[usize::from(delay - shortest)];
            cells[*place as usize] = self.cells[index];
            weights[*place as usize] = self.weights[index];
            *place += 1;
        }
    }

    fn runs(&self, first: usize, into: &mut Runs) {
        let mut start = first as u32;
        for &(delay, len) in &self.runs {
            into.delays.push(delay);
            into.run_start.push(start);
            start += len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Recipe for Vec<Drawn> {
        fn count(&self, counts: &mut [u32]) {
            self.iter().for_each(|drawn| counts[drawn.source as usize] += 1);
        }

        fn hand_over(&self, take: &mut dyn FnMut(&[Drawn])) {
            self.chunks(7).for_each(take);
        }
    }

    proptest! {
        #[test]
        fn rows_hold_every_synapse_once_sorted_by_source_and_delay(
            synapses in proptest::collection::vec((0u32..9, 1u16..6, 0u16..50), 0..200)
        ) {
            let drawn: Vec<Drawn> = synapses
                .iter()
                .enumerate()
                .map(|(i, &(source, delay, cell))| Drawn { source, cell, delay, weight: i as f64 })
                .collect();
            let rows = Rows::<f64>::build(9, &drawn).unwrap();
            let mut found = Vec::new();
            for source in 0..9 {
                for run in rows.runs.row(source) {
                    for i in rows.runs.run(run) {
                        found.push((source, rows.runs.delay(run) as u16, rows.weights[i] as usize, rows.cells[i]));
                    }
                }
            }
            let mut expected: Vec<_> =
                drawn.iter().map(|d| (d.source, d.delay, d.weight as usize, d.cell)).collect();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
