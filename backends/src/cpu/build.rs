//! Network → shards: every shard builds its own synapses, in parallel.

use super::Precise;
use super::cells::cells_of;
use super::cut::{Slice, cut};
use super::delivery::Delivery;
use super::draw::Draw;
use super::drive::Drive;
use super::flights::Flights;
use super::inbox::Inbox;
use super::memory::shortage;
use super::misfits::misfits;
use super::placing::{TooManySynapses, rows, varied};
use super::plastic::PlasticRows;
use super::rows::Rows;
use super::shard::{LivingSlice, Neurons, Shard, Told};
use super::stages::Stages;
use rayon::prelude::*;
use sim_core::backend::{Load, Refusal};
use sim_core::connect::Connectivity;
use sim_core::network::{Clock, Network, Plastic};
use sim_core::neuron::Ports;
use sim_core::synapse::PlasticSite;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Builds all shards of a network.
pub fn build<R: Precise>(load: &Load<'_>) -> Result<Vec<Shard<R>>, Refusal> {
    let mut reasons = misfits(&load.network, &load.connectivity);
    let cuts = cut(&load.network);
    reasons.extend(shortage(&load.network, load.connectivity.count(), cuts.len()));
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(load.threads.clamp(1, cuts.len().max(1)))
        .build()
        .map_err(|error| refuse(format!("the threads for building could not be started: {error}")))?;
    let total = cuts.len();
    let built = AtomicUsize::new(0);
    let one = |slices: Vec<Slice>| {
        let shard = shard(load, slices);
        (load.progress)((built.fetch_add(1, Ordering::Relaxed) + 1) as f64 / total as f64);
        shard
    };
    let shards: Vec<Result<Shard<R>, Refusal>> =
        pool.install(|| cuts.into_par_iter().with_max_len(1).map(one).collect());
    let (good, bad): (Vec<_>, Vec<_>) = shards.into_iter().partition(Result::is_ok);
    let mut reasons: Vec<String> = bad.into_iter().filter_map(Result::err).flat_map(|r| r.reasons).collect();
    if reasons.is_empty() {
        return Ok(good.into_iter().flatten().collect());
    }
    reasons.sort();
    reasons.dedup();
    Err(Refusal { reasons })
}

fn shard<R: Precise>(load: &Load<'_>, slices: Vec<Slice>) -> Result<Shard<R>, Refusal> {
    let network = &*load.network;
    let (connectivity, sources) = (&*load.connectivity, network.neurons() as usize);
    let rows: Rows<R> = static_rows(network, connectivity, &slices, sources).map_err(too_many)?;
    let mut plastic = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let Some(model) = &projection.plasticity else { continue };
        let place = slices.iter().position(|slice| slice.population == projection.target);
        if let Some(place) = place {
            plastic.push(
                plastic_rows(network, connectivity, number, model, &slices[place], place)
                    .map_err(too_many)?,
            );
        }
    }
    let living = slices.into_iter().map(|slice| living_slice(load, slice)).collect::<Result<_, _>>()?;
    let inbox = match network.clock {
        Clock::Grid => Inbox::sums(),
        Clock::Exact => Inbox::times(),
    };
    Ok(Shard {
        dt: network.dt,
        slices: living,
        rows,
        plastic,
        flights: Flights::default(),
        delivery: Delivery::default(),
        inbox,
        probes: Vec::new(),
        told: Told::default(),
        stages: Stages::default(),
        events: 0,
    })
}

fn static_rows<R: Precise>(
    network: &Network,
    connectivity: &Connectivity,
    slices: &[Slice],
    sources: usize,
) -> Result<Rows<R>, TooManySynapses> {
    let mut onto = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        if projection.plasticity.is_none() {
            let draw = |slice| (Draw::new(network, connectivity, number), slice);
            onto.extend(slices.iter().filter(|slice| slice.population == projection.target).map(draw));
        }
    }
    rows(sources, &onto)
}

fn plastic_rows<R: Precise>(
    network: &Network,
    connectivity: &Connectivity,
    number: usize,
    model: &Plastic,
    slice: &Slice,
    place: usize,
) -> Result<PlasticRows<R>, TooManySynapses> {
    // Weights of a plastic projection keep their sign, so all of them use one port, and a synapse
    // need only know the neuron.
    let draw = Draw::new(network, connectivity, number);
    let port = slice.ports.of(if draw.negative { -1.0 } else { 1.0 });
    let neurons = Slice { first_place: 0, ports: Ports::One, ..slice.clone() };
    let rows = varied(network.neurons() as usize, &[(draw, &neurons)])?;
    let site = PlasticSite {
        arguments: model.arguments.clone(),
        neurons: slice.len(),
        dt: network.dt,
        clock: network.clock,
    };
    Ok(PlasticRows::new(number, place, (port, slice.first_place), rows, R::plasticity(model.model, &site)))
}

fn living_slice<R: Precise>(load: &Load<'_>, slice: Slice) -> Result<LivingSlice<R>, Refusal> {
    let network = &*load.network;
    let population = &network.populations[slice.population];
    let cells = cells_of(network, &slice);
    let neurons = match (network.clock, population.neuron.model.grid, population.neuron.model.exact) {
        (Clock::Grid, Some(build), _) => Neurons::Grid(R::dynamics(&build, &cells)),
        (Clock::Exact, _, Some(build)) => Neurons::Exact(build(&cells)),
        _ => return Err(refuse(format!("{} cannot live on this clock", population.neuron.model.name))),
    };
    let drive = Drive::new(network, &slice, load.files).map_err(|error| refuse(error.to_string()))?;
    let current = vec![population.compensation; slice.len()];
    Ok(LivingSlice {
        first_neuron: population.first + slice.range.start,
        current_real: current.iter().map(|&current| R::of(current)).collect(),
        current,
        fired: Default::default(),
        compensation: population.compensation,
        neurons,
        drive,
        slice,
    })
}

fn refuse(reason: String) -> Refusal {
    Refusal { reasons: vec![reason] }
}

fn too_many(error: TooManySynapses) -> Refusal {
    refuse(format!("one shard would hold {} synapses; at most {} fit its index", error.0, u32::MAX))
}
