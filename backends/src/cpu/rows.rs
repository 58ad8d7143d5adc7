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
        let mut weights = vec![R::ZERO; total as usize];
        let mut tags = vec![[0; 2]; total as usize];
        recipe.hand_over(&mut |batch| {
            for drawn in batch {
                let place = &mut next[drawn.source as usize];
                tags[*place as usize] = [drawn.cell, drawn.delay];
                weights[*place as usize] = R::of(drawn.weight);
                *place += 1;
            }
        });
        Ok(Self::cut_into_runs(&starts, tags, weights))
    }

    /// Sorts rows of (cell, delay) by delay. The cells are moved together where the pairs were, so that
    /// no second table is needed for them.
    fn cut_into_runs(starts: &[u32], tags: Vec<[u16; 2]>, mut weights: Vec<R>) -> Self {
        let mut cells = tags.into_flattened();
        let mut runs = Runs { row_start: Vec::with_capacity(starts.len()), ..Runs::default() };
        let mut scratch = SortScratch::default();
        for row in starts.windows(2) {
            runs.row_start.push(runs.delays.len() as u32);
            let range = row[0] as usize..row[1] as usize;
            if !range.is_empty() {
                scratch.take(&cells[2 * range.start..2 * range.end]);
                scratch.sort_by_delay(&mut cells[range.clone()], &mut weights[range.clone()]);
                scratch.runs(range.start, &mut runs);
            }
        }
        runs.row_start.push(runs.delays.len() as u32);
        runs.run_start.push(weights.len() as u32);
        cells.truncate(weights.len());
        cells.shrink_to_fit();
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
    /// Cell and delay of the row's synapses as they were handed over.
    tags: Vec<[u16; 2]>,
    weights: Vec<R>,
    /// (delay, synapses) of the runs of the last row.
    runs: Vec<(u16, u32)>,
}

impl<R> Default for SortScratch<R> {
    fn default() -> Self {
        SortScratch { places: Vec::new(), tags: Vec::new(), weights: Vec::new(), runs: Vec::new() }
    }
}

impl<R: Real> SortScratch<R> {
    /// Takes the row in and counts its delays.
    fn take(&mut self, tags: &[u16]) {
        self.tags.clear();
        self.tags.extend_from_slice(tags.as_chunks().0);
        let delays = || self.tags.iter().map(|&[_, delay]| delay);
        let shortest = delays().min().unwrap_or(0);
        let longest = delays().max().unwrap_or(0);
        self.places.clear();
        self.places.resize(usize::from(longest - shortest) + 1, 0);
        delays().for_each(|delay| self.places[usize::from(delay - shortest)] += 1);
        self.runs.clear();
        let mut start = 0;
        for (delay, place) in (shortest..=longest).zip(&mut self.places) {
            if *place > 0 {
                self.runs.push((delay, *place));
            }
            start += std::mem::replace(place, start);
        }
    }

    /// Counting sort by delay of the row taken in; equal delays keep their order. Weights are sorted
    /// where they are, cells are put where they belong.
    fn sort_by_delay(&mut self, cells: &mut [u16], weights: &mut [R]) {
        if let [(shortest, _), _, ..] = self.runs[..] {
            self.weights.clear();
            self.weights.extend_from_slice(weights);
            for (&[cell, delay], &weight) in self.tags.iter().zip(&self.weights) {
                let place = &mut self.places[usize::from(delay - shortest)];
                cells[*place as usize] = cell;
                weights[*place as usize] = weight;
                *place += 1;
            }
        } else {
            cells.iter_mut().zip(&self.tags).for_each(|(to, &[cell, _])| *to = cell);
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
