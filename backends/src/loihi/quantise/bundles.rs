//! Synapses that are quantised together: a projection, or a stimulus onto one population.

use super::super::weights::{Signs, WeightFormat};
use super::neurons::Lif;
use super::{LONGEST_DELAY, scale};
use crate::cpu::cut::Slice;
use crate::cpu::draw::{Draw, Neighbours};
use sim_core::backend::Load;
use sim_core::network::Network;
use sim_core::neuron::Ports;
use sim_core::primitive::PairRule;
use sim_core::stimulus::StimulusBuild;

/// Weights of a bundle that are looked at to choose scales.
const SAMPLES: usize = 256;

/// What a bundle is made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A projection, by number.
    Projection(usize),
    /// A stimulus by number, the place of the population among its targets, and the number of its first
    /// input.
    Stimulus(usize, usize, u32),
}

/// A projection, or a stimulus onto one population.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What made it.
    pub origin: Origin,
    /// Number of the target population.
    pub target: usize,
    /// How many synapses there are.
    pub count: u64,
    /// The least and the largest of weight times gain.
    pub range: (f64, f64),
    /// Some of these products, ascending, the ends among them.
    pub samples: Vec<f64>,
    /// Its format.
    pub format: WeightFormat,
    /// The number of the format.
    pub number: u8,
    /// How its weights change, if they do.
    pub rule: Option<PairRule>,
    /// The shortest and the longest delay in steps.
    pub delays: (u8, u8),
}

impl Bundle {
    fn new(origin: Origin, target: usize) -> Self {
        let format = WeightFormat { bits: 8, signs: Signs::Mixed, exponent: 0 };
        let range = (f64::INFINITY, f64::NEG_INFINITY);
        let (samples, delays) = (Vec::new(), (u8::MAX, 0));
        Bundle { origin, target, count: 0, range, samples, format, number: 0, rule: None, delays }
    }

    /// Which signs its weights have.
    pub fn signs(&self) -> Signs {
        match self.range {
            (low, _) if low >= 0.0 => Signs::Excitatory,
            (_, high) if high <= 0.0 => Signs::Inhibitory,
            _ => Signs::Mixed,
        }
    }

    /// Projection, rule and delay of synapses that learn.
    pub fn learns(&self) -> Option<(usize, PairRule, u8)> {
        let Origin::Projection(number) = self.origin else { return None };
        Some((number, self.rule.filter(|_| self.count > 0)?, self.delays.0))
    }

    /// Stimulus, place among its targets and number of the first input, if it is one.
    pub fn input(&self) -> Option<(usize, usize, u32)> {
        match self.origin {
            Origin::Projection(_) => None,
            Origin::Stimulus(stimulus, place, first) => Some((stimulus, place, first)),
        }
    }

    /// How many spikes of one source may come in one step: of a random stimulus its mean, six standard
    /// deviations and two, of all else one.
    fn together(&self, load: &Load<'_>) -> f64 {
        let Origin::Stimulus(number, place, _) = self.origin else { return 1.0 };
        let stimulus = &load.network.stimuli[number];
        let Some(rate) = stimulus.model.rate else { return 1.0 };
        let mean = rate(&stimulus.arguments, place) * load.network.dt * 1e-3;
        (mean + 6.0 * mean.sqrt() + 2.0).floor()
    }

    /// Calls `take` with (source, target neuron, weight, delay in steps) of each synapse. The source of a
    /// stimulus is an input for each neuron.
    pub fn each(&self, load: &Load<'_>, take: &mut dyn FnMut(u32, u32, f64, u8)) {
        let network = &*load.network;
        let population = &network.populations[self.target];
        match self.origin {
            Origin::Projection(number) => {
                let draw = Draw::new(network, &load.connectivity, number);
                let range = 0..population.size;
                let slice = Slice { population: self.target, range, first_place: 0, ports: Ports::One };
                draw.onto(&Neighbours::alone(&slice), &mut |synapses| {
                    for s in synapses {
                        let delay = s.delay.min(u16::from(u8::MAX)) as u8;
                        take(s.source, population.first + s.place, s.weight, delay);
                    }
                });
            }
            Origin::Stimulus(number, _, first) => {
                let stimulus = &network.stimuli[number];
                let key = stimulus.key.named("weight").named(&population.name);
                let sampler = stimulus.weight.as_ref().map(|weight| weight.sampler());
                for index in 0..population.size {
                    let weight = sampler.as_ref().map_or(1.0, |s| s.draw(key, u64::from(index)));
                    take(first + index, population.first + index, weight, 1);
                }
            }
        }
    }
}

/// `from "A" to "B"`, of a projection.
pub fn ends(network: &Network, projection: usize) -> String {
    let projection = &network.projections[projection];
    let name = |population: usize| &network.populations[population].name;
    format!("from \"{}\" to \"{}\"", name(projection.source), name(projection.target))
}

/// `A → B`, of a projection.
pub fn arrow(network: &Network, projection: usize) -> String {
    let projection = &network.projections[projection];
    let name = |population: usize| &network.populations[population].name;
    format!("{} → {}", name(projection.source), name(projection.target))
}

/// What no bundle of this network may be.
pub fn misfits(network: &Network, reasons: &mut Vec<String>) {
    for (number, projection) in network.projections.iter().enumerate() {
        let Some(plastic) = &projection.plasticity else { continue };
        let (model, ends) = (plastic.model.name, ends(network, number));
        match plastic.model.primitive {
            None => reasons.push(format!(
                "synapses {ends} are {model}, which is not a rule of pairs of spikes; chips learn by those: use \
                 another model or leave the plasticity out"
            )),
            Some(primitive) => {
                let why = primitive(&plastic.arguments, network.dt).err();
                reasons.extend(why.map(|why| format!("synapses {ends} are {model}: {why}")));
            }
        }
    }
}

/// All bundles: projections in order, then stimuli of spikes.
pub fn list(load: &Load<'_>) -> Vec<Bundle> {
    let network = &*load.network;
    let projection = |(number, projection): (usize, &sim_core::network::Projection)| {
        let plastic = projection.plasticity.as_ref();
        let rule = plastic.and_then(|of| of.model.primitive?(&of.arguments, network.dt).ok());
        Bundle { rule, ..Bundle::new(Origin::Projection(number), projection.target) }
    };
    let mut bundles: Vec<Bundle> = network.projections.iter().enumerate().map(projection).collect();
    let mut first = network.neurons();
    for (number, stimulus) in network.stimuli.iter().enumerate() {
        for (place, &target) in stimulus.targets.iter().enumerate() {
            if let StimulusBuild::Spikes(_) = stimulus.model.build {
                bundles.push(Bundle::new(Origin::Stimulus(number, place, first), target));
                first += network.populations[target].size;
            }
        }
    }
    bundles
}

/// The largest sums of positive and of negative weights, times gain, that one step can bring a neuron.
pub type Worst = (f64, f64);

/// Looks at all synapses once.
pub fn look(load: &Load<'_>, lifs: &[Lif], bundles: &mut [Bundle], reasons: &mut Vec<String>) -> Vec<Worst> {
    let mut worst = vec![(0.0, 0.0); lifs.len()];
    for bundle in bundles {
        let (mut later, mut every) = (0, 1);
        let mut found = bundle.clone();
        let together = found.together(load);
        bundle.each(load, &mut |_, target, weight, delay| {
            let lif = &lifs[target as usize];
            let value = weight * lif.gain;
            found.delays = (found.delays.0.min(delay), found.delays.1.max(delay));
            later = lif.lag;
            found.range = (found.range.0.min(value), found.range.1.max(value));
            // Every so many, twice as many apart whenever there are too many.
            if found.count % every == 0 {
                if found.samples.len() == 16 * SAMPLES {
                    let mut place = 0;
                    found.samples.retain(|_| {
                        place += 1;
                        place % 2 == 1
                    });
                    every *= 2;
                }
                found.samples.push(value);
            }
            found.count += 1;
            let worst = &mut worst[target as usize];
            // A weight that learns may become the strongest.
            let most = found.rule.map_or(value, |rule| strongest(&rule, value.abs(), lif.gain));
            found.range = (found.range.0.min(most), found.range.1.max(most));
            worst.0 += together * most.max(0.0);
            worst.1 += together * most.min(0.0);
        });
        found.samples.extend((found.count > 0).then_some(found.range).into_iter().flat_map(|(a, b)| [a, b]));
        found.samples = scale::thinned(std::mem::take(&mut found.samples), SAMPLES);
        let longest = found.delays.1;
        if longest.saturating_add(later) > LONGEST_DELAY {
            reasons.push(too_long(load, &found, longest, later));
        }
        reasons.extend(unequal(&load.network, &found, lifs));
        *bundle = found;
    }
    worst
}

/// The largest weight, times gain, that a synapse whose weight has this size may come to.
fn strongest(rule: &PairRule, size: f64, gain: f64) -> f64 {
    let most = size.max(rule.high * gain);
    if rule.negative { -most } else { most }
}

/// Why one rule cannot serve all synapses of a bundle that learns.
fn unequal(network: &Network, bundle: &Bundle, lifs: &[Lif]) -> Option<String> {
    let (number, ..) = bundle.learns()?;
    let ends = ends(network, number);
    let (shortest, longest) = bundle.delays;
    if shortest != longest {
        return Some(format!(
            "plastic synapses {ends} have delays of {shortest} to {longest} steps; Loihi pairs spikes as they \
             are fired, and one rule makes up for one delay: give them the same one"
        ));
    }
    let population = &network.populations[bundle.target];
    let own = &lifs[population.first as usize..(population.first + population.size) as usize];
    let differs = own.iter().any(|lif| lif.gain != own[0].gain);
    differs.then(|| {
        format!(
            "plastic synapses {ends} reach neurons that a weight moves by different amounts; one rule serves \
             one amount: give \"{}\" one capacitance and one set of time constants",
            population.name
        )
    })
}

fn too_long(load: &Load<'_>, bundle: &Bundle, longest: u8, later: u8) -> String {
    let network = &*load.network;
    let target = &network.populations[bundle.target].name;
    let source = match bundle.origin {
        Origin::Projection(number) => &network.populations[network.projections[number].source].name,
        Origin::Stimulus(number, ..) => &network.stimuli[number].name,
    };
    let steps = if longest == u8::MAX { "255 steps or more".into() } else { format!("{longest} steps") };
    let one_more = if later > 0 {
        let model = network.populations[bundle.target].neuron.model.name;
        format!(", and one more because {model} moves V before it adds what arrives")
    } else {
        String::new()
    };
    format!(
        "a delay from \"{source}\" to \"{target}\" takes {steps} of {} ms{one_more}; Loihi holds \
         {LONGEST_DELAY}: shorten it or make dt longer",
        network.dt
    )
}

/// How many synapses each source has, inputs after neurons.
pub fn count(load: &Load<'_>, bundles: &[Bundle]) -> Vec<u32> {
    let network = &*load.network;
    let neurons = network.neurons() as usize;
    let inputs = bundles.iter().filter(|bundle| bundle.input().is_some());
    let inputs: u32 = inputs.map(|bundle| network.populations[bundle.target].size).sum();
    let mut counts = vec![0; neurons + inputs as usize];
    for bundle in bundles {
        bundle.each(load, &mut |source, _, _, _| counts[source as usize] += 1);
    }
    counts
}
