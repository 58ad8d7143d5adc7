//! From recipes to rows: every synapse to its place.
//!
//! A recipe hands over the same synapses each time it is asked: once to count, once to place. Where
//! all weights and delays of a table are constants, synapses fall into few classes, and each goes
//! straight to its run. Elsewhere rows are placed as they come and then [sorted](super::sorting) by delay.

use super::draw::Drawn;
use super::rows::{Cell, Rows, Run, Runs};
use super::sorting::{Signs, SortScratch};
use sim_core::hints::on_huge_pages;
use sim_core::neuron::Ports;
use sim_core::real::Real;
use std::ops::Range;

/// One part of what tables are made from: synapses of one projection onto neighbouring slices.
pub trait Recipe {
    /// Delay in steps and weight, if they are the same for all.
    fn constants(&self) -> Option<(u16, f64)>;
    /// The places of its targets in a table, and how they keep arrivals apart.
    fn targets(&self, table: usize) -> Option<(Range<usize>, Ports)>;
    /// The numbers that its sources have among all.
    fn sources(&self) -> Range<usize>;
    /// Adds to the count of each source, table by table, its synapses; a count that does not fit stops
    /// at the largest number.
    fn count(&self, counts: &mut [Vec<u32>]);
    /// Hands over as many synapses.
    fn hand_over(&self, take: &mut dyn FnMut(&[Drawn]));
}

/// More synapses onto one shard than its 32-bit index can count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySynapses(pub u64);

/// Synapses that are read together. Tables begin with one place less that no synapse has, so that as many
/// places as this end at any synapse.
pub const PIECE: usize = 8;
/// The first synapse's place in its table.
const FIRST: u32 = PIECE as u32 - 1;

/// Some tables, built at once, of the rows of `sources` sources each.
pub fn rows<R: Real, C: Cell, P: Recipe>(
    tables: usize,
    sources: usize,
    parts: &[P],
) -> Result<Vec<Rows<R, C>>, TooManySynapses> {
    build((0..tables).map(|table| Classes::of(parts, table)).collect(), sources, parts)
}

/// One table in which each synapse has its own weight.
pub fn varied<R: Real, P: Recipe>(sources: usize, part: P) -> Result<Rows<R>, TooManySynapses> {
    Ok(build(vec![None], sources, &[part])?.remove(0))
}

fn build<R: Real, C: Cell, P: Recipe>(
    classes: Vec<Option<Classes>>,
    sources: usize,
    parts: &[P],
) -> Result<Vec<Rows<R, C>>, TooManySynapses> {
    let width = |classes: &Option<Classes>| classes.as_ref().map_or(1, |classes| classes.all.len());
    // By table, source and class: how many.
    let mut sums: Vec<Vec<u32>> = classes.iter().map(|classes| vec![0; sources * width(classes)]).collect();
    let mut counts = vec![vec![0_u32; sources]; classes.len()];
    for (number, part) in parts.iter().enumerate() {
        // A part looks at its own sources only, or many parts of many sources take the product of both.
        let own = part.sources();
        counts.iter_mut().for_each(|counts| counts[own.clone()].fill(0));
        part.count(&mut counts);
        for ((classes, sums), counts) in classes.iter().zip(&mut sums).zip(&counts) {
            let class = classes.as_ref().map_or(0, |classes| classes.of_part[number]);
            let width = width(classes);
            let rows = &mut sums[own.start * width..own.end * width];
            let column = rows.iter_mut().skip(class).step_by(width.max(1));
            column.zip(&counts[own.clone()]).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        }
    }
    drop(counts);
    let mut tables: Vec<Table<R, C>> = Vec::new();
    for (number, (classes, sums)) in classes.into_iter().zip(sums).enumerate() {
        tables.push(match classes {
            Some(classes) => Table::Constant(Constant::new(classes, sources, sums)?),
            None => Table::Varied(Varied::new(sums, Signs::of(parts, number))?),
        });
    }
    for (number, part) in parts.iter().enumerate() {
        part.hand_over(&mut |batch| {
            batch.iter().for_each(|drawn| tables[drawn.table()].place(number, drawn))
        });
    }
    Ok(tables.into_iter().map(Table::finish).collect())
}

/// A table that is being filled.
enum Table<R, C> {
    Constant(Constant<C>),
    Varied(Varied<R, C>),
}

impl<R: Real, C: Cell> Table<R, C> {
    #[inline]
    fn place(&mut self, part: usize, drawn: &Drawn) {
        match self {
            Table::Constant(table) => table.place(part, drawn),
            Table::Varied(table) => table.place(drawn),
        }
    }

    fn finish(self) -> Rows<R, C> {
        match self {
            Table::Constant(table) => table.finish(),
            Table::Varied(table) => table.cut_into_runs(),
        }
    }
}

/// Delay, port and weight of the synapses of a table in which they are constants.
struct Classes {
    /// Delay, port and weight, by delay and port, then in the order of the parts.
    all: Vec<(u16, u8, f64)>,
    /// The class of each part; of no meaning for parts without targets in the table.
    of_part: Vec<usize>,
}

impl Classes {
    /// Nothing where a weight or a delay varies, or there are too many.
    fn of<P: Recipe>(parts: &[P], table: usize) -> Option<Classes> {
        let mut keys: Vec<(u16, u8, f64)> = Vec::new();
        let mut of_part = Vec::new();
        for part in parts {
            let Some((_, ports)) = part.targets(table) else {
                of_part.push(0);
                continue;
            };
            let (delay, weight) = part.constants()?;
            let port = ports.of(weight) as u8;
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
        let of_part = of_part.into_iter().map(|class| rank.get(class).copied().unwrap_or(0)).collect();
        u8::try_from(all.len()).ok().map(|_| Classes { all, of_part })
    }

    /// Turns counts into where each class of each row begins.
    fn runs(&self, sources: usize, next: &mut [u32]) -> Runs {
        let mut runs = Runs::with_capacity(sources, next.iter().filter(|count| **count > 0).count());
        let mut first = FIRST;
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

/// A table of constants that is being filled: every synapse goes straight to its run.
struct Constant<C> {
    classes: Classes,
    runs: Runs,
    /// By source and class, where the next one goes.
    next: Vec<u32>,
    cells: Vec<C>,
}

impl<C: Cell> Constant<C> {
    /// From the numbers of synapses by source and class.
    fn new(classes: Classes, sources: usize, mut next: Vec<u32>) -> Result<Self, TooManySynapses> {
        let cells = on_huge_pages(checked_total(&next)? + FIRST as usize);
        let runs = classes.runs(sources, &mut next);
        Ok(Constant { classes, runs, next, cells })
    }

    #[inline]
    fn place(&mut self, part: usize, drawn: &Drawn) {
        let class = drawn.source as usize * self.classes.all.len() + self.classes.of_part[part];
        let place = &mut self.next[class];
        self.cells[*place as usize] = C::of(drawn.place);
        *place += 1;
    }

    fn finish<R: Real>(self) -> Rows<R, C> {
        let weights = self.classes.all.iter().map(|&(_, _, weight)| R::of(weight)).collect();
        Rows { runs: self.runs, cells: self.cells, weights, constant: true }
    }
}

/// A table of varied synapses that is being filled: rows as they come, not yet sorted. What is kept
/// beyond the finished table is as much a synapse for delays as for cells.
struct Varied<R, C> {
    /// By source, where the next one goes; once all are placed, the end of its row.
    next: Vec<u32>,
    /// Per synapse its cell and delay, side by side as they are written.
    tags: Vec<[C; 2]>,
    weights: Vec<R>,
    signs: Signs,
}

impl<R: Real, C: Cell> Varied<R, C> {
    /// From the numbers of synapses by source.
    fn new(mut next: Vec<u32>, signs: Signs) -> Result<Self, TooManySynapses> {
        let total = checked_total(&next)?;
        let mut sum = FIRST;
        for count in &mut next {
            sum += std::mem::replace(count, sum);
        }
        let total = total + FIRST as usize;
        Ok(Varied { next, tags: on_huge_pages(total), weights: on_huge_pages(total), signs })
    }

    #[inline]
    fn place(&mut self, drawn: &Drawn) {
        let place = &mut self.next[drawn.source as usize];
        self.tags[*place as usize] = [C::of(drawn.place), C::of(u32::from(drawn.delay))];
        self.weights[*place as usize] = R::of(drawn.weight);
        *place += 1;
    }

    /// Sorts rows by delay and port. The cells are moved together where the pairs were, so that no
    /// second table is needed for them.
    fn cut_into_runs(self) -> Rows<R, C> {
        let Varied { next: ends, tags, mut weights, signs } = self;
        let mut cells = tags.into_flattened();
        let mut runs = Runs::with_capacity(ends.len(), 0);
        let mut scratch = SortScratch::default();
        let mut start = FIRST as usize;
        for end in ends {
            runs.begin_row();
            let range = start..end as usize;
            start = range.end;
            if !range.is_empty() {
                scratch.take(&cells[2 * range.start..2 * range.end], &weights[range.clone()], &signs);
                scratch.runs(range.start, &mut runs);
                scratch.sort(&mut cells[range.clone()], &mut weights[range]);
            }
        }
        runs.finish(start);
        cells.truncate(weights.len());
        cells.shrink_to_fit();
        Rows { runs, cells, weights, constant: false }
    }
}

fn checked_total(counts: &[u32]) -> Result<usize, TooManySynapses> {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if total < u64::from(u32::MAX - FIRST) { Ok(total as usize) } else { Err(TooManySynapses(total)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Synapses, in two tables, onto 100 neurons of two ports and 100 of one.
    struct Part {
        synapses: Vec<Drawn>,
        constants: Option<(u16, f64)>,
        ports: Ports,
    }

    impl Recipe for Part {
        fn constants(&self) -> Option<(u16, f64)> {
            self.constants
        }

        fn targets(&self, table: usize) -> Option<(Range<usize>, Ports)> {
            self.synapses.iter().find(|drawn| drawn.table() == table)?;
            Some((if self.ports == Ports::BySign { 0..100 } else { 128..228 }, self.ports))
        }

        fn sources(&self) -> Range<usize> {
            let sources = || self.synapses.iter().map(|drawn| drawn.source as usize);
            sources().min().unwrap_or(0)..sources().max().map_or(0, |last| last + 1)
        }

        fn count(&self, counts: &mut [Vec<u32>]) {
            self.synapses.iter().for_each(|drawn| counts[drawn.table()][drawn.source as usize] += 1);
        }

        fn hand_over(&self, take: &mut dyn FnMut(&[Drawn])) {
            self.synapses.chunks(7).for_each(take);
        }
    }

    /// Table, source, delay, port, cell and weight.
    type Listed = (usize, u32, u16, u8, u16, i64);

    /// Every synapse, in the order of the rows.
    fn listed(tables: &[Rows<f64>], sources: u32) -> Vec<Listed> {
        tables.iter().enumerate().flat_map(|(table, rows)| listed_of(table, rows, sources)).collect()
    }

    fn listed_of(table: usize, rows: &Rows<f64>, sources: u32) -> Vec<Listed> {
        let mut found = Vec::new();
        for source in 0..sources {
            for number in rows.runs.row(source) {
                let (run, weights) = (rows.runs.get(number), rows.weights(number));
                for (k, i) in rows.runs.run(number).enumerate() {
                    let weight = if rows.constant { weights[0] } else { weights[k] };
                    found.push((table, source, run.delay, run.port, rows.cells[i], weight as i64));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn rows_hold_every_synapse_sorted_by_source_delay_and_port_and_else_in_order(
            synapses in proptest::collection::vec((0u16..2, 0u32..9, 1u16..6, 0u16..100, any::<bool>()), 0..300)
        ) {
            let drawn = |first: u16| -> Vec<Drawn> {
                let number = |(i, &(table, source, delay, cell, negative)): (usize, &(u16, u32, u16, u16, bool))| {
                    let weight = (i as f64 + 1.0) * if negative { -1.0 } else { 1.0 };
                    Drawn { table, source, place: u32::from(first + cell), delay, weight }
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
                    (d.table(), d.source, d.delay, part.ports.of(d.weight) as u8, d.place as u16, d.weight as i64)
                }));
            }
            expected.sort_by_key(|&(table, source, delay, port, ..)| (table, source, delay, port));
            prop_assert_eq!(listed(&rows::<_, u16, _>(2, 9, &parts).unwrap(), 9), expected);
        }

        #[test]
        fn a_constant_table_holds_what_a_varied_one_holds(
            parts in proptest::collection::vec(
                (1u16..4, -2i64..3, any::<bool>(), proptest::collection::vec((0u16..2, 0u32..5, 0u16..100), 0..40)),
                0..6,
            )
        ) {
            let part = |varied: bool| {
                move |(delay, weight, one, pairs): &(u16, i64, bool, Vec<(u16, u32, u16)>)| {
                    let (delay, weight) = (*delay, *weight as f64);
                    let (first, ports) = if *one { (128, Ports::One) } else { (0, Ports::BySign) };
                    let drawn =
                        |&(table, source, cell)| Drawn { table, source, place: u32::from(first + cell), delay, weight };
                    let constants = (!varied).then_some((delay, weight));
                    Part { synapses: pairs.iter().map(drawn).collect(), constants, ports }
                }
            };
            let constant: Vec<Part> = parts.iter().map(part(false)).collect();
            let varied: Vec<Part> = parts.iter().map(part(true)).collect();
            let constant = rows::<f64, u16, _>(2, 5, &constant).unwrap();
            prop_assert!(constant.iter().all(|rows| rows.constant));
            prop_assert_eq!(listed(&constant, 5), listed(&rows(2, 5, &varied).unwrap(), 5));
        }
    }
}
