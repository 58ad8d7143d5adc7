//! What is known of a mapping onto TrueNorth.

use super::core::Target;
use super::group::UNNAMED;
use super::limits::{AXONS, CORES, LONGEST_DELAY, NEURONS};
use super::mapped::TrueNorthMapped;
use super::pack::Feed;
use super::place::Placed;
use crate::chip::energy::{Activity, Bill, TRUENORTH_AFFINE};
use crate::chip::hypergraph::Hypergraph;
use crate::chip::mesh::{Flows, Mesh};
use crate::chip::report::{Core, Limit, Report};
use crate::chip::traffic::{Deliveries, Delivery, Traffic};
use sim_core::spike::Spike;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that is known of the mapping; traffic and energy too if the spikes of a run are given.
pub fn report(mapped: &TrueNorthMapped, spikes: Option<&[Spike]>) -> Report {
    let placed = &*mapped.placed;
    let mesh = Mesh::TRUENORTH.times(mapped.chips as u32);
    let sites = mapped.sites();
    let used = |of: &dyn Fn(&super::core::Core) -> usize| -> Vec<u64> {
        placed.cores.iter().map(|core| of(core) as u64).collect()
    };
    let limit = |name: &str, limit: u64, used: Vec<u64>, demand: u64, source: &str| Limit {
        name: name.to_owned(),
        limit,
        used,
        demand,
        source: source.to_owned(),
    };
    const MEROLLA: &str = "Merolla et al. 2014, Science 345:668";
    let neurons = mapped.network.neurons().into();
    // Whatever a neuron hears comes through one axon at least.
    let feeds = placed.feeds.iter().flatten().collect::<BTreeSet<&Feed>>().len() as u64;
    let gates = placed.counted.as_ref().map_or(0, |counted| counted.cells.len() as u64 - neurons);
    let delay = |core: &super::core::Core| {
        let delay = |target: &Target| if let Target::Axon { delay, .. } = target { *delay } else { 0 };
        core.targets.iter().map(delay).max().unwrap_or(0).into()
    };
    let kinds = |core: &super::core::Core| core.axon_types.iter().collect::<BTreeSet<_>>().len();
    let limits = vec![
        limit("axons", AXONS as u64, used(&|core| core.axon_types.len()), feeds, MEROLLA),
        limit("neurons", NEURONS as u64, used(&|core| core.neurons.len()), neurons, MEROLLA),
        limit("axon types", 4, used(&kinds), 0, MEROLLA),
        limit("ticks of delay", LONGEST_DELAY.into(), used(&delay), 0, MEROLLA),
    ];
    let steps = mapped.network.duration;
    let traffic = spikes.map(|spikes| Traffic::measure(&deliveries(mapped), &mesh, &sites, spikes, steps));
    let bill = |traffic: &Traffic| {
        let activity = Activity {
            counts: traffic.total,
            neuron_steps: neurons * steps as u64,
            neuron_spikes: traffic.total.spikes,
            chips: placed.cores.len().div_ceil(CORES) as u64,
            // A tick of the chip is 1 ms, whatever dt is.
            seconds: steps as f64 * 1e-3,
            ..Activity::default()
        };
        Bill::of(&TRUENORTH_AFFINE, &activity)
    };
    Report {
        chip: "TrueNorth".to_owned(),
        switches: vec![
            ("numbers".to_owned(), if mapped.real { "floats" } else { "integers" }.to_owned()),
            ("saturation".to_owned(), "after each addition".to_owned()),
            ("leak that crosses zero".to_owned(), "overshoots".to_owned()),
            ("leaks approximated".to_owned(), mapped.quantisation.approximate.to_string()),
        ],
        cores: cores(mapped, &sites),
        limits,
        added: vec![
            ("copies of neurons with several targets".to_owned(), placed.copies as u64),
            ("splitters".to_owned(), placed.splitters as u64),
            ("gates that count sources, whose messages are not in the traffic".to_owned(), gates),
        ],
        projections: mapped.quantisation.weight_losses.clone(),
        parameters: mapped.quantisation.parameter_losses.clone(),
        energy: traffic.iter().map(bill).collect(),
        traffic,
        time: None,
        provenance: vec![("seed".to_owned(), mapped.network.seed.to_string())],
        mesh,
    }
}

fn cores(mapped: &TrueNorthMapped, sites: &[u32]) -> Vec<Core> {
    let core = |(number, own): (usize, &[u32])| {
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        for &neuron in own.iter().filter(|neuron| **neuron != UNNAMED) {
            *counts.entry(mapped.network.locate(neuron).0).or_default() += 1;
        }
        let name =
            |(population, count): (usize, u64)| (mapped.network.populations[population].name.clone(), count);
        let mut populations: Vec<(String, u64)> = counts.into_iter().map(name).collect();
        let loaded = mapped.placed.cores[number].neurons.len();
        let others = loaded as u64 - populations.iter().map(|(_, count)| count).sum::<u64>();
        if others > 0 {
            populations.push(("copies, splitters and gates".to_owned(), others));
        }
        Core { site: sites[number], populations }
    };
    mapped.placed.names.chunks(NEURONS).enumerate().map(core).collect()
}

/// Packets from core to core if every neuron fired once.
pub fn flows(placed: &Placed) -> Flows {
    let places = placed.cores.len() * NEURONS;
    let home = |place: usize| (place / NEURONS) as u32;
    let cores: Vec<u32> = (0..places).map(home).collect();
    let ends = placed.cores.iter().enumerate().flat_map(|(number, core)| {
        let to = move |(place, target): (usize, &Target)| match *target {
            Target::Axon { core, .. } => Some(((number * NEURONS + place) as u32, core * NEURONS as u32)),
            Target::Out => None,
        };
        core.targets.iter().enumerate().filter_map(to)
    });
    Flows::of_partition(&Hypergraph::of_synapses(places, ends, &vec![1; places]), &cores)
}

/// The packets of one spike of each neuron: its own, those of its copies, and those of splitters behind them.
fn deliveries(mapped: &TrueNorthMapped) -> Deliveries {
    let placed = &*mapped.placed;
    let mut packets = Vec::new();
    let neurons = mapped.network.neurons();
    for (place, &neuron) in placed.lives.iter().enumerate().filter(|(_, neuron)| **neuron < neurons) {
        let mut left = vec![place];
        while let Some(place) = left.pop() {
            let target = placed.cores[place / NEURONS].targets[place % NEURONS];
            let Target::Axon { core, axon, .. } = target else { continue };
            let row = placed.cores[core as usize].rows[usize::from(axon)];
            packets.push((neuron, Delivery { core, synapses: row.count() }));
            let next = row.ones().map(|j| core as usize * NEURONS + j);
            left.extend(next.filter(|&place| placed.lives[place] == UNNAMED));
        }
    }
    packets.sort_by_key(|(neuron, delivery)| (*neuron, delivery.core));
    let home = placed.homes[..neurons as usize].iter().map(|(core, _)| *core as u32).collect();
    Deliveries::new(home, packets.into_iter())
}
