//! Neurons onto cores, cores onto the mesh.

use super::axons::{Axons, Population};
use super::capacity::CoreCapacity;
use super::limits::{Excess, Limits, Resource, synapse_bits};
use super::network::Quantised;
use crate::chip::hypergraph::Hypergraph;
use crate::chip::mesh::{self, Flows, Mesh};
use crate::chip::partition::{Capacity, partition};

/// Where everything is.
#[derive(Clone, Debug)]
pub struct Place {
    /// The core of each neuron.
    pub cores: Vec<u32>,
    /// The site of each core on the mesh.
    pub sites: Vec<u32>,
    /// The mesh of all chips.
    pub mesh: Mesh,
    /// Which axons share a list of synapses.
    pub axons: Axons,
    /// What the partition began as.
    pub start: &'static str,
}

/// Places a network onto so many chips.
///
/// # Errors
/// Which population does not fit, on which core, for which limit, and what would make it fit.
pub fn place(network: &Quantised, limits: &'static Limits, chips: u32, seed: u64) -> Result<Place, String> {
    let mesh = Mesh::LOIHI.times(chips);
    let synapses = network.synapses.len() as u64;
    within_chips(limits, synapses, chips)?;
    let axons = Axons::of(network, limits);
    within_memory(network, &axons, limits, mesh.cores() as u64)?;
    let capacity = CoreCapacity::new(network, limits, axons.clone(), mesh.cores());
    let pairs = (0..network.sources()).flat_map(|source| {
        network.synapses[network.row(source)].iter().map(move |synapse| (source as u32, synapse.target))
    });
    let spikes = vec![1; network.sources()];
    let graph = Hypergraph::of_synapses(network.neurons(), pairs, &spikes);
    let (cores, start) = match partition(&graph, &capacity, seed) {
        Ok(found) => (found.cores, found.start),
        Err(_) => (first_fit(network, capacity)?, "first fit"),
    };
    let cores = without_gaps(cores);
    let sites = mesh::place(&Flows::of_partition(&graph, &cores), &mesh, seed).sites;
    let mut of_chip = vec![0; chips as usize];
    for synapse in &network.synapses {
        of_chip[mesh.chip(sites[cores[synapse.target as usize] as usize]) as usize] += 1;
    }
    of_chip.into_iter().try_for_each(|synapses| within_chips(limits, synapses, 1))?;
    Ok(Place { cores, sites, mesh, axons, start })
}

/// Whether so many synapses are no more than chips hold.
fn within_chips(limits: &Limits, synapses: u64, chips: u32) -> Result<(), String> {
    let most = limits.synapses.map(|synapses| synapses * u64::from(chips));
    most.filter(|&most| synapses > most).map_or(Ok(()), |most| {
        let over = synapses - most;
        Err(format!(
            "there are {synapses} synapses on {chips} of the chips, {over} more than the {most} that fit there; use \
             fewer synapses or more chips"
        ))
    })
}

/// Whether the bits of all synapses alone are no more than the cores hold, however neurons are placed. A
/// network far too large is so refused before anything long begins.
fn within_memory(network: &Quantised, axons: &Axons, limits: &Limits, cores: u64) -> Result<(), String> {
    let Some(words) = limits.core[Resource::SynapticMemory as usize] else { return Ok(()) };
    let bits = synapse_bits(network);
    let list = |population: &Population| {
        population.synapses(network).count() as u64 * bits[usize::from(population.format)]
    };
    let needed = axons.populations.iter().map(list).sum::<u64>().div_ceil(64);
    if needed <= cores * words {
        return Ok(());
    }
    Err(format!(
        "all synapses together take at least {needed} words of synaptic memory, {} more than the {} of {cores} cores; \
         use fewer synapses, coarser weights or more chips (at least {} cores)",
        needed - cores * words,
        cores * words,
        needed.div_ceil(words)
    ))
}

/// Cores renumbered so that none is empty.
fn without_gaps(mut cores: Vec<u32>) -> Vec<u32> {
    let mut numbers: Vec<u32> = cores.clone();
    numbers.sort_unstable();
    numbers.dedup();
    for core in &mut cores {
        *core = numbers.binary_search(core).unwrap_or_default() as u32;
    }
    cores
}

/// Every neuron in order into the first core that takes it.
///
/// # Errors
/// Why no core takes some neuron.
fn first_fit(network: &Quantised, mut capacity: CoreCapacity) -> Result<Vec<u32>, String> {
    let mut cores = Vec::with_capacity(network.neurons());
    for neuron in 0..network.neurons() as u32 {
        let mut excesses: Vec<Excess> = Vec::new();
        let takes = (0..capacity.cores() as u32).find(|&core| match capacity.refuses(&[neuron], core) {
            None => true,
            Some(excess) => {
                excesses.push(excess);
                false
            }
        });
        let Some(core) = takes else { return Err(why(network, neuron, &excesses, capacity.cores())) };
        capacity.put(&[neuron], core);
        cores.push(core);
    }
    Ok(cores)
}

/// Why none of the cores takes a neuron.
fn why(network: &Quantised, neuron: u32, excesses: &[Excess], cores: usize) -> String {
    let population = network.populations.iter().find(|(_, range)| range.contains(&neuron));
    let who = population.map_or_else(
        || format!("neuron {neuron}"),
        |(name, range)| format!("neuron {} of population \"{name}\"", neuron - range.start),
    );
    let count = |resource: Resource| excesses.iter().filter(|excess| excess.resource == resource).count();
    let commonest = Resource::ALL.into_iter().max_by_key(|&resource| count(resource));
    let example = excesses.iter().filter(|excess| Some(excess.resource) == commonest);
    let Some(nearest) = example.min_by_key(|excess| excess.used - excess.limit) else {
        return format!("{who} has no core to live on: there are {cores}");
    };
    let alone = cores > 0 && neuron == 0;
    let before = if alone { String::new() } else { format!(", after the {neuron} neurons before it") };
    format!(
        "{who} fits none of the {cores} cores{before}: {} of them have too few {} (with it {nearest}); {}",
        count(nearest.resource),
        nearest.resource.words(),
        nearest.resource.remedy()
    )
}

#[cfg(test)]
mod tests {
    use super::super::compartment::Compartment;
    use super::super::limits::LOIHI1;
    use super::super::network::Synapse;
    use super::super::semantics::NENGO;
    use super::super::weights::{Signs, WeightFormat};
    use super::*;

    #[test]
    fn a_network_whose_bits_are_more_than_all_cores_hold_is_refused_before_it_is_placed() {
        // No source has the synapses of another, so that no list is shared.
        let synapse = |source: u32, target: u32| Synapse {
            target,
            mantissa: if target == source { 7 } else { 3 },
            delay: 1,
            format: 0,
        };
        let all: Vec<(u32, Synapse)> =
            (0..30).flat_map(|source| (0..30).map(move |target| (source, synapse(source, target)))).collect();
        let format = WeightFormat { bits: 8, signs: Signs::Excitatory, exponent: 0 };
        let network = Quantised::new(&NENGO, vec![Compartment::default(); 30], 0, vec![format], &all);
        let axons = Axons::of(&network, &LOIHI1);
        let mut core = LOIHI1.core;
        core[Resource::SynapticMemory as usize] = Some(100);
        let limits = Limits { core, ..LOIHI1 };
        assert_eq!(within_memory(&network, &axons, &limits, 3), Ok(()));
        assert_eq!(
            within_memory(&network, &axons, &limits, 2).expect_err("900 synapses of 18 bits"),
            "all synapses together take at least 254 words of synaptic memory, 54 more than the 200 of 2 cores; use fewer \
             synapses, coarser weights or more chips (at least 3 cores)"
        );
    }
}
