//! What arrives at the neurons of a shard during one step.

use super::cut::PLACES;
use sim_core::neuron::Arrival;
use sim_core::real::Real;
use std::ops::Range;

/// Sums on the grid, single arrivals in continuous time.
pub enum Inbox<R> {
    /// For each port one sum per neuron.
    Sums([Sums<R>; 2]),
    /// Every arrival; `neuron` is the place in the shard until the inbox is opened.
    Times(Vec<Arrival>),
}

/// One sum per place, as many as a `u16` can count, so that none is ever out of bounds.
pub type Sums<R> = Box<[R; PLACES]>;

impl<R: Real> Inbox<R> {
    /// An empty inbox for the grid.
    pub fn sums() -> Self {
        Inbox::Sums(std::array::from_fn(|_| {
            let sums: Box<[R]> = vec![R::ZERO; PLACES].into();
            sums.try_into().unwrap_or_else(|_| unreachable!("the vector was made this long"))
        }))
    }

    /// An empty inbox for continuous time.
    pub fn times() -> Self {
        Inbox::Times(Vec::new())
    }

    /// Takes one run of synapses that all arrive at one port, with a weight for each or one for all;
    /// `offset` is the time within the step, in ms.
    #[inline]
    pub fn run(&mut self, port: usize, cells: &[u16], weights: &[R], offset: f64) {
        let weights = weights.iter().cycle();
        match self {
            Inbox::Sums(sums) => {
                for (&cell, &weight) in cells.iter().zip(weights) {
                    sums[port][usize::from(cell)] += weight;
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

    /// Brings what arrived into the order in which neurons live through it: by place, then by time,
    /// equal times in the order of their delivery. Sums have no order.
    pub fn close(&mut self) {
        if let Inbox::Times(arrivals) = self {
            arrivals.sort_by(|a, b| a.neuron.cmp(&b.neuron).then(a.offset.total_cmp(&b.offset)));
        }
    }

    /// The sums of a stretch of places at the first `ports` ports, for the neurons to take; empty in
    /// continuous time.
    #[inline]
    pub fn of(&mut self, ports: usize, places: Range<usize>) -> [&mut [R]; 2] {
        match self {
            Inbox::Sums([first, second]) => {
                let second: &mut [R] = if ports > 1 { &mut second[places.clone()] } else { &mut [] };
                [&mut first[places], second]
            }
            Inbox::Times(_) => [&mut [], &mut []],
        }
    }

    /// Forgets the arrivals of a step in continuous time; sums have been taken.
    pub fn forget(&mut self) {
        if let Inbox::Times(arrivals) = self {
            arrivals.clear();
        }
    }
}
