//! More than 256 sources of a neuron: those with the same weight are counted first, exactly.
//!
//! A gate is a neuron that has no memory: with threshold 1, leak 1 − θ, reset 0 and 0 as its lowest potential it
//! fires in a tick if and only if θ axons or more were active, and its potential is 0 again after every tick. So m
//! sources that all reach m gates with θ = 1 … m make exactly n of them fire, where n is how many of the sources
//! are heard. A second row of gates takes n apart: n = R·h + l with l < R. Gate θ = R·a fires if h ≥ a, and
//! l ≥ j is Σₐ (n ≥ R·a + j) − (n ≥ R·(a + 1)), which is 0 or 1, so a gate with threshold 1 tells it. The target
//! hears ⌊m/R⌋ gates with R times the weight and R − 1 with the weight itself, and their sum is n times the weight
//! in the tick in which the sources themselves would have been heard: two ticks of their delays go to the gates.
//!
//! The sum is the same, and so is the potential, as long as no potential gets to the end of its 20 bits, where
//! the order of additions would count: this is looked at first. Inputs have no delays to spare and are not counted.

use super::limits::{AXONS, HIGHEST};
use super::network::{Cell, Quantised, Synapse};
use super::pack::{Hears, hears};
use super::types::{basis, parts};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The shortest delay that is long enough for gates.
pub const SHORTEST: u8 = 3;

/// Most sources that are counted together: all gates of a first row, and once more those of at most half of them
/// that reach the target besides, fit into one core, whatever the radix.
const GROUP: usize = 170;

/// Largest weight.
const MOST: i32 = 255;

/// Sources that are counted together, each with the delay after which the target would hear it.
type Group = Vec<(u32, u8)>;

/// A network with gates so that no neuron hears more than a core has axons for, as far as that can be done; the
/// gates come after the neurons. Nothing if none are needed, or if they do not help.
pub fn counted(network: &Quantised<i32>) -> Option<Quantised<i32>> {
    let heard = hears(network);
    let many: Vec<u32> =
        (0..heard.len() as u32).filter(|&neuron| heard[neuron as usize].axons() > AXONS).collect();
    if many.is_empty() {
        return None;
    }
    let mut gates = Gates { network: network.clone(), rows: HashMap::new(), digits: HashMap::new() };
    let mut gone = Vec::new();
    for target in many {
        let plan = plan(&network.cells[target as usize], &heard[target as usize])?;
        for (group, weight, radix) in plan {
            gone.extend(group.iter().map(|&(source, delay)| (source, delay, target)));
            gates.hear(&group, target, weight, radix);
        }
    }
    gone.sort_unstable();
    let own = network.cells.len() as u32;
    let kept =
        |s: &Synapse<i32>| s.target >= own || gone.binary_search(&(s.source, s.delay, s.target)).is_err();
    // Gates reach targets with delays of one and two ticks, which none that are counted have.
    gates.network.synapses.retain(kept);
    gates.network.synapses.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
    Some(gates.network)
}

/// What is counted for a neuron: groups with their weight and radix, until it hears few enough. Nothing if it
/// never does.
fn plan(cell: &Cell<i32>, hears: &Hears) -> Option<Vec<(Group, i32, i32)>> {
    let mut weights: BTreeMap<i32, usize> = BTreeMap::new();
    let mut classes: BTreeMap<i32, Group> = BTreeMap::new();
    let several = hears.feeds.iter().filter(|(feed, _)| feed.spike > 0);
    let apart: HashSet<(u32, u8)> = several.map(|(feed, _)| (feed.source, feed.delay)).collect();
    for (feed, parts) in &hears.feeds {
        let weight =
            (0..4).filter(|kind| parts >> kind & 1 == 1).map(|kind| i32::from(hears.basis[kind])).sum();
        *weights.entry(weight).or_default() += 1;
        let source = (feed.source, feed.delay);
        if feed.delay >= SHORTEST && !apart.contains(&source) {
            classes.entry(weight).or_default().push(source);
        }
    }
    if !keeps_off_the_end(cell, &weights) {
        return None;
    }
    let mut classes: Vec<(i32, Group)> = classes.into_iter().collect();
    classes.sort_by_key(|(weight, group)| (std::cmp::Reverse(group.len()), *weight));
    let mut plan = Vec::new();
    for (weight, class) in classes {
        for group in class.chunks(GROUP) {
            let best = (2..=MOST / weight.abs().max(1))
                .filter_map(|radix| {
                    let after = replaced(&weights, weight, group.len(), radix)?;
                    Some((axons(&after)?, radix, after))
                })
                .min_by_key(|(axons, radix, _)| (*axons, *radix));
            let Some((fewer, radix, after)) = best else { continue };
            if fewer < axons(&weights).unwrap_or(usize::MAX) {
                plan.push((group.to_vec(), weight, radix));
                weights = after;
            }
            if fewer <= AXONS {
                return Some(plan);
            }
        }
    }
    None
}

/// Whether no potential of a neuron gets to the end of its bits, whatever arrives.
fn keeps_off_the_end(cell: &Cell<i32>, weights: &BTreeMap<i32, usize>) -> bool {
    let sum = |sign: i64| -> i64 {
        weights.iter().map(|(&weight, &count)| (sign * i64::from(weight)).max(0) * count as i64).sum()
    };
    let (up, down) = (sum(1) + i64::from(cell.leak.abs()), sum(-1) + i64::from(cell.leak.abs()));
    let threshold = i64::from(cell.threshold);
    // If more than the threshold can arrive than is taken off, the potential grows without an end.
    let grows = cell.reset.is_none() && up > threshold;
    let most = threshold.max(cell.reset.unwrap_or(0).into()).max(cell.start.into());
    let least = i64::from(cell.floor).min(cell.reset.unwrap_or(0).into()).min(cell.start.into());
    !grows && most + up <= i64::from(HIGHEST) && least - down >= -i64::from(HIGHEST)
}

/// The weights onto a neuron, with how many axons have each, after so many of one were counted; nothing if that
/// weight cannot be so many times as large.
fn replaced(
    weights: &BTreeMap<i32, usize>,
    weight: i32,
    sources: usize,
    radix: i32,
) -> Option<BTreeMap<i32, usize>> {
    let mut after = weights.clone();
    let high = sources / radix as usize;
    if high == 0 || (weight * radix).abs() > MOST {
        return None;
    }
    *after.get_mut(&weight)? += radix as usize - 1;
    *after.get_mut(&weight)? -= sources;
    after.retain(|_, count| *count > 0);
    *after.entry(weight * radix).or_default() += high;
    Some(after)
}

/// How many axons these weights take; nothing if four numbers do not make them.
fn axons(weights: &BTreeMap<i32, usize>) -> Option<usize> {
    let list: Vec<i16> = weights.keys().map(|&weight| weight as i16).collect();
    let basis = basis(&list);
    let of =
        |(&weight, &count): (&i32, &usize)| Some(parts(&basis, weight as i16)?.count_ones() as usize * count);
    weights.iter().map(of).sum()
}

/// The network as gates are added.
struct Gates {
    network: Quantised<i32>,
    /// The first gate of the row that counts a group; gate θ is the first plus θ − 1.
    rows: HashMap<(Group, u8), u32>,
    /// The first of the gates that tell the low digit of a row by a radix.
    digits: HashMap<(u32, i32), u32>,
}

impl Gates {
    /// Lets a neuron hear a group through gates.
    fn hear(&mut self, group: &Group, target: u32, weight: i32, radix: i32) {
        let shortest = group.iter().map(|(_, delay)| *delay).min().unwrap_or(SHORTEST);
        // The last tick can be two if there are enough: then spikes can go through splitters on each way.
        let last = if shortest > SHORTEST + 1 { 2 } else { 1 };
        let row = match self.rows.get(&(group.clone(), last)) {
            Some(&row) => row,
            None => self.row(group, last),
        };
        let digits = match self.digits.get(&(row, radix)) {
            Some(&digits) => digits,
            None => self.low_digit(row, group.len() as u32, radix),
        };
        for high in 1..=group.len() as u32 / radix as u32 {
            self.join(row + high * radix as u32 - 1, target, last + 1, weight * radix);
        }
        for low in 0..radix as u32 - 1 {
            self.join(digits + low, target, last, weight);
        }
    }

    fn gate(&mut self, theta: i32) -> u32 {
        self.network.cells.push(Cell { leak: 1 - theta, threshold: 1, reset: Some(0), ..Cell::default() });
        self.network.cells.len() as u32 - 1
    }

    fn join(&mut self, source: u32, target: u32, delay: u8, weight: i32) {
        self.network.synapses.push(Synapse { source, target, delay, weight });
    }

    fn row(&mut self, group: &Group, last: u8) -> u32 {
        let first = self.network.cells.len() as u32;
        for theta in 1..=group.len() as i32 {
            let gate = self.gate(theta);
            for &(source, delay) in group {
                self.join(source, gate, delay - 1 - last, 1);
            }
        }
        self.rows.insert((group.clone(), last), first);
        first
    }

    fn low_digit(&mut self, row: u32, sources: u32, radix: i32) -> u32 {
        let first = self.network.cells.len() as u32;
        let radix = radix as u32;
        for j in 1..radix {
            let gate = self.gate(1);
            for count in (j..=sources).step_by(radix as usize) {
                self.join(row + count - 1, gate, 1, 1);
            }
            for count in (radix..=sources).step_by(radix as usize) {
                self.join(row + count - 1, gate, 1, -1);
            }
        }
        self.digits.insert((row, radix as i32), first);
        first
    }
}
