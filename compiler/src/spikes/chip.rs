//! Rectified layers for chips: ordinary integrate-and-fire neurons that reset to 0, and a clock.
//!
//! A number a of a window of L steps is a spike in each of its last a steps. A neuron adds up w for each spike, so that V is
//! the whole sum; then a clock adds c in each of L steps. V = Σ w·a + bias reaches the threshold c·L + c/2 in step L + 1 − k
//! if k is the nearest whole number to V/c, and from then on the neuron excites itself, and fires until the window ends: k
//! spikes, none if V < c/2. Nothing is left over that a reset could lose.
//!
//! ```text
//! hold     V ← V − B in some steps, so that no partial sum reaches the threshold
//! hear     the window of the layer before, and the spike that everyone is forced to after it
//! correct  V ← V + bias − Σ w, what those spikes have added
//! restore  V ← V + B in as many steps
//! send     V ← V + c in L steps
//! force    everyone fires once, so that V is 0; what each excites itself by is taken off
//! ```
//!
//! Numbers may not be larger than L: grains have to be roomy. All weights are whole, those of the clock of seven binary digits, or
//! digits of a number in base 128, so that chips with weights of 8 bits and an exponent for each projection hold them exactly.

use super::template::Template;
use crate::integers::run::Moment;
use crate::integers::{Begins, From, Integers, Makes, Term, Unit, Weights};
use crate::layers::run::Asked;
use crate::layers::{Axis, Function, Shape};
use crate::reads::Problem;
use std::collections::BTreeMap;

/// A layer and when it sends.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// What it is in the integer network.
    pub moment: Moment,
    /// How many neurons.
    pub size: usize,
    /// Threshold.
    pub threshold: f64,
    /// The step of a trial in which its window begins.
    pub sends: usize,
}

/// Synapses of a projection.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Its name.
    pub name: String,
    /// Number of the source layer; none for the question.
    pub from: Option<usize>,
    /// Number of the target layer.
    pub to: usize,
    /// The synapses.
    pub synapses: Template,
}

/// Rectified layers as ordinary neurons.
#[derive(Clone, Debug)]
pub struct Chip {
    /// Layers, the first behind the question first.
    pub layers: Vec<Layer>,
    /// All synapses.
    pub projections: Vec<Projection>,
    /// Numbers of a question; the clock's neurons stand behind them.
    pub inputs: usize,
    /// Neurons of the question and the clock.
    pub sources: usize,
    /// Steps of a trial.
    pub trial: usize,
    /// Steps of a window.
    pub window: usize,
    /// When neurons of the clock fire in a trial: step and neuron.
    clock: Vec<(usize, u32)>,
}

/// Steps in which V is held down and restored.
const HOLD: usize = 8;
/// Room beyond what was seen.
const ROOM: f64 = 1.5;
/// Digits of a correction stand in this base.
const BASE: i64 = 128;

impl Chip {
    /// That of an integer network, with room for what `questions` make of it.
    ///
    /// # Errors
    /// The first population that is not a rectified layer, or whose numbers do not fit.
    pub fn new(network: &Integers, questions: &[Asked]) -> Result<Self, Problem> {
        let chain = chain(network)?;
        let inputs = network.registers.iter().find(|register| register.begins == Begins::Numbers);
        let inputs = inputs.ok_or_else(|| Problem("only questions of numbers go onto chips".into()))?;
        let window = (1_usize << inputs.number.bits) - 1;
        let (size, begin) = (inputs.shape.len(), HOLD + 1);
        let mut chip = Self {
            layers: Vec::new(),
            projections: Vec::new(),
            inputs: size,
            sources: size,
            trial: 0,
            window,
            clock: Vec::new(),
        };
        let seen = Seen::of(network, &chain, questions);
        let mut heard = begin;
        for (number, (moment, unit)) in chain.iter().enumerate() {
            heard = chip.layer(number, *moment, unit, heard, &seen[number])?;
        }
        // What the last layer is forced to, and what it excites itself by, is over.
        chip.trial = heard + window + 3;
        Ok(chip)
    }

    /// Adds a layer that hears a window from step `heard` on; the step in which its own begins.
    fn layer(
        &mut self,
        number: usize,
        moment: Moment,
        unit: &Unit,
        heard: usize,
        seen: &Seen,
    ) -> Result<usize, Problem> {
        let (term, bias) = parts(unit)?;
        let (window, size) = (self.window, unit.shape.len());
        if (1 << unit.sends.bits) - 1 != window {
            return Err(Problem(format!(
                "population {} sends numbers of {} bits, not of the question's",
                unit.name, unit.sends.bits
            )));
        }
        let grain = unit.sends.grain / unit.unit;
        // Half a grain is whole.
        let finer = if grain >= 2.0 { 1 } else { (2.0 / grain) as i64 };
        let grain = grain * finer as f64;
        let threshold = grain * (window as f64 + 0.5);
        let scaled = |value: i64| value as f64 * finer as f64 * ROOM;
        let hold = short(scaled(seen.highest) / HOLD as f64);
        let (excite, kick) = (short(threshold), short(scaled(-seen.lowest) + grain));
        let sends = heard + window + HOLD + 3;
        let ramp = sends..sends + window;
        self.drive(number, size, -hold, heard - HOLD + 1..heard + 1);
        self.drive(number, size, hold, heard + window + 3..sends);
        self.drive(number, size, grain as i64, ramp.clone());
        self.drive(number, size, kick, ramp.end..ramp.end + 1);
        self.drive(number, size, -excite, ramp.end + 1..ramp.end + 2);
        let mut weights = Template::of(term, unit.shape);
        weights.synapses.iter_mut().for_each(|synapse| synapse.2 *= finer);
        let mut corrections =
            bias.map_or_else(|| vec![0; size], |bias| bias.iter().map(|b| b * finer).collect());
        if number > 0 {
            for &(_, to, weight) in &weights.synapses {
                corrections[to as usize] -= weight;
            }
        }
        self.correct(number, &corrections, heard + window + 2);
        let from = number.checked_sub(1);
        self.projections.push(Projection {
            name: format!("to_{}", unit.name),
            from,
            to: number,
            synapses: weights,
        });
        let synapses = Template::each(excite, size);
        let name = format!("{}_to_itself", unit.name);
        self.projections.push(Projection { name, from: Some(number), to: number, synapses });
        self.layers.push(Layer { name: unit.name.clone(), moment, size, threshold, sends });
        Ok(sends)
    }

    /// A neuron of the clock that adds `weight` to a layer in some steps.
    fn drive(&mut self, to: usize, size: usize, weight: i64, arrives: std::ops::Range<usize>) {
        let all =
            Template { synapses: vec![(0, 0, weight)], copies: size, source_stride: 0, target_stride: 1 };
        self.tick(to, all, arrives);
    }

    /// Neurons of the clock that add a number of its own to each neuron of a layer.
    fn correct(&mut self, to: usize, numbers: &[i64], arrives: usize) {
        let (mut rest, mut worth) = (numbers.to_vec(), 1);
        while rest.iter().any(|number| *number != 0) {
            let digit = |number: i64| (number + BASE / 2).rem_euclid(BASE) - BASE / 2;
            let digits = (0..).zip(&rest).map(|(neuron, number)| (0, neuron, digit(*number) * worth));
            let synapses = digits.filter(|synapse| synapse.2 != 0).collect();
            self.tick(to, Template::once(synapses), arrives..arrives + 1);
            rest.iter_mut().for_each(|number| *number = (*number - digit(*number)) / BASE);
            worth *= BASE;
        }
    }

    /// A new neuron of the clock, whose spikes arrive in some steps.
    fn tick(&mut self, to: usize, mut synapses: Template, arrives: std::ops::Range<usize>) {
        let neuron = self.sources as u32;
        self.sources += 1;
        synapses.synapses.iter_mut().for_each(|synapse| synapse.0 = neuron);
        // A spike arrives a step after it was fired.
        self.clock.extend(arrives.map(|step| (step - 1, neuron)));
        self.projections.push(Projection { name: format!("clock_{neuron}"), from: None, to, synapses });
    }

    /// The spikes of the question and the clock: step of the run and neuron, by step.
    pub fn ask(&self, network: &Integers, questions: &[Asked]) -> Vec<(f64, u32)> {
        let register = network.registers.iter().position(|register| register.begins == Begins::Numbers);
        let mut spikes = Vec::new();
        for (trial, asked) in questions.iter().enumerate() {
            let begin = trial * self.trial;
            spikes.extend(self.clock.iter().map(|(step, neuron)| (begin + step, *neuron)));
            let end = begin + HOLD + 1 + self.window;
            let numbers = register.map_or_else(Vec::new, |register| network.begin(register, asked));
            for (neuron, number) in (0..).zip(numbers) {
                spikes.extend((end - number as usize..end).map(|step| (step, neuron)));
            }
        }
        spikes.sort_unstable();
        spikes.into_iter().map(|(step, neuron)| (step as f64, neuron)).collect()
    }

    /// What layers sent, from their spikes (layer, neuron, step of the run): by trial and layer.
    pub fn sent(
        &self,
        spikes: impl IntoIterator<Item = (usize, u32, usize)>,
        trials: usize,
    ) -> Vec<Vec<Vec<i64>>> {
        let nothing: Vec<Vec<i64>> = self.layers.iter().map(|layer| vec![0; layer.size]).collect();
        let mut sent = vec![nothing; trials];
        for (layer, neuron, step) in spikes {
            let (trial, step) = (step / self.trial, step % self.trial);
            let begin = self.layers[layer].sends;
            if let Some(sent) = sent.get_mut(trial).filter(|_| (begin..begin + self.window).contains(&step)) {
                sent[layer][neuron as usize] += 1;
            }
        }
        sent
    }

    /// The text of the network file that asks `questions` questions.
    pub fn text(&self, title: &str, questions: usize) -> String {
        use super::text::{EDGES, SPIKES};
        use std::fmt::Write;
        let mut text = format!("// {title}.\n//\n");
        let _ = write!(
            text,
            "// A number a is a spike in each of the last a of {} steps. A question comes every {} ms; the neurons behind its \
             {} numbers\n// are the clock of the layers.\n(\n    format: 1,\n    title: {title:?},\n    populations: [\n        \
             (name: \"question\", size: {}, model: IafLinear(V_th: mV(1), V_min: mV(0))),\n",
            self.window, self.trial, self.inputs, self.sources
        );
        for layer in &self.layers {
            let Layer { name, size, threshold, .. } = layer;
            let _ = writeln!(
                text,
                "        (name: {name:?}, size: {size}, model: IafLinear(V_th: mV({threshold:?}))),"
            );
        }
        text += "    ],\n    projections: [\n";
        for projection in
            self.projections.iter().filter(|projection| !projection.synapses.synapses.is_empty())
        {
            let from = projection.from.map_or("question", |layer| &self.layers[layer].name);
            let (name, to) = (&projection.name, &self.layers[projection.to].name);
            let Template { copies, source_stride, target_stride, .. } = projection.synapses;
            let copies = if copies > 1 {
                format!(", copies: {copies}, source_stride: {source_stride}, target_stride: {target_stride}")
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "        (name: {name:?}, from: [{from:?}], to: [{to:?}], rule: EdgeFile(path: {EDGES:?}, population: \
                 {name:?}{copies}), delay: ms(1)),"
            );
        }
        let names: Vec<String> = self.layers.iter().map(|layer| format!("{:?}", layer.name)).collect();
        let _ = write!(
            text,
            "    ],\n    stimuli: [\n        (name: \"questions\", to: [\"question\"], weight: mV(1), source: \
             SpikeFile(path: {SPIKES:?}, population: \"question\")),\n    ],\n    recordings: [\n        (what: Spikes, from: \
             [{}]),\n    ],\n    simulation: (duration: ms({}), dt: ms(1), seed: 1),\n)\n",
            names.join(", "),
            self.trial * questions + 1
        );
        text
    }
}

/// The least whole number from `least` on that has no more than seven binary digits before zeros.
fn short(least: f64) -> i64 {
    let step = libm::exp2((libm::ceil(libm::log2(least.max(1.0))) - 7.0).max(0.0));
    (libm::ceil(least.max(1.0) / step) * step) as i64
}

/// The units one after the other, each of which hears the one before.
fn chain(network: &Integers) -> Result<Vec<(Moment, &Unit)>, Problem> {
    let [wave] = &network.waves[..] else {
        return Err(Problem("a network that goes over its answer has no plain layers".into()));
    };
    let mut chain = Vec::new();
    for (wave, net) in [&network.nets[wave.net], &network.head.1].into_iter().enumerate() {
        for (at, unit) in net.iter().enumerate() {
            parts(unit)?;
            let before = if at == 0 { From::Registers } else { From::Unit(at - 1) };
            if unit.sum[0].from != before {
                return Err(Problem(format!("population {} does not hear the layer before", unit.name)));
            }
            chain.push((Moment { round: 0, wave, unit: at }, unit));
        }
    }
    Ok(chain)
}

/// The layer of weights and the bias that a unit is made of.
fn parts(unit: &Unit) -> Result<(&Term, Option<&[i64]>), Problem> {
    let other = || {
        Problem(format!(
            "population {} is not a rectified layer, and chips' neurons compute no other",
            unit.name
        ))
    };
    if unit.makes != Makes::Function(Function::Relu) || unit.sends.signed {
        return Err(other());
    }
    match &unit.sum[..] {
        [layer] if matches!(layer.weights, Weights::Layer(_, Axis::Channels)) => Ok((layer, None)),
        [layer, Term { weights: Weights::Bias(bias, Axis::Channels), .. }]
            if matches!(layer.weights, Weights::Layer(_, Axis::Channels)) =>
        {
            Ok((layer, Some(bias)))
        }
        _ => Err(other()),
    }
}

/// How far V of a layer goes.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// When all is heard.
    lowest: i64,
    /// While it hears, whatever the order of spikes.
    highest: i64,
}

impl Seen {
    fn of(network: &Integers, chain: &[(Moment, &Unit)], questions: &[Asked]) -> Vec<Self> {
        let mut all = vec![Self::default(); chain.len()];
        for asked in questions {
            let mut sent: BTreeMap<Moment, Vec<i64>> = BTreeMap::new();
            network.run(asked, |moment, numbers| {
                sent.insert(moment, numbers.to_vec());
            });
            let register = network.registers.iter().position(|register| register.begins == Begins::Numbers);
            let mut heard = register.map_or_else(Vec::new, |register| network.begin(register, asked));
            for (seen, (moment, unit)) in all.iter_mut().zip(chain) {
                seen.hear(unit, &heard);
                heard = sent.remove(moment).unwrap_or_default();
            }
        }
        all
    }

    /// One more than was sent, for what everyone is forced to.
    fn hear(&mut self, unit: &Unit, heard: &[i64]) {
        let Ok((term, bias)) = parts(unit) else { return };
        let Weights::Layer(weights, _) = &term.weights else { return };
        let Shape { channels, .. } = unit.shape;
        for target in 0..channels {
            let bias = bias.map_or(0, |bias| bias[target]);
            let (mut whole, mut high) = (bias, bias.max(0));
            for (number, weight) in heard.iter().zip(weights.iter().skip(target).step_by(channels)) {
                (whole, high) = (whole + number * weight, high + ((number + 1) * weight).max(0));
            }
            (self.lowest, self.highest) = (self.lowest.min(whole), self.highest.max(high));
        }
    }
}
