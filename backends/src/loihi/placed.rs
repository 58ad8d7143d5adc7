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
    /// Its input axons, by source and weight format.
    pub axons: Vec<Axon>,
}

/// An input axon: where the spikes of one source arrive in a core, and the list of synapses it has there,
/// all of one weight format.
#[derive(Clone, Debug)]
pub struct Axon {
    /// Neuron, or input from outside.
    pub source: u32,
    /// Number of its weight format.
    pub format: u8,
    /// Number of each synapse in the network, and the compartment it ends at.
    pub synapses: Vec<(u32, u16)>,
}

impl Placed {
    /// What every core holds if neuron `n` lives on core `cores[n]`.
    pub fn new(network: &Quantised, cores: &[u32]) -> Placed {
        let count = cores.iter().max().map_or(0, |&core| core as usize + 1);
        let mut placed = Placed { cores: vec![Core::default(); count] };
        let mut slots = Vec::with_capacity(cores.len());
        for (neuron, &core) in cores.iter().enumerate() {
            let neurons = &mut placed.cores[core as usize].neurons;
            slots.push(neurons.len() as u16);
            neurons.push(neuron as u32);
        }
        for source in 0..network.sources() {
            for number in network.row(source) {
                let synapse = &network.synapses[number];
                let axons = &mut placed.cores[cores[synapse.target as usize] as usize].axons;
                let own = |axon: &&mut Axon| axon.source == source as u32;
                let mut own = axons.iter_mut().rev().take_while(own);
                let found = own.find(|axon| axon.format == synapse.format);
                let listed = (number as u32, slots[synapse.target as usize]);
                match found {
                    Some(axon) => axon.synapses.push(listed),
                    None => {
                        let (source, format) = (source as u32, synapse.format);
                        axons.push(Axon { source, format, synapses: vec![listed] });
                    }
                }
            }
        }
        placed
    }
}
