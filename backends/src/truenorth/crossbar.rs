//! Neurons that share axons gathered into crossbars, one crossbar after the other.
//!
//! A neuron takes one place for each axon that it reaches with a delay of one tick, and one more for all others,
//! which splitters can reach ([`fan`](super::fan)); at least one. So it matters to a neuron's core where its
//! targets are, and the later a core is filled, the more places its neurons may turn out to take.

use super::limits::{AXONS, NEURONS};
use super::orders::Axons;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A neuron that is on no core.
const NOWHERE: u32 = u32::MAX;

/// So many neurons for which there are axons but no places are passed over before a core is closed.
const PASSED_OVER: usize = 64;

/// So often all is gathered anew, with places kept for the copies that were missing before.
const PASSES: usize = 12;

/// Most neurons that are put into a core if that does not help, from most to least.
const FILLS: [usize; 15] = [256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2];

/// The core of each neuron, at most so many cores; nothing if no way was found in which all have their places.
///
/// How many places a neuron takes is known only when its targets are placed. So neurons are gathered as if there
/// were room for all copies, and again with the places kept that were taken then, until there is.
pub fn gather(axons: &Axons, cores: usize) -> Option<Vec<u32>> {
    let mut kept = vec![0; axons.of.len()];
    for _ in 0..PASSES {
        let mut crossbars = Crossbars::new(axons, kept.clone(), true);
        if !crossbars.filled(NEURONS, cores) {
            break;
        }
        if crossbars.places.iter().all(|&places| places <= NEURONS) {
            return Some(crossbars.homes);
        }
        kept.iter_mut().zip(&crossbars.reached).for_each(|(kept, &reached)| *kept = reached.max(*kept));
    }
    FILLS.into_iter().find_map(|most| {
        let mut crossbars = Crossbars::new(axons, vec![0; axons.of.len()], false);
        crossbars.filled(most, cores).then_some(crossbars.homes)
    })
}

/// Crossbars, and who is on them.
struct Crossbars<'a> {
    axons: &'a Axons,
    /// Of each axon who hears it.
    listeners: Vec<Vec<u32>>,
    /// Of each axon the neuron that must reach it by itself or by a copy, if one must.
    hasty: Vec<Option<u32>>,
    /// Of each neuron whether it has targets that splitters can reach.
    patient: Vec<bool>,
    /// Of each axon whether the core that is being filled has it already.
    there: Vec<bool>,
    /// The axons that this core has.
    own: Vec<u32>,
    /// Of each core the places that its neurons take.
    places: Vec<usize>,
    homes: Vec<u32>,
    /// Of each neuron the axons that it must reach by itself or by copies.
    reached: Vec<usize>,
    /// Of each neuron for how many of them places are kept.
    kept: Vec<usize>,
    /// Whether cores that are closed may run out of places.
    lenient: bool,
}

impl Crossbars<'_> {
    fn new(axons: &Axons, kept: Vec<usize>, lenient: bool) -> Crossbars<'_> {
        let neurons = axons.of.len();
        let mut listeners = vec![Vec::new(); axons.feeds.len()];
        for (neuron, heard) in axons.of.iter().enumerate() {
            heard.iter().for_each(|&axon| listeners[axon as usize].push(neuron as u32));
        }
        let mut patient = vec![false; neurons];
        let mut hasty = vec![None; axons.feeds.len()];
        for (feed, hasty) in axons.feeds.iter().zip(&mut hasty) {
            match patient.get_mut(feed.source as usize) {
                Some(patient) if feed.delay >= 2 => *patient = true,
                Some(_) => *hasty = Some(feed.source),
                None => {}
            }
        }
        Crossbars {
            axons,
            listeners,
            hasty,
            patient,
            there: vec![false; axons.feeds.len()],
            own: Vec::new(),
            places: Vec::new(),
            homes: vec![NOWHERE; neurons],
            reached: vec![0; neurons],
            kept,
            lenient,
        }
    }

    /// Fills cores with at most `most` neurons each, always with the neuron that needs the fewest new axons; whether
    /// all found a place.
    fn filled(&mut self, most: usize, cores: usize) -> bool {
        let neurons = self.homes.len();
        let mut by_size: Vec<u32> = (0..neurons as u32).collect();
        by_size.sort_by_key(|&neuron| Reverse((self.axons.of[neuron as usize].len(), neuron)));
        let mut first = 0;
        while let Some(next) = (first..neurons).find(|&neuron| self.homes[neuron] == NOWHERE) {
            first = next;
            if self.places.len() == cores {
                return false;
            }
            self.open();
            if !self.fits(first as u32) {
                return false;
            }
            self.fill(first as u32, most, &mut by_size);
        }
        true
    }

    fn open(&mut self) {
        for axon in self.own.drain(..) {
            self.there[axon as usize] = false;
        }
        self.places.push(0);
    }

    /// Fills the last core, beginning with a neuron that fits.
    fn fill(&mut self, first: u32, most: usize, by_size: &mut Vec<u32>) {
        let mut shared = vec![0_u32; self.homes.len()];
        let mut near = BinaryHeap::new();
        let (mut next, mut members, mut passed_over) = (Some(first), 0, 0);
        while let Some(neuron) = next {
            let mut touched = Vec::new();
            for axon in self.put(neuron) {
                for &other in &self.listeners[axon as usize] {
                    if self.homes[other as usize] == NOWHERE {
                        shared[other as usize] += 1;
                        touched.push(other);
                    }
                }
            }
            touched.sort_unstable();
            touched.dedup();
            for other in touched {
                near.push(Reverse((
                    self.axons.of[other as usize].len() as u32 - shared[other as usize],
                    other,
                )));
            }
            members += 1;
            next = None;
            while members < most && passed_over < PASSED_OVER && next.is_none() {
                let found = near.pop().map(|Reverse((_, neuron))| neuron);
                let Some(candidate) = found.or_else(|| self.smallest(by_size)) else { break };
                if self.homes[candidate as usize] != NOWHERE {
                    continue;
                }
                if self.fits(candidate) {
                    next = Some(candidate);
                } else if found.is_none() {
                    break;
                } else if self.own.len() + self.new_axons(candidate) > AXONS {
                    // Nobody who shares axons needs fewer new ones: what remains is who shares none.
                    near.clear();
                } else {
                    passed_over += 1;
                }
            }
        }
    }

    /// The neuron on no core that hears the fewest axons.
    fn smallest(&self, by_size: &mut Vec<u32>) -> Option<u32> {
        while by_size.last().is_some_and(|&neuron| self.homes[neuron as usize] != NOWHERE) {
            by_size.pop();
        }
        by_size.last().copied()
    }

    fn new_axons(&self, neuron: u32) -> usize {
        self.axons.of[neuron as usize].iter().filter(|&&axon| !self.there[axon as usize]).count()
    }

    /// The places that a neuron takes which has to reach so many axons by itself or by copies.
    fn places_of(&self, neuron: u32, reached: usize) -> usize {
        (reached.max(self.kept[neuron as usize]) + usize::from(self.patient[neuron as usize])).max(1)
    }

    /// Whether a neuron fits into the last core: its axons there, and the copies of who drives them anywhere.
    fn fits(&self, neuron: u32) -> bool {
        let heard = &self.axons.of[neuron as usize];
        if self.own.len() + self.new_axons(neuron) > AXONS {
            return false;
        }
        let core = self.places.len() as u32 - 1;
        let new = heard.iter().filter(|&&axon| !self.there[axon as usize]);
        let mut drivers: Vec<u32> = new.filter_map(|&axon| self.hasty[axon as usize]).collect();
        drivers.sort_unstable();
        let mut more = vec![(core, self.places_of(neuron, self.reached[neuron as usize]))];
        for same in drivers.chunk_by(|a, b| a == b) {
            let reached = self.reached[same[0] as usize];
            let home = if same[0] == neuron { core } else { self.homes[same[0] as usize] };
            let added = self.places_of(same[0], reached + same.len()) - self.places_of(same[0], reached);
            more.extend((home != NOWHERE).then_some((home, added)));
        }
        more.sort_unstable();
        more.chunk_by(|a, b| a.0 == b.0).all(|same| {
            let added: usize = same.iter().map(|(_, added)| added).sum();
            self.lenient && same[0].0 != core || self.places[same[0].0 as usize] + added <= NEURONS
        })
    }

    /// Puts a neuron into the last core; the axons that are new there.
    fn put(&mut self, neuron: u32) -> Vec<u32> {
        let core = self.places.len() - 1;
        self.homes[neuron as usize] = core as u32;
        self.places[core] += self.places_of(neuron, self.reached[neuron as usize]);
        let mut new = self.axons.of[neuron as usize].clone();
        new.retain(|&axon| !std::mem::replace(&mut self.there[axon as usize], true));
        self.own.extend(&new);
        for driver in new.iter().filter_map(|&axon| self.hasty[axon as usize]) {
            let before = self.places_of(driver, self.reached[driver as usize]);
            self.reached[driver as usize] += 1;
            let after = self.places_of(driver, self.reached[driver as usize]);
            if let Some(places) = self.places.get_mut(self.homes[driver as usize] as usize) {
                *places += after - before;
            }
        }
        new
    }
}
