//! Sorts the synapses of a row by delay and port, so that runs can be cut.

use super::cut::ALIGNMENT;
use super::placing::Recipe;
use super::rows::{Cell, Run, Runs};
use sim_core::neuron::Ports;
use sim_core::real::Real;

/// Which targets take negative weights at a port of their own.
pub struct Signs {
    /// For each stretch of [`ALIGNMENT`] places, which belong to one slice.
    apart: Vec<bool>,
}

impl Signs {
    /// Those of one table.
    pub fn of<P: Recipe>(parts: &[P], table: usize) -> Signs {
        let mut apart = Vec::new();
        for (places, ports) in parts.iter().filter_map(|part| part.targets(table)) {
            let stretches = places.start / ALIGNMENT..places.end.div_ceil(ALIGNMENT);
            apart.resize(apart.len().max(stretches.end), false);
            apart[stretches].fill(ports == Ports::BySign);
        }
        Signs { apart }
    }

    #[inline]
    fn port<R: Real>(&self, cell: impl Cell, weight: R) -> usize {
        usize::from(self.apart[cell.place() as usize / ALIGNMENT] & (weight < R::ZERO))
    }
}

/// What sorting one row needs, kept between rows.
pub struct SortScratch<R, C> {
    shortest: u32,
    /// Per delay and port, how many synapses; then where the next one goes.
    places: Vec<u32>,
    /// Cell of the row's synapses as they were handed over, and which of the places it goes to.
    tags: Vec<(C, u32)>,
    weights: Vec<R>,
}

impl<R, C> Default for SortScratch<R, C> {
    fn default() -> Self {
        SortScratch { shortest: 0, places: Vec::new(), tags: Vec::new(), weights: Vec::new() }
    }
}

impl<R: Real, C: Cell> SortScratch<R, C> {
    /// Takes the row in and counts its delays and ports.
    pub fn take(&mut self, tags: &[C], weights: &[R], signs: &Signs) {
        let tags: &[[C; 2]] = tags.as_chunks().0;
        let delays = || tags.iter().map(|&[_, delay]| delay.place());
        self.shortest = delays().min().unwrap_or(0);
        let longest = delays().max().unwrap_or(0);
        self.weights.clear();
        self.weights.extend_from_slice(weights);
        self.tags.clear();
        self.tags.extend(tags.iter().zip(weights).map(|(&[cell, delay], &weight)| {
            (cell, 2 * (delay.place() - self.shortest) + signs.port(cell, weight) as u32)
        }));
        self.places.clear();
        self.places.resize(2 * ((longest - self.shortest) as usize + 1), 0);
        self.tags.iter().for_each(|&(_, place)| self.places[place as usize] += 1);
    }

    /// Hands over the runs, and turns counts into where each begins.
    pub fn runs(&mut self, first: usize, into: &mut Runs) {
        let mut start = 0;
        for (number, place) in self.places.iter_mut().enumerate() {
            if *place > 0 {
                let (delay, port) = ((self.shortest + number as u32 / 2) as u16, (number % 2) as u8);
                into.push(Run { first: first as u32 + start, delay, port, class: 0 });
            }
            start += std::mem::replace(place, start);
        }
    }

    /// Counting sort of the row taken in; equal delays keep their order. Weights are sorted where they
    /// are, cells are put where they belong.
    pub fn sort(&mut self, cells: &mut [C], weights: &mut [R]) {
        for (&(cell, place), &weight) in self.tags.iter().zip(&self.weights) {
            let place = &mut self.places[place as usize];
            cells[*place as usize] = cell;
            weights[*place as usize] = weight;
            *place += 1;
        }
    }
}
