//! The limits that most chips have: neurons, input axons, synaptic memory and output edges of a core.

use super::capacity::Capacity;
use std::sync::Arc;

/// The most that a core may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreLimits {
    /// Neurons.
    pub neurons: usize,
    /// Sources that have synapses on the core.
    pub input_axons: usize,
    /// Words of synaptic memory.
    pub words: u64,
    /// Pairs of a neuron of the core and a core, this one too, that it has synapses on.
    pub output_edges: usize,
}

/// What a core uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreUse {
    /// Neurons.
    pub neurons: usize,
    /// Sources that have synapses on the core.
    pub input_axons: usize,
    /// Words of synaptic memory.
    pub words: u64,
    /// Pairs of a neuron of the core and a core that it has synapses on.
    pub output_edges: usize,
}

impl CoreUse {
    fn within(&self, limits: &CoreLimits) -> bool {
        self.neurons <= limits.neurons
            && self.input_axons <= limits.input_axons
            && self.words <= limits.words
            && self.output_edges <= limits.output_edges
    }
}

/// The synapses onto each neuron: (source, how many), by source.
#[derive(Debug)]
pub struct Fanin {
    starts: Vec<usize>,
    list: Vec<(u32, u32)>,
    sources: usize,
}

impl Fanin {
    /// Of synapses (source, target) onto `neurons` neurons. Sources from `neurons` on are inputs.
    pub fn of_synapses<I: Iterator<Item = (u32, u32)>>(neurons: usize, synapses: I) -> Self {
        let mut pairs: Vec<(u32, u32)> = synapses.map(|(source, target)| (target, source)).collect();
        pairs.sort_unstable();
        let mut fanin = Self { starts: vec![0; neurons + 1], list: Vec::new(), sources: neurons };
        for same in pairs.chunk_by(|a, b| a == b) {
            let (target, source) = same[0];
            fanin.list.push((source, same.len() as u32));
            fanin.starts[target as usize + 1] = fanin.list.len();
            fanin.sources = fanin.sources.max(source as usize + 1);
        }
        for neuron in 0..neurons {
            fanin.starts[neuron + 1] = fanin.starts[neuron + 1].max(fanin.starts[neuron]);
        }
        fanin
    }

    fn of(&self, neuron: u32) -> &[(u32, u32)] {
        &self.list[self.starts[neuron as usize]..self.starts[neuron as usize + 1]]
    }

    /// The synapses onto several neurons together.
    fn onto(&self, neurons: &[u32]) -> Vec<(u32, u32)> {
        let mut list: Vec<(u32, u32)> = neurons.iter().flat_map(|&neuron| self.of(neuron)).copied().collect();
        if neurons.len() > 1 {
            list.sort_unstable();
            list = list
                .chunk_by(|a, b| a.0 == b.0)
                .map(|same| (same[0].0, same.iter().map(|one| one.1).sum()))
                .collect();
        }
        list
    }
}

/// Cores with [`CoreLimits`], and what they use. `words(source, synapses)` is the memory that a source's list
/// of so many synapses takes on a core; it must not fall when synapses are added.
#[derive(Clone, Debug)]
pub struct CoreLedger<W> {
    limits: CoreLimits,
    fanin: Arc<Fanin>,
    words: W,
    uses: Vec<CoreUse>,
    /// The core of each source, `u32::MAX` if it is on none.
    homes: Vec<u32>,
    /// Of each source: (core, synapses there), in no order.
    rows: Vec<Vec<(u32, u32)>>,
}

impl<W: Fn(u32, u32) -> u64 + Clone + Send + Sync> CoreLedger<W> {
    /// `cores` empty cores.
    pub fn new(cores: usize, limits: CoreLimits, fanin: Arc<Fanin>, words: W) -> Self {
        let sources = fanin.sources;
        let uses = vec![CoreUse::default(); cores];
        Self { limits, fanin, words, uses, homes: vec![u32::MAX; sources], rows: vec![Vec::new(); sources] }
    }

    /// What each core uses.
    pub fn uses(&self) -> &[CoreUse] {
        &self.uses
    }

    /// The words of a list; one without synapses is not there.
    fn memory(&self, source: u32, synapses: u32) -> u64 {
        if synapses == 0 { 0 } else { (self.words)(source, synapses) }
    }

    fn synapses(&self, source: u32, core: u32) -> u32 {
        let row = &self.rows[source as usize];
        row.iter().find(|entry| entry.0 == core).map_or(0, |entry| entry.1)
    }
}

impl<W: Fn(u32, u32) -> u64 + Clone + Send + Sync> Capacity for CoreLedger<W> {
    /// Axons and words are counted, not neurons.
    fn price(&self) -> u64 {
        3
    }

    fn cores(&self) -> usize {
        self.uses.len()
    }

    fn room(&self, core: u32) -> usize {
        self.limits.neurons - self.uses[core as usize].neurons
    }

    fn fits(&self, neurons: &[u32], core: u32) -> bool {
        let mut after = self.uses[core as usize];
        after.neurons += neurons.len();
        after.output_edges += neurons.iter().map(|&neuron| self.rows[neuron as usize].len()).sum::<usize>();
        // A source that did not reach this core before needs an edge at its own core.
        let mut edges: Vec<u32> = Vec::new();
        for (source, synapses) in self.fanin.onto(neurons) {
            let before = self.synapses(source, core);
            after.words += self.memory(source, before + synapses) - self.memory(source, before);
            if before == 0 {
                after.input_axons += 1;
                let home = if neurons.contains(&source) { core } else { self.homes[source as usize] };
                if home == core {
                    after.output_edges += 1;
                } else if home != u32::MAX {
                    edges.push(home);
                }
            }
            if !after.within(&self.limits) {
                return false;
            }
        }
        edges.sort_unstable();
        let room = |home: u32| self.limits.output_edges - self.uses[home as usize].output_edges;
        after.within(&self.limits) && edges.chunk_by(|a, b| a == b).all(|same| same.len() <= room(same[0]))
    }

    fn put(&mut self, neurons: &[u32], core: u32) {
        for &neuron in neurons {
            self.homes[neuron as usize] = core;
            self.uses[core as usize].neurons += 1;
            self.uses[core as usize].output_edges += self.rows[neuron as usize].len();
        }
        for (source, synapses) in self.fanin.onto(neurons) {
            let before = self.synapses(source, core);
            let words = self.memory(source, before + synapses) - self.memory(source, before);
            let used = &mut self.uses[core as usize];
            used.words += words;
            let row = &mut self.rows[source as usize];
            if before > 0 {
                row.iter_mut().filter(|entry| entry.0 == core).for_each(|entry| entry.1 += synapses);
                continue;
            }
            row.push((core, synapses));
            used.input_axons += 1;
            if let Some(home) = self.uses.get_mut(self.homes[source as usize] as usize) {
                home.output_edges += 1;
            }
        }
    }

    fn take(&mut self, neurons: &[u32], core: u32) {
        for (source, synapses) in self.fanin.onto(neurons) {
            let before = self.synapses(source, core);
            let words = self.memory(source, before) - self.memory(source, before - synapses);
            let used = &mut self.uses[core as usize];
            used.words -= words;
            let row = &mut self.rows[source as usize];
            if before > synapses {
                row.iter_mut().filter(|entry| entry.0 == core).for_each(|entry| entry.1 -= synapses);
                continue;
            }
            row.retain(|entry| entry.0 != core);
            used.input_axons -= 1;
            if let Some(home) = self.uses.get_mut(self.homes[source as usize] as usize) {
                home.output_edges -= 1;
            }
        }
        for &neuron in neurons {
            self.homes[neuron as usize] = u32::MAX;
            self.uses[core as usize].neurons -= 1;
            self.uses[core as usize].output_edges -= self.rows[neuron as usize].len();
        }
    }
}
