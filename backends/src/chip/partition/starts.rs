//! Simple partitions: in order, by neighbourhood, and greedily by shared axons.

use super::capacity::Capacity;
use super::growth::Growth;
use crate::chip::hypergraph::Hypergraph;
use std::collections::VecDeque;

/// Why there is no partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// This neuron does not fit into a core even if it is the only one on the chip.
    Alone {
        /// Which neuron.
        neuron: u32,
    },
    /// No core takes this neuron: each is full, or one that sends to it is.
    Full {
        /// Which neuron.
        neuron: u32,
        /// How many neurons were placed before it.
        placed: usize,
    },
}

/// Cores filled one after the other with neurons in the order of their indices.
pub fn sequential<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    fill(0..graph.vertices() as u32, graph.vertices(), usize::MAX, capacity)
}

/// Cores filled one after the other with neurons in the order of a breadth-first walk.
pub fn breadth_first<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    let mut seen = vec![false; graph.vertices()];
    let mut walked = vec![false; graph.edges()];
    let mut order = Vec::with_capacity(graph.vertices());
    let mut waiting = VecDeque::new();
    for first in 0..graph.vertices() as u32 {
        if !std::mem::replace(&mut seen[first as usize], true) {
            waiting.push_back(first);
        }
        while let Some(vertex) = waiting.pop_front() {
            order.push(vertex);
            for &edge in graph.edges_of(vertex) {
                if std::mem::replace(&mut walked[edge as usize], true) {
                    continue;
                }
                for &pin in graph.pins(edge) {
                    if !std::mem::replace(&mut seen[pin as usize], true) {
                        waiting.push_back(pin);
                    }
                }
            }
        }
    }
    fill(order.into_iter(), graph.vertices(), usize::MAX, capacity)
}

/// Cores filled in order with fewer neurons each than fit, as many as break no limit: where it is not the core
/// being filled that is full but one that sends to it, spreading helps.
pub fn spread<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    let neurons = graph.vertices();
    let fill = |most| fill(0..neurons as u32, neurons, most, capacity);
    let (mut found, mut too_many) = (Err(Misfit::Full { neuron: 0, placed: 0 }), neurons);
    let mut most = neurons / 2;
    while most > 0 && neurons.div_ceil(most) <= capacity.cores() {
        found = fill(most);
        if found.is_ok() {
            break;
        }
        (too_many, most) = (most, most / 2);
    }
    // Somewhere between what fits and twice that is the limit.
    let mut step = too_many - most;
    while found.is_ok() && step > 1 {
        step = step.div_ceil(2);
        if most + step < too_many {
            match fill(most + step) {
                Ok(cores) => (found, most) = (Ok(cores), most + step),
                Err(_) => too_many = most + step,
            }
        }
    }
    found
}

/// Puts neurons into cores in this order, at most `most` into each, going on to the next core where one is
/// full; when the last is full, into the first that has room.
fn fill<C, I>(order: I, neurons: usize, most: usize, capacity: &C) -> Result<Vec<u32>, Misfit>
where
    C: Capacity,
    I: Iterator<Item = u32>,
{
    let empty = capacity;
    let mut capacity = capacity.clone();
    let mut cores = vec![u32::MAX; neurons];
    let (mut core, mut on_core) = (0, 0);
    for (placed, neuron) in order.enumerate() {
        let there = capacity.cores() as u32;
        let fits = |core| core < there && capacity.fits(&[neuron], core);
        if on_core == most || !fits(core) {
            (core, on_core) = ((core + 1).min(there), 0);
        }
        let into = if fits(core) { Some(core) } else { (0..there).find(|&core| fits(core)) };
        let Some(into) = into else {
            let alone = there > 0 && !empty.fits(&[neuron], 0);
            return Err(if alone { Misfit::Alone { neuron } } else { Misfit::Full { neuron, placed } });
        };
        capacity.put(&[neuron], into);
        cores[neuron as usize] = into;
        on_core += usize::from(into == core);
    }
    Ok(cores)
}

/// So many neurons that do not fit are passed over before a core is closed.
const PASSED_OVER: usize = 64;

/// Cores filled one after the other, each with the neuron that hears most of what the core already hears.
pub fn greedy<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    let mut capacity = capacity.clone();
    let mut cores = vec![u32::MAX; graph.vertices()];
    let mut growth = Growth::new(graph);
    let (mut first, mut placed) = (0, 0);
    for core in 0..capacity.cores() as u32 {
        growth.begin();
        let mut passed_over = 0;
        while passed_over < PASSED_OVER {
            while first < cores.len() && cores[first] != u32::MAX {
                first += 1;
            }
            if first == cores.len() {
                return Ok(cores);
            }
            // Who hears nothing of what the core hears comes in order, and only onto an empty heap.
            let neuron = growth.next().unwrap_or(first as u32);
            if !capacity.fits(&[neuron], core) {
                if capacity.room(core) == 0 || growth.is_alone() {
                    break;
                }
                passed_over += 1;
                continue;
            }
            capacity.put(&[neuron], core);
            cores[neuron as usize] = core;
            placed += 1;
            growth.add(neuron, core, &cores, |edge| graph.weight(edge) as i64);
        }
    }
    match cores.iter().position(|&core| core == u32::MAX) {
        Some(neuron) => Err(Misfit::Full { neuron: neuron as u32, placed }),
        None => Ok(cores),
    }
}
