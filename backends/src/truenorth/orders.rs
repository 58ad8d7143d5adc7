//! Which of a neuron's weights is of which type, decided once for all cores.
//!
//! A core's axon brings one type. So that neurons of a core can share axons whatever core that is, what two
//! neurons hear of one source should be of the same type in both. Neurons choose one after the other: the order
//! in which most of what they hear has its type from neurons before them; of equals that in which most weights
//! have the type that their value has in the network.

use super::limits::TYPES;
use super::pack::{Feed, Hears};
use super::types::orders;
use std::collections::HashMap;

/// What all neurons hear, in axons with types.
#[derive(Debug, Default)]
pub struct Axons {
    /// Of each neuron: type `order[i]` is that of weight number `i`.
    pub orders: Vec<[usize; TYPES]>,
    /// Of each neuron the numbers of the axons that it hears.
    pub of: Vec<Vec<u32>>,
    /// Of each axon its feed.
    pub feeds: Vec<Feed>,
}

/// The number of an axon that there is not.
const NONE: u32 = u32::MAX;

impl Axons {
    /// Chooses orders.
    pub fn new(hears: &[Hears]) -> Axons {
        let usual = usual_types(hears);
        let mut found = Axons::default();
        let mut numbers: HashMap<Feed, [u32; TYPES]> = HashMap::new();
        for hears in hears {
            // How many feeds have these parts and are known with these types.
            let mut alike = [[0_u32; 1 << TYPES]; 1 << TYPES];
            for (feed, parts) in &hears.feeds {
                let known = numbers.get(feed).map_or(0, |known| {
                    (0..TYPES).filter(|&kind| known[kind] != NONE).map(|kind| 1 << kind).sum::<usize>()
                });
                alike[usize::from(*parts)][known] += 1;
            }
            let order = best(hears, &alike, &usual);
            let mut own = Vec::with_capacity(hears.feeds.len());
            for (feed, parts) in &hears.feeds {
                for number in (0..TYPES).filter(|number| parts >> number & 1 == 1) {
                    let axon = &mut numbers.entry(*feed).or_insert([NONE; TYPES])[order[number]];
                    if *axon == NONE {
                        *axon = found.feeds.len() as u32;
                        found.feeds.push(*feed);
                    }
                    own.push(*axon);
                }
            }
            found.orders.push(order);
            found.of.push(own);
        }
        found
    }
}

/// The types of the four weights that are heard most.
fn usual_types(hears: &[Hears]) -> HashMap<i16, usize> {
    let mut heard: HashMap<i16, usize> = HashMap::new();
    for hears in hears {
        for (_, parts) in &hears.feeds {
            for number in (0..TYPES).filter(|number| parts >> number & 1 == 1) {
                *heard.entry(hears.basis[number]).or_default() += 1;
            }
        }
    }
    let mut most: Vec<(usize, i16)> = heard.into_iter().map(|(weight, count)| (count, weight)).collect();
    most.sort_unstable_by(|a, b| b.cmp(a));
    most.into_iter().take(TYPES).enumerate().map(|(kind, (_, weight))| (weight, kind)).collect()
}

fn best(
    hears: &Hears,
    alike: &[[u32; 1 << TYPES]; 1 << TYPES],
    usual: &HashMap<i16, usize>,
) -> [usize; TYPES] {
    let score = |order: &[usize; TYPES]| {
        let types = |parts: usize| -> usize {
            (0..TYPES).filter(|number| parts >> number & 1 == 1).map(|number| 1 << order[number]).sum()
        };
        let mut shared = 0;
        for (parts, row) in alike.iter().enumerate() {
            let types = types(parts);
            shared += row
                .iter()
                .enumerate()
                .map(|(known, count)| (types & known).count_ones() * count)
                .sum::<u32>();
        }
        let as_usual = |number: &usize| {
            hears.basis[*number] != 0 && usual.get(&hears.basis[*number]) == Some(&order[*number])
        };
        (shared, (0..TYPES).filter(as_usual).count())
    };
    // Of equals the first.
    let better = |best: ((u32, usize), [usize; TYPES]), next: ((u32, usize), [usize; TYPES])| {
        if next.0 > best.0 { next } else { best }
    };
    orders().map(|order| (score(&order), order)).reduce(better).map_or([0, 1, 2, 3], |best| best.1)
}
