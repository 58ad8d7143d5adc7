//! BDH learns a text: what can be set, how it is learnt and measured.

use crate::bdh::edges;
use crate::bdh::fused::{self, Dropout};
use crate::bdh::graph;
use crate::bdh::native::Native;
use crate::bdh::paper;
use crate::bdh::recall::Recall;
use crate::bdh::reference::{Layer, Sizes, loss};
use crate::bdh::spikes;
use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, SEED, number, task, whole,
};
use crate::nets::export::Exported;
use crate::optimiser::{Rule, Settings};
use crate::tasks::counting::Counted;
use crate::tasks::recall::{KEYS, TOKENS};
use crate::tasks::text::{BYTES, Text, characters};
use crate::weights::{Declaration, Weights, numbers};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};
use sim_core::rng::Key;
use std::ops::Range;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Bdh",
    summary: "The Baby Dragon Hatchling: wide layers of neurons with a Hebbian working memory, which learn to go on with a text.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(
        &["text", "recall"],
        "text",
        "a text, byte by byte (train.txt and val.txt, or one that comes with the program), or pairs to remember",
    ),
    DATA,
    SEED,
    Parameter::choice("form", &["Released", "Paper"], "Released", "which of the two published forms"),
    whole("pairs", 8.0, 1.0, KEYS as f64, "pairs to remember, at most (recall)"),
    whole("width", 64.0, 2.0, 4096.0, "numbers that pass from layer to layer"),
    whole("heads", 2.0, 1.0, 64.0, "heads"),
    whole("neurons", 512.0, 2.0, 65536.0, "neurons of a head, an even number"),
    whole("layers", 2.0, 1.0, 64.0, "how often the layer is applied, always with the same weights"),
    whole("window", 128.0, 2.0, 65536.0, "bytes of a stretch of text (text)"),
    whole("batch", 8.0, 1.0, 65536.0, "stretches, or lists of pairs, of a step"),
    whole("steps", 4500.0, 1.0, 1e9, "steps of training"),
    number("rate", 5e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.1, Allowed::NotNegative, "weight decay"),
    number(
        "dropout",
        0.0,
        Allowed::Between(0.0, 0.9),
        "share of x·y left out by chance while training (Released)",
    ),
    number("clip", 1.0, Allowed::Positive, "longest gradient; longer ones are shortened to it"),
    number("average", 0.99, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    number("validation", 0.02, Allowed::Between(0.0, 0.5), "share of the training text kept for validation"),
    whole("every", 500.0, 1.0, 1e9, "steps between validations"),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let (sizes, form) = (sizes(job.arguments)?, Form::of(job.arguments));
    if form == Form::Paper && job.arguments.number("dropout") > 0.0 {
        return Err(Problem("dropout is of the released form, not of the paper's".into()));
    }
    if job.arguments.word("task") == "recall" {
        return Ok(Box::new(Recall::new(sizes, form, job)));
    }
    let text = Text::read(job.data())?;
    let window = job.arguments.integer("window") as usize;
    let (learnt, validation) = text.validation(job.arguments.number("validation"), window)?;
    Ok(Box::new(Bdh {
        sizes,
        form,
        text,
        learnt,
        validation,
        window,
        arguments: job.arguments.clone(),
        key: Key::new(job.seed()).named("stretches of text"),
        device: job.device.clone(),
    }))
}

/// The two published forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// That of the code.
    Released,
    /// That of the paper.
    Paper,
}

impl Form {
    /// The form that these settings ask for.
    pub fn of(arguments: &Arguments) -> Self {
        if arguments.word("form") == "Paper" { Self::Paper } else { Self::Released }
    }

    /// Logits `[text][place][token]` for tokens `[text][place]`; dropout is of the released form only.
    pub fn forward(
        self,
        sizes: &Sizes,
        weights: &Weights,
        tokens: Tensor<2, Int>,
        dropout: Option<Dropout>,
    ) -> Tensor<3> {
        match self {
            Self::Released => fused::forward(sizes, weights, tokens, dropout),
            Self::Paper => paper::forward(sizes, weights, tokens).0,
        }
    }
}

/// The sizes of the network that these settings ask for.
///
/// # Errors
/// If the neurons of a head are not an even number: they turn in pairs.
pub fn sizes(arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    if !whole("neurons").is_multiple_of(2) {
        return Err(Problem(format!("neurons is {}, and they turn in pairs", whole("neurons"))));
    }
    Ok(Sizes {
        vocabulary: if arguments.word("task") == "recall" { TOKENS } else { BYTES },
        width: whole("width"),
        heads: whole("heads"),
        neurons: whole("neurons"),
        layers: whole("layers"),
    })
}

/// How these settings say it is learnt, where less is better.
pub fn plan(arguments: &Arguments) -> Plan {
    let whole = |name: &str| arguments.integer(name) as u64;
    let steps = whole("steps");
    let optimiser = Settings {
        rule: Rule::AdamW,
        rate: arguments.number("rate"),
        decay: arguments.number("decay"),
        warm_up: (steps / 20).min(100),
        end: 0.02,
        clip: Some(arguments.number("clip")),
        average: Some(arguments.number("average")).filter(|keep| *keep > 0.0),
        ..Settings::default()
    };
    Plan { optimiser, steps, every: whole("every"), patience: None, more_is_better: false }
}

/// What these settings leave out in step `step`.
pub fn dropout(arguments: &Arguments, step: u64) -> Option<Dropout> {
    let key = Key::new(arguments.integer("seed") as u64).named("dropout").numbered(step);
    Some(arguments.number("dropout")).filter(|share| *share > 0.0).map(|share| Dropout { share, key })
}

/// A network and the text it learns.
struct Bdh {
    sizes: Sizes,
    form: Form,
    text: Text,
    learnt: Range<usize>,
    validation: Range<usize>,
    window: usize,
    arguments: Arguments,
    key: Key,
    device: Device,
}

/// Stretches measured together.
const MEASURED: usize = 32;

/// Edges of the neurons' graphs that are kept, in percent.
const EDGES: [f64; 4] = [1.0, 5.0, 20.0, 100.0];

impl Bdh {
    /// Bits that the network needs for the text: stretches overlap by half a window, and of each but the first
    /// only the second half counts, so that each byte but the first is predicted once, with half a window before it
    /// at least.
    fn bits(&self, weights: &Weights, text: &[u8]) -> f64 {
        let half = self.window / 2;
        let starts: Vec<usize> =
            (0..text.len() - self.window).step_by(half).chain([text.len() - 1 - self.window]).collect();
        let (mut bits, mut done) = (0.0, 0);
        for some in starts.chunks(MEASURED) {
            let (tokens, targets) = self.stretches(text, some, &self.device);
            let logits = self.form.forward(&self.sizes, weights, tokens, None);
            let targets = targets.reshape([some.len(), self.window, 1]);
            let likely = numbers(log_softmax(logits, 2).gather(2, targets));
            for (start, likely) in some.iter().zip(likely.chunks_exact(self.window)) {
                let fresh = done.max(*start) - start;
                bits -= likely[fresh..].iter().map(|nats| f64::from(*nats)).sum::<f64>();
                done = start + self.window;
            }
        }
        bits / std::f64::consts::LN_2
    }

    /// The stretches on which codes and graphs are measured, and what is to come in them.
    fn measured(&self, text: &[u8]) -> (Tensor<2, Int>, Tensor<2, Int>) {
        let stretches = text.chunks_exact(self.window + 1).take(MEASURED).enumerate();
        let starts: Vec<usize> = stretches.map(|(stretch, _)| stretch * (self.window + 1)).collect();
        self.stretches(text, &starts, &self.device)
    }

    /// Bits per character on the second halves of those stretches, with some of the edges of the neurons' graphs.
    fn bits_with_edges(&self, weights: &Weights, share: f64) -> f64 {
        let (tokens, targets) = self.measured(&self.text.test);
        let ([stretches, _], half) = (tokens.dims(), self.window / 2);
        let likely = log_softmax(edges::forward(&self.sizes, weights, tokens, share), 2);
        let likely = likely.gather(2, targets.reshape([stretches, self.window, 1]));
        let nats = numbers(likely.narrow(1, half, self.window - half))
            .iter()
            .map(|nats| f64::from(*nats))
            .sum::<f64>();
        let coming = self.text.test.chunks_exact(self.window + 1).take(MEASURED);
        let characters: usize = coming.map(|stretch| characters(&stretch[1 + half..])).sum();
        -nats / std::f64::consts::LN_2 / characters.max(1) as f64
    }

    /// Tokens `[stretch][place]` from these places on, and those that are to come.
    fn stretches(&self, text: &[u8], starts: &[usize], device: &Device) -> (Tensor<2, Int>, Tensor<2, Int>) {
        let shape = [starts.len(), self.window];
        let take = |later: usize| {
            let stretch = |start: &usize| text[start + later..][..self.window].iter().map(|b| i64::from(*b));
            let tokens: Vec<i64> = starts.iter().flat_map(stretch).collect();
            Tensor::from_data(TensorData::new(tokens, shape), device)
        };
        (take(0), take(1))
    }
}

impl Lesson for Bdh {
    fn declarations(&self) -> Vec<Declaration> {
        self.sizes.declarations()
    }

    fn plan(&self) -> Plan {
        plan(&self.arguments)
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let mut stream = self.key.stream(step);
        let places = (self.learnt.len() - self.window) as u32;
        let starts: Vec<usize> =
            (0..self.arguments.integer("batch")).map(|_| stream.below(places) as usize).collect();
        let device = self.device.clone().autodiff();
        let (tokens, targets) = self.stretches(&self.text.train, &starts, &device);
        let dropout = dropout(&self.arguments, step);
        loss(self.form.forward(&self.sizes, weights, tokens, dropout), targets)
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let text = match part {
            Part::Validation => &self.text.train[self.validation.clone()],
            Part::Test => &self.text.test,
        };
        let per_character = |bits: f64| bits / characters(&text[1..]).max(1) as f64;
        let name = if part == Part::Test { "bits_per_char" } else { "validation_bits_per_char" };
        let mut figures = vec![Figure { name: name.into(), value: per_character(self.bits(weights, text)) }];
        if part == Part::Test {
            let counted = Counted::of(&self.text.train).bits(text);
            figures.extend((1..).zip(counted).map(|(n, bits)| Figure {
                name: format!("bits_per_char_of_{n}_grams"),
                value: bits / characters(text).max(1) as f64,
            }));
        }
        figures
    }

    fn graph(&self, weights: &Weights, share: f64) -> Option<Exported> {
        Some(graph::export(&self.sizes, weights, share))
    }

    fn study(&self, weights: &Weights) -> Vec<Figure> {
        if self.form != Form::Released {
            return Vec::new();
        }
        let (train, seed) = (&self.text.train[self.learnt.clone()], self.arguments.integer("seed") as u64);
        let net = Native::new(self.sizes, &weights.save()).expect("the weights are of this network");
        let text = &self.text.test;
        let (_, layers) = self.sizes.forward(weights, self.measured(text).0);
        let share = |(layer, done): (usize, Layer)| Figure {
            name: format!("layer_{layer}_share_of_y_above_0"),
            value: f64::from(done.y.greater_elem(0.0).float().mean().into_scalar::<f32>()),
        };
        let mut figures: Vec<Figure> = (1..).zip(layers).map(share).collect();
        figures.extend(spikes::figures(&net, train, text, self.window, seed));
        figures.extend(EDGES.map(|percent| Figure {
            name: format!("bits_per_char_with_{percent}_percent_of_edges"),
            value: self.bits_with_edges(weights, percent / 100.0),
        }));
        figures
    }
}
