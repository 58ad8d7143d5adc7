//! Layers of spiking neurons that learn to tell samples apart by surrogate gradients.
//!
//! A sample is a pattern of spikes in a window of steps. Each layer integrates the spikes of the one before
//! through its weights; the class whose neuron of the last layer fires most is the answer, and the loss is
//! the cross-entropy of these counts. Weights are held on a grid of powers of two, so that their sums are
//! exact in any order, and the network that is exported fires as the one that was trained.
//!
//! References: Neftci, Mostafa and Zenke (2019) IEEE Signal Process. Mag. 36:51, doi:10.1109/MSP.2019.2931595;
//! Fang et al. (2021) ICCV (learned time constants); Bellec et al. (2018) NeurIPS (adaptive thresholds).

use crate::lesson::{Export, Figure, Job, Lesson, Model, Part, Plan, Problem};
use crate::nets::delays::Hearing;
use crate::nets::feed::Feed;
use crate::nets::pruning::{Kept, bounds, kept};
use crate::nets::settings::{self, PARAMETERS, net};
use crate::optimiser::{Rule, Settings};
use crate::tasks::decoding::Decoder;
use crate::tasks::encoding::Code;
use crate::tasks::labelled::{Labelled, Order, moves};
use crate::weights::{Declaration, Weights, numbers};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::Arguments;
use std::ops::Range;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Snn",
    summary: "Layers of spiking neurons, trained by surrogate gradients to tell samples apart.",
    parameters: PARAMETERS,
    lesson,
};

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let code = Code::named(job.arguments.word("code"));
    let data = match job.arguments.word("task") {
        "words" => {
            let held_out =
                job.arguments.is_given("hold_out").then(|| job.arguments.integer("hold_out") as u8);
            Labelled::words(job.data(), job.seed(), held_out)?
        }
        "events" => Labelled::camera(job.data(), job.seed())?,
        "pictures" => Labelled::pictures(job.data(), code)?,
        _ => Labelled::digits(job.data(), job.seed(), code)?,
    };
    Ok(Box::new(Snn::new(data, job)?))
}

/// A network of spiking layers and what it learns.
pub struct Snn {
    net: Feed,
    decoder: Decoder,
    data: Labelled,
    arguments: Arguments,
    order: Order,
    /// Samples that are learnt from; those behind them validate.
    learnt: usize,
    device: Device,
}

impl Snn {
    fn new(data: Labelled, job: &Job<'_>) -> Result<Self, Problem> {
        let arguments = job.arguments.clone();
        settings::check(&data, &arguments)?;
        let learnt = data.counts().0 - arguments.integer("validation") as usize;
        Ok(Self {
            net: net(&data, &arguments),
            decoder: settings::decoder(&data, &arguments),
            order: Order::new(job.seed(), learnt, arguments.integer("batch") as usize),
            data,
            learnt,
            device: job.device.clone(),
            arguments,
        })
    }

    /// Spikes of every layer, `[step][sample][neuron]`.
    fn layers(&self, weights: &Weights, shown: &Shown<'_>, device: &Device) -> Vec<Tensor<3>> {
        let input = self.data.input(shown.part, shown.indices, shown.moved, self.decoder.window);
        self.net.spikes(weights, &input, shown.hearing, device)
    }

    /// What the spikes of the last layer count for each class: `[sample][class]`.
    fn sums(&self, layers: &[Tensor<3>], device: &Device) -> Tensor<2> {
        let Decoder { classes, each, early, window } = self.decoder;
        let last = layers.last().expect("a network has a read-out").clone();
        let [_, samples, _] = last.dims();
        let last = if early {
            let worth: Vec<f32> = (0..window).map(|step| self.decoder.worth(step)).collect();
            last * Tensor::<3>::from_data(TensorData::new(worth, [window, 1, 1]), device)
        } else {
            last
        };
        let counts: Tensor<2> = last.sum_dim(0).squeeze_dim(0);
        counts.reshape([samples, classes, each]).sum_dim(2).squeeze_dim(2)
    }

    /// The log odds of the classes, but for what is the same for all.
    fn odds(&self, layers: &[Tensor<3>], device: &Device) -> Tensor<2> {
        let full = if self.decoder.early { self.decoder.window as f64 } else { 1.0 };
        self.sums(layers, device) * (self.arguments.number("sharpness") / full)
    }

    /// The loss of each sample of the training data.
    fn losses(&self, weights: &Weights, shown: &Shown<'_>) -> Tensor<1> {
        let device = self.device.clone().autodiff();
        let labels: Vec<i64> =
            self.data.labels(shown.part, shown.indices).into_iter().map(|label| label as i64).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [shown.indices.len(), 1]), &device);
        let odds = self.odds(&self.layers(weights, shown, &device), &device);
        -log_softmax(odds, 1).gather(1, labels).squeeze_dim::<1>(1)
    }

    /// How large the gradient of each sample of the training data may be.
    fn bounds(&self, weights: &Weights, shown: &Shown<'_>) -> Vec<f64> {
        let layers = self.layers(&weights.fixed(), shown, &self.device);
        let labels = self.data.labels(shown.part, shown.indices);
        match &layers[..] {
            [.., before, _] => bounds(before, self.odds(&layers, &self.device), &labels),
            _ => vec![1.0; labels.len()],
        }
    }
}

/// Samples as they are shown.
struct Shown<'a> {
    part: Part,
    indices: &'a [usize],
    /// By how many columns and rows, or bins and channels, each is shifted.
    moved: &'a [(i32, i32)],
    hearing: Hearing,
}

impl<'a> Shown<'a> {
    /// As they are, with the delays that are exported.
    fn still(part: Part, indices: &'a [usize], nowhere: &'a [(i32, i32)]) -> Self {
        Self { part, indices, moved: &nowhere[..indices.len()], hearing: Hearing::Sharp }
    }
}

/// The (sample, step, neuron) of each spike, if the first sample is number `first`.
fn fired(spikes: &Tensor<3>, first: usize) -> Vec<(u32, u32, u32)> {
    let [_, samples, neurons] = spikes.dims();
    let at = |place: usize| {
        let (step, rest) = (place / (samples * neurons), place % (samples * neurons));
        ((first + rest / neurons) as u32, step as u32, (rest % neurons) as u32)
    };
    let values = numbers(spikes.clone());
    values.iter().enumerate().filter(|(_, value)| **value != 0.0).map(|(place, _)| at(place)).collect()
}

/// Samples measured together.
const MEASURED: usize = 250;

impl Lesson for Snn {
    fn declarations(&self) -> Vec<Declaration> {
        self.net.declarations()
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let optimiser = Settings {
            rule: Rule::AdamW,
            rate: self.arguments.number("rate"),
            decay: self.arguments.number("decay"),
            clip: self.arguments.is_given("clip").then(|| self.arguments.number("clip")),
            end: 0.01,
            average: Some(self.arguments.number("average")).filter(|keep| *keep > 0.0),
            ..Settings::default()
        };
        let patience = self.arguments.is_given("patience").then(|| whole("patience"));
        Plan { optimiser, steps: whole("steps"), every: whole("every"), patience, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let (indices, mut stream) = self.order.batch(step);
        let moved = moves(indices.len(), self.arguments.integer("jitter") as u32, &mut stream);
        let hearing = Hearing::at(step, self.arguments.integer("steps") as u64, self.net.longest());
        let shown = Shown { part: Part::Validation, indices: &indices, moved: &moved, hearing };
        let share = self.arguments.number("keep");
        if share == 1.0 {
            return self.losses(weights, &shown).mean();
        }
        let Kept { places, shares } = kept(&self.bounds(weights, &shown), share, &mut stream);
        let (indices, moved): (Vec<usize>, Vec<(i32, i32)>) =
            places.iter().map(|&place| (indices[place], moved[place])).unzip();
        let shares = Tensor::<1>::from_data(TensorData::new(shares, [places.len()]), &self.device);
        let shown = Shown { indices: &indices, moved: &moved, ..shown };
        (self.losses(weights, &shown) * Tensor::from_inner(shares)).sum()
    }

    fn export(&self, weights: &Weights, samples: usize) -> Option<Export> {
        // No machine's neuron has a threshold that its spikes raise and a V that jumps.
        if self.net.layers.iter().any(|layer| layer.kind.adaptation) {
            return None;
        }
        let (_, tests) = self.data.counts();
        let samples = samples.min(tests);
        let nowhere = vec![(0, 0); MEASURED];
        let input = |some: Range<usize>| {
            let indices: Vec<usize> = some.collect();
            self.data.input(Part::Test, &indices, &nowhere[..indices.len()], self.decoder.window)
        };
        let title = format!("A spiking network that was trained on {}", self.arguments.word("task"));
        let network = self.net.export(weights, &title, samples, self.decoder.window, input);
        let mut expected = vec![Vec::new(); self.net.layers.len()];
        for from in (0..samples).step_by(MEASURED) {
            let some: Vec<usize> = (from..(from + MEASURED).min(samples)).collect();
            let shown = Shown::still(Part::Test, &some, &nowhere);
            for (layer, spikes) in self.layers(weights, &shown, &self.device).into_iter().enumerate() {
                expected[layer].extend(fired(&spikes, from));
            }
        }
        let labels = self.data.labels(Part::Test, &(0..samples).collect::<Vec<_>>());
        Some(Export { network, labels, decoder: self.decoder, expected })
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let (train, test) = self.data.counts();
        let all: Vec<usize> =
            if part == Part::Test { (0..test).collect() } else { (self.learnt..train).collect() };
        let (mut right, nowhere) = (0, vec![(0, 0); MEASURED]);
        for some in all.chunks(MEASURED) {
            let layers = self.layers(weights, &Shown::still(part, some, &nowhere), &self.device);
            let answers = self.decoder.answers(&numbers(self.sums(&layers, &self.device)));
            right += answers
                .iter()
                .zip(self.data.labels(part, some))
                .filter(|(answer, label)| *answer == label)
                .count();
        }
        let name = if part == Part::Test { "test_accuracy" } else { "validation_accuracy" };
        vec![Figure { name: name.into(), value: right as f64 / all.len().max(1) as f64 }]
    }
}
