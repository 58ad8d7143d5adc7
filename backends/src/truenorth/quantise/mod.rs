//! From a checked network to the chip's integers, and the same network in floats beside them.
//!
//! A population has one scale: so many units of potential a mV (or whatever its weights are in). Where all its
//! numbers are whole and in range the scale is 1 and nothing is lost; else it is the one with the least error
//! over weights, leaks, thresholds, resets and floors, each in proportion ([`scale`](super::scale)). Then weights that four numbers
//! cannot make are rounded once more ([`types`](super::types)).

mod loss;
mod neurons;
mod rounding;

use super::limits::{HIGHEST, LONGEST_DELAY, Widths, signed, unsigned};
use super::network::{Input, Quantised, Synapse};
use super::scale::best_scale;
use super::types::Basis;
use crate::chip::report::{ParameterLoss, WeightLoss};
use crate::cpu::cells::cells_of;
use crate::cpu::cut::Slice;
use crate::cpu::draw::{Draw, Drawn, Neighbours};
use crate::cpu::misfits::misfits;
use loss::lose;
use neurons::neurons;
use rounding::round;
use sim_core::backend::{Load, Refusal};
use sim_core::network::{Clock, Network, Stimulus};
use sim_core::stimulus::StimulusBuild;

/// A network in the chip's numbers.
#[derive(Default)]
pub struct Quantisation {
    /// In integers.
    pub integers: Quantised<i32>,
    /// In floats, unrounded.
    pub reals: Quantised<f64>,
    /// For each stimulus onto a population: (stimulus, place among its targets, number of the first input).
    pub stimuli: Vec<(usize, usize, usize)>,
    /// Units of potential for one of the file's, by population.
    pub scales: Vec<f64>,
    /// What one unit of a weight onto each neuron adds to its potential, in the file's units.
    pub gains: Vec<f64>,
    /// What each neuron's weights are made of.
    pub bases: Vec<Basis>,
    /// V of a neuron whose potential is 0.
    pub rests: Vec<f64>,
    /// Steps by which arrivals come later, by population.
    pub lags: Vec<i64>,
    /// What weights lost.
    pub weight_losses: Vec<WeightLoss>,
    /// What parameters became.
    pub parameter_losses: Vec<ParameterLoss>,
    /// Whether a leak was approximated.
    pub approximate: bool,
}

/// Puts a network into the chip's numbers; with `approximate`, leaks in proportion to V become constants.
///
/// # Errors
/// Everything that cannot be put so.
pub fn quantise(load: &Load<'_>, approximate: bool) -> Result<Quantisation, Refusal> {
    let network = &*load.network;
    let mut reasons = misfits(network, &load.connectivity);
    reasons.extend(strangers(network));
    let mut found = Quantisation::default();
    for number in 0..network.populations.len() {
        let slice = whole(network, number);
        let cells = cells_of(network, &slice);
        match neurons(network, number, &cells, approximate) {
            Ok((reals, changed)) => {
                found.approximate |= changed;
                found.lags.push(reals.first().map_or(0, |real| real.lag));
                let state =
                    network.populations[number].neuron.model.states.iter().position(|s| s.name == "V_m");
                let start = |index: usize| state.map_or(0.0, |state| cells.initial[state].at(index));
                let rests = reals.iter().enumerate().map(|(index, real)| start(index) - real.cell.start);
                found.rests.extend(rests);
                found.gains.extend(reals.iter().map(|real| real.gain));
                found.reals.cells.extend(reals.iter().map(|real| real.cell));
            }
            Err(reason) => reasons.push(reason),
        }
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let projections = synapses(load, &mut found, &mut reasons);
    inputs(network, &mut found);
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    scale(network, &mut found);
    round(network, &mut found);
    lose(network, &projections, &mut found);
    Ok(found)
}

/// What no scale could make fit.
fn strangers(network: &Network) -> Vec<String> {
    let mut reasons = Vec::new();
    if network.clock == Clock::Exact {
        reasons.push("TrueNorth ticks on a grid; set the clock to Grid".to_owned());
    }
    for projection in network.projections.iter().filter(|projection| projection.plasticity.is_some()) {
        let ends = network.ends(projection);
        reasons.push(format!(
            "synapses from {} to {} are plastic; TrueNorth does not learn, so their weights have to be constant",
            ends.source, ends.target
        ));
    }
    for stimulus in &network.stimuli {
        if matches!(stimulus.model.build, StimulusBuild::Current(_)) {
            reasons.push(format!(
                "stimulus {} is a current; only spikes reach TrueNorth from outside, a constant current can be I_e",
                stimulus.name
            ));
        }
    }
    for population in network.populations.iter().filter(|population| population.compensation != 0.0) {
        reasons.push(format!(
            "population {} gets {} pA in place of the in-degree that it lost; TrueNorth takes no currents, so its \
             in-degrees cannot be scaled",
            population.name, population.compensation
        ));
    }
    reasons
}

/// All neurons of a population.
pub fn whole(network: &Network, population: usize) -> Slice {
    let of = &network.populations[population];
    Slice { population, range: 0..of.size, first_place: 0, ports: sim_core::neuron::Ports::One }
}

/// Adds the synapses of all projections. Returns for each projection its own.
fn synapses(
    load: &Load<'_>,
    found: &mut Quantisation,
    reasons: &mut Vec<String>,
) -> Vec<Vec<(u32, u8, u32)>> {
    let network = &*load.network;
    let mut all = Vec::new();
    let mut projections = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let slice = whole(network, projection.target);
        let first = network.populations[projection.target].first;
        let lag = found.lags[projection.target];
        let (mut own, mut longest) = (Vec::new(), 0);
        let mut take = |drawn: &[Drawn]| {
            for synapse in drawn {
                let target = first + synapse.place;
                let delay = i64::from(synapse.delay) + lag;
                longest = longest.max(delay);
                let weight = synapse.weight * found.gains[target as usize];
                let (source, delay) = (synapse.source, delay.min(255) as u8);
                own.push((source, delay, target));
                all.push(Synapse { source, target, delay, weight });
            }
        };
        Draw::new(network, &load.connectivity, number).onto(&Neighbours::alone(&slice), &mut take);
        if longest > i64::from(LONGEST_DELAY) {
            let ends = network.ends(projection);
            reasons.push(format!(
                "a delay from {} to {} is {longest} steps, {} more than the {LONGEST_DELAY} that TrueNorth has; \
                 shorter delays or a longer dt would fit",
                ends.source,
                ends.target,
                longest - i64::from(LONGEST_DELAY)
            ));
        }
        projections.push(own);
    }
    all.sort_by_key(|synapse| (synapse.source, synapse.delay, synapse.target));
    found.reals.synapses = all;
    projections
}

/// Adds an input for each neuron that a stimulus reaches.
fn inputs(network: &Network, found: &mut Quantisation) {
    for (number, stimulus) in network.stimuli.iter().enumerate() {
        for (place, &population) in stimulus.targets.iter().enumerate() {
            let of = &network.populations[population];
            found.stimuli.push((number, place, found.reals.inputs.len()));
            let key = stimulus.key.named("weight").named(&of.name);
            let sampler = stimulus.weight.as_ref().map(|weight| weight.sampler());
            let most = most_spikes(network, stimulus, place);
            for index in 0..of.size {
                let weight = sampler.as_ref().map_or(1.0, |sampler| sampler.draw(key, index.into()));
                let target = of.first + index;
                let weight = weight * found.gains[target as usize];
                found.reals.inputs.push(Input { target, weight, most });
            }
        }
    }
}

/// So many spikes of a stimulus in one step that more come in less than one step in a thousand million.
fn most_spikes(network: &Network, stimulus: &Stimulus, place: usize) -> u8 {
    const MOST: u8 = 16;
    let Some(rate) = stimulus.model.rate else { return 1 };
    let mean = rate(&stimulus.arguments, place) * network.dt / 1000.0;
    if mean <= 0.0 || !mean.is_finite() {
        return 1;
    }
    let mut share = sim_core::math::exp(-mean);
    let mut beyond = 1.0 - share;
    let mut most = 0;
    while beyond > 1e-9 && most < MOST {
        most += 1;
        share *= mean / f64::from(most);
        beyond -= share;
    }
    most.max(1)
}

/// Chooses the scale of each population.
fn scale(network: &Network, found: &mut Quantisation) {
    let widths = Widths::default();
    for population in &network.populations {
        let own = population.first..population.first + population.size;
        let cells = &found.reals.cells[own.start as usize..own.end as usize];
        let synapses = found.reals.synapses.iter().filter(|synapse| own.contains(&synapse.target));
        let inputs = found.reals.inputs.iter().filter(|input| own.contains(&input.target));
        let weights = synapses.map(|synapse| synapse.weight).chain(inputs.map(|input| input.weight));
        let numbers = cells.iter().flat_map(|cell| {
            let floor = if cell.floor == f64::NEG_INFINITY { 0.0 } else { -cell.floor };
            [
                (cell.leak, signed(widths.leak)),
                (cell.threshold, unsigned(widths.alpha)),
                (cell.reset.unwrap_or(0.0), signed(widths.reset)),
                (floor, unsigned(widths.beta)),
                (cell.start, i64::from(HIGHEST)),
            ]
        });
        let all = weights.map(|weight| (weight, signed(widths.weight))).chain(numbers);
        found.scales.push(best_scale(all));
    }
}
