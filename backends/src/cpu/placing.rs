//! From recipes to rows: every synapse to its place.
//!
//! A recipe hands over the same synapses each time it is asked: once to count, once to place. Where
//! all weights and delays of a table are constants, synapses fall into few classes, and each goes
//! straight to its run. Elsewhere rows are placed as they come and then sorted by delay.

use super::cut::PLACES;
use super::draw::Drawn;
use super::hints::on_huge_pages;
use super::rows::{Rows, Run, Runs};
use sim_core::neuron::Ports;
use sim_core::real::Real;
use std::ops::Range;

/// One part of what a table is made from: synapses of one projection onto one slice.
pub trait Recipe {
    /// Delay in steps and weight, if they are the same for all.
    fn constants(&self) -> Option<(u16, f64)>;
    /// The places of its targets, and how they keep arrivals apart.
    fn targets(&self) -> (Range<usize>, Ports);
    /// Adds to each source's count its synapses; a count that does not fit stops at the largest number.
    fn count(&self, counts: &mut [u32]);
    /// Hands over as many synapses.
    fn hand_over(&self, take: &mut dyn FnMut(&[Drawn]));
}

/// More synapses onto one shard than its 32-bit index can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySynapses(pub u64);

/// Synapses that are read together: tables are longer than their synapses by one less.
pub const PIECE: usize = 8;

/// The rows of `sources` sources.
pub fn rows<R: Real, P: Recipe>(sources: usize, parts: &[P]) -> Result<Rows<R>, TooManySynapses> {
    let mut rows = match Classes::of(parts) {
        Some(classes) => classes.rows(sources, parts)?,
        None => varied(sources, parts)?,
    };
    // So that the last synapses can be read as a whole piece.
    rows.cells.extend([0; PIECE - 1]);
    if !rows.constant {
        rows.weights.extend([R::ZERO; PIECE - 1]);
    }
    Ok(rows)
}

/// Delay, port and weight of the synapses of a table in which they are constants.
struct Classes {
    /// Delay, port and weight, by delay and port, then in the order of the parts.
    all: Vec<(u16, u8, f64)>,
    /// The class of each part.
    of_part: Vec<usize>,
}

impl Classes {
    /// Nothing where a weight or a delay varies, or there are too many.
    fn of<P: Recipe>(parts: &[P]) -> Option<Classes> {
        let mut keys: Vec<(u16, u8, f64)> = Vec::new();
        let mut of_part = Vec::new();
        for part in parts {
            let (delay, weight) = part.constants()?;
            let port = part.targets().1.of(weight) as u8;
            // Only the last class of a delay and port may grow, or the order of a target's arrivals
            // would not be that of the projections.
            let last = keys.iter().rposition(|key| (key.0, key.1) == (delay, port));
            let class = last.filter(|&last| keys[last].2.to_bits() == weight.to_bits());
            of_part.push(class.unwrap_or_else(|| {
                keys.push((delay, port, weight));
                keys.len() - 1
            }));
        }
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&class| (keys[class].0, keys[class].1));
        let mut rank = vec![0; keys.len()];
        order.iter().enumerate().for_each(|(place, &class)| rank[class] = place);
        let all: Vec<_> = order.into_iter().map(|class| keys[class]).collect();
        let of_part = of_part.into_iter().map(|class| rank[class]).collect();
        u8::try_from(all.len()).ok().map(|_| Classes { all, of_part })
    }

    fn rows<R: Real, P: Recipe>(&self, sources: usize, parts: &[P]) -> Result<Rows<R>, TooManySynapses> {
        let classes = self.all.len();
        let mut counts = vec![0; sources];
        // By source and class: how many, then where the next one goes.
        let mut next = vec![0_u32; sources * classes];
        for (part, &class) in parts.iter().zip(&self.of_part) {
            counts.fill(0);
            part.count(&mut counts);
            let column = next.iter_mut().skip(class).step_by(classes.max(1));
            column.zip(&counts).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        }
        let total = checked_total(&next)?;
        let runs = self.runs(sources, &mut next);
        let mut cells: Vec<u16> = on_huge_pages(total);
        for (part, &class) in parts.iter().zip(&self.of_part) {
            part.hand_over(&mut |batch| {
                for drawn in batch {
                    let place = &mut next[drawn.source as usize * classes + class];
                    cells[*place as usize] = drawn.cell;
                    *place += 1;
                }
            });
        }
        let weights = self.all.iter().map(|&(_, _, weight)| R::of(weight)).collect();
        Ok(Rows { runs, cells, weights, constant: true })
    }

    /// Turns counts into where each class of each row begins.
    fn runs(&self, sources: usize, next: &mut [u32]) -> Runs {
        let mut runs = Runs::with_capacity(sources);
        let mut first = 0;
        for source in 0..sources {
            runs.begin_row();
            let row = &mut next[source * self.all.len()..][..self.all.len()];
            for (class, (count, &(delay, port, _))) in row.iter_mut().zip(&self.all).enumerate() {
                if *count > 0 {
                    runs.push(Run { first, delay, port, class: class as u8 });
                }
                first += std::mem::replace(count, first);
            }
        }
        runs.finish(first as usize);
        runs
    }
}

/// Rows in which each synapse has its own weight. What is kept while building is the rows themselves
/// and two bytes a synapse for delays.
pub fn varied<R: Real, P: Recipe>(sources: usize, parts: &[P]) -> Result<Rows<R>, TooManySynapses> {
    let mut counts = vec![0; sources + 1];
    parts.iter().for_each(|part| part.count(&mut counts));
    let total = checked_total(&counts)?;
    let starts = running_sums(counts);
    let mut next = starts.clone();
    let mut weights: Vec<R> = on_huge_pages(total);
    let mut tags: Vec<[u16; 2]> = on_huge_pages(total);
    for part in parts {
        part.hand_over(&mut |batch| {
            for drawn in batch {
                let place = &mut next[drawn.source as usize];
                tags[*place as usize] = [drawn.cell, drawn.delay];
                weights[*place as usize] = R::of(drawn.weight);
                *place += 1;
            }
        });
    }
    Ok(cut_into_runs(&starts, tags, weights, &Signs::of(parts)))
}

/// Sorts rows of (cell, delay) by delay and port. The cells are moved together where the pairs were,
/// so that no second table is needed for them.
fn cut_into_runs<R: Real>(
    starts: &[u32],
    tags: Vec<[u16; 2]>,
    mut weights: Vec<R>,
    signs: &Signs,
) -> Rows<R> {
    let mut cells = tags.into_flattened();
    let mut runs = Runs::with_capacity(starts.len());
    let mut scratch = SortScratch::default();
    for row in starts.windows(2) {
        runs.begin_row();
        let range = row[0] as usize..row[1] as usize;
        if !range.is_empty() {
            scratch.take(&cells[2 * range.start..2 * range.end], &weights[range.clone()], signs);
            scratch.runs(range.start, &mut runs);
            scratch.sort(&mut cells[range.clone()], &mut weights[range]);
        }
    }
    runs.finish(weights.len());
    cells.truncate(weights.len());
    cells.reserve_exact(PIECE);
    cells.shrink_to(weights.len() + PIECE);
    Rows { runs, cells, weights, constant: false }
}

fn checked_total(counts: &[u32]) -> Result<usize, TooManySynapses> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if total < u64::from(u32::MAX) { Ok(total as usize) } else { Err(TooManySynapses(total)) }
}

/// Starts of consecutive groups of these sizes; the last size must be 0.
fn running_sums(mut counts: Vec<u32>) -> Vec<u32> {
    let mut sum = 0;
    for count in &mut counts {
        sum += std::mem::replace(count, sum);
    }
    counts
}

/// Which targets take negative weights at a port of their own.
struct Signs {
    /// For each stretch of [`Signs::STRETCH`] places, which belong to one slice.
    apart: Vec<bool>,
}

impl Signs {
    /// Slices begin at multiples of this.
    const STRETCH: usize = super::cut::ALIGNMENT;

    fn of<P: Recipe>(parts: &[P]) -> Signs {
        let mut apart = vec![false; PLACES / Self::STRETCH];
        for (places, ports) in parts.iter().map(P::targets).filter(|(places, _)| !places.is_empty()) {
            apart[places.start / Self::STRETCH..=(places.end - 1) / Self::STRETCH]
                .fill(ports == Ports::BySign);
        }
        Signs { apart }
    }

    #[inline]
    fn port<R: Real>(&self, cell: u16, weight: R) -> usize {
        usize::from(self.apart[usize::from(cell) / Self::STRETCH] & (weight < R::ZERO))
    }
}

/// What sorting one row needs, kept between rows.
struct SortScratch<R> {
    shortest: u16,
    /// Per delay and port, how many synapses; then where the next one goes.
    places: Vec<u32>,
    /// Cell of the row's synapses as they were handed over, and which of the places it goes to.
    tags: Vec<(u16, u32)>,
    weights: Vec<R>,
}

impl<R> Default for SortScratch<R> {
    fn default() -> Self {
        SortScratch { shortest: 0, places: Vec::new(), tags: Vec::new(), weights: Vec::new() }
    }
}

impl<R: Real> SortScratch<R> {
    /// Takes the row in and counts its delays and ports.
    fn take(&mut self, tags: &[u16], weights: &[R], signs: &Signs) {
        let tags: &[[u16; 2]] = tags.as_chunks().0;
        let delays = || tags.iter().map(|&[_, delay]| delay);
        self.shortest = delays().min().unwrap_or(0);
        let longest = delays().max().unwrap_or(0);
        self.weights.clear();
        self.weights.extend_from_slice(weights);
        self.tags.clear();
        self.tags.extend(tags.iter().zip(weights).map(|(&[cell, delay], &weight)| {
            (cell, 2 * u32::from(delay - self.shortest) + signs.port(cell, weight) as u32)
        }));
        self.places.clear();
        self.places.resize(2 * (usize::from(longest - self.shortest) + 1), 0);
        self.tags.iter().for_each(|&(_, place)| self.places[place as usize] += 1);
    }

    /// Hands over the runs, and turns counts into where each begins.
    fn runs(&mut self, first: usize, into: &mut Runs) {
        let mut start = 0;
        for (number, place) in self.places.iter_mut().enumerate() {
            if *place > 0 {
                let (delay, port) = (self.shortest + (number / 2) as u16, (number % 2) as u8);
                into.push(Run { first: first as u32 + start, delay, port, class: 0 });
            }
            start += std::mem::replace(place, start);
        }
    }

    /// Counting sort of the row taken in; equal delays keep their order. Weights are sorted where they
    /// are, cells are put where they belong.
    fn sort(&mut self, cells: &mut [u16], weights: &mut [R]) {
        for (&(cell, place), &weight) in self.tags.iter().zip(&self.weights) {
            let place = &mut self.places[place as usize];
            cells[*place as usize] = cell;
            weights[*place as usize] = weight;
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Synapses onto 100 neurons of two ports and 100 of one.
    struct Part {
        synapses: Vec<Drawn>,
        constants: Option<(u16, f64)>,
        ports: Ports,
    }

    impl Recipe for Part {
        fn constants(&self) -> Option<(u16, f64)> {
            self.constants
        }

        fn targets(&self) -> (Range<usize>, Ports) {
            if self.ports == Ports::BySign { (0..100, self.ports) } else { (128..228, self.ports) }
        }

        fn count(&self, counts: &mut [u32]) {
            self.synapses.iter().for_each(|drawn| counts[drawn.source as usize] += 1);
        }

        fn hand_over(&self, take: &mut dyn FnMut(&[Drawn])) {
            self.synapses.chunks(7).for_each(take);
        }
    }

    /// (source, delay, port, cell, weight) of each synapse, in the order of the rows.
    fn listed(rows: &Rows<f64>, sources: u32) -> Vec<(u32, u16, u8, u16, i64)> {
        let mut found = Vec::new();
        for source in 0..sources {
            for number in rows.runs.row(source) {
                let (run, weights) = (rows.runs.get(number), rows.weights(number));
                for (k, i) in rows.runs.run(number).enumerate() {
                    let weight = if rows.constant { weights[0] } else { weights[k] };
                    found.push((source, run.delay, run.port, rows.cells[i], weight as i64));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn rows_hold_every_synapse_sorted_by_source_delay_and_port_and_else_in_order(
            synapses in proptest::collection::vec((0u32..9, 1u16..6, 0u16..100, any::<bool>()), 0..300)
        ) {
            let drawn = |first: u16| -> Vec<Drawn> {
                let number = |(i, &(source, delay, cell, negative)): (usize, &(u32, u16, u16, bool))| {
                    let weight = (i as f64 + 1.0) * if negative { -1.0 } else { 1.0 };
                    Drawn { source, cell: first + cell, delay, weight }
                };
                synapses.iter().enumerate().map(number).collect()
            };
            let parts = [
                Part { synapses: drawn(0), constants: None, ports: Ports::BySign },
                Part { synapses: drawn(128), constants: None, ports: Ports::One },
            ];
            let mut expected = Vec::new();
            for part in &parts {
                expected.extend(part.synapses.iter().map(|d| {
                    (d.source, d.delay, part.ports.of(d.weight) as u8, d.cell, d.weight as i64)
                }));
            }
            expected.sort_by_key(|&(source, delay, port, ..)| (source, delay, port));
            prop_assert_eq!(listed(&rows(9, &parts).unwrap(), 9), expected);
        }

        #[test]
        fn a_constant_table_holds_what_a_varied_one_holds(
            parts in proptest::collection::vec(
                (1u16..4, -2i64..3, any::<bool>(), proptest::collection::vec((0u32..5, 0u16..100), 0..40)),
                0..6,
            )
        ) {
            let part = |varied: bool| {
                move |(delay, weight, one, pairs): &(u16, i64, bool, Vec<(u32, u16)>)| {
                    let (delay, weight) = (*delay, *weight as f64);
                    let (first, ports) = if *one { (128, Ports::One) } else { (0, Ports::BySign) };
                    let drawn = |&(source, cell)| Drawn { source, cell: first + cell, delay, weight };
                    let constants = (!varied).then_some((delay, weight));
                    Part { synapses: pairs.iter().map(drawn).collect(), constants, ports }
                }
            };
            let constant: Vec<Part> = parts.iter().map(part(false)).collect();
            let varied: Vec<Part> = parts.iter().map(part(true)).collect();
            let constant = rows::<f64, _>(5, &constant).unwrap();
            prop_assert!(constant.constant);
            prop_assert_eq!(listed(&constant, 5), listed(&rows(5, &varied).unwrap(), 5));
        }
    }
}
