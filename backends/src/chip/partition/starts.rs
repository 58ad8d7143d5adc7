//! Simple partitions: in order, by neighbourhood, and greedily by shared axons.

use super::capacity::Capacity;
use super::heap::Heap;
use crate::chip::hypergraph::Hypergraph;
use std::collections::VecDeque;

/// Why there is no partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// This neuron does not fit even into a core of its own.
    Alone {
        /// Which neuron.
        neuron: u32,
    },
    /// All cores are in use and none takes this neuron.
    Full {
        /// Which neuron.
        neuron: u32,
        /// How many neurons were placed before it.
        placed: usize,
    },
}

/// Cores filled one after the other with neurons in the order of their indices.
pub fn sequential<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    fill(0..graph.vertices() as u32, graph.vertices(), capacity)
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
    fill(order.into_iter(), graph.vertices(), capacity)
}

/// Puts neurons into cores in this order, going on to the next core where one is full; when the last is
/// full, into the first that has room.
fn fill<C, I>(order: I, neurons: usize, capacity: &C) -> Result<Vec<u32>, Misfit>
where
    C: Capacity,
    I: Iterator<Item = u32>,
{
    let mut capacity = capacity.clone();
    let mut cores = vec![u32::MAX; neurons];
    let (mut core, mut on_core) = (0, 0);
    for (placed, neuron) in order.enumerate() {
        let fits = |capacity: &C, core| (core as usize) < capacity.cores() && capacity.fits(&[neuron], core);
        if !fits(&capacity, core) {
            if on_core == 0 && (core as usize) < capacity.cores() {
                return Err(Misfit::Alone { neuron });
            }
            (core, on_core) = (core + 1, 0);
            if (core as usize) < capacity.cores() && !fits(&capacity, core) {
                return Err(Misfit::Alone { neuron });
            }
        }
        let into = if (core as usize) < capacity.cores() {
            core
        } else {
            core = capacity.cores() as u32;
            let roomy = (0..core).find(|&core| fits(&capacity, core));
            roomy.ok_or(Misfit::Full { neuron, placed })?
        };
        capacity.put(&[neuron], into);
        cores[neuron as usize] = into;
        on_core += 1;
    }
    Ok(cores)
}

/// So many neurons that do not fit are passed over before a core is closed.
const PASSED_OVER: usize = 64;

/// Cores filled one after the other, each with the neuron that hears most of what the core already hears.
pub fn greedy<C: Capacity>(graph: &Hypergraph, capacity: &C) -> Result<Vec<u32>, Misfit> {
    let mut capacity = capacity.clone();
    let mut cores = vec![u32::MAX; graph.vertices()];
    let mut heard_by = vec![u32::MAX; graph.edges()];
    let mut heap = Heap::new(graph.vertices());
    let (mut first, mut placed) = (0, 0);
    for core in 0..capacity.cores() as u32 {
        heap.clear();
        let mut passed_over = 0;
        while passed_over < PASSED_OVER {
            while first < cores.len() && cores[first] != u32::MAX {
                first += 1;
            }
            if first == cores.len() {
                return Ok(cores);
            }
            // Who hears nothing of what the core hears comes in order, and only onto an empty heap.
            let neuron = heap.pop().map_or(first as u32, |(neuron, _)| neuron);
            if !capacity.fits(&[neuron], core) {
                if capacity.room(core) == 0 || heap.is_empty() {
                    break;
                }
                passed_over += 1;
                continue;
            }
            capacity.put(&[neuron], core);
            cores[neuron as usize] = core;
            placed += 1;
            for &edge in graph.edges_of(neuron) {
                if std::mem::replace(&mut heard_by[edge as usize], core) == core {
                    continue;
                }
                let weight = graph.weight(edge) as i64;
                for &pin in graph.pins(edge).iter().filter(|&&pin| cores[pin as usize] == u32::MAX) {
                    heap.set(pin, heap.key(pin).unwrap_or(0) + weight);
                }
            }
        }
    }
    match cores.iter().position(|&core| core == u32::MAX) {
        Some(neuron) => Err(Misfit::Full { neuron: neuron as u32, placed }),
        None => Ok(cores),
    }
}
