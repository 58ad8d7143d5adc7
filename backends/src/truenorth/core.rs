//! What a core is loaded with, what a chip is, and what makes them legal.

use super::bits::Bits;
use super::limits::{AXONS, LONGEST_DELAY, MOST_CORES, NEURONS, TYPES, Widths};
use super::neuron::Neuron;

/// The configuration of one core.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Core {
    /// G: the type of each axon, below [`TYPES`].
    pub axon_types: Vec<u8>,
    /// The crossbar, one row for each axon: bit `j` joins it to neuron `j`.
    pub rows: Vec<Bits>,
    /// The neurons.
    pub neurons: Vec<Neuron>,
    /// Potentials of the neurons at the start.
    pub potentials: Vec<i32>,
    /// The one target of each neuron.
    pub targets: Vec<Target>,
}

/// Where a neuron's spikes go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nowhere on the chip: off it, to whoever watches.
    #[default]
    Out,
    /// To an axon, to be active so many ticks later.
    Axon {
        /// Number of the core.
        core: u32,
        /// Number of its axon.
        axon: u8,
        /// Ticks, 1 to 15.
        delay: u8,
    },
}

impl Core {
    /// What is illegal about core number `number` among `cores`, each in one sentence.
    pub fn misfits(&self, number: usize, cores: usize, widths: &Widths) -> Vec<String> {
        let mut found = Vec::new();
        let mut limit = |what: &str, used: usize, limit: usize| {
            if used > limit {
                found.push(format!("core {number} has {used} {what}; a core has {limit}"));
            }
        };
        limit("axons", self.axon_types.len(), AXONS);
        limit("neurons", self.neurons.len(), NEURONS);
        let (axons, neurons) = (self.axon_types.len(), self.neurons.len());
        let mut unequal = |what: &str, found_len: usize, expected: usize, whose: &str| {
            if found_len != expected {
                found.push(format!("core {number} has {found_len} {what} for {expected} {whose}"));
            }
        };
        unequal("rows", self.rows.len(), axons, "axons");
        unequal("potentials", self.potentials.len(), neurons, "neurons");
        unequal("targets", self.targets.len(), neurons, "neurons");
        for (axon, &kind) in
            self.axon_types.iter().enumerate().filter(|(_, kind)| usize::from(**kind) >= TYPES)
        {
            found.push(format!("axon {axon} of core {number} is of type {kind}; there are {TYPES}, from 0"));
        }
        for (axon, row) in self.rows.iter().enumerate() {
            if let Some(neuron) = row.ones().find(|&neuron| neuron >= neurons) {
                found.push(format!("axon {axon} of core {number} reaches neuron {neuron} of {neurons}"));
            }
        }
        for (place, neuron) in self.neurons.iter().enumerate() {
            let misfit = neuron.misfit(widths);
            found.extend(misfit.map(|misfit| format!("neuron {place} of core {number}: {misfit}")));
        }
        for (place, target) in self.targets.iter().enumerate() {
            if let Target::Axon { core, delay, .. } = *target {
                if core as usize >= cores {
                    found.push(format!("neuron {place} of core {number} reaches core {core} of {cores}"));
                }
                if !(1..=LONGEST_DELAY).contains(&delay) {
                    found.push(format!(
                        "neuron {place} of core {number} has a delay of {delay}; delays are 1 to {LONGEST_DELAY}"
                    ));
                }
            }
        }
        found
    }
}

/// What is illegal about a chip: nothing, if it can be emulated.
pub fn misfits(cores: &[Core], widths: &Widths) -> Vec<String> {
    let mut found = Vec::new();
    if cores.len() > MOST_CORES {
        found.push(format!("there are {} cores; at most {MOST_CORES} can be emulated", cores.len()));
    }
    for (number, core) in cores.iter().enumerate() {
        found.extend(core.misfits(number, cores.len(), widths));
    }
    found
}
