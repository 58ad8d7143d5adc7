//! Neurons into cores, so that few spikes have to leave a core.
//!
//! What counts is Σ w (λ − 1): a spike is one message to every core it has targets on besides its own. The
//! limits of a core are hard and come from the chip ([`Capacity`]). Several simple partitions and several
//! multilevel ones compete, then improve each other; the best wins, so none is worse than filling cores in
//! order. The result depends on the hypergraph, the limits and the seed only.

mod assignment;
mod capacity;
mod coarsen;
mod growth;
mod heap;
mod initial;
mod ledger;
mod members;
mod multilevel;
mod refine;
mod starts;
mod state;
mod sweep;

pub use capacity::{Capacity, NeuronCount};
pub(crate) use coarsen::shuffle;
pub use ledger::{CoreLedger, CoreLimits, CoreUse, Fanin};
pub use starts::{Misfit, breadth_first, greedy, sequential};

use super::hypergraph::Hypergraph;
use multilevel::Task;
use rayon::prelude::*;
use sim_core::rng::Key;

/// Neurons on cores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The core of each neuron.
    pub cores: Vec<u32>,
    /// Σ w (λ − 1).
    pub messages: u64,
    /// What the winner began as: "sequential", "spread", "greedy", "breadth-first" or "multilevel".
    pub start: &'static str,
}

/// So many multilevel partitions are made from nothing.
const FRESH: u64 = 6;

/// So many pairs are combined at once; the next ones choose among the results.
const AT_ONCE: u64 = 4;

/// Pins times cycles times the price of a look: how much is worth trying. Small hypergraphs get more tries
/// than large ones, and cheap limits more than dear ones.
const EFFORT: u64 = 560_000;

/// The fewest cycles if looks are cheap, and the most.
const TRIES: (u64, u64) = (12, 36);

/// Pins times cores and price above which the simple partitions have to do: one cycle would take minutes.
const TOO_MUCH: u64 = 1 << 32;

/// So many looks at limits are made for a pin where one look at its edge is.
const LOOKS: u64 = 8;

/// Above so many entries (neurons × cores) a multilevel partition's tables are too large for memory, and
/// the simple partitions have to do.
const LARGEST_TABLE: usize = 1 << 28;

/// The best partition found. Fails only if not even filling cores in order, by neighbourhood or greedily
/// finds a place for every neuron.
pub fn partition<C: Capacity>(graph: &Hypergraph, capacity: &C, seed: u64) -> Result<Partition, Misfit> {
    let in_order = sequential(graph, capacity);
    let misfit = in_order.as_ref().err().copied();
    if let Some(alone @ Misfit::Alone { .. }) = misfit {
        return Err(alone);
    }
    let simple = [
        ("sequential", in_order),
        ("greedy", greedy(graph, capacity)),
        ("breadth-first", breadth_first(graph, capacity)),
    ];
    let mut found: Vec<Partition> = simple
        .into_iter()
        .filter_map(|(start, cores)| cores.ok().map(|cores| (start, cores)))
        .map(|(start, cores)| Partition { messages: graph.messages(&cores), cores, start })
        .collect();
    if found.is_empty()
        && let Ok(cores) = starts::spread(graph, capacity)
    {
        found.push(Partition { messages: graph.messages(&cores), cores, start: "spread" });
    }
    let used = |found: &Partition| found.cores.iter().max().map_or(0, |&core| core as usize + 1);
    let fewest = found.iter().map(used).min().unwrap_or(capacity.cores());
    found.sort_by_key(|found| found.messages);
    // A few cores more than needed leave room for neurons to stay together.
    let count = (fewest + fewest.div_ceil(32)).min(capacity.cores());
    let count = count.max(found.first().map_or(0, used));
    if graph.vertices() > 0 && (graph.vertices() + graph.edges()) * count <= LARGEST_TABLE {
        improve(graph, capacity, count, Key::new(seed).named("partition"), &mut found);
    }
    found.into_iter().next().ok_or_else(|| misfit.unwrap_or(Misfit::Alone { neuron: 0 }))
}

/// Multilevel partitions beside the simple ones, then better ones out of pairs. The best comes first.
fn improve<C: Capacity>(
    graph: &Hypergraph,
    capacity: &C,
    count: usize,
    key: Key,
    found: &mut Vec<Partition>,
) {
    let everyone: Vec<u32> = (0..graph.vertices() as u32).collect();
    let slim = coarsen::contract(graph, &everyone);
    let task = Task { graph: &slim, capacity, count };
    let (pins, price) = (slim.all_pins() as u64, capacity.price());
    if pins * (count as u64 + LOOKS * price) > TOO_MUCH {
        return;
    }
    let tries = (EFFORT / (pins * price).max(1)).clamp((TRIES.0 / price).max(2), TRIES.1);
    let fresh = FRESH.min(tries / 2);
    let inherits = |of: &Partition, (messages, cores): (i64, Vec<u32>)| Partition {
        cores,
        messages: messages as u64,
        start: of.start,
    };
    let small = |found: &Partition| found.cores.iter().all(|&core| (core as usize) < count);
    let simple = found.iter().filter(|found| small(found));
    let simple: Vec<Partition> = simple.take((tries - fresh) as usize).cloned().collect();
    let made: Vec<Option<Partition>> = (0..fresh + simple.len() as u64)
        .into_par_iter()
        .map(|item| {
            let mut random = key.named("start").stream(item);
            match simple.get(item as usize) {
                Some(of) => task.combined(&of.cores, &of.cores, &mut random).map(|cycle| inherits(of, cycle)),
                None => task.fresh(&mut random).map(|(messages, cores)| Partition {
                    cores,
                    messages: messages as u64,
                    start: "multilevel",
                }),
            }
        })
        .collect();
    let mut pool: Vec<Partition> = made.into_iter().flatten().collect();
    settle(&mut pool);
    if !pool.is_empty() {
        let at_once = AT_ONCE.min(tries - fresh);
        for round in 0..(tries - fresh).div_ceil(at_once) {
            let children: Vec<Option<Partition>> = (0..at_once)
                .into_par_iter()
                .map(|item| {
                    let mut random = key.named("combine").numbered(round).stream(item);
                    let (a, b) = (random.below(pool.len() as u32), random.below(pool.len() as u32));
                    let (better, other) = (&pool[a.min(b) as usize], &pool[a.max(b) as usize]);
                    let child = task.combined(&better.cores, &other.cores, &mut random);
                    child.map(|child| inherits(better, child))
                })
                .collect();
            pool.extend(children.into_iter().flatten());
            settle(&mut pool);
        }
    }
    found.extend(pool);
    found.sort_by_key(|found| found.messages);
}

/// The best first, each once, and no more than the pool holds.
fn settle(pool: &mut Vec<Partition>) {
    pool.sort_by_key(|found| found.messages);
    pool.dedup_by_key(|found| found.messages);
    pool.truncate(FRESH as usize + 2);
}
