//! Stimuli onto the slices of a shard.

use super::cut::Slice;
use super::few::Few;
use super::inbox::{Inbox, Sums};
use multiversion::multiversion;
use sim_core::data::{DataError, DataFiles};
use sim_core::network::{Network, Stimulus};
use sim_core::neuron::{Arrival, Column};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{BLOCK, CurrentSource, SpikeSource, StimulusBuild};

/// All stimuli that reach one slice, in the order of their names.
pub struct Drive {
    spikes: Vec<SpikeBlock>,
    currents: Vec<CurrentBlock>,
}

/// A spike source onto one block of a slice.
struct SpikeBlock {
    source: Box<dyn SpikeSource>,
    /// First neuron of the block in the slice.
    first: usize,
    len: usize,
    /// Weight onto each neuron of the block.
    weights: Column,
}

/// A current source into one block of a slice.
struct CurrentBlock {
    source: Box<dyn CurrentSource>,
    first: usize,
    len: usize,
}

impl Drive {
    /// Builds the generators of a slice.
    pub fn new(network: &Network, slice: &Slice, files: &dyn DataFiles) -> Result<Self, DataError> {
        let mut drive = Drive { spikes: Vec::new(), currents: Vec::new() };
        for stimulus in &network.stimuli {
            for (target, _) in stimulus.targets.iter().enumerate().filter(|(_, p)| **p == slice.population) {
                for first in slice.range.clone().step_by(BLOCK) {
                    drive.add_block(network, slice, stimulus, target, first, files)?;
                }
            }
        }
        Ok(drive)
    }

    fn add_block(
        &mut self,
        network: &Network,
        slice: &Slice,
        stimulus: &Stimulus,
        target: usize,
        first: u32,
        files: &dyn DataFiles,
    ) -> Result<(), DataError> {
        let population = &network.populations[slice.population];
        let len = BLOCK.min((slice.range.end - first) as usize);
        let place = stimulus.place((target, population), (first, len), network.dt, files);
        let first_in_slice = (first - slice.range.start) as usize;
        match stimulus.model.build {
            StimulusBuild::Spikes(build) => {
                let key = stimulus.key.named("weight").named(&population.name);
                let sampler = stimulus.weight.as_ref().map(|weight| weight.sampler());
                let weight = |index| sampler.as_ref().map_or(1.0, |sampler| sampler.draw(key, index));
                let weights: Vec<f64> = (0..len).map(|i| weight(u64::from(first) + i as u64)).collect();
                let same = weights.iter().all(|weight| *weight == weights[0]);
                let weights = if same { Column::Same(weights[0]) } else { Column::Each(weights) };
                self.spikes.push(SpikeBlock { source: build(&place)?, first: first_in_slice, len, weights });
            }
            StimulusBuild::Current(build) => {
                self.currents.push(CurrentBlock { source: build(&place)?, first: first_in_slice, len });
            }
        }
        Ok(())
    }

    /// Whether a current flows that may change.
    pub fn has_current(&self) -> bool {
        !self.currents.is_empty()
    }

    /// Adds the spikes that arrive in `step` to the slice's cells.
    pub fn spikes<R: Real>(&mut self, step: i64, slice: &Slice, inbox: &mut Inbox<R>) {
        for block in &mut self.spikes {
            match inbox {
                Inbox::Sums(sums) => block.add(step, slice, sums),
                Inbox::Few(few) => block.tell(step, slice, few),
                Inbox::Times(arrivals) => block.source.arrivals_exact(step, &mut |neuron, offset, amount| {
                    let weight = amount * block.weights.at(neuron as usize);
                    let place = slice.first_place + block.first + neuron as usize;
                    arrivals.push(Arrival { neuron: place as u32, offset, weight });
                }),
            }
        }
    }

    /// Adds the currents that flow during `step`, in pA per neuron of the slice.
    pub fn currents(&mut self, step: i64, current: &mut [f64]) {
        for block in &mut self.currents {
            block.source.flow(step, &mut current[block.first..block.first + block.len]);
        }
    }

    /// Writes the state of all generators.
    pub fn save(&self, out: &mut Saver) {
        self.spikes.iter().for_each(|block| block.source.save(out));
        self.currents.iter().for_each(|block| block.source.save(out));
    }

    /// Reads it back.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.spikes.iter_mut().try_for_each(|block| block.source.restore(from))?;
        self.currents.iter_mut().try_for_each(|block| block.source.restore(from))
    }
}

impl SpikeBlock {
    fn add<R: Real>(&mut self, step: i64, slice: &Slice, sums: &mut [Sums<R>; 2]) {
        let SpikeBlock { source, first, len, weights } = self;
        let first = slice.first_place + *first;
        let mut counts = [0; BLOCK];
        let are_counts = source.arrivals(step, &mut counts, &mut |neuron, amount| {
            let arriving = amount * weights.at(neuron as usize);
            sums[slice.ports.of(arriving)][first + neuron as usize] += R::of(arriving);
        });
        if !are_counts {
            return;
        }
        let counts = &counts[..*len];
        match weights {
            Column::Same(weight) => {
                let sums = &mut sums[slice.ports.of(*weight)][first..first + *len];
                add_alike(sums, counts, R::of(*weight));
            }
            Column::Each(weights) => {
                for (neuron, (&count, &weight)) in counts.iter().zip(&*weights).enumerate() {
                    sums[slice.ports.of(weight)][first + neuron] += R::whole(count) * R::of(weight);
                }
            }
        }
    }

    /// The same for neurons that are left alone until something arrives.
    fn tell<R: Real>(&mut self, step: i64, slice: &Slice, few: &mut Few<R>) {
        let SpikeBlock { source, first, len, weights } = self;
        let first = slice.first_place + *first;
        let mut counts = [0; BLOCK];
        let are_counts = source.arrivals(step, &mut counts, &mut |neuron, amount| {
            few.push(first + neuron as usize, R::of(amount * weights.at(neuron as usize)));
        });
        if are_counts {
            for (neuron, &count) in counts[..*len].iter().enumerate().filter(|(_, count)| **count != 0) {
                few.push(first + neuron, R::whole(count) * R::of(weights.at(neuron)));
            }
        }
    }
}

/// Adds so many spikes of one weight to each sum.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_alike<R: Real>(sums: &mut [R], counts: &[i16], weight: R) {
    for (sum, &count) in sums.iter_mut().zip(counts) {
        *sum += R::whole(count) * weight;
    }
}
