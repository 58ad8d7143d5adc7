//! Neurons into cores: who shares 256 axons and 256 neurons.
//!
//! A core's axon is one (source, delay, which of its spikes in a tick, type); so what a neuron needs depends on
//! which of its four weights is of which type. In the simplest packing neurons come in the order of the network,
//! each into that of the last few cores in which it needs the fewest new axons, and all orders of types are tried
//! in each. In the other the types are decided first ([`orders`](super::orders)), and then whoever shares axons
//! is put together ([`crossbar`](super::crossbar)).

use super::crossbar::gather;
use super::limits::{AXONS, NEURONS, TYPES};
use super::network::Quantised;
use super::orders::Axons;
use super::types::{Basis, basis, orders, parts};
use std::collections::{HashMap, HashSet};

/// Cores that are tried for a neuron.
const OPEN: usize = 8;

/// What an axon is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Feed {
    /// Number of the source: neurons, then inputs.
    pub source: u32,
    /// Ticks from a neuron's spike to its arrival; 0 for an input, whose spikes come when they come.
    pub delay: u8,
    /// Which of an input's spikes of one tick, or of a neuron's synapses onto one other, from 0.
    pub spike: u16,
}

/// What a neuron hears.
#[derive(Clone, Debug, Default)]
pub struct Hears {
    /// Its weights.
    pub basis: Basis,
    /// From whom, and which weights of the basis, as bits.
    pub feeds: Vec<(Feed, u8)>,
}

/// A core in the making.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Number of the axon for each feed and type.
    pub axons: HashMap<(Feed, u8), usize>,
    /// Its neurons, and which weight of the basis is of which type: type `order[i]` is that of number `i`.
    pub members: Vec<(u32, [usize; TYPES])>,
}

/// What each neuron hears; weights have to be sums of a basis.
pub fn hears(network: &Quantised<i32>) -> Vec<Hears> {
    let neurons = network.cells.len();
    let mut all: Vec<Vec<(Feed, i16)>> = vec![Vec::new(); neurons];
    for same in
        network.synapses.chunk_by(|a, b| (a.source, a.delay, a.target) == (b.source, b.delay, b.target))
    {
        for (spike, synapse) in (0..).zip(same) {
            let feed = Feed { source: synapse.source, delay: synapse.delay, spike };
            all[synapse.target as usize].push((feed, synapse.weight as i16));
        }
    }
    for (number, input) in network.inputs.iter().enumerate() {
        let feed = |spike| Feed { source: (neurons + number) as u32, delay: 0, spike };
        all[input.target as usize]
            .extend((0..u16::from(input.most)).map(|spike| (feed(spike), input.weight as i16)));
    }
    let hears = |list: Vec<(Feed, i16)>| {
        let weights: Vec<i16> = list.iter().map(|(_, weight)| *weight).collect();
        let basis = basis(&weights);
        let feeds = list.iter().map(|&(feed, weight)| (feed, parts(&basis, weight).unwrap_or(0))).collect();
        Hears { basis, feeds }
    };
    all.into_iter().map(hears).collect()
}

impl Hears {
    /// How many axons it needs in a core of its own.
    pub fn axons(&self) -> usize {
        self.feeds.iter().map(|(_, parts)| parts.count_ones() as usize).sum()
    }
}

/// The feeds and types that some parts in some order need.
fn needed(feed: Feed, parts: u8, order: &[usize; TYPES]) -> impl Iterator<Item = (Feed, u8)> {
    let order = *order;
    (0..TYPES).filter(move |number| parts >> number & 1 == 1).map(move |number| (feed, order[number] as u8))
}

impl Draft {
    /// The order in which a neuron needs the fewest new axons, and how many.
    fn best_order(&self, hears: &Hears) -> (usize, [usize; TYPES]) {
        // Where nothing is of a feed yet, types make no difference.
        let known: Vec<&(Feed, u8)> = hears
            .feeds
            .iter()
            .filter(|(feed, _)| (0..TYPES).any(|kind| self.axons.contains_key(&(*feed, kind as u8))))
            .collect();
        let shared = |order: &[usize; TYPES]| {
            let all = known.iter().flat_map(|(feed, parts)| needed(*feed, *parts, order));
            all.filter(|axon| self.axons.contains_key(axon)).count()
        };
        // Orders that differ only in weights that are not used are one.
        let used = hears.feeds.iter().fold(0, |used, (_, parts)| used | parts);
        let unused = |number: usize| used >> number & 1 == 0;
        let plain = |order: &[usize; TYPES]| {
            let types: Vec<usize> = (0..TYPES).filter(|&number| unused(number)).map(|n| order[n]).collect();
            types.is_sorted()
        };
        let orders = orders().filter(plain).map(|order| (shared(&order), order));
        // Of equals the first.
        let best = orders.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let (shared, order) = best.unwrap_or((0, [0, 1, 2, 3]));
        (hears.axons() - shared, order)
    }

    fn put(&mut self, neuron: u32, hears: &Hears, order: [usize; TYPES]) {
        for &(feed, parts) in &hears.feeds {
            for axon in needed(feed, parts, &order) {
                let next = self.axons.len();
                self.axons.entry(axon).or_insert(next);
            }
        }
        self.members.push((neuron, order));
    }

    /// The axons that reach a member.
    pub fn onto<'a>(
        &'a self,
        hears: &'a Hears,
        order: &'a [usize; TYPES],
    ) -> impl Iterator<Item = usize> + 'a {
        let all = hears.feeds.iter().flat_map(|&(feed, parts)| needed(feed, parts, order));
        all.map(|axon| self.axons[&axon])
    }
}

/// Packs neurons, each of which hears no more than a core has axons for, at most `most` to a core.
pub fn pack(hears: &[Hears], most: usize) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for (neuron, hears) in hears.iter().enumerate() {
        let open = drafts.len().saturating_sub(OPEN)..drafts.len();
        let tries = open.filter(|&core| drafts[core].members.len() < most).map(|core| {
            let (new, order) = drafts[core].best_order(hears);
            (new, core, order)
        });
        let fits = tries.filter(|(new, core, _)| drafts[*core].axons.len() + new <= AXONS);
        let (core, order) = match fits.min() {
            Some((_, core, order)) => (core, order),
            None => {
                drafts.push(Draft::default());
                (drafts.len() - 1, [0, 1, 2, 3])
            }
        };
        drafts[core].put(neuron as u32, hears, order);
    }
    drafts
}

/// No packing has fewer cores: every neuron has a place and every feed an axon.
pub fn fewest_cores(hears: &[Hears]) -> usize {
    let feeds: HashSet<Feed> = hears.iter().flat_map(|hears| &hears.feeds).map(|(feed, _)| *feed).collect();
    hears.len().div_ceil(NEURONS).max(feeds.len().div_ceil(AXONS))
}

/// Packings to choose from, onto at most so many cores if they can. Only the first one if none can be better.
pub fn packings(hears: &[Hears], cores: usize) -> impl Iterator<Item = Vec<Draft>> {
    let in_order = pack(hears, NEURONS);
    let good = in_order.len() <= fewest_cores(hears);
    let shared = move || {
        let axons = Axons::new(hears);
        gather(&axons, cores).map(|cores| drafts(&cores, hears, &axons))
    };
    std::iter::once(in_order).chain((!good).then(shared).flatten())
}

/// Drafts of cores whose neurons and types are decided.
fn drafts(cores: &[u32], hears: &[Hears], axons: &Axons) -> Vec<Draft> {
    let mut numbers: HashMap<u32, usize> = HashMap::new();
    let mut drafts: Vec<Draft> = Vec::new();
    for (neuron, core) in cores.iter().enumerate() {
        let number = *numbers.entry(*core).or_insert(drafts.len());
        if number == drafts.len() {
            drafts.push(Draft::default());
        }
        drafts[number].put(neuron as u32, &hears[neuron], axons.orders[neuron]);
    }
    drafts
}
