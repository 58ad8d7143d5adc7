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
use crate::nets::feed::Feed;
use crate::nets::pruning::{Kept, bounds, kept};
use crate::nets::settings::{PARAMETERS, net};
use crate::optimiser::{Rule, Settings};
use crate::tasks::code::most;
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
    let data = match job.arguments.word("task") {
        "words" => {
            let held_out =
                job.arguments.is_given("hold_out").then(|| job.arguments.integer("hold_out") as u8);
            Labelled::words(job.data(), job.seed(), held_out)?
        }
        "pictures" => Labelled::pictures(job.data())?,
        _ => Labelled::digits(job.data(), job.seed())?,
    };
    Ok(Box::new(Snn::new(data, job)?))
}

/// A network of spiking layers and what it learns.
pub struct Snn {
    net: Feed,
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
        let whole = |name: &str| arguments.integer(name) as usize;
        let (samples, _) = data.counts();
        let learnt = samples.saturating_sub(whole("validation"));
        if whole("weight_bits") == 1 {
            return Err(Problem(
                "weight_bits is 1, and a weight has a sign and a size: 2 at least, or 0 for floats".into(),
            ));
        }
        if learnt == 0 {
            let message =
                format!("validation takes {} samples, and there are {samples}", whole("validation"));
            return Err(Problem(message));
        }
        if whole("kernel") % 2 == 0 {
            return Err(Problem(format!(
                "kernel is {}; a convolution has a middle, so it is odd",
                whole("kernel")
            )));
        }
        if arguments.is_given("conv") && data.picture().is_none() {
            return Err(Problem("conv needs pictures, and the task words has none".into()));
        }
        Ok(Self {
            net: net(&data, &arguments),
            order: Order::new(job.seed(), learnt, whole("batch")),
            data,
            learnt,
            device: job.device.clone(),
            arguments,
        })
    }

    fn window(&self) -> usize {
        self.arguments.integer("window") as usize
    }

    /// Spikes of every layer, `[step][sample][neuron]`.
    fn layers(
        &self,
        weights: &Weights,
        part: Part,
        indices: &[usize],
        moved: &[(i32, i32)],
        device: &Device,
    ) -> Vec<Tensor<3>> {
        let input = self.data.input(part, indices, moved, self.window());
        self.net.spikes(weights, &input, device)
    }

    /// The loss of each sample of the training data.
    fn losses(&self, weights: &Weights, indices: &[usize], moved: &[(i32, i32)]) -> Tensor<1> {
        let device = self.device.clone().autodiff();
        let labels: Vec<i64> =
            self.data.labels(Part::Validation, indices).into_iter().map(|label| label as i64).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [indices.len(), 1]), &device);
        let counts = self.counts(weights, Part::Validation, indices, moved, &device);
        let odds = counts * self.arguments.number("sharpness");
        -log_softmax(odds, 1).gather(1, labels).squeeze_dim::<1>(1)
    }

    /// How large the gradient of each sample of the training data may be.
    fn bounds(&self, weights: &Weights, indices: &[usize], moved: &[(i32, i32)]) -> Vec<f64> {
        let layers = self.layers(&weights.fixed(), Part::Validation, indices, moved, &self.device);
        bounds(&layers, &self.data.labels(Part::Validation, indices), self.arguments.number("sharpness"))
    }

    /// Spikes of the last layer, counted: `[sample][class]`.
    fn counts(
        &self,
        weights: &Weights,
        part: Part,
        indices: &[usize],
        moved: &[(i32, i32)],
        device: &Device,
    ) -> Tensor<2> {
        let layers = self.layers(weights, part, indices, moved, device);
        let last = layers.into_iter().last().expect("a network has a read-out");
        last.sum_dim(0).squeeze_dim(0)
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
        let share = self.arguments.number("keep");
        if share == 1.0 {
            return self.losses(weights, &indices, &moved).mean();
        }
        let bounds = self.bounds(weights, &indices, &moved);
        let Kept { places, shares } = kept(&bounds, share, &mut stream);
        let (indices, moved): (Vec<usize>, Vec<(i32, i32)>) =
            places.iter().map(|&place| (indices[place], moved[place])).unzip();
        let shares = Tensor::<1>::from_data(TensorData::new(shares, [places.len()]), &self.device);
        (self.losses(weights, &indices, &moved) * Tensor::from_inner(shares)).sum()
    }

    fn export(&self, weights: &Weights, samples: usize) -> Option<Export> {
        // No machine's neuron has a threshold that its spikes raise and a V that jumps.
        if self.net.layers.iter().any(|layer| layer.kind.adaptation) {
            return None;
        }
        let (_, tests) = self.data.counts();
        let samples = samples.min(tests);
        let input = |some: Range<usize>| {
            let indices: Vec<usize> = some.collect();
            self.data.input(Part::Test, &indices, &vec![(0, 0); indices.len()], self.window())
        };
        let title = format!("A spiking network that was trained on {}", self.arguments.word("task"));
        let network = self.net.export(weights, &title, samples, self.window(), input);
        let mut expected = vec![Vec::new(); self.net.layers.len()];
        for from in (0..samples).step_by(MEASURED) {
            let some: Vec<usize> = (from..(from + MEASURED).min(samples)).collect();
            for (layer, spikes) in self
                .layers(weights, Part::Test, &some, &vec![(0, 0); some.len()], &self.device)
                .into_iter()
                .enumerate()
            {
                expected[layer].extend(fired(&spikes, from));
            }
        }
        let labels = self.data.labels(Part::Test, &(0..samples).collect::<Vec<_>>());
        Some(Export { network, labels, classes: self.data.classes(), expected })
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let (train, test) = self.data.counts();
        let all: Vec<usize> =
            if part == Part::Test { (0..test).collect() } else { (self.learnt..train).collect() };
        let mut right = 0;
        for some in all.chunks(MEASURED) {
            let counts = self.counts(weights, part, some, &vec![(0, 0); some.len()], &self.device);
            let answers = most(&numbers(counts), self.data.classes());
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
