//! A chip tick by tick as the description of it reads: the yardstick for the fast one.

use super::bits::Bits;
use super::core::{Core, Target};
use super::draws::Draws;
use super::limits::SLOTS;
use super::neuron::{Lived, Semantics};
use sim_core::rng::Key;

/// A chip whose every core lives every tick.
pub struct Reference {
    cores: Vec<Core>,
    semantics: Semantics,
    /// What the last tick did to each neuron, core by core.
    pub lived: Vec<Vec<Lived>>,
    /// Axons to be active of each core, by slot of its scheduler.
    scheduled: Vec<[Vec<usize>; SLOTS]>,
    draws: Vec<Draws>,
    /// The last tick that was lived.
    pub now: i64,
    /// Events that found their axon active already in the tick in which they were due.
    pub merged: u64,
    /// Events that reached a neuron through the crossbar.
    pub synaptic_events: u64,
}

impl Reference {
    /// A chip at tick 0, with streams of draws from `key`.
    pub fn new(cores: Vec<Core>, semantics: Semantics, key: Key) -> Reference {
        let still = |core: &Core| {
            let lived = |&v: &i32| Lived { before_reset: v, potential: v, fired: false };
            core.potentials.iter().map(lived).collect()
        };
        Reference {
            lived: cores.iter().map(still).collect(),
            scheduled: vec![Default::default(); cores.len()],
            draws: (0..cores.len()).map(|core| Draws::keyed(key, core)).collect(),
            cores,
            semantics,
            now: 0,
            merged: 0,
            synaptic_events: 0,
        }
    }

    /// The draws of a core.
    pub fn draws(&mut self, core: usize) -> &mut Draws {
        &mut self.draws[core]
    }

    /// Makes an axon active in tick `tick`, at most 15 ticks ahead.
    pub fn activate(&mut self, tick: i64, core: usize, axon: usize) {
        self.scheduled[core][slot(tick)].push(axon);
    }

    /// Lives a tick; `take` is told who fires, as (core, neuron).
    pub fn live(&mut self, mut take: impl FnMut(usize, usize)) {
        self.now += 1;
        for number in 0..self.cores.len() {
            let mut active = Bits::NONE;
            for axon in std::mem::take(&mut self.scheduled[number][slot(self.now)]) {
                self.merged += u64::from(active.set(axon));
            }
            let core = &self.cores[number];
            for (j, neuron) in core.neurons.iter().enumerate() {
                let joined = active.ones().filter(|&axon| core.rows[axon].has(j));
                self.synaptic_events += joined.clone().count() as u64;
                let types = joined.map(|axon| usize::from(core.axon_types[axon]));
                let v = self.lived[number][j].potential;
                self.lived[number][j] = neuron.live(v, types, &mut self.draws[number], self.semantics);
            }
            for j in 0..self.cores[number].neurons.len() {
                if self.lived[number][j].fired {
                    take(number, j);
                    if let Target::Axon { core, axon, delay } = self.cores[number].targets[j] {
                        self.activate(self.now + i64::from(delay), core as usize, usize::from(axon));
                    }
                }
            }
        }
    }
}

/// The place of a tick in a scheduler.
pub fn slot(tick: i64) -> usize {
    tick.rem_euclid(SLOTS as i64) as usize
}
