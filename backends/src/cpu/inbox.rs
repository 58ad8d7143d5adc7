//! What arrives at the cells of a shard during one step.

use super::cut::MOST_CELLS;
use sim_core::neuron::Arrival;
use sim_core::real::Real;
use std::ops::Range;

/// Sums on the grid, single arrivals in continuous time.
pub enum Inbox<R> {
    /// One sum per cell. As long as a `u16` can count, so that no cell is ever out of bounds.
    Sums(Box<[R; MOST_CELLS]>),
    /// Every arrival; `neuron` is the cell until the inbox is opened.
    Times(Vec<Arrival>),
}

impl<R: Real> Inbox<R> {
    /// An empty inbox for the grid.
    pub fn sums() -> Self {
        let cells: Box<[R]> = vec![R::ZERO; MOST_CELLS].into();
        Inbox::Sums(cells.try_into().unwrap_or_else(|_| unreachable!("the vector was made this long")))
    }

    /// An empty inbox for continuous time.
    pub fn times() -> Self {
        Inbox::Times(Vec::new())
    }

    /// Takes one run of synapses; `offset` is the time within the step, in ms.
    #[inline]
    pub fn run(&mut self, cells: &[u16], weights: &[R], offset: f64) {
        match self {
            Inbox::Sums(sums) => {
                for (&cell, &weight) in cells.iter().zip(weights) {
                    sums[usize::from(cell)] += weight;
                }
            }
            Inbox::Times(arrivals) => {
                arrivals.extend(cells.iter().zip(weights).map(|(&cell, &weight)| Arrival {
                    neuron: u32::from(cell),
                    offset,
                    weight: weight.wide(),
                }))
            }
        }
    }

    /// Brings what arrived into the order in which neurons live through it: by cell, then by time,
    /// equal times in the order of their delivery. Sums have no order.
    pub fn close(&mut self) {
        if let Inbox::Times(arrivals) = self {
            arrivals.sort_by(|a, b| a.neuron.cmp(&b.neuron).then(a.offset.total_cmp(&b.offset)));
        }
    }

    /// The sums of a stretch of cells, for the neurons to take; empty in continuous time.
    #[inline]
    pub fn of(&mut self, cells: Range<usize>) -> &mut [R] {
        match self {
            Inbox::Sums(sums) => &mut sums[cells],
            Inbox::Times(_) => &mut [],
        }
    }

    /// Forgets the arrivals of a step in continuous time; sums have been taken.
    pub fn forget(&mut self) {
        if let Inbox::Times(arrivals) = self {
            arrivals.clear();
        }
    }
}
