//! A placed network in floats: the same cores, axons, copies and splitters, with weights and parameters as they
//! were before rounding. If it spikes like the unplaced one in floats, placement is right; where it spikes unlike
//! the integers, that is rounding.

use super::core::Target;
use super::group::UNNAMED;
use super::limits::NEURONS;
use super::network::{Cell, Input, Quantised, Synapse};
use super::place::Placed;
use super::quantise::Quantisation;
use std::collections::{HashMap, HashSet};

/// Splitters fire when anything arrives.
const SPLITTER: Cell<f64> =
    Cell { leak: 0.0, reversal: false, threshold: 1.0, reset: Some(0.0), floor: 0.0, start: 0.0 };

/// The integers with everything that is there in floats: what rounds to 0 has another weight of its neuron, or 1,
/// so that it finds an axon when it is placed. In floats only whether a synapse is there counts.
pub fn complete(found: &Quantisation) -> Quantised<i32> {
    let mut complete = found.integers.clone();
    let stand_in = |target: u32| {
        let weights = found.bases[target as usize];
        weights.into_iter().find(|&weight| weight != 0).map_or(1, i32::from)
    };
    let key = |source, delay, target| (source, delay, target);
    let mut made = found.integers.synapses.iter().map(|s| key(s.source, s.delay, s.target)).peekable();
    for real in &found.reals.synapses {
        let own = key(real.source, real.delay, real.target);
        while made.next_if(|made| *made < own).is_some() {}
        let last =
            complete.synapses.last().filter(|_| complete.synapses.len() > found.integers.synapses.len());
        let added = last.is_some_and(|s| key(s.source, s.delay, s.target) == own);
        if real.weight != 0.0 && !added && made.peek() != Some(&own) {
            let Synapse { source, target, delay, .. } = *real;
            complete.synapses.push(Synapse { source, target, delay, weight: stand_in(target) });
        }
    }
    complete.synapses.sort_by_key(|synapse| key(synapse.source, synapse.delay, synapse.target));
    for (input, real) in complete.inputs.iter_mut().zip(&found.reals.inputs) {
        if input.weight == 0 && real.weight != 0.0 {
            input.weight = stand_in(input.target);
        }
    }
    complete
}

/// The network of all places in the cores, 256 a core, and for each input of the network its own there.
pub fn flat(placed: &Placed, reals: &Quantised<f64>) -> (Quantised<f64>, Vec<Vec<u32>>) {
    let mut weights: HashMap<(u32, u8, u32), f64> = HashMap::new();
    for synapse in &reals.synapses {
        *weights.entry((synapse.source, synapse.delay, synapse.target)).or_default() += synapse.weight;
    }
    let cell = |&lives: &u32| if lives == UNNAMED { SPLITTER } else { reals.cells[lives as usize] };
    let mut flat = Quantised { cells: placed.lives.iter().map(cell).collect(), ..Quantised::default() };
    for (number, core) in placed.cores.iter().enumerate() {
        for (place, target) in core.targets.iter().enumerate() {
            let Target::Axon { core: to, axon, delay } = *target else { continue };
            let source = (number * NEURONS + place) as u32;
            for reached in placed.cores[to as usize].rows[usize::from(axon)].ones() {
                let target = (to as usize * NEURONS + reached) as u32;
                let lives = placed.lives[target as usize];
                let weight = if lives == UNNAMED {
                    1.0
                } else {
                    let feed = placed.feeds[to as usize][usize::from(axon)];
                    let first = is_first(placed, to as usize, axon.into(), reached);
                    let weight = weights.get(&(feed.source, feed.delay, lives)).copied().unwrap_or(0.0);
                    if first { weight } else { 0.0 }
                };
                flat.synapses.push(Synapse { source, target, delay, weight });
            }
        }
    }
    flat.synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
    let mut own = Vec::new();
    for (input, spikes) in reals.inputs.iter().zip(&placed.inputs) {
        let mut places = HashSet::new();
        for &(core, axon) in spikes.first().into_iter().flatten() {
            let rows = &placed.cores[core as usize].rows;
            places.extend(rows[usize::from(axon)].ones().map(|j| (core as usize * NEURONS + j) as u32));
        }
        let mut places: Vec<u32> = places.into_iter().collect();
        places.sort_unstable();
        let first = flat.inputs.len() as u32;
        own.push((first..first + places.len() as u32).collect());
        let input = |target| Input { target, weight: input.weight, most: input.most };
        flat.inputs.extend(places.into_iter().map(input));
    }
    (flat, own)
}

/// Whether an axon is the first of its source and delay that reaches a place: the others bring further parts of
/// the weight.
fn is_first(placed: &Placed, core: usize, axon: usize, place: usize) -> bool {
    let (feeds, rows) = (&placed.feeds[core], &placed.cores[core].rows);
    let same =
        |other: usize| (feeds[other].source, feeds[other].delay) == (feeds[axon].source, feeds[axon].delay);
    !(0..axon).any(|other| same(other) && rows[other].has(place))
}
