//! A placement of a network onto cores: what each core holds.

use super::axons::{AxonKind, Axons, Member};
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
    /// Its input axons, those that share a list together.
    pub axons: Vec<Axon>,
}

/// Input axons that find one list of synapses, all of one weight format: those of one source, or of a
/// population that shares it.
#[derive(Clone, Debug)]
pub struct Axon {
    /// Where spikes come from; each source has an axon of its own.
    pub members: Vec<Member>,
    /// How they are written in the cores that they come from.
    pub kind: AxonKind,
    /// Number of the weight format.
    pub format: u8,
    /// Number in the network of each synapse of the first member, and the compartment it ends at.
    pub synapses: Vec<(u32, u16)>,
}

impl Axon {
    /// The number in the network of a member's synapse, given that of the first member's.
    pub fn number(&self, member: Member, synapse: u32) -> u32 {
        synapse - self.members[0].first + member.first
    }
}

impl Placed {
    /// What every core holds if neuron `n` lives on core `cores[n]`.
    pub fn new(network: &Quantised, axons: &Axons, cores: &[u32]) -> Placed {
        let count = cores.iter().max().map_or(0, |&core| core as usize + 1);
        let mut placed = Placed { cores: vec![Core::default(); count] };
        let mut slots = Vec::with_capacity(cores.len());
        for (neuron, &core) in cores.iter().enumerate() {
            let neurons = &mut placed.cores[core as usize].neurons;
            slots.push(neurons.len() as u16);
            neurons.push(neuron as u32);
        }
        // For each core the list of the population that is being gone through.
        let mut lists: Vec<Vec<(u32, u16)>> = vec![Vec::new(); count];
        let mut touched: Vec<u32> = Vec::new();
        for population in &axons.populations {
            for number in population.synapses(network) {
                let target = network.synapses[number as usize].target as usize;
                let list = &mut lists[cores[target] as usize];
                if list.is_empty() {
                    touched.push(cores[target]);
                }
                list.push((number, slots[target]));
            }
            for core in touched.drain(..) {
                placed.cores[core as usize].axons.push(Axon {
                    members: population.members.clone(),
                    kind: population.kind,
                    format: population.format,
                    synapses: std::mem::take(&mut lists[core as usize]),
                });
            }
        }
        placed
    }
}
