//! Network → shards: every shard builds its own synapses, in parallel.

use super::Precise;
use super::cells::cells_of;
use super::cut::{Slice, cut};
use super::delivery::Delivery;
use super::draw::{Draw, Neighbours};
use super::drive::Drive;
use super::flights::Flights;
use super::inbox::Inbox;
use super::lazy::lazy;
use super::memory::shortage;
use super::misfits::misfits;
use super::placing::{TooManySynapses, rows, varied};
use super::plastic::PlasticRows;
use super::rows::{Cell, Rows, StaticRows};
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
    let lazy = lazy(&load.network, &load.connectivity);
    let cuts = cut(&load.network, &lazy, load.parts);
    reasons.extend(shortage(&load.network, &load.connectivity, cuts.len()));
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(load.threads.clamp(1, cuts.len().max(1)))
        .build()
        .map_err(|error| refuse(format!("the threads for building could not be started: {error}")))?;
    let total = cuts.len();
    let built = AtomicUsize::new(0);
    let some = |together: &[Vec<Slice>]| {
        let shards = shards(load, together, &lazy);
        let done = built.fetch_add(together.len(), Ordering::Relaxed) + together.len();
        (load.progress)(done as f64 / total as f64);
        shards
    };
    // Tables of one kind are built together.
    let alike = |a: &Vec<Slice>, b: &Vec<Slice>| left_alone(a, &lazy) == left_alone(b, &lazy);
    let groups: Vec<&[Vec<Slice>]> =
        cuts.chunk_by(alike).flat_map(|cuts| groups(cuts, pool.current_num_threads())).collect();
    let shards: Vec<Result<Vec<Shard<R>>, Refusal>> =
        pool.install(|| groups.into_par_iter().with_max_len(1).map(some).collect());
    let (good, bad): (Vec<_>, Vec<_>) = shards.into_iter().partition(Result::is_ok);
    let mut reasons: Vec<String> = bad.into_iter().filter_map(Result::err).flat_map(|r| r.reasons).collect();
    if reasons.is_empty() {
        return Ok(good.into_iter().flatten().flatten().collect());
    }
    reasons.sort();
    reasons.dedup();
    Err(Refusal { reasons })
}

/// Shards that one thread builds at once. A rule whose draws belong to the sources makes the same draws
/// for any target, so its cost goes with the number of groups; the memory that building takes beyond the
/// finished machine goes with how many shards are being built, so that is no more than half of them.
fn groups(shards: &[Vec<Slice>], threads: usize) -> Vec<&[Vec<Slice>]> {
    const MOST_AT_ONCE: usize = 8;
    let rounds = shards.len().div_ceil(threads * MOST_AT_ONCE).max(2);
    let groups = (rounds * threads).min(shards.len());
    let border = |group: usize| shards.len() * group / groups;
    (0..groups).map(|group| &shards[border(group)..border(group + 1)]).collect()
}

/// Whether the neurons of a shard are left alone until something arrives; such slices are among
/// themselves.
fn left_alone(slices: &[Slice], lazy: &[bool]) -> bool {
    slices.iter().any(|slice| lazy[slice.population])
}

fn shards<R: Precise>(
    load: &Load<'_>,
    together: &[Vec<Slice>],
    lazy: &[bool],
) -> Result<Vec<Shard<R>>, Refusal> {
    let wide = together.iter().any(|slices| left_alone(slices, lazy));
    let rows: Vec<StaticRows<R>> = if wide {
        static_rows(load, together)?.into_iter().map(StaticRows::Wide).collect()
    } else {
        static_rows(load, together)?.into_iter().map(StaticRows::Narrow).collect()
    };
    rows.into_iter().zip(together).map(|(rows, slices)| shard(load, slices.clone(), lazy, rows)).collect()
}

fn shard<R: Precise>(
    load: &Load<'_>,
    slices: Vec<Slice>,
    lazy: &[bool],
    rows: StaticRows<R>,
) -> Result<Shard<R>, Refusal> {
    let (network, connectivity) = (&*load.network, &*load.connectivity);
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
    let left_alone = left_alone(&slices, lazy);
    let inbox = match network.clock {
        Clock::Grid if left_alone => Inbox::few(),
        Clock::Grid => Inbox::sums(),
        Clock::Exact => Inbox::times(),
    };
    let living =
        slices.into_iter().map(|slice| living_slice(load, slice, left_alone)).collect::<Result<_, _>>()?;
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

fn static_rows<R: Precise, C: Cell>(
    load: &Load<'_>,
    together: &[Vec<Slice>],
) -> Result<Vec<Rows<R, C>>, Refusal> {
    let (network, connectivity) = (&*load.network, &*load.connectivity);
    let mut onto = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        if projection.plasticity.is_none() {
            let draw = |slices| (Draw::new(network, connectivity, number), slices);
            onto.extend(Neighbours::of(projection.target, together).into_iter().map(draw));
        }
    }
    rows(together.len(), network.neurons() as usize, &onto).map_err(too_many)
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
    let rows = varied(network.neurons() as usize, (draw, Neighbours::alone(&neurons)))?;
    let site = PlasticSite {
        arguments: model.arguments.clone(),
        neurons: slice.len(),
        dt: network.dt,
        clock: network.clock,
    };
    Ok(PlasticRows::new(number, place, (port, slice.first_place), rows, R::plasticity(model.model, &site)))
}

fn living_slice<R: Precise>(
    load: &Load<'_>,
    slice: Slice,
    left_alone: bool,
) -> Result<LivingSlice<R>, Refusal> {
    let network = &*load.network;
    let population = &network.populations[slice.population];
    let cells = cells_of(network, &slice);
    let model = population.neuron.model;
    let neurons = match (network.clock, model.grid, model.lazy, model.exact) {
        (Clock::Grid, _, Some(build), _) if left_alone => Neurons::Lazy(R::lazy_dynamics(&build, &cells)),
        (Clock::Grid, Some(build), ..) => Neurons::Grid(R::dynamics(&build, &cells)),
        (Clock::Exact, .., Some(build)) => Neurons::Exact(build(&cells)),
        _ => return Err(refuse(format!("{} cannot live on this clock", model.name))),
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
