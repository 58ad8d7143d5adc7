//! A placement of a network onto cores: what each core holds.

use super::network::Quantised;

/// Cores with their neurons and synaptic memory.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// In the order of their numbers.
    pub cores: Vec<Core>,
}

/// What a core holds.
#[derive(Clone, Debug, Default)]
pub struct Core {
    /// The neuron of each compartment.
    pub neurons: Vec<u32>,
    /// Its input axons, by source.
    pub axons: Vec<Axon>,
}

/// An input axon: where the spikes of one source arrive in a core, and the list of synapses it has there.
#[derive(Clone, Debug)]
pub struct Axon {
    /// Neuron, or input from outside.
    pub source: u32,
    /// Number of each synapse in the network, and the compartment it ends at.
    pub synapses: Vec<(u32, u16)>,
}

impl Placed {
    /// What every core holds if these neurons live on it; every neuron lives on one core.
    pub fn new(network: &Quantised, cores: Vec<Vec<u32>>) -> Placed {
        let mut at = vec![(0_u32, 0_u16); network.neurons()];
        for (core, neurons) in cores.iter().enumerate() {
            for (slot, &neuron) in neurons.iter().enumerate() {
                at[neuron as usize] = (core as u32, slot as u16);
            }
        }
        let mut cores: Vec<Core> =
            cores.into_iter().map(|neurons| Core { neurons, axons: Vec::new() }).collect();
        for source in 0..network.sources() {
            for number in network.row(source) {
                let (core, slot) = at[network.synapses[number].target as usize];
                let axons = &mut cores[core as usize].axons;
                if axons.last().is_none_or(|axon| axon.source != source as u32) {
                    axons.push(Axon { source: source as u32, synapses: Vec::new() });
                }
                if let Some(axon) = axons.last_mut() {
                    axon.synapses.push((number as u32, slot));
                }
            }
        }
        Placed { cores }
    }
}
