//! Layers of spiking neurons that learn to tell samples apart by surrogate gradients.
//!
//! A sample is a pattern of spikes in a window of steps. Each layer integrates the spikes of the one before
//! through its weights; the class whose neuron of the last layer fires most is the answer, and the loss is
//! the cross-entropy of these counts. Weights are held on a grid of powers of two, so that their sums are
//! exact in any order, and the network that is exported fires as the one that was trained.
//!
//! References: Neftci, Mostafa and Zenke (2019) IEEE Signal Process. Mag. 36:51, doi:10.1109/MSP.2019.2931595;
//! Fang et al. (2021) ICCV (learned time constants); Bellec et al. (2018) NeurIPS (adaptive thresholds).

use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, SEED, number, task, whole,
};
use crate::nets::feed::{Feed, Layer};
use crate::optimiser::{Rule, Settings};
use crate::spiking::forward::{Form, Kind, Reset};
use crate::spiking::surrogate::Surrogate;
use crate::tasks::code::most;
use crate::tasks::labelled::{Labelled, Order, moves};
use crate::weights::{Declaration, Weights, numbers};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Arguments, Default, Kind as Of, Parameter, Range as Allowed};
use sim_core::units::Dimension;
use std::ops::Range;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Snn",
    summary: "Layers of spiking neurons, trained by surrogate gradients to tell samples apart.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(
        &["digits", "words"],
        "digits",
        "digits in writing (MNIST's IDX files, or drawn) or spoken ones (FSE1 event files, or made)",
    ),
    DATA,
    SEED,
    Parameter {
        name: "hidden",
        kind: Of::Values(Dimension::Number),
        default: Default::Number(128.0),
        range: Allowed::Between(1.0, 1e6),
        meaning: "neurons of each hidden layer, such as [128, 64]",
    },
    Parameter::choice(
        "neuron",
        &["Lif", "CubaLif", "Linear"],
        "Lif",
        "what a neuron keeps from step to step",
    ),
    Parameter::value(
        "tau_m",
        Dimension::Time,
        1.5,
        Allowed::Positive,
        "membrane time constant; a step is 1 ms",
    ),
    Parameter::value(
        "tau_syn",
        Dimension::Time,
        2.0,
        Allowed::Positive,
        "time constant of the current (CubaLif)",
    ),
    number("leak", 0.0625, Allowed::Positive, "what V loses in a step, in thresholds, down to 0 (Linear)"),
    Parameter::flag("recurrent", false, "hidden layers are connected to themselves"),
    whole("window", 8.0, 1.0, 10_000.0, "steps of a sample"),
    Parameter::choice(
        "surrogate",
        &["FastSigmoid", "Arctan", "Triangular", "Rectangular", "Sigmoid"],
        "FastSigmoid",
        "the derivative of a spike",
    ),
    number("slope", 5.0, Allowed::Positive, "how narrow the surrogate is, per threshold"),
    whole("weight_bits", 8.0, 0.0, 16.0, "bits of a weight with its sign; 0 for floats"),
    whole("batch", 128.0, 1.0, 1e6, "samples of a step"),
    whole("steps", 4000.0, 1.0, 1e9, "steps of training"),
    number("rate", 2e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.0, Allowed::NotNegative, "weight decay"),
    whole("jitter", 0.0, 0.0, 100.0, "how far samples are moved at random, in pixels or channels"),
    whole("validation", 1000.0, 1.0, 1e9, "samples of the training data kept for validation"),
    whole("every", 500.0, 1.0, 1e9, "steps between validations"),
    Parameter::optional(
        "patience",
        Of::Integer,
        Allowed::Between(1.0, 1e9),
        "validations without progress that end it",
    ),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let data = match job.arguments.word("task") {
        "words" => Labelled::words(job.data(), job.seed())?,
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

    /// Spikes of every layer, [step][sample][neuron].
    fn layers(
        &self,
        weights: &Weights,
        part: Part,
        indices: &[usize],
        moved: &[(i32, i32)],
        device: &Device,
    ) -> Vec<Tensor<3>> {
        let input = self.data.input(part, indices, moved, self.window());
        let input = Tensor::from_data(TensorData::new(input.values, input.shape), device);
        self.net.spikes(weights, input, device)
    }

    /// Spikes of the last layer, counted: [sample][class].
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

fn net(data: &Labelled, arguments: &Arguments) -> Feed {
    let slope = arguments.number("slope") as f32;
    let surrogate = match arguments.word("surrogate") {
        "Arctan" => Surrogate::Arctan { slope },
        "Triangular" => Surrogate::Triangular { slope },
        "Rectangular" => Surrogate::Rectangular { slope },
        "Sigmoid" => Surrogate::Sigmoid { slope },
        _ => Surrogate::FastSigmoid { slope },
    };
    let keep = |tau: &str| libm::exp(-1.0 / arguments.number(tau)) as f32;
    let form = match arguments.word("neuron") {
        "Linear" => Form::Linear,
        "CubaLif" => Form::CubaLif,
        _ => Form::Lif,
    };
    let tau_m = arguments.number("tau_m");
    let tau_syn = (form == Form::CubaLif).then(|| arguments.number("tau_syn"));
    let (keep_v, keep_i, drive) = match form {
        Form::Linear => (1.0, 0.0, -arguments.number("leak") as f32),
        Form::CubaLif => (keep("tau_m"), keep("tau_syn"), 0.0),
        Form::Lif => (keep("tau_m"), 0.0, 0.0),
    };
    let kind = Kind { reset: Reset::Zero, form, adaptation: false, surrogate };
    let layer = |name: String, neurons: usize, recurrent: bool| Layer {
        name,
        neurons,
        kind,
        keep_v,
        keep_i,
        tau_m,
        tau_syn,
        drive,
        recurrent,
    };
    let hidden = arguments.values("hidden");
    let mut layers: Vec<Layer> = hidden
        .iter()
        .enumerate()
        .map(|(k, &neurons)| layer(format!("hidden{}", k + 1), neurons as usize, arguments.flag("recurrent")))
        .collect();
    layers.push(layer("output".into(), data.classes(), false));
    Feed { inputs: data.sources(), layers, weight_bits: arguments.integer("weight_bits") as u32 }
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
            end: 0.01,
            ..Settings::default()
        };
        let patience = self.arguments.is_given("patience").then(|| whole("patience"));
        Plan { optimiser, steps: whole("steps"), every: whole("every"), patience, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let (indices, mut stream) = self.order.batch(step);
        let moved = moves(indices.len(), self.arguments.integer("jitter") as u32, &mut stream);
        let device = self.device.clone().autodiff();
        let labels: Vec<i64> =
            self.data.labels(Part::Validation, &indices).into_iter().map(|label| label as i64).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [indices.len(), 1]), &device);
        let counts = self.counts(weights, Part::Validation, &indices, &moved, &device);
        -log_softmax(counts, 1).gather(1, labels).mean()
    }

    fn export(&self, weights: &Weights, samples: usize) -> Option<Export> {
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
