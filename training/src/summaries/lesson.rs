//! Summaries are learnt: what can be set, how it is learnt and measured.

use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, SEED, number, task, whole,
};
use crate::mdlm::bound::Bound;
use crate::mdlm::noise::{Noised, Schedule, spread_times};
use crate::optimiser::{Rule, Settings};
use crate::summaries::example::Example;
use crate::summaries::importance::schedule;
use crate::summaries::net::{Decoder, Read, Sizes};
use crate::summaries::study;
use crate::summaries::writer::Writer;
use crate::tasks::abstracts::{Abstracts, Document};
use crate::tasks::pieces::{FEWEST, MOST, Pieces};
use crate::weights::{Declaration, Named, Start, Weights, numbers};
use burn::tensor::{Device, Tensor};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};
use sim_core::rng::Key;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Summaries",
    summary: "Masked diffusion that summarises: an encoder reads a text, a decoder fills in a sentence about it.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(
        &["scitldr"],
        "scitldr",
        "scientific abstracts and what they say in a sentence (train, dev and test .jsonl, packed or not)",
    ),
    DATA,
    SEED,
    Parameter::choice(
        "decoder",
        &["Attention", "CrossMamba"],
        "Attention",
        "how summaries look at texts: attention, or state-space models in both directions",
    ),
    number(
        "importance",
        0.5,
        Allowed::Between(0.0, 1.0),
        "how much later what the encoder's [CLS] attends to is masked; 0 for MDLM's even noise",
    ),
    number(
        "similarity",
        0.1,
        Allowed::NotNegative,
        "weight of 1 - cos of the [CLS] of text and summary in the loss",
    ),
    whole("pieces", 2048.0, 300.0, MOST as f64, "pieces of words, learnt from the training part"),
    whole("source", 192.0, 1.0, 65536.0, "pieces of a text that are read"),
    whole("summary", 40.0, 1.0, 4096.0, "pieces of a summary"),
    whole("width", 64.0, 2.0, 4096.0, "channels of a place"),
    whole("heads", 4.0, 1.0, 64.0, "heads"),
    whole("encoder", 2.0, 1.0, 64.0, "blocks of the encoder"),
    whole("blocks", 2.0, 1.0, 64.0, "blocks of the decoder"),
    whole("expansion", 4.0, 1.0, 16.0, "how much wider a block is inside"),
    whole("states", 8.0, 1.0, 256.0, "states of a channel in a CrossMamba"),
    whole("batch", 8.0, 1.0, 65536.0, "texts of a step"),
    whole("steps", 20000.0, 1.0, 1e9, "steps of training"),
    number("rate", 2e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.0, Allowed::NotNegative, "weight decay"),
    number("clip", 1.0, Allowed::Positive, "longest gradient; longer ones are shortened to it"),
    number("average", 0.999, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    whole("every", 1000.0, 1.0, 1e9, "steps between validations"),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let (sizes, data) = (sizes(job.arguments)?, documents(job)?);
    let texts = |document: &Document| {
        document.sentences.iter().chain(&document.summaries).cloned().collect::<Vec<_>>()
    };
    let all: Vec<String> = data.train.iter().flat_map(texts).collect();
    let pieces = Pieces::learn(all.iter().map(String::as_str), sizes.pieces);
    Ok(Box::new(Summaries {
        sizes,
        learnt: data.train.iter().map(|document| Example::of(document, &pieces, &sizes)).collect(),
        data,
        pieces,
        arguments: job.arguments.clone(),
        key: Key::new(job.seed()).named("summaries"),
        device: job.device.clone(),
    }))
}

/// The documents that a job is about.
///
/// # Errors
/// If there is no folder of them, or a file in it is not such a one.
pub fn documents(job: &Job<'_>) -> Result<Abstracts, Problem> {
    let none =
        || Problem("the task scitldr needs --data, a folder with train, dev and test .jsonl files".into());
    Ok(Abstracts::read(job.data().ok_or_else(none)?)?)
}

/// The sizes of the network that these settings ask for.
///
/// # Errors
/// If heads do not share the width, an even number of channels each: channels turn in pairs.
pub fn sizes(arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let (width, heads) = (whole("width"), whole("heads"));
    if !width.is_multiple_of(2 * heads) {
        return Err(Problem(format!("width is {width}, and {heads} heads need a multiple of {}", 2 * heads)));
    }
    Ok(Sizes {
        pieces: whole("pieces"),
        source: whole("source"),
        summary: whole("summary"),
        width,
        heads,
        encoder: whole("encoder"),
        blocks: whole("blocks"),
        expansion: whole("expansion"),
        decoder: match arguments.word("decoder") {
            "CrossMamba" => Decoder::CrossMamba,
            _ => Decoder::Attention,
        },
        states: whole("states"),
    })
}

/// A tensor that is saved with the weights: the pairs that pieces are joined of.
const JOINED: &str = "pieces.joined";

/// The vocabulary that was saved with a training.
pub fn vocabulary(saved: &[Named], sizes: &Sizes) -> Pieces {
    let joined = saved.iter().find(|tensor| tensor.name == JOINED);
    Pieces::load(joined.map_or(&[], |joined| &joined.values), sizes.pieces)
}

/// A network and the documents it learns.
struct Summaries {
    sizes: Sizes,
    data: Abstracts,
    pieces: Pieces,
    learnt: Vec<Example>,
    arguments: Arguments,
    key: Key,
    device: Device,
}

/// Texts measured together.
const MEASURED: usize = 16;

/// Times at which each summary is measured.
const TIMES: usize = 4;

/// Documents to validate on, and times for each.
const VALIDATED: usize = 128;
const TIMES_OF_VALIDATION: usize = 2;

impl Summaries {
    /// When pieces are masked in summaries of these texts.
    fn schedules(&self, read: &Read, texts: &[&[u16]]) -> Vec<Schedule> {
        let strength = self.arguments.number("importance");
        if strength == 0.0 {
            return vec![Schedule::default(); texts.len()];
        }
        let seen = read.seen();
        let seen = seen.chunks_exact(seen.len() / texts.len());
        let one = |(seen, text): (&[f32], &&[u16])| {
            schedule(seen, text, self.sizes.pieces, self.sizes.end(), strength)
        };
        seen.zip(texts).map(one).collect()
    }

    /// The bound in bits per character, and its error, on summaries of documents, each at `times` times that are spread over 0 to 1, given the text that stands
    /// `away` documents further on.
    fn bound(&self, weights: &Weights, examples: &[Example], times: usize, away: usize) -> (f64, f64) {
        let key = self.key.named("measured");
        let mut bound = Bound::default();
        for (number, some) in examples.chunks(MEASURED).enumerate() {
            let key = key.numbered(number as u64);
            let text = |k: usize| &examples[(number * MEASURED + k + away) % examples.len()].text[..];
            let texts: Vec<&[u16]> = (0..some.len()).map(text).collect();
            let read = self.sizes.read(weights, &texts, &self.device);
            let schedules = self.schedules(&read, &texts);
            let each = |schedule: &Schedule| vec![schedule.clone(); times];
            let schedules: Vec<Schedule> = schedules.iter().flat_map(each).collect();
            let draw = |k: u64| spread_times(times, None, &mut key.named("times").stream(k));
            let at: Vec<f64> = (0..some.len() as u64).flat_map(draw).collect();
            let summaries: Vec<&[u16]> =
                some.iter().flat_map(|example| std::iter::repeat_n(&example.summary[..], times)).collect();
            let noised =
                Noised::draw_each(&summaries, &at, self.sizes.mask(), &schedules, key.named("masks"));
            let read = read.repeated(times);
            let logits = self.sizes.guess(weights, &read, noised.tokens(&self.device));
            let surprise = numbers(noised.surprise(logits));
            bound.add(&surprise, times, self.sizes.summary);
        }
        bound.per_character(all_characters(examples))
    }

    /// Bits per character that the frequency of pieces in what is learnt leaves, ends among them.
    fn of_frequencies(&self, examples: &[Example]) -> f64 {
        let mut counts = vec![1.0; self.sizes.pieces];
        let learnt = self.learnt.iter().flat_map(|example| &example.summary);
        learnt.for_each(|piece| counts[usize::from(*piece)] += 1.0);
        let all: f64 = counts.iter().sum();
        let pieces = examples.iter().flat_map(|example| &example.summary);
        let bits: f64 = pieces.map(|piece| libm::log2(all / counts[usize::from(*piece)])).sum();
        bits / all_characters(examples)
    }

    /// Documents as a network with these weights sees them.
    fn examples(&self, weights: &Weights, documents: &[Document]) -> Vec<Example> {
        let pieces = vocabulary(&weights.save(), &self.sizes);
        documents.iter().map(|document| Example::of(document, &pieces, &self.sizes)).collect()
    }

    /// How little the two [CLS] have in common, from 0 to 2.
    fn apart(a: Tensor<2>, b: Tensor<2>) -> Tensor<1> {
        let dot = |a: &Tensor<2>, b: &Tensor<2>| (a.clone() * b.clone()).sum_dim(1);
        let cos = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
        (cos.neg() + 1.0).mean()
    }
}

fn all_characters(examples: &[Example]) -> f64 {
    examples.iter().map(|example| example.characters).sum::<usize>().max(1) as f64
}

impl Lesson for Summaries {
    fn declarations(&self) -> Vec<Declaration> {
        let joined = Declaration::running(JOINED, [self.sizes.pieces - FEWEST, 2], Start::Constant(-1.0));
        self.sizes.declarations().into_iter().chain([joined]).collect()
    }

    fn noted(&mut self) -> Vec<Named> {
        let shape = vec![self.sizes.pieces - FEWEST, 2];
        vec![Named { name: JOINED.into(), shape, values: self.pieces.save() }]
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let steps = whole("steps");
        let optimiser = Settings {
            rule: Rule::AdamW,
            rate: self.arguments.number("rate"),
            decay: self.arguments.number("decay"),
            warm_up: (steps / 20).min(2500),
            end: 0.02,
            clip: Some(self.arguments.number("clip")),
            average: Some(self.arguments.number("average")).filter(|keep| *keep > 0.0),
            ramp: true,
            ..Settings::default()
        };
        Plan { optimiser, steps, every: whole("every"), patience: None, more_is_better: false }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let device = self.device.clone().autodiff();
        let mut stream = self.key.named("documents").stream(step);
        let some: Vec<&Example> = (0..self.arguments.integer("batch"))
            .map(|_| &self.learnt[stream.below(self.learnt.len() as u32) as usize])
            .collect();
        let texts: Vec<&[u16]> = some.iter().map(|example| &example.text[..]).collect();
        let summaries: Vec<&[u16]> = some.iter().map(|example| &example.summary[..]).collect();
        let read = self.sizes.read(weights, &texts, &device);
        let times = spread_times(some.len(), None, &mut self.key.named("times").stream(step));
        let (schedules, key) = (self.schedules(&read, &texts), self.key.named("masks").numbered(step));
        let noised = Noised::draw_each(&summaries, &times, self.sizes.mask(), &schedules, key);
        let logits = self.sizes.guess(weights, &read, noised.tokens(&device));
        let bound = noised.surprise(logits).mean();
        match self.arguments.number("similarity") {
            0.0 => bound,
            weight => {
                let of_summary = self.sizes.read(weights, &summaries, &device).cls;
                bound + Self::apart(read.cls, of_summary) * weight
            }
        }
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "Summaries are no network file: their norms and attention are arithmetic that no machine's neurons do"
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let figure = |name: &str, value: f64| Figure { name: name.into(), value };
        if part == Part::Validation {
            let some = &self.data.dev[..VALIDATED.min(self.data.dev.len())];
            let (bits, _) = self.bound(weights, &self.examples(weights, some), TIMES_OF_VALIDATION, 0);
            return vec![figure("validation_bits_per_char", bits)];
        }
        let examples = self.examples(weights, &self.data.test);
        let (bits, error) = self.bound(weights, &examples, TIMES, 0);
        vec![
            figure("bits_per_char", bits),
            figure("bits_per_char_standard_error", error),
            figure("bits_per_char_given_another_text", self.bound(weights, &examples, TIMES, 1).0),
            figure("bits_per_char_of_frequencies", self.of_frequencies(&examples)),
        ]
    }

    fn study(&self, weights: &Weights) -> Vec<Figure> {
        let writer = Writer {
            sizes: &self.sizes,
            weights,
            pieces: vocabulary(&weights.save(), &self.sizes),
            importance: self.arguments.number("importance"),
            device: &self.device,
        };
        study::figures(&writer, &self.data.test, self.key.named("study"))
    }
}
