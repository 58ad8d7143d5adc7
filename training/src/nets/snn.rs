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
use crate::nets::feed::{Feed, Layer, Way};
use crate::optimiser::{Rule, Settings};
use crate::spiking::forward::{Form, Kind, Reset};
use crate::spiking::patches::Patches;
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
        &["digits", "words", "pictures"],
        "digits",
        "digits in writing (MNIST's IDX files, or drawn), spoken ones (FSE1 event files, or made), or CIFAR-10",
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
    Parameter::optional(
        "conv",
        Of::Values(Dimension::Number),
        Allowed::Between(1.0, 1e4),
        "channels of each convolution before the hidden layers, such as [16, 32]",
    ),
    whole("kernel", 5.0, 1.0, 15.0, "rows and columns that a convolution looks at; odd"),
    whole("stride", 2.0, 1.0, 8.0, "from one place that a convolution looks at to the next"),
    Parameter::choice(
        "neuron",
        &["Lif", "Plif", "Alif", "CubaLif", "Linear"],
        "Lif",
        "what a neuron keeps from step to step (Plif: learnt, for each layer; Alif: spikes raise the threshold)",
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
    Parameter::optional("tau_out", Of::Value(Dimension::Time), Allowed::Positive, "tau_m of the last layer"),
    number("adaptation", 0.2, Allowed::NotNegative, "what a spike adds to the threshold, in thresholds (Alif)"),
    Parameter::value(
        "tau_a",
        Dimension::Time,
        20.0,
        Allowed::Positive,
        "time constant in which the threshold falls back (Alif)",
    ),
    number("leak", 0.0625, Allowed::Positive, "what V loses in a step, in thresholds, down to 0 (Linear)"),
    Parameter::flag("recurrent", false, "hidden layers are connected to themselves"),
    whole("window", 8.0, 1.0, 10_000.0, "steps of a sample"),
    Parameter::choice(
        "surrogate",
        &["FastSigmoid", "Arctan", "Triangular", "Rectangular", "Sigmoid"],
        "Arctan",
        "the derivative of a spike",
    ),
    number("slope", 2.0, Allowed::Positive, "how narrow the surrogate is, per threshold"),
    whole("weight_bits", 8.0, 0.0, 16.0, "bits of a weight with its sign; 0 for floats"),
    whole("batch", 128.0, 1.0, 1e6, "samples of a step"),
    whole("steps", 4000.0, 1.0, 1e9, "steps of training"),
    number("rate", 4e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.0, Allowed::NotNegative, "weight decay"),
    number("average", 0.0, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    whole("jitter", 0.0, 0.0, 100.0, "how far samples are moved at random, in pixels or channels"),
    whole("validation", 1000.0, 1.0, 1e9, "samples of the training data kept for validation"),
    whole("every", 500.0, 1.0, 1e9, "steps between validations"),
    Parameter::optional(
        "patience",
        Of::Integer,
        Allowed::Between(1.0, 1e9),
        "validations without progress that end it",
    ),
    Parameter::optional(
        "hold_out",
        Of::Integer,
        Allowed::Between(0.0, 255.0),
        "speaker whose words are not learnt but tested on (words)",
    ),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let data = match job.arguments.word("task") {
        "words" => {
            let held_out = job.arguments.is_given("hold_out").then(|| job.arguments.integer("hold_out") as u8);
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
            return Err(Problem(format!("kernel is {}; a convolution has a middle, so it is odd", whole("kernel"))));
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
        self.net.spikes(weights, &input, device)
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
    let mut layers: Vec<Layer> = Vec::new();
    let mut add = |name: String, neurons: usize, way: Way| {
        let layer = layer(arguments, name, neurons, way);
        layers.push(layer);
        neurons
    };
    let mut sources = data.sources();
    let channels = arguments.is_given("conv").then(|| arguments.values("conv"));
    if let (Some(channels), Some([mut height, mut width, mut planes])) = (channels, data.picture()) {
        let whole = |name: &str| arguments.integer(name) as usize;
        for (k, &out) in channels.iter().enumerate() {
            let patches =
                Patches { height, width, channels: planes, kernel: whole("kernel"), stride: whole("stride") };
            (height, width, planes) = (patches.rows(), patches.columns(), out as usize);
            sources = add(format!("conv{}", k + 1), patches.count() * planes, Way::Convolution(patches));
        }
    }
    for (k, &neurons) in arguments.values("hidden").iter().enumerate() {
        sources = add(format!("hidden{}", k + 1), neurons as usize, Way::All { sources });
    }
    add("output".into(), data.classes(), Way::All { sources });
    for layer in &mut layers {
        layer.recurrent = arguments.flag("recurrent") && layer.name.starts_with("hidden");
    }
    if let (Some(last), true) = (layers.last_mut(), arguments.is_given("tau_out")) {
        last.tau_m = arguments.number("tau_out");
    }
    Feed { inputs: data.sources(), layers, weight_bits: arguments.integer("weight_bits") as u32 }
}

fn layer(arguments: &Arguments, name: String, neurons: usize, way: Way) -> Layer {
    let slope = arguments.number("slope") as f32;
    let surrogate = match arguments.word("surrogate") {
        "Arctan" => Surrogate::Arctan { slope },
        "Triangular" => Surrogate::Triangular { slope },
        "Rectangular" => Surrogate::Rectangular { slope },
        "Sigmoid" => Surrogate::Sigmoid { slope },
        _ => Surrogate::FastSigmoid { slope },
    };
    let neuron = arguments.word("neuron");
    let form = match neuron {
        "Linear" => Form::Linear,
        "CubaLif" => Form::CubaLif,
        _ => Form::Lif,
    };
    Layer {
        name,
        neurons,
        kind: Kind { reset: Reset::Zero, form, adaptation: neuron == "Alif", surrogate },
        way,
        tau_m: arguments.number("tau_m"),
        learns_tau: neuron == "Plif",
        tau_syn: (form == Form::CubaLif).then(|| arguments.number("tau_syn")),
        adaptation: (arguments.number("adaptation"), arguments.number("tau_a")),
        drive: if form == Form::Linear { -arguments.number("leak") as f32 } else { 0.0 },
        recurrent: false,
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
        let device = self.device.clone().autodiff();
        let labels: Vec<i64> =
            self.data.labels(Part::Validation, &indices).into_iter().map(|label| label as i64).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [indices.len(), 1]), &device);
        let counts = self.counts(weights, Part::Validation, &indices, &moved, &device);
        -log_softmax(counts, 1).gather(1, labels).mean()
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
