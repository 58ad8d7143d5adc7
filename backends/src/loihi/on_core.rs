//! What is on a core while neurons are being placed.

use super::limits::{Resource, Use, distinct};
use super::wiring::Wiring;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// Delays are counted by steps.
const DELAYS: usize = 64;

/// What is on a core.
#[derive(Clone, Debug)]
pub struct OnCore {
    /// What it uses, but for output axons.
    pub used: Use,
    /// How many synapses the core has of each population of axons: its lists.
    pub lists: HashMap<u32, u32, BuildHasherDefault<Spread>>,
    /// Neurons by their longest delay.
    by_delay: [u32; DELAYS],
    /// Neurons by profile, neurons by threshold.
    pub profiles: BTreeMap<u32, u32>,
    pub thresholds: BTreeMap<u32, u32>,
    /// Lists by format.
    pub formats: Vec<u32>,
}

/// Numbers of populations as a hash table wants them: nobody chooses them to collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(byte.into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

impl OnCore {
    /// An empty core of a network with so many weight formats.
    pub fn new(formats: usize) -> Self {
        Self {
            used: Use::default(),
            lists: HashMap::default(),
            by_delay: [0; DELAYS],
            profiles: BTreeMap::new(),
            thresholds: BTreeMap::new(),
            formats: vec![0; formats],
        }
    }

    /// The longest delay of a synapse there.
    pub fn longest(&self) -> u8 {
        (0..DELAYS).rev().find(|&delay| self.by_delay[delay] > 0).unwrap_or(0) as u8
    }

    /// A neuron comes.
    pub fn live(&mut self, wiring: &Wiring, neuron: u32) {
        let (profile, threshold) = wiring.profiles[neuron as usize];
        self.by_delay[usize::from(wiring.longest[neuron as usize]).min(DELAYS - 1)] += 1;
        *self.profiles.entry(profile).or_insert(0) += 1;
        *self.thresholds.entry(threshold).or_insert(0) += 1;
        self.used[Resource::Compartments as usize] += 1;
    }

    /// A neuron goes.
    pub fn leave(&mut self, wiring: &Wiring, neuron: u32) {
        let (profile, threshold) = wiring.profiles[neuron as usize];
        self.by_delay[usize::from(wiring.longest[neuron as usize]).min(DELAYS - 1)] -= 1;
        for (held, number) in [(&mut self.profiles, profile), (&mut self.thresholds, threshold)] {
            if let Some(neurons) = held.get_mut(&number) {
                *neurons -= 1;
                if *neurons == 0 {
                    held.remove(&number);
                }
            }
        }
        self.used[Resource::Compartments as usize] -= 1;
    }

    /// Counts anew what follows from who is there.
    pub fn recount(&mut self, wiring: &Wiring) {
        self.used[Resource::DelaySlots as usize] =
            self.used[Resource::Compartments as usize] * u64::from(self.longest());
        self.used[Resource::CompartmentProfiles as usize] = self.profiles.len() as u64;
        self.used[Resource::ThresholdProfiles as usize] = self.thresholds.len() as u64;
        self.used[Resource::SynapseFormats as usize] =
            self.formats.iter().filter(|&&lists| lists > 0).count() as u64;
        self.used[Resource::TraceProfiles as usize] = self.traces(wiring, &[]);
    }

    /// How many different presynaptic traces there are, with those of lists of more formats.
    pub fn traces(&self, wiring: &Wiring, more: &[u8]) -> u64 {
        let there = |format: &usize| self.formats[*format] > 0 || more.contains(&(*format as u8));
        distinct((0..self.formats.len()).filter(there).map(|format| wiring.traces[format]))
    }
}
