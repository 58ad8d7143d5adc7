//! A network in floats → a network in the chip's integers, and what was lost.
//!
//! Each population has a scale, the integer that one unit of v becomes, and each projection a format. Both
//! are chosen so that weights, thresholds and biases come out as close as they can ([`scale`]). Whatever
//! the chip cannot hold is refused, everything at once.

pub mod bundles;
pub mod loss;
pub mod neurons;
pub mod plastic;
pub mod scale;

use super::compartment::Compartment;
use super::network::{Learned, Quantised, Synapse};
use super::readings::{Readings, unreadable};
use super::real::RealCompartment;
use super::semantics::Semantics;
use super::weights::WeightFormat;
use bundles::Bundle;
use loss::{Loss, Parameter};
use neurons::Lif;
use scale::{Choice, Neurons, choose, format_of};
use sim_core::backend::{Load, Refusal};

/// Longest delay in steps: the chip's field of six bits holds 0 to 62, and 0 is one step.
pub const LONGEST_DELAY: u8 = 63;

/// A network in integers, with what it was in floats.
pub struct Quantisation {
    /// The integers.
    pub network: Quantised,
    /// The same neurons in floats.
    pub reals: Vec<RealCompartment>,
    /// u and v of each neuron at the start, in floats.
    pub real_starts: Vec<(f64, f64)>,
    /// The weight of each synapse in floats, if asked for.
    pub real_weights: Vec<f64>,
    /// What the integers mean.
    pub readings: Readings,
    /// For each neuron the steps by which arrivals reach u later than they are due.
    pub lags: Vec<u8>,
    /// For each stimulus onto a population: stimulus, place among its targets, number of the first input.
    pub inputs: Vec<(usize, usize, u32)>,
    /// What was lost.
    pub loss: Loss,
}

/// Quantises a network; weights in floats are kept if `real`.
///
/// # Errors
/// Everything that the chip cannot hold, a sentence each.
pub fn quantise(load: &Load<'_>, semantics: &'static Semantics, real: bool) -> Result<Quantisation, Refusal> {
    let network = &*load.network;
    let mut reasons = crate::cpu::misfits::misfits(network, &load.connectivity);
    let lifs = neurons::lifs(load, semantics, &mut reasons);
    bundles::misfits(network, &mut reasons);
    reasons.extend(unreadable(network));
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let mut bundles = bundles::list(load);
    let worst = bundles::look(load, &lifs, &mut bundles, &mut reasons);
    let mut scales = Vec::new();
    for (number, population) in network.populations.iter().enumerate() {
        let own = population.first as usize..(population.first + population.size) as usize;
        let onto: Vec<&Bundle> = bundles.iter().filter(|bundle| bundle.target == number).collect();
        let neurons = Neurons { lifs: &lifs[own.clone()], worst: &worst[own] };
        match choose(&neurons, &onto, semantics) {
            Choice::Scale(scale) => scales.push(scale),
            Choice::None(why) => {
                scales.push(1.0);
                reasons.push(format!("population \"{}\": {why}", population.name));
            }
        }
    }
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    reasons.extend(shared_formats(&mut bundles, &scales, semantics).err());
    let (learning, losses) = program(load, (&lifs, &scales, &bundles), &mut reasons);
    if !reasons.is_empty() {
        return Err(Refusal { reasons });
    }
    let mut converted = convert(load, semantics, (&lifs, &scales, &bundles), real);
    converted.readings.learning =
        learning.iter().map(|learned| (learned.projection, i64::from(learned.delay))).collect();
    converted.network.learning = learning;
    converted.loss.rules = losses;
    Ok(converted)
}

/// The rules of plastic projections, with what each lost.
fn program(
    load: &Load<'_>,
    (lifs, scales, bundles): (&[Lif], &[f64], &[Bundle]),
    reasons: &mut Vec<String>,
) -> (Vec<Learned>, Vec<(String, Vec<Parameter>)>) {
    let network = &*load.network;
    let own = |population: usize| {
        let population = &network.populations[population];
        &lifs[population.first as usize..(population.first + population.size) as usize]
    };
    let plastic = || bundles.iter().filter_map(|bundle| Some((bundle, bundle.learns()?)));
    // One epoch for all: within it no neuron at an end of a plastic synapse fires twice.
    let ends = plastic().flat_map(|(_, (number, ..))| {
        let projection = &network.projections[number];
        own(projection.source).iter().chain(own(projection.target))
    });
    let epoch = plastic::epoch(ends.map(|lif| lif.refractory).min().unwrap_or(0));
    let (mut learning, mut losses) = (Vec::new(), Vec::new());
    for (bundle, (number, rule, delay)) in plastic() {
        let factor = scales[bundle.target] * own(bundle.target).first().map_or(1.0, |lif| lif.gain);
        let power = sim_core::math::pow(2.0, f64::from(bundle.format.exponent));
        let name = network.populations[bundle.target].neuron.model.weight.base();
        let site = plastic::Site { unit: 64.0 * power / factor, name, delay, epoch, dt: network.dt };
        match plastic::program(&rule, &site) {
            Ok(programmed) => {
                learning.push(Learned {
                    format: bundle.number,
                    projection: number,
                    delay,
                    profile: programmed.profile,
                    real: programmed.real,
                    key: network.projections[number].key.named("learning"),
                });
                losses.push((bundles::arrow(network, number), programmed.loss));
            }
            Err(why) => {
                reasons.push(format!("plastic synapses {} have {why}", bundles::ends(network, number)))
            }
        }
    }
    (learning, losses)
}

/// Gives every bundle the number of its format; equal ones share one, unless they learn.
fn shared_formats(bundles: &mut [Bundle], scales: &[f64], semantics: &Semantics) -> Result<(), String> {
    let mut formats: Vec<(WeightFormat, bool)> = Vec::new();
    for bundle in bundles.iter_mut() {
        let format = format_of(bundle, scales[bundle.target], semantics);
        let learns = bundle.learns().is_some();
        let known = formats.iter().position(|other| !learns && *other == (format, false));
        let number = known.unwrap_or_else(|| {
            formats.push((format, learns));
            formats.len() - 1
        });
        bundle.format = format;
        bundle.number =
            u8::try_from(number).map_err(|_| "the network needs more than 256 weight formats; use fewer different weights or plastic projections".to_owned())?;
    }
    Ok(())
}

fn convert(
    load: &Load<'_>,
    semantics: &'static Semantics,
    (lifs, scales, bundles): (&[Lif], &[f64], &[Bundle]),
    real: bool,
) -> Quantisation {
    let network = &*load.network;
    let population = |neuron: u32| network.locate(neuron).0;
    let scale = |neuron: usize| scales[population(neuron as u32)];
    let compartments: Vec<Compartment> =
        lifs.iter().enumerate().map(|(neuron, lif)| lif.compartment(scale(neuron), semantics)).collect();
    let mut formats = vec![WeightFormat { bits: 0, signs: super::weights::Signs::Mixed, exponent: 0 }; 0];
    for bundle in bundles {
        if usize::from(bundle.number) == formats.len() {
            formats.push(bundle.format);
        }
    }
    let inputs = bundles.iter().filter_map(Bundle::input).collect();
    let starts_at: Vec<(i32, i32)> =
        lifs.iter().enumerate().map(|(neuron, lif)| lif.integer_start(scale(neuron))).collect();
    let mut loss = Loss::new(network, lifs, scales, &compartments, semantics);
    let sources = bundles::count(load, bundles);
    let mut starts: Vec<u32> = Vec::with_capacity(sources.len() + 1);
    starts.push(0);
    for count in &sources {
        starts.push(starts[starts.len() - 1] + count);
    }
    let total = starts[sources.len()] as usize;
    let blank = Synapse { target: 0, mantissa: 0, delay: 1, format: 0 };
    let (mut synapses, mut next) = (vec![blank; total], starts.clone());
    let mut real_weights = vec![0.0; if real { total } else { 0 }];
    // A row stands in the order of formats, as the lists of its axons do.
    let mut by_format: Vec<usize> = (0..bundles.len()).collect();
    by_format.sort_by_key(|&bundle| bundles[bundle].number);
    let mut losses = vec![None; bundles.len()];
    for number in by_format {
        let bundle = &bundles[number];
        let (format, scale) = (bundle.format, scales[bundle.target]);
        let mut told = loss.bundle(network, bundle);
        bundle.each(load, &mut |source, target, weight, delay| {
            let lif = &lifs[target as usize];
            let (mantissa, realised) = scale::mantissa(weight * lif.gain * scale, format, semantics);
            told.count(weight, realised / (lif.gain * scale), format.is_largest(i32::from(mantissa)));
            let place = next[source as usize] as usize;
            next[source as usize] += 1;
            synapses[place] = Synapse { target, mantissa, delay: delay + lif.lag, format: bundle.number };
            if real {
                real_weights[place] = weight;
            }
        });
        losses[number] = Some(told.done());
    }
    loss.projections = losses.into_iter().flatten().collect();
    let at_rest = starts_at.iter().all(|start| *start == (0, 0));
    let ranges = network.populations.iter().map(|p| (p.name.clone(), p.first..p.first + p.size)).collect();
    Quantisation {
        network: Quantised {
            semantics,
            compartments,
            starts_at: (!at_rest).then_some(starts_at),
            populations: ranges,
            inputs: sources.len() - lifs.len(),
            formats,
            starts,
            synapses,
            learning: Vec::new(),
        },
        reals: lifs.iter().map(Lif::real).collect(),
        real_starts: lifs.iter().map(|lif| lif.start).collect(),
        real_weights,
        readings: Readings {
            semantics: Some(semantics),
            scales: scales.to_vec(),
            gains: lifs.iter().map(|lif| lif.gain).collect(),
            rests: lifs.iter().map(|lif| lif.rest).collect(),
            formats: bundles.iter().map(|bundle| bundle.format).collect(),
            learning: Vec::new(),
        },
        lags: lifs.iter().map(|lif| lif.lag).collect(),
        inputs,
        loss,
    }
}
