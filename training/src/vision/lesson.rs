//! Networks that look at pictures learn to tell them apart: what can be set, how it is learnt and measured.

use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, SEED, number, task, whole,
};
use crate::optimiser::{Rule, Settings};
use crate::tasks::decoding::most;
use crate::tasks::frames::{Change, changes, frames};
use crate::tasks::images::{self, ImageSet};
use crate::tasks::labelled::Order;
use crate::vision::blocks::{Place, Residual};
use crate::vision::net::{Kind, Net, Sizes};
use crate::vision::pass::Pass;
use crate::weights::{Declaration, Named, Weights, numbers};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments, Kind as Of, Parameter, Range as Allowed};
use sim_core::units::Dimension;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Vision",
    summary: "Spiking convolutions with ways around them, or spiking self-attention, trained to tell pictures apart.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(&["digits", "pictures"], "digits", "digits in writing (MNIST's IDX files, or drawn), or CIFAR-10"),
    DATA,
    SEED,
    Parameter::choice(
        "block",
        &["Plain", "Dssa", "Sgl"],
        "Plain",
        "two convolutions; dual spike self-attention (SpikingResformer); local and global self-attention (SGLFormer)",
    ),
    Parameter::choice(
        "residual",
        &["None", "Additive", "Membrane", "Dense"],
        "Membrane",
        "the way around convolutions: none, spikes add, membrane inputs add, all outputs before add (Plain)",
    ),
    Parameter::optional(
        "channels",
        Of::Values(Dimension::Number),
        Allowed::Between(1.0, 4096.0),
        "channels of each stage; maps are halved before each but the first (default: [16, 32, 64])",
    ),
    Parameter::optional(
        "blocks",
        Of::Values(Dimension::Number),
        Allowed::Between(0.0, 100.0),
        "blocks of each stage (default: [1, 1, 1])",
    ),
    whole("head", 16.0, 1.0, 4096.0, "channels of a head (Dssa, Sgl)"),
    Parameter::optional(
        "patch",
        Of::Values(Dimension::Number),
        Allowed::Between(1.0, 64.0),
        "rows and columns of a patch in each stage (Dssa; default: [4, 2, 1])",
    ),
    whole("expand", 4.0, 1.0, 16.0, "how much wider feed-forward networks are inside (Dssa, Sgl)"),
    whole("group", 64.0, 1.0, 4096.0, "channels of a group in them (Dssa)"),
    whole("shrink", 2.0, 1.0, 4.0, "pictures are averaged over so many rows and columns"),
    whole("window", 4.0, 1.0, 64.0, "steps that a picture is shown for"),
    whole("batch", 64.0, 2.0, 65536.0, "pictures of a step"),
    whole("steps", 600.0, 1.0, 1e9, "steps of training"),
    number("rate", 3e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.01, Allowed::NotNegative, "weight decay"),
    whole(
        "jitter",
        2.0,
        0.0,
        100.0,
        "how far pictures are moved at random, in pixels before they are shrunk",
    ),
    Parameter::flag("mirror", true, "half of the pictures are mirrored (pictures)"),
    whole("validation", 1000.0, 1.0, 1e9, "pictures of the training data kept for validation"),
    whole("every", 200.0, 1.0, 1e9, "steps between validations"),
];

/// Digits that the program draws where no files are given.
const MADE: (usize, usize) = (6000, 1000);

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let data = match (job.arguments.word("task"), job.data()) {
        ("pictures", None) => {
            return Err(Problem(
                "the task pictures needs --data, a folder with CIFAR-10's binary files".into(),
            ));
        }
        ("pictures", Some(folder)) => images::cifar10(folder)?,
        (_, Some(folder)) => images::mnist(folder)?,
        (_, None) => images::drawn(job.seed(), MADE.0, MADE.1),
    };
    of_pictures(data, job)
}

/// The lesson of these pictures.
///
/// # Errors
/// If the sizes of the network do not fit them or each other, or if too few are left to learn from.
pub fn of_pictures(data: ImageSet, job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let sizes = sizes(&data, job.arguments)?;
    let validation = job.arguments.integer("validation") as usize;
    let learnt = data.train.len().saturating_sub(validation);
    if learnt < 2 {
        let message = format!("validation takes {validation} pictures, and there are {}", data.train.len());
        return Err(Problem(message));
    }
    Ok(Box::new(Vision {
        net: Net::new(sizes.clone()),
        sizes,
        order: Order::new(job.seed(), learnt, job.arguments.integer("batch") as usize),
        data,
        learnt,
        arguments: job.arguments.clone(),
        device: job.device.clone(),
        noted: Vec::new(),
    }))
}

/// The network that settings ask for.
fn sizes(data: &ImageSet, arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let list = |name: &str, default: &[usize]| -> Vec<usize> {
        match arguments.get(name) {
            Argument::Values(values) => values.iter().map(|value| *value as usize).collect(),
            _ => default.to_vec(),
        }
    };
    let kind = match (arguments.word("block"), arguments.word("residual")) {
        ("Dssa", _) => Kind::Dssa,
        ("Sgl", _) => Kind::Sgl,
        (_, "None") => Kind::Plain(Residual::None),
        (_, "Additive") => Kind::Plain(Residual::Additive),
        (_, "Dense") => Kind::Plain(Residual::Dense),
        _ => Kind::Plain(Residual::Membrane),
    };
    let (images, shrink) = (&data.train, whole("shrink"));
    let picture =
        Place { height: images.height / shrink, width: images.width / shrink, channels: images.channels };
    let sizes = Sizes {
        picture,
        classes: data.classes,
        kind,
        channels: list("channels", &[16, 32, 64]),
        blocks: list("blocks", &[1, 1, 1]),
        head: whole("head"),
        patches: list("patch", &[4, 2, 1]),
        expand: whole("expand"),
        group: whole("group"),
        steps: whole("window"),
    };
    match sizes.refused() {
        Some(why) => Err(Problem(why)),
        None => Ok(sizes),
    }
}

/// A network and the pictures it learns.
struct Vision {
    net: Net,
    sizes: Sizes,
    data: ImageSet,
    order: Order,
    /// Pictures that are learnt from; those behind them validate.
    learnt: usize,
    arguments: Arguments,
    device: Device,
    noted: Vec<Named>,
}

/// Pictures measured together.
const MEASURED: usize = 100;

impl Vision {
    /// Some pictures, `[picture · row · column][plane]`.
    fn pictures(&self, part: Part, indices: &[usize], changes: &[Change], device: &Device) -> Tensor<2> {
        let images = if part == Part::Test { &self.data.test } else { &self.data.train };
        let values = frames(images, indices, changes, self.arguments.integer("shrink") as usize);
        let planes = images.channels;
        let rows = values.len() / planes;
        Tensor::from_data(TensorData::new(values, [rows, planes]), device)
    }

    /// The share of right answers.
    fn accuracy(&self, weights: &Weights, part: Part, indices: &[usize]) -> f64 {
        let images = if part == Part::Test { &self.data.test } else { &self.data.train };
        let mut right = 0;
        for some in indices.chunks(MEASURED) {
            let pictures = self.pictures(part, some, &vec![Change::default(); some.len()], &self.device);
            let logits = self.net.logits(&mut Pass::evaluation(weights, self.sizes.steps), pictures);
            let answers = most(&numbers(logits), self.sizes.classes);
            let labels = some.iter().map(|&index| usize::from(images.labels[index]));
            right += answers.into_iter().zip(labels).filter(|(answer, label)| answer == label).count();
        }
        right as f64 / indices.len().max(1) as f64
    }

    /// How much neurons fire, on the first test pictures.
    fn spikes(&self, weights: &Weights) -> [Figure; 2] {
        let indices: Vec<usize> = (0..self.data.test.len().min(MEASURED)).collect();
        let pictures =
            self.pictures(Part::Test, &indices, &vec![Change::default(); indices.len()], &self.device);
        let mut pass = Pass::evaluation(weights, self.sizes.steps);
        pass.count_spikes();
        self.net.logits(&mut pass, pictures);
        let (spikes, chances) = pass.fired();
        [("spikes_per_picture", indices.len() as f64), ("spikes_per_neuron_and_step", chances)]
            .map(|(name, count)| Figure { name: name.into(), value: spikes / count.max(1.0) })
    }
}

impl Lesson for Vision {
    fn declarations(&self) -> Vec<Declaration> {
        self.net.declarations()
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let steps = whole("steps");
        let optimiser = Settings {
            rule: Rule::AdamW,
            rate: self.arguments.number("rate"),
            decay: self.arguments.number("decay"),
            warm_up: (steps / 20).min(100),
            end: 0.01,
            ..Settings::default()
        };
        Plan { optimiser, steps, every: whole("every"), patience: None, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let (indices, mut stream) = self.order.batch(step);
        let mirror = self.arguments.flag("mirror") && self.arguments.word("task") == "pictures";
        let changes = changes(indices.len(), self.arguments.integer("jitter") as u32, mirror, &mut stream);
        let device = self.device.clone().autodiff();
        let labels: Vec<i64> =
            indices.iter().map(|&index| i64::from(self.data.train.labels[index])).collect();
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [indices.len(), 1]), &device);
        let pictures = self.pictures(Part::Validation, &indices, &changes, &device);
        let mut pass = Pass::training(weights, self.sizes.steps);
        let logits = self.net.logits(&mut pass, pictures);
        self.noted = pass.noted();
        -log_softmax(logits, 1).gather(1, labels).mean()
    }

    fn noted(&mut self) -> Vec<Named> {
        std::mem::take(&mut self.noted)
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "a Vision network is no network file: normalisation over batches and what adds up membrane inputs or multiplies \
         spikes with each other are arithmetic of training that no machine's neurons do"
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let (name, indices): (&str, Vec<usize>) = match part {
            Part::Test => ("test_accuracy", (0..self.data.test.len()).collect()),
            Part::Validation => ("validation_accuracy", (self.learnt..self.data.train.len()).collect()),
        };
        let mut figures = vec![Figure { name: name.into(), value: self.accuracy(weights, part, &indices) }];
        if part == Part::Test {
            figures.extend(self.spikes(weights));
        }
        figures
    }
}
