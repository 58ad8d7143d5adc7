//! What is known of a network on the chip.

use super::axons::AxonKind;
use super::build::Integers;
use super::limits::{Resource, Use, synapse_bits, uses, words};
use super::mapped::LoihiMapped;
use super::network::Quantised;
use super::quantise::loss::{Parameter, PopulationLoss, ProjectionLoss};
use super::running::Running;
use super::shard::Shard;
use crate::chip::energy::{Activity, Bill, LOIHI_DAVIES, LOIHI_SANAFE};
use crate::chip::report::{Core, Limit, ParameterLoss, Report, WeightLoss};
use crate::chip::timing::{self, StepTime};
use crate::chip::traffic::{Deliveries, Delivery, Traffic};
use sim_core::backend::Epoch;
use sim_core::network::Network;
use sim_core::spike::Spike;
use std::collections::BTreeMap;

/// The report on a mapping; traffic, energy and time too if the spikes of a run are given.
pub fn report(mapped: &LoihiMapped, spikes: Option<&[Spike]>) -> Report {
    let network = &mapped.quantisation.network;
    let place = &mapped.place;
    let used = uses(network, &place.axons, &place.cores, place.sites.len());
    let traffic = spikes.map(|spikes| {
        let deliveries = deliveries(network, &place.cores);
        Traffic::measure(&deliveries, &place.mesh, &place.sites, spikes, mapped.network.duration)
    });
    let mut report = Report {
        chip: if mapped.real { "Loihi, in floats".into() } else { "Loihi".into() },
        switches: vec![
            ("semantics".into(), network.semantics.name.into()),
            ("variant".into(), mapped.limits.name.into()),
        ],
        mesh: place.mesh,
        limits: limits(mapped, &used),
        cores: cores(mapped),
        added: added(mapped, &used),
        projections: mapped
            .quantisation
            .loss
            .projections
            .iter()
            .map(|loss| weights(&mapped.network, loss))
            .collect(),
        parameters: parameters(mapped),
        traffic: None,
        energy: Vec::new(),
        time: None,
        provenance: vec![
            ("seed".into(), mapped.network.seed.to_string()),
            ("partition".into(), place.start.into()),
            ("checksum of the network".into(), checksum(network)),
            ("checksum of the mapping".into(), fnv(place.cores.iter().copied())),
        ],
    };
    if let Some(traffic) = traffic {
        let activity = activity(mapped, &traffic, spikes.unwrap_or_default(), report.chips());
        report.energy = [&LOIHI_DAVIES, &LOIHI_SANAFE].map(|prices| Bill::of(prices, &activity)).into();
        let fullest = used.iter().map(|used| used[Resource::Compartments as usize]).max().unwrap_or(0);
        let mut tiles: Vec<(u32, u32)> = place.sites.iter().map(|&site| place.mesh.tile(site)).collect();
        tiles.sort_unstable();
        tiles.dedup();
        let all = u64::from(place.mesh.columns * place.mesh.rows);
        let tiles = ((tiles.len() as u64).min(all), all);
        report.time = Some(StepTime::of(&timing::LOIHI_DAVIES, &traffic, fullest, tiles));
        report.traffic = Some(traffic);
    }
    report
}

/// Axons, by kind where sources share lists, and what that spares.
fn added(mapped: &LoihiMapped, used: &[Use]) -> Vec<(String, u64)> {
    let mut added = vec![
        ("input axons".into(), sum(used, Resource::InputAxons)),
        ("output axons".into(), sum(used, Resource::OutputAxons)),
    ];
    let network = &mapped.quantisation.network;
    let bits = synapse_bits(network);
    let (mut kinds, mut spared): (BTreeMap<AxonKind, u64>, u64) = Default::default();
    for axon in mapped.placed_network().cores.iter().flat_map(|core| &core.axons) {
        let (members, list) = (axon.members.len() as u64, axon.synapses.len() as u64);
        *kinds.entry(axon.kind).or_insert(0) += members;
        spared += (members - 1) * words(list, bits[usize::from(axon.format)]);
    }
    if spared > 0 {
        let name = |kind: AxonKind| match kind {
            AxonKind::Discrete => "discrete axons",
            AxonKind::Pop16 => "axons of small populations (pop16)",
            AxonKind::Pop32 => "axons of large populations (pop32)",
        };
        added.extend(kinds.into_iter().map(|(kind, axons)| (name(kind).into(), axons)));
        added.push(("words of synaptic memory spared by shared lists".into(), spared));
    }
    added
}

fn sum(used: &[Use], resource: Resource) -> u64 {
    used.iter().map(|used| used[resource as usize]).sum()
}

fn limits(mapped: &LoihiMapped, used: &[Use]) -> Vec<Limit> {
    let network = &mapped.quantisation.network;
    // However neurons are placed, these are needed in all; the others depend on who lives together.
    let sources = (0..network.sources()).filter(|&source| !network.row(source).is_empty()).count() as u64;
    let demand = |resource: Resource| match resource {
        Resource::Compartments => network.neurons() as u64,
        Resource::InputAxons => sources,
        _ => 0,
    };
    let limit = |resource: &Resource| {
        Some(Limit {
            name: resource.words().into(),
            limit: mapped.limits.core[*resource as usize]?,
            used: used.iter().map(|used| used[*resource as usize]).collect(),
            demand: demand(*resource),
            source: resource.source().into(),
        })
    };
    Resource::ALL.iter().filter_map(limit).collect()
}

fn cores(mapped: &LoihiMapped) -> Vec<Core> {
    let place = &mapped.place;
    let mut counts: Vec<BTreeMap<usize, u64>> = vec![BTreeMap::new(); place.sites.len()];
    for (neuron, &core) in (0..).zip(&place.cores) {
        *counts[core as usize].entry(mapped.network.locate(neuron).0).or_insert(0) += 1;
    }
    let core = |(&site, counts): (&u32, BTreeMap<usize, u64>)| Core {
        site,
        populations: counts
            .into_iter()
            .map(|(population, count)| (mapped.network.populations[population].name.clone(), count))
            .collect(),
    };
    place.sites.iter().zip(counts).map(core).collect()
}

fn weights(network: &Network, loss: &ProjectionLoss) -> WeightLoss {
    let target = network.population(&loss.target).map(|number| &network.populations[number]);
    WeightLoss {
        projection: format!("{} → {}", loss.source, loss.target),
        synapses: loss.synapses,
        max_error: loss.max_error,
        rms_error: loss.rms_error,
        saturated: loss.saturated,
        unit: target.map_or("", |population| population.neuron.model.weight.base()).into(),
    }
}

fn parameters(mapped: &LoihiMapped) -> Vec<ParameterLoss> {
    let loss = &mapped.quantisation.loss;
    let rules = loss.rules.iter().flat_map(|(projection, parameters)| lost(projection, parameters));
    loss.populations.iter().flat_map(of_population).chain(rules).collect()
}

fn lost(whose: &str, parameters: &[Parameter]) -> Vec<ParameterLoss> {
    let parameter = |parameter: &Parameter| ParameterLoss {
        population: whose.into(),
        parameter: parameter.name.into(),
        requested: parameter.requested,
        realised: parameter.realised,
        unit: parameter.unit.into(),
    };
    parameters.iter().map(parameter).collect()
}

fn of_population(loss: &PopulationLoss) -> Vec<ParameterLoss> {
    let mut all = lost(&loss.name, &loss.parameters);
    all.push(ParameterLoss {
        population: loss.name.clone(),
        parameter: "scale".into(),
        requested: loss.scale,
        realised: loss.scale,
        unit: "integers per mV".into(),
    });
    all
}

/// Packets of every source: one for each core and weight format. Inputs enter at the core they go to.
fn deliveries(network: &Quantised, cores: &[u32]) -> Deliveries {
    let home = |source: usize| {
        let first = || network.synapses[network.row(source)].first();
        cores.get(source).copied().or_else(|| Some(cores[first()?.target as usize])).unwrap_or(0)
    };
    let homes = (0..network.sources()).map(home).collect();
    let of = |source: usize| {
        let mut lists: BTreeMap<(u32, u8), u32> = BTreeMap::new();
        for synapse in &network.synapses[network.row(source)] {
            *lists.entry((cores[synapse.target as usize], synapse.format)).or_insert(0) += 1;
        }
        let delivery = move |((core, _), synapses)| (source as u32, Delivery { core, synapses });
        lists.into_iter().map(delivery)
    };
    Deliveries::new(homes, (0..network.sources()).flat_map(of))
}

/// What the chip did in the run, found by living it again.
fn activity(mapped: &LoihiMapped, traffic: &Traffic, spikes: &[Spike], chips: usize) -> Activity {
    let steps = mapped.network.duration;
    let (updates, learnt) = if mapped.real {
        active_updates(mapped.shards(None, &mapped.reals()), steps)
    } else {
        let network = &mapped.quantisation.network;
        active_updates(mapped.shards(None, &Integers { network, noise: None }), steps)
    };
    let tile = |core: u32| mapped.place.mesh.tile(mapped.place.sites[core as usize]);
    let deliveries = deliveries(&mapped.quantisation.network, &mapped.place.cores);
    let within = |spike: &Spike| {
        let home = tile(deliveries.home()[spike.neuron as usize]);
        deliveries.of(spike.neuron).iter().filter(|delivery| tile(delivery.core) == home).count() as u64
    };
    Activity {
        counts: traffic.total,
        tile_packets: spikes.iter().map(within).sum(),
        neuron_steps: mapped.quantisation.network.neurons() as u64 * steps as u64,
        active_updates: updates,
        neuron_spikes: spikes.len() as u64,
        synapse_updates: learnt,
        chips: chips as u64,
        seconds: steps as f64 * mapped.network.dt * 1e-3,
    }
}

/// Neurons times steps in which v was not 0 or something arrived, and how many times a rule was worked out
/// for a synapse.
fn active_updates<C: super::arithmetic::Cells>(mut shards: Vec<Shard<C>>, steps: i64) -> (u64, u64) {
    shards.iter_mut().for_each(|shard| shard.active = Some(0));
    let mut running = Running::new(shards, 1);
    let mut epoch = Epoch::default();
    (1..=steps).for_each(|step| running.advance(step, &[], &mut epoch));
    let (mut active, mut learnt) = (0, 0);
    running.team.visit(|shard| {
        active += shard.active.unwrap_or(0);
        learnt += shard.updates();
    });
    (active, learnt)
}

fn checksum(network: &Quantised) -> String {
    let synapses = network.synapses.iter().flat_map(|synapse| {
        [synapse.target, synapse.mantissa as u32, u32::from(synapse.delay) << 8 | u32::from(synapse.format)]
    });
    fnv(network.starts.iter().copied().chain(synapses))
}

/// FNV-1a of 64 bits over 32-bit words.
fn fnv(words: impl Iterator<Item = u32>) -> String {
    let hash = words.flat_map(u32::to_le_bytes).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
