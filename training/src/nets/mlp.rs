//! Layers of rectified sums that learn to tell pictures apart: no spikes yet; `saltus compile` makes them.
//!
//! ```text
//! h = max(0, W x + b)  layer by layer from the pixels (0 to 1);  odds of the classes = W h + b
//! ```
//!
//! The loss is the cross-entropy of the odds.

use crate::lesson::{
    Asked, DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, Questions, SEED, number, task,
    whole,
};
use crate::optimiser::{Rule, Settings};
use crate::tasks::images::{self, ImageSet, Images};
use crate::tasks::labelled::{Order, moves};
use crate::weights::{Declaration, Start, Weights, numbers};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments, Kind, Parameter, Range as Allowed};
use sim_core::units::Dimension;
use std::ops::Range;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Mlp",
    summary: "Layers of rectified sums that tell digits apart, to be compiled to spikes.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(&["digits"], "digits", "digits in writing (MNIST's files, or digits that the program draws)"),
    DATA,
    SEED,
    Parameter::optional(
        "hidden",
        Kind::Values(Dimension::Number),
        Allowed::Between(1.0, 65536.0),
        "neurons of each layer between; 128, 128 if absent",
    ),
    whole("batch", 128.0, 1.0, 65536.0, "samples of a step"),
    whole("steps", 3000.0, 1.0, 1e9, "steps of training"),
    number("rate", 2e-3, Allowed::Positive, "learning rate"),
    number("decay", 1e-2, Allowed::NotNegative, "weight decay"),
    whole("jitter", 0.0, 0.0, 64.0, "pixels by which samples are shifted at most while they are learnt"),
    whole("validation", 1000.0, 1.0, 1e9, "samples of the training data kept for validation"),
    whole("every", 500.0, 1.0, 1e9, "steps between validations"),
];

/// Layers if the file does not say.
const HIDDEN: [usize; 2] = [128, 128];
/// Samples that the program draws where no files are given.
const MADE: (usize, usize) = (6000, 1000);

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let data = match job.data() {
        Some(folder) => images::mnist(folder)?,
        None => images::drawn(job.seed(), MADE.0, MADE.1),
    };
    let integer = |name: &str| job.arguments.integer(name) as usize;
    let (kept, all) = (integer("validation"), data.train.len());
    if kept >= all {
        return Err(Problem(format!("validation takes {kept} samples, and there are {all}")));
    }
    let hidden = match job.arguments.get("hidden") {
        Argument::Values(sizes) => sizes.iter().map(|size| *size as usize).collect(),
        _ => HIDDEN.to_vec(),
    };
    Ok(Box::new(Mlp {
        sizes: [data.train.size()].into_iter().chain(hidden).chain([data.classes]).collect(),
        order: Order::new(job.seed(), all - kept, integer("batch")),
        learnt: all - kept,
        data,
        arguments: job.arguments.clone(),
        device: job.device.clone(),
    }))
}

struct Mlp {
    /// Pixels, neurons of each layer, classes.
    sizes: Vec<usize>,
    data: ImageSet,
    /// Samples that are learnt from; those behind them validate.
    learnt: usize,
    order: Order,
    arguments: Arguments,
    device: Device,
}

/// Samples measured together.
const MEASURED: usize = 500;

impl Mlp {
    fn images(&self, part: Part) -> &Images {
        if part == Part::Test { &self.data.test } else { &self.data.train }
    }

    /// Samples to measure on.
    fn all(&self, part: Part) -> Range<usize> {
        match part {
            Part::Test => 0..self.data.test.len(),
            Part::Validation => self.learnt..self.data.train.len(),
        }
    }

    /// Pixels `[sample][pixel]`, each sample shifted a little.
    fn pixels(&self, part: Part, indices: &[usize], moved: &[(i32, i32)], device: &Device) -> Tensor<2> {
        let images = self.images(part);
        let (width, height) = (images.width as i32, images.height as i32);
        let mut values = Vec::with_capacity(indices.len() * images.size());
        for (index, (right, down)) in indices.iter().zip(moved) {
            let picture = images.picture(*index);
            values.extend((0..images.size() as i32).map(|at| {
                let (plane, row, column) =
                    (at / (width * height), at / width % height - down, at % width - right);
                let inside = (0..height).contains(&row) && (0..width).contains(&column);
                let from = (plane * height + row) * width + column;
                if inside { f32::from(picture[from as usize]) / 255.0 } else { 0.0 }
            }));
        }
        Tensor::from_data(TensorData::new(values, [indices.len(), images.size()]), device)
    }

    /// The odds of the classes `[sample][class]`.
    fn odds(&self, weights: &Weights, mut x: Tensor<2>) -> Tensor<2> {
        let layers = self.sizes.len() - 1;
        for layer in 0..layers {
            let bias = weights.get::<1>(&format!("layer{layer}.bias")).unsqueeze();
            let sum = x.matmul(weights.get::<2>(&format!("layer{layer}.weight"))) + bias;
            x = if layer + 1 < layers { relu(sum) } else { sum };
        }
        x
    }

    fn labels(&self, part: Part, indices: &[usize]) -> Vec<i64> {
        indices.iter().map(|&index| i64::from(self.images(part).labels[index])).collect()
    }
}

impl Lesson for Mlp {
    fn declarations(&self) -> Vec<Declaration> {
        let layer = |(layer, sizes): (usize, &[usize])| {
            let spread = Start::Normal((2.0 / sizes[0] as f32).sqrt());
            [
                Declaration::new(format!("layer{layer}.weight"), [sizes[0], sizes[1]], spread),
                Declaration::new(format!("layer{layer}.bias"), [sizes[1]], Start::Constant(0.0)).undecayed(),
            ]
        };
        self.sizes.windows(2).enumerate().flat_map(layer).collect()
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let optimiser = Settings {
            rule: Rule::AdamW,
            rate: self.arguments.number("rate"),
            decay: self.arguments.number("decay"),
            end: 0.01,
            ..Settings::default()
        };
        Plan { optimiser, steps: whole("steps"), every: whole("every"), patience: None, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let (indices, mut stream) = self.order.batch(step);
        let moved = moves(indices.len(), self.arguments.integer("jitter") as u32, &mut stream);
        let device = self.device.clone().autodiff();
        let odds = self.odds(weights, self.pixels(Part::Validation, &indices, &moved, &device));
        let labels = self.labels(Part::Validation, &indices);
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [indices.len(), 1]), &device);
        -log_softmax(odds, 1).gather(1, labels).mean()
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "an Mlp has no spikes yet: saltus compile makes a network file of it"
    }

    fn questions(&self, part: Part, count: usize) -> Option<Questions> {
        let (images, all) = (self.images(part), self.all(part));
        let some = all.start..all.end.min(all.start + count);
        let pixels = |index: usize| images.picture(index).iter().map(|x| f32::from(*x) / 255.0).collect();
        let asked = some.clone().map(|index| Asked::Numbers(pixels(index))).collect();
        Some(Questions {
            asked,
            answers: some.map(|index| vec![u32::from(images.labels[index])]).collect(),
            blank: None,
        })
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let all: Vec<usize> = self.all(part).collect();
        let (mut right, nowhere) = (0, vec![(0, 0); MEASURED]);
        for some in all.chunks(MEASURED) {
            let odds =
                numbers(self.odds(weights, self.pixels(part, some, &nowhere[..some.len()], &self.device)));
            let answers = odds.chunks(self.data.classes).map(|odds| {
                let best = (0..odds.len()).max_by(|a, b| odds[*a].total_cmp(&odds[*b]).then(b.cmp(a)));
                best.unwrap_or(0) as i64
            });
            right += answers.zip(self.labels(part, some)).filter(|(answer, label)| answer == label).count();
        }
        let name = if part == Part::Test { "test_accuracy" } else { "validation_accuracy" };
        vec![Figure { name: name.into(), value: right as f64 / all.len().max(1) as f64 }]
    }
}
