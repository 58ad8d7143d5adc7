//! Layers of spiking neurons as a network file: an ordinary one, which says nothing of how it was trained.
//!
//! Samples follow each other in time. Between two of them lies a silence in which everything that the last one
//! left behind becomes too small to change a sum, or nothing at all, so that each sample begins at rest; layers
//! that reach themselves are silenced first (`hush.rs`). A step is 1 ms. The sources are relays, which fire one step after the spike that they are given, and every layer
//! fires one step after the one before.

use crate::nets::delays::whole;
use crate::nets::feed::{Feed, Layer, Way};
use crate::spiking::forward::Form;
use crate::spiking::grid::grid_step;
use crate::spiking::sending::on_grid;
use crate::tasks::code::Input;
use crate::weights::{Weights, numbers};
use std::fmt::Write;

/// A network file with what it reads.
pub struct Exported {
    /// The text of the network file.
    pub network: String,
    /// The synapses of each projection, by the name of their population in the file [`EDGES`].
    pub edges: Vec<Synapses>,
    /// Times in ms and sources of the spikes that go in, by time; the file [`SPIKES`].
    pub spikes: Vec<(f64, u32)>,
    /// When samples are shown.
    pub trials: Trials,
    /// Names of the populations that are layers, the first behind the sources first.
    pub layers: Vec<String>,
}

/// Synapses between two populations.
pub struct Synapses {
    /// Their name in the file.
    pub name: String,
    /// Source population.
    pub source: String,
    /// Target population.
    pub target: String,
    /// Source neuron of each.
    pub sources: Vec<u32>,
    /// Target neuron of each.
    pub targets: Vec<u32>,
    /// Weight of each.
    pub weights: Vec<f64>,
    /// Delay of each in ms; none if all have that of their projection.
    pub delays: Vec<f64>,
}

/// Name of the file with synapses, beside the network file.
pub const EDGES: &str = "synapses.h5";
/// Name of the file with the spikes that go in, beside the network file.
pub const SPIKES: &str = "input.h5";

/// When samples are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trials {
    /// How many.
    pub samples: usize,
    /// Steps of a sample.
    pub window: usize,
    /// Steps from the start of a sample to that of the next.
    pub period: usize,
}

impl Trials {
    /// Sample and step of a spike of layer `layer` (0 is the first behind the sources) at step `step` of a run,
    /// if it is of a sample.
    pub fn place(&self, layer: usize, step: i64) -> Option<(usize, usize)> {
        // Sources fire a step after what drives them, and every layer a step after the one before.
        let step = usize::try_from(step).ok()?.checked_sub(layer + 2)?;
        let (sample, step) = (step / self.period, step % self.period);
        (sample < self.samples && step < self.window).then_some((sample, step))
    }

    /// Steps until nothing of the last sample is left.
    pub fn steps(&self) -> usize {
        self.samples * self.period
    }
}

impl Feed {
    /// The network that shows `samples` samples, each for the window of `input`, which is asked for some at a time.
    pub fn export(
        &self,
        weights: &Weights,
        title: &str,
        samples: usize,
        window: usize,
        mut input: impl FnMut(std::ops::Range<usize>) -> Input,
    ) -> Exported {
        let trials = Trials { samples, window, period: window + self.silence(weights) };
        let mut spikes = Vec::new();
        for from in (0..samples).step_by(AT_ONCE) {
            let some = from..(from + AT_ONCE).min(samples);
            let input = input(some.clone());
            spikes.extend(placed(&input, some, trials.period));
        }
        spikes.extend(self.hush(&trials));
        spikes.sort_by_key(|&(step, source)| (step, source));
        let spikes = spikes.into_iter().map(|(step, source)| (step as f64, source)).collect();
        let layers = self.layers.iter().map(|layer| layer.name.clone()).collect();
        Exported {
            network: self.text(title, &trials, weights),
            edges: self.synapses(weights),
            spikes,
            trials,
            layers,
        }
    }

    /// Steps after which what is left of any V is below what single precision adds to the least weight.
    fn silence(&self, weights: &Weights) -> usize {
        let settle = |layer: &Layer| {
            let matrix = numbers(weights.get::<2>(&format!("{}.weight", layer.name)));
            let least =
                if self.weight_bits == 0 { f32::EPSILON } else { grid_step(&matrix, self.weight_bits) };
            layer.settles(weights, f64::from(least) * f64::from(f32::EPSILON) / 8.0)
        };
        self.layers.iter().map(|layer| 1 + layer.longest + settle(layer)).sum()
    }

    fn synapses(&self, weights: &Weights) -> Vec<Synapses> {
        let (mut all, mut before) = (Vec::new(), "input");
        for layer in &self.layers {
            let matrix = |what: &str| {
                let weights = weights.get::<2>(&format!("{}.{what}", layer.name));
                numbers(on_grid(weights, self.weight_bits))
            };
            all.push(match layer.way {
                Way::All { .. } if layer.longest > 0 => {
                    layer.late_synapses(before, &matrix("weight"), &whole(layer.delays(weights)))
                }
                Way::All { .. } => layer.synapses(before, &matrix("weight")),
                Way::Convolution(patches) => {
                    let targets = layer.neurons / patches.count();
                    Synapses::new(before, &layer.name, patches.synapses(targets), &matrix("weight"))
                }
            });
            if layer.recurrent {
                all.push(layer.synapses(&layer.name, &matrix("recurrent")));
            }
            before = &layer.name;
        }
        let hushing = self.hushing(&all);
        all.extend(hushing);
        all
    }

    fn text(&self, title: &str, trials: &Trials, weights: &Weights) -> String {
        let mut text = format!("// {title}.\n//\n");
        let Trials { samples, window, period } = trials;
        let _ = write!(
            text,
            "// {samples} samples, one every {period} ms, each {window} ms long; in between nothing is shown until\n\
             // nothing is left. Sources fire 1 ms after their spikes in {SPIKES}, each layer 1 ms after the one before.\n\
             (\n    format: 1,\n    title: {title:?},\n    populations: [\n        (name: \"input\", size: {}, model: \
             IafLinear(V_th: mV(1), V_min: mV(0))),\n",
            self.inputs + usize::from(self.is_hushed())
        );
        for layer in &self.layers {
            let _ = writeln!(
                text,
                "        (name: {:?}, size: {}, model: {}),",
                layer.name,
                layer.neurons,
                layer.model(weights)
            );
        }
        text += "    ],\n    projections: [\n";
        let mut before = "input";
        for layer in &self.layers {
            let sources = if layer.recurrent { vec![before, &layer.name] } else { vec![before] };
            // Delays that were learnt stand in the file.
            let delay = if layer.longest > 0 { "" } else { ", delay: ms(1)" };
            for source in sources {
                let _ = writeln!(
                    text,
                    "        (name: \"{source}_{0}\", from: [{source:?}], to: [{0:?}], rule: EdgeFile(path: {EDGES:?}, \
                     population: \"{source}_{0}\"){delay}),",
                    layer.name
                );
            }
            before = &layer.name;
        }
        if self.is_hushed() {
            text += "        // The last source fires when a sample is over, and silences every layer when it gets there.\n";
        }
        for (place, layer) in self.layers.iter().filter(|_| self.is_hushed()).enumerate() {
            let _ = writeln!(
                text,
                "        (name: \"hush_{0}\", from: [\"input\"], to: [{0:?}], rule: EdgeFile(path: {EDGES:?}, population: \
                 \"hush_{0}\"), delay: ms({1})),",
                layer.name,
                place + 1
            );
        }
        let names: Vec<String> = self.layers.iter().map(|layer| format!("{:?}", layer.name)).collect();
        let _ = write!(
            text,
            "    ],\n    stimuli: [\n        (name: \"samples\", to: [\"input\"], weight: mV(1), source: SpikeFile(path: \
             {SPIKES:?}, population: \"input\")),\n    ],\n    recordings: [\n        (what: Spikes, from: [{}]),\n    ],\n    \
             simulation: (duration: ms({}), dt: ms(1), seed: 1),\n)\n",
            names.join(", "),
            trials.steps()
        );
        text
    }
}

/// Samples turned into spikes together.
const AT_ONCE: usize = 250;

fn placed(input: &Input, samples: std::ops::Range<usize>, period: usize) -> Vec<(usize, u32)> {
    let [_, count, _] = input.shape;
    let rows = input.spikes.rows().enumerate();
    rows.flat_map(|(row, sources)| {
        let step = (samples.start + row % count) * period + row / count;
        sources.iter().map(move |&source| (step, source))
    })
    .collect()
}

impl Synapses {
    /// Those of `places` (source, target, index into `weights`) whose weight is not zero.
    fn new(
        source: &str,
        target: &str,
        places: impl IntoIterator<Item = (u32, u32, usize)>,
        weights: &[f32],
    ) -> Self {
        let mut synapses = Self {
            name: format!("{source}_{target}"),
            source: source.to_owned(),
            target: target.to_owned(),
            sources: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
            delays: Vec::new(),
        };
        for (source, target, at) in places.into_iter().filter(|place| weights[place.2] != 0.0) {
            synapses.sources.push(source);
            synapses.targets.push(target);
            synapses.weights.push(f64::from(weights[at]));
        }
        synapses
    }
}

impl Layer {
    /// Synapses with a matrix `[source][neuron]` of weights.
    fn synapses(&self, source: &str, matrix: &[f32]) -> Synapses {
        let n = self.neurons;
        let places = (0..matrix.len()).map(|at| ((at / n) as u32, (at % n) as u32, at));
        Synapses::new(source, &self.name, places, matrix)
    }

    /// The same, each with a delay `[source][neuron]` beyond the first step.
    fn late_synapses(&self, source: &str, matrix: &[f32], later: &[f32]) -> Synapses {
        let kept = matrix.iter().zip(later).filter(|(weight, _)| **weight != 0.0);
        let delays = kept.map(|(_, later)| 1.0 + f64::from(*later)).collect();
        Synapses { delays, ..self.synapses(source, matrix) }
    }

    /// Steps in which V and I fall to `least` thresholds. A leak of its own ends at 0 from below the threshold;
    /// what decays may come from far below 0.
    fn settles(&self, weights: &Weights, least: f64) -> usize {
        let decay = |keep: f32| {
            if keep > 0.0 { (libm::log(least / FAR) / libm::log(f64::from(keep))).ceil() } else { 1.0 }
        };
        let steps = if self.kind.form == Form::Linear {
            (1.0 / f64::from(-self.drive)).ceil()
        } else {
            let current = if self.kind.form == Form::CubaLif { decay(self.keep_i()) } else { 0.0 };
            decay(self.keep_v(weights)) + current
        };
        steps.min(f64::from(LONGEST)) as usize
    }

    /// The neuron in the words of a network file; weights are in mV for `IafLinear` and in pA for `CubaLif`, and V
    /// of both moves by as many mV as a weight says.
    fn model(&self, weights: &Weights) -> String {
        if self.kind.form == Form::Linear {
            return format!("IafLinear(I_e: pA({}), V_th: mV(1), V_min: mV(0))", self.drive);
        }
        let syn = self.tau_syn.map(|tau| format!("tau_syn: ms({tau}), ")).unwrap_or_default();
        format!("CubaLif(tau_m: ms({}), {syn}V_th: mV(1))", self.tau_m(weights))
    }
}

/// How far from 0, in thresholds, V may have been driven.
const FAR: f64 = 1e6;
/// Silences are no longer than this.
const LONGEST: u32 = 10_000;
