//! Delivery: what is due in a step is added to the sums of the targets. The hottest loop of all.
//!
//! A step of a large network delivers tens of thousands of synapses in runs of some dozens, each
//! somewhere else in memory. If every run were a loop of its own, the processor would guess its end
//! wrongly each time, and wait for memory at its start. So runs are first cut into *pieces* of at
//! most [`PIECE`] synapses; then one loop without surprises goes over all pieces, always adds eight
//! numbers, and asks for the memory of the piece some places ahead. The last piece of a run ends where
//! the run does and begins with zeros for what the piece before has added: so nothing beyond the run,
//! which nobody has asked for, is read.
//!
//! A sum to which 0 is added stays what it was, so the order of arrivals at a target, (time, source,
//! synapse), is that of the pieces.

use super::cut::PLACES;
use super::flights::Landing;
use super::inbox::Sums;
use super::placing::PIECE;
use super::rows::Rows;
use sim_core::hints::fetch;
use sim_core::real::Real;

/// Pieces between asking for memory and using it: that of about ten runs, which is a microsecond.
const AHEAD: usize = 64;
/// Pieces that are cut at once.
const CUT: usize = 8;

/// Runs cut into pieces, by port.
#[derive(Default)]
pub struct Delivery<R> {
    pieces: [Pieces<R>; 2],
}

/// For each number of synapses in a piece, 0 for those before them and 1 for them: a product needs no
/// branch, and the compiler makes branches of anything else.
struct There<R>([[R; PIECE]; PIECE + 1]);

impl<R: Real> There<R> {
    fn new() -> Self {
        let there = |len, k| if k + len >= PIECE { R::ONE } else { R::ZERO };
        There(std::array::from_fn(|len| std::array::from_fn(|k| there(len, k))))
    }

    #[inline(always)]
    fn of(&self, len: u32) -> &[R; PIECE] {
        &self.0[(len as usize).min(PIECE)]
    }
}

/// The lists are longer than they are full.
#[derive(Default)]
struct Pieces<R> {
    count: usize,
    /// The first of [`PIECE`] places in the table.
    first: Vec<u32>,
    /// How many of them, the last ones, are synapses of the piece.
    len: Vec<u32>,
    /// In a constant table, their weight.
    weight: Vec<R>,
}

impl<R: Real> Delivery<R> {
    /// Delivers the runs that land, in order; returns how many synapses transmitted.
    pub fn deliver(&mut self, rows: &Rows<R>, landings: &[Landing], sums: &mut [Sums<R>; 2]) -> u64 {
        let mut events = 0;
        for landing in landings {
            let (run, synapses) = (rows.runs.get(landing.run), rows.runs.run(landing.run));
            let weight = if rows.constant { rows.weights[usize::from(run.class)] } else { R::ZERO };
            self.pieces[usize::from(run.port & 1)].cut(run.first, synapses.len() as u32, weight);
            events += synapses.len() as u64;
        }
        for (pieces, sums) in self.pieces.iter_mut().zip(sums) {
            if rows.constant {
                pieces.add_constants(&rows.cells, sums)
            } else {
                pieces.add(rows, sums)
            }
            pieces.count = 0;
        }
        events
    }
}

impl<R: Real> Pieces<R> {
    #[inline]
    fn cut(&mut self, first: u32, len: u32, weight: R) {
        let needed = self.count + (len as usize).div_ceil(PIECE) + CUT;
        if needed > self.first.len() {
            self.first.resize(2 * needed, 0);
            self.len.resize(2 * needed, 0);
            self.weight.resize(2 * needed, R::ZERO);
        }
        let last = first + len - PIECE as u32;
        for begin in (0..len).step_by(CUT * PIECE) {
            let place = self.count + begin as usize / PIECE;
            let (firsts, lens) = (&mut self.first[place..place + CUT], &mut self.len[place..place + CUT]);
            for number in 0..CUT {
                let begin = begin + (number * PIECE) as u32;
                firsts[number] = (first + begin).min(last);
                lens[number] = len.saturating_sub(begin).min(PIECE as u32);
            }
            self.weight[place..place + CUT].fill(weight);
        }
        self.count += (len as usize).div_ceil(PIECE);
    }

    fn add(&self, rows: &Rows<R>, sums: &mut [R; PLACES]) {
        let there = There::new();
        let (firsts, lens) = (&self.first[..self.count], &self.len[..self.count]);
        for (number, (&first, &len)) in firsts.iter().zip(lens).enumerate() {
            if let Some(&soon) = firsts.get(number + AHEAD) {
                fetch_piece(&rows.cells, soon);
                fetch_piece(&rows.weights, soon);
            }
            let (weights, there) = (piece(&rows.weights, first), there.of(len));
            add(sums, piece(&rows.cells, first), std::array::from_fn(|k| weights[k] * there[k]));
        }
    }

    fn add_constants(&self, cells: &[u16], sums: &mut [R; PLACES]) {
        let there = There::new();
        let (firsts, lens) = (&self.first[..self.count], &self.len[..self.count]);
        for (number, ((&first, &len), &weight)) in firsts.iter().zip(lens).zip(&self.weight).enumerate() {
            if let Some(&soon) = firsts.get(number + AHEAD) {
                fetch_piece(cells, soon);
            }
            // Where weights are constant, runs are long as a rule and most pieces whole.
            let whole = len as usize == PIECE;
            let weights = if whole { [weight; PIECE] } else { there.of(len).map(|there| weight * there) };
            add(sums, piece(cells, first), weights);
        }
    }
}

#[inline(always)]
fn piece<T>(table: &[T], first: u32) -> &[T; PIECE] {
    table[first as usize..].first_chunk().expect("a piece ends where a run does")
}

/// Asks for a piece, which may lie on two lines of the cache.
#[inline(always)]
fn fetch_piece<T>(table: &[T], first: u32) {
    fetch(table, first as usize);
    fetch(table, first as usize + PIECE - 1);
}

#[inline(always)]
fn add<R: Real>(sums: &mut [R; PLACES], cells: &[u16; PIECE], weights: [R; PIECE]) {
    for (&cell, weight) in cells.iter().zip(weights) {
        sums[usize::from(cell)] += weight;
    }
}
