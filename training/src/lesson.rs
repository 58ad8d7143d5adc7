//! What is learnt, and how one is told how well: the contract between networks, tasks and the training loop.

use crate::nets::export::Exported;
use crate::optimiser::Settings;
use crate::rows::Rows;
use crate::tasks::decoding::Decoder;
use crate::weights::{Declaration, Misfit, Named, Weights};
use burn::tensor::{Device, Tensor};
use sim_core::parameter::{Arguments, Default, Kind, Parameter, Range};
use sim_core::units::Dimension;
use std::fmt;
use std::path::Path;

/// A family of networks that can be trained: one row of the table that `saltus train` reads.
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What can be set, for network, task and training alike; [`task`], [`DATA`] and [`SEED`] among them.
    pub parameters: &'static [Parameter],
    /// Prepares a lesson.
    pub lesson: fn(&Job<'_>) -> Result<Box<dyn Lesson>, Problem>,
}

/// The parameter that says what is learnt.
pub const fn task(names: &'static [&'static str], default: &'static str, meaning: &'static str) -> Parameter {
    Parameter::choice("task", names, default, meaning)
}

/// The parameter that says where data files are.
pub const DATA: Parameter =
    Parameter::optional("data", Kind::Text, Range::Any, "folder of data files; data is made without");

/// The parameter that all random numbers follow from.
pub const SEED: Parameter = Parameter {
    name: "seed",
    kind: Kind::Integer,
    default: Default::Number(1.0),
    range: Range::Between(0.0, 9e15),
    meaning: "of all random numbers",
};

/// A whole number from `least` to `most`.
pub const fn whole(
    name: &'static str,
    default: f64,
    least: f64,
    most: f64,
    meaning: &'static str,
) -> Parameter {
    let (kind, default) = (Kind::Integer, Default::Number(default));
    Parameter { name, kind, default, range: Range::Between(least, most), meaning }
}

/// A plain number.
pub const fn number(name: &'static str, default: f64, range: Range, meaning: &'static str) -> Parameter {
    Parameter::value(name, Dimension::Number, default, range, meaning)
}

/// What is asked for.
pub struct Job<'a> {
    /// The settings.
    pub arguments: &'a Arguments,
    /// Where tensors live, without gradients.
    pub device: &'a Device,
}

impl Job<'_> {
    /// Where data files are.
    pub fn data(&self) -> Option<&Path> {
        self.arguments.text(DATA.name).map(Path::new)
    }

    /// Of all random numbers.
    pub fn seed(&self) -> u64 {
        self.arguments.integer(SEED.name) as u64
    }
}

/// Why a lesson cannot be had.
#[derive(Debug)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl From<crate::tasks::file::DataProblem> for Problem {
    fn from(problem: crate::tasks::file::DataProblem) -> Self {
        Self(problem.to_string())
    }
}

/// Which samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A slice of the training data that is not learnt from: training may be stopped by it.
    Validation,
    /// What is reported, once.
    Test,
}

/// One figure of a measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its name in `metrics.json`, such as `test_accuracy`.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// What can be learnt by gradient.
pub trait Lesson {
    /// The tensors of the network.
    fn declarations(&self) -> Vec<Declaration>;

    /// How to learn it.
    fn plan(&self) -> Plan;

    /// The loss of step `step`, which draws its own samples from the seed and the number of the step.
    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1>;

    /// The rows of tables that the last `loss` looked at, each table once.
    fn rows(&mut self) -> Vec<Rows> {
        Vec::new()
    }

    /// New values of tensors that do not follow gradients, such as running averages, after the last `loss`.
    fn noted(&mut self) -> Vec<Named> {
        Vec::new()
    }

    /// What passes from step to step beside the weights, to be saved with them.
    fn carried(&self) -> Vec<Named> {
        Vec::new()
    }

    /// Goes on with what was carried.
    ///
    /// # Errors
    /// If it is of another lesson.
    fn carry_on(&mut self, _saved: &[Named]) -> Result<(), Misfit> {
        Ok(())
    }

    /// The network as a network file that shows the first `samples` test samples; nothing if it cannot be one.
    fn export(&self, weights: &Weights, samples: usize) -> Option<Export>;

    /// Why `export` has nothing.
    fn why_no_export(&self) -> &'static str {
        "this network cannot be written as a network file"
    }

    /// The first `count` samples of a part, as a compiled network is asked them; nothing if it cannot be compiled.
    fn questions(&self, _part: Part, _count: usize) -> Option<Questions> {
        None
    }

    /// How well the weights do; the first figure is the one that matters.
    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure>;

    /// The graph of the network's neurons as a network file, the strongest `share` of all pairs; nothing if it has none.
    fn graph(&self, _weights: &Weights, _share: f64) -> Option<Exported> {
        None
    }

    /// What else there is to know of trained weights, which `saltus eval` shows.
    fn study(&self, _weights: &Weights) -> Vec<Figure> {
        Vec::new()
    }
}

/// What a network is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Numbers from 0 to 1.
    Numbers(Vec<f32>),
    /// A token for each place.
    Tokens(Vec<u32>),
}

/// Samples with their right answers: a label, or a token for each place.
pub struct Questions {
    /// What is asked.
    pub asked: Vec<Asked>,
    /// The right answers.
    pub answers: Vec<Vec<u32>>,
    /// A token that marks the places that are to be answered; if there is none, all are, and an answer is right as a whole.
    pub blank: Option<u32>,
}

/// A trained network that machines can run, and what it is to do there.
pub struct Export {
    /// The network.
    pub network: Exported,
    /// The right answer of each sample.
    pub labels: Vec<usize>,
    /// What the spikes of the last layer mean.
    pub decoder: Decoder,
    /// What fired in the forward pass of training: (sample, step, neuron), layer by layer.
    pub expected: Vec<Vec<(u32, u32, u32)>>,
}

/// How a lesson is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How weights follow gradients.
    pub optimiser: Settings,
    /// Steps in all.
    pub steps: u64,
    /// Steps between two validations.
    pub every: u64,
    /// Validations without anything better after which training stops.
    pub patience: Option<u64>,
    /// Whether more is better in the first figure.
    pub more_is_better: bool,
}
