//! The same numbers as one unlimited core: every neuron, every synapse, no axon and no placement.

use super::limits::SLOTS;
use super::network::{Number, Quantised};
use super::reference::slot;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// A core without limits.
pub struct Unlimited<N> {
    network: Quantised<N>,
    /// Where the synapses of each neuron begin; one more at the end.
    starts: Vec<usize>,
    potentials: Vec<N>,
    /// What arrives by slot, one entry for each neuron.
    arriving: Vec<N>,
    /// Events that reached a neuron.
    pub events: u64,
}

impl<N: Number> Unlimited<N> {
    /// A core at tick 0.
    pub fn new(network: Quantised<N>) -> Unlimited<N> {
        let count = network.cells.len();
        let start = |neuron: usize| network.synapses.partition_point(|s| (s.source as usize) < neuron);
        Unlimited {
            starts: (0..=count).map(start).collect(),
            potentials: network.cells.iter().map(|cell| cell.start).collect(),
            arriving: vec![N::default(); SLOTS * count],
            network,
            events: 0,
        }
    }

    /// Lives tick `tick`, in which inputs bring spikes as (number of the input, how many); `take` is told who
    /// fires, ascending.
    pub fn live(&mut self, tick: i64, inputs: &[(u32, u8)], mut take: impl FnMut(u32)) {
        let count = self.network.cells.len();
        let now = slot(tick) * count;
        for &(number, spikes) in inputs {
            let input = &self.network.inputs[number as usize];
            let sum = &mut self.arriving[now + input.target as usize];
            *sum = sum.plus(input.weight.times(spikes.into()));
            self.events += u64::from(spikes);
        }
        let mut fired = Vec::new();
        for (neuron, cell) in self.network.cells.iter().enumerate() {
            let arrived = std::mem::take(&mut self.arriving[now + neuron]);
            let (potential, fires) = cell.live(self.potentials[neuron], arrived);
            self.potentials[neuron] = potential;
            if fires {
                fired.push(neuron);
            }
        }
        for neuron in fired {
            take(neuron as u32);
            let own = &self.network.synapses[self.starts[neuron]..self.starts[neuron + 1]];
            self.events += own.len() as u64;
            for synapse in own {
                let due = slot(tick + i64::from(synapse.delay)) * count;
                let sum = &mut self.arriving[due + synapse.target as usize];
                *sum = sum.plus(synapse.weight);
            }
        }
    }

    /// Potential of a neuron.
    pub fn potential(&self, neuron: usize) -> N {
        self.potentials[neuron]
    }

    /// Writes everything that lives.
    pub fn save(&self, out: &mut Saver) {
        out.list(&self.potentials);
        out.list(&self.arriving);
        out.u64(self.events);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When it is of another network.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.potentials)?;
        from.list_into(&mut self.arriving)?;
        self.events = from.u64()?;
        Ok(())
    }
}
