//! A neuron has one target: those with more are copied, or their spikes go through splitters.
//!
//! A copy stands beside the neuron in its core, hears the same axons and does the same; it costs a neuron and
//! no time. A splitter is an axon of another core with up to 256 neurons that repeat what it brings, a tick
//! later; so what goes through one needs a delay of 2, and where more than 256 are reached, through splitters
//! of splitters, of 3.

use super::bits::Bits;
use super::core::{Core, Target};
use super::limits::{AXONS, NEURONS};
use super::neuron::Neuron;

/// An axon that a neuron has to reach: (core, axon, delay).
pub type Reach = (u32, u8, u8);

/// The neuron of a splitter: it fires when its axon is active, and rests.
pub const SPLITTER: Neuron = Neuron {
    weights: [1, 0, 0, 0],
    stochastic_weights: [false; 4],
    leak: 0,
    stochastic_leak: false,
    leak_reversal: false,
    alpha: 1,
    beta: 0,
    mask: 0,
    reset: 0,
    mode: super::neuron::ResetMode::Absolute,
    saturates: true,
};

/// Cores of splitters, numbered from some core on.
#[derive(Debug, Default)]
pub struct Splitters {
    /// Number of the first.
    first: usize,
    /// The cores.
    pub cores: Vec<Core>,
}

impl Splitters {
    /// None yet; the first core will have this number.
    pub fn from(first: usize) -> Splitters {
        Splitters { first, cores: Vec::new() }
    }

    /// How many splitters there are.
    pub fn count(&self) -> usize {
        self.cores.iter().map(|core| core.neurons.len()).sum()
    }

    /// The axon from which some axons are reached after the delays given, each at least 1; nothing if a delay
    /// is too short for the splitters that it takes.
    pub fn entry(&mut self, reached: &[Reach]) -> Option<(u32, u8)> {
        if reached.len() <= NEURONS {
            return reached.iter().all(|&(.., delay)| delay >= 1).then(|| self.splitter(reached));
        }
        let earlier: Vec<Reach> =
            reached.iter().map(|&(core, axon, delay)| (core, axon, delay.wrapping_sub(1))).collect();
        if reached.iter().any(|&(.., delay)| delay < 2) {
            return None;
        }
        let parts = earlier.len().div_ceil(NEURONS);
        let entries: Option<Vec<Reach>> = earlier
            .chunks(earlier.len().div_ceil(parts))
            .map(|part| self.entry(part).map(|(core, axon)| (core, axon, 1)))
            .collect();
        self.entry(&entries?)
    }

    fn splitter(&mut self, reached: &[Reach]) -> (u32, u8) {
        let room = |core: &Core| core.rows.len() < AXONS && core.neurons.len() + reached.len() <= NEURONS;
        let number = self.cores.iter().rposition(room).unwrap_or_else(|| {
            self.cores.push(Core::default());
            self.cores.len() - 1
        });
        let core = &mut self.cores[number];
        let axon = core.rows.len() as u8;
        let first = core.neurons.len();
        core.axon_types.push(0);
        core.rows.push((first..first + reached.len()).collect::<Bits>());
        for &(to, axon, delay) in reached {
            core.neurons.push(SPLITTER);
            core.potentials.push(0);
            core.targets.push(Target::Axon { core: to, axon, delay });
        }
        ((self.first + number) as u32, axon)
    }
}

/// How many neurons of its core a neuron takes that reaches these axons, without and with splitters.
pub fn slots(reached: &[Reach]) -> (usize, usize) {
    let hasty = reached.iter().filter(|&&(.., delay)| delay < 2).count();
    let patient = usize::from(hasty < reached.len());
    (reached.len().max(1), (hasty + patient).max(1))
}

/// Which of a core's neurons use splitters so that all fit, given what each reaches; nothing if they do not
/// fit even so.
pub fn who_splits(reached: &[&[Reach]]) -> Option<Vec<bool>> {
    let slots: Vec<(usize, usize)> = reached.iter().map(|reached| slots(reached)).collect();
    let mut splits = vec![false; reached.len()];
    let mut used: usize = slots.iter().map(|(copies, _)| copies).sum();
    let mut by_saving: Vec<usize> = (0..reached.len()).collect();
    by_saving.sort_by_key(|&place| std::cmp::Reverse(slots[place].0 - slots[place].1));
    for place in by_saving {
        if used <= NEURONS {
            break;
        }
        used -= slots[place].0 - slots[place].1;
        splits[place] = slots[place].0 > slots[place].1;
    }
    (used <= NEURONS).then_some(splits)
}
