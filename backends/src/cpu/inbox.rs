//! What arrives at the neurons of a shard during one step.

use super::cut::PLACES;
use super::few::Few;
use super::flights::{AHEAD, Landing};
use super::rows::Rows;
use sim_core::aligned::Aligned;
use sim_core::hints::fetch;
use sim_core::neuron::Arrival;
use sim_core::real::Real;
use std::ops::{Deref, DerefMut, Range};

/// Sums or a list on the grid, single arrivals in continuous time.
pub enum Inbox<R> {
    /// For each port one sum per neuron.
    Sums([Sums<R>; 2]),
    /// A list, for neurons that are left alone until something arrives.
    Few(Few<R>),
    /// Every arrival; `neuron` is the place in the shard until the inbox is opened.
    Times(Vec<Arrival>),
}

/// One sum per place, as many as a `u16` can count, so that none is ever out of bounds.
pub struct Sums<R>(Aligned<R>);

impl<R: Real> Deref for Sums<R> {
    type Target = [R; PLACES];

    fn deref(&self) -> &[R; PLACES] {
        self.0.first_chunk().expect("there are as many numbers as places")
    }
}

impl<R: Real> DerefMut for Sums<R> {
    fn deref_mut(&mut self) -> &mut [R; PLACES] {
        self.0.first_chunk_mut().expect("there are as many numbers as places")
    }
}

impl<R: Real> Inbox<R> {
    /// An empty inbox for the grid.
    pub fn sums() -> Self {
        Inbox::Sums([Sums(Aligned::zeros(PLACES)), Sums(Aligned::zeros(PLACES))])
    }

    /// An empty inbox for neurons that are left alone.
    pub fn few() -> Self {
        Inbox::Few(Few::default())
    }

    /// An empty inbox for continuous time.
    pub fn times() -> Self {
        Inbox::Times(Vec::new())
    }

    /// Takes one run of synapses that all arrive at one port, with a weight for each or one for all;
    /// `offset` is the time within the step, in ms. A list takes wide runs only.
    #[inline]
    pub fn run(&mut self, port: usize, cells: &[u16], weights: &[R], offset: f64) {
        match self {
            Inbox::Sums(sums) => {
                let sums: &mut [R; PLACES] = &mut sums[port];
                cells.iter().zip(weights).for_each(|(&cell, &weight)| sums[usize::from(cell)] += weight);
            }
            Inbox::Few(_) => {}
            Inbox::Times(arrivals) => {
                let arrival = |(&cell, &weight): (&u16, &R)| Arrival {
                    neuron: u32::from(cell),
                    offset,
                    weight: weight.wide(),
                };
                arrivals.extend(cells.iter().zip(weights.iter().cycle()).map(arrival));
            }
        }
    }

    /// Takes the wide runs that land, if this is a list; returns how many synapses transmitted.
    pub fn wide(&mut self, rows: &Rows<R, u32>, landings: &[Landing]) -> u64 {
        let Inbox::Few(few) = self else { return 0 };
        let mut events = 0;
        for (number, landing) in landings.iter().enumerate() {
            if let Some(soon) = landings.get(number + AHEAD) {
                fetch(&rows.cells, rows.runs.run(soon.run).start);
            }
            let cells = &rows.cells[rows.runs.run(landing.run)];
            few.run(cells, rows.weights(landing.run));
            events += cells.len() as u64;
        }
        events
    }

    /// Brings what arrived into the order in which neurons live through it: by place, then by time,
    /// equal times in the order of their delivery. On the grid that is the order already.
    pub fn close(&mut self) {
        if let Inbox::Times(arrivals) = self {
            arrivals.sort_by(|a, b| a.neuron.cmp(&b.neuron).then(a.offset.total_cmp(&b.offset)));
        }
    }

    /// The sums of a stretch of places at the first `ports` ports, for the neurons to take; empty where
    /// there is no table of them.
    #[inline]
    pub fn of(&mut self, ports: usize, places: Range<usize>) -> [&mut [R]; 2] {
        match self {
            Inbox::Sums([first, second]) => {
                let second: &mut [R] = if ports > 1 { &mut second[places.clone()] } else { &mut [] };
                [&mut first[places], second]
            }
            Inbox::Few(_) | Inbox::Times(_) => [&mut [], &mut []],
        }
    }

    /// Forgets the arrivals of a step; sums have been taken.
    pub fn forget(&mut self) {
        match self {
            Inbox::Sums(_) => {}
            Inbox::Few(few) => few.clear(),
            Inbox::Times(arrivals) => arrivals.clear(),
        }
    }
}
