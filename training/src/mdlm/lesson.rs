//! MDLM learns a text: what can be set, how it is learnt and measured.

use crate::lesson::{
    Asked, DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, Questions, SEED, number, task,
    whole,
};
use crate::mdlm::bound::Bound;
use crate::mdlm::net::Sizes;
use crate::mdlm::noise::{Noised, Schedule, spread_times};
use crate::mdlm::study;
use crate::optimiser::{Rule, Settings};
use crate::tasks::counting::Counted;
use crate::tasks::text::{BYTES, Text, characters};
use crate::weights::{Declaration, Named, Start, Weights, numbers};
use burn::tensor::{Device, Tensor};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};
use sim_core::rng::Key;
use std::ops::Range;

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Mdlm",
    summary: "A masked diffusion language model: a transformer that fills in the masked places of a text.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(
        &["text"],
        "text",
        "a text, byte by byte (train.txt and val.txt, or one that comes with the program)",
    ),
    DATA,
    SEED,
    whole("width", 96.0, 2.0, 4096.0, "channels of a place"),
    whole("heads", 4.0, 1.0, 64.0, "heads"),
    whole("blocks", 3.0, 1.0, 64.0, "blocks of the network"),
    whole("expansion", 4.0, 1.0, 16.0, "how much wider a block is inside"),
    whole("condition", 32.0, 1.0, 4096.0, "numbers that say what time it is"),
    Parameter::flag("timed", false, "the network is told the time"),
    number("gate", 1.0, Allowed::Any, "what adaLN's gates begin with; 0 in the release"),
    whole("window", 64.0, 2.0, 4096.0, "bytes of a stretch of text"),
    whole("batch", 8.0, 1.0, 65536.0, "stretches of a step"),
    number(
        "importance",
        0.0,
        Allowed::Between(0.0, 1.0),
        "how much later rare bytes are masked than frequent ones",
    ),
    whole("times", 0.0, 0.0, 1e9, "steps of time, as D3PM has them; 0 for all of time"),
    whole("steps", 20000.0, 1.0, 1e9, "steps of training"),
    number("rate", 4e-3, Allowed::Positive, "learning rate at its highest"),
    number("decay", 0.0, Allowed::NotNegative, "weight decay"),
    number("clip", 1.0, Allowed::Positive, "longest gradient; longer ones are shortened to it"),
    number("average", 0.999, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    number("validation", 0.02, Allowed::Between(0.0, 0.5), "share of the training text kept for validation"),
    whole("every", 1000.0, 1.0, 1e9, "steps between validations"),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let sizes = sizes(job.arguments)?;
    let text = Text::read(job.data())?;
    let window = job.arguments.integer("window") as usize;
    let (learnt, validation) = text.validation(job.arguments.number("validation"), window)?;
    let importance = job.arguments.number("importance");
    if importance > 0.0 && job.arguments.integer("times") > 0 {
        return Err(Problem("importance is for all of time, and times asks for steps of it".into()));
    }
    Ok(Box::new(Mdlm {
        sizes,
        lean: leans(&text.train[learnt.clone()], importance),
        text,
        learnt,
        validation,
        window,
        arguments: job.arguments.clone(),
        key: Key::new(job.seed()).named("masked text"),
        device: job.device.clone(),
    }))
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
        vocabulary: BYTES,
        width,
        heads,
        blocks: whole("blocks"),
        expansion: whole("expansion"),
        condition: whole("condition"),
        timed: arguments.flag("timed"),
        gate: arguments.number("gate") as f32,
    })
}

/// A tensor that is saved with the weights where some bytes are masked later than others.
const LEAN: &str = "schedule.lean";

/// How bytes lean ([`Schedule`]) by the surprise that they are in a text: none if `importance` is 0, from −importance for the
/// rarest; weighted by how often they come they lean nowhere.
fn leans(text: &[u8], importance: f64) -> Vec<f32> {
    let mut counts = [1.0; BYTES];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1.0);
    let all: f64 = counts.iter().sum();
    let surprise = counts.map(|count| libm::log2(all / count));
    let mean = counts.iter().zip(surprise).map(|(count, bits)| count / all * bits).sum::<f64>();
    let most = surprise.iter().fold(f64::MIN_POSITIVE, |most, bits| most.max((bits - mean).abs()));
    surprise.iter().map(|bits| (importance * (mean - bits) / most) as f32).collect()
}

/// When bytes are masked, by the tensors that were saved with a training.
pub fn schedule(saved: &[Named]) -> Schedule {
    let lean = saved.iter().find(|tensor| tensor.name == LEAN);
    Schedule::leaning(lean.map_or_else(Vec::new, |lean| lean.values.iter().map(|d| f64::from(*d)).collect()))
}

/// A network and the text it learns.
struct Mdlm {
    sizes: Sizes,
    /// How bytes lean; all 0 if none does.
    lean: Vec<f32>,
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

/// Times at which each stretch is measured.
const TIMES: usize = 16;
const TIMES_OF_VALIDATION: usize = 4;

impl Mdlm {
    fn leans(&self) -> bool {
        self.lean.iter().any(|d| *d != 0.0)
    }

    /// When bytes are masked: as the weights were trained.
    fn schedule(&self, weights: &Weights) -> Schedule {
        if self.leans() { schedule(&weights.save()) } else { Schedule::default() }
    }

    /// The bound in bits per character, and its error, on stretches of a text, one after another, each at `times` times that are spread over 0 to 1. What is left
    /// behind the last whole stretch is not measured.
    fn bound(&self, weights: &Weights, text: &[u8], times: usize) -> (f64, f64) {
        let (key, schedule) = (self.key.named("measured"), self.schedule(weights));
        let stretches: Vec<&[u8]> = text.chunks_exact(self.window).collect();
        let mut bound = Bound::default();
        for (number, some) in stretches.chunks(MEASURED.div_ceil(times)).enumerate() {
            let key = key.numbered(number as u64);
            let draw = |k: u64| spread_times(times, None, &mut key.named("times").stream(k));
            let at: Vec<f64> = (0..some.len() as u64).flat_map(draw).collect();
            let texts: Vec<&[u8]> = some.iter().flat_map(|text| std::iter::repeat_n(*text, times)).collect();
            let noised = Noised::draw(&texts, &at, self.sizes.mask(), &schedule, key.named("masks"));
            let logits = self.sizes.forward(weights, noised.tokens(&self.device), &noised.noise);
            let surprise = numbers(noised.surprise(logits));
            bound.add(&surprise, times, self.window);
        }
        let measured = &text[..stretches.len() * self.window];
        bound.per_character(characters(measured).max(1) as f64)
    }
}

impl Lesson for Mdlm {
    fn declarations(&self) -> Vec<Declaration> {
        let lean = self.leans().then(|| Declaration::running(LEAN, [BYTES], Start::Constant(0.0)));
        self.sizes.declarations().into_iter().chain(lean).collect()
    }

    fn noted(&mut self) -> Vec<Named> {
        let lean = || Named { name: LEAN.into(), shape: vec![BYTES], values: self.lean.clone() };
        self.leans().then(lean).into_iter().collect()
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
        let mut stream = self.key.named("stretches").stream(step);
        let places = (self.learnt.len() - self.window + 1) as u32;
        let texts: Vec<&[u8]> = (0..self.arguments.integer("batch"))
            .map(|_| &self.text.train[stream.below(places) as usize..][..self.window])
            .collect();
        let steps = Some(self.arguments.integer("times") as u64).filter(|steps| *steps > 0);
        let times = spread_times(texts.len(), steps, &mut self.key.named("times").stream(step));
        let schedule = Schedule::leaning(self.lean.iter().map(|d| f64::from(*d)).collect());
        let key = self.key.named("masks").numbered(step);
        let noised = Noised::draw(&texts, &times, self.sizes.mask(), &schedule, key);
        let tokens = noised.tokens(&self.device.clone().autodiff());
        noised.surprise(self.sizes.forward(weights, tokens, &noised.noise)).mean()
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "an Mdlm is no network file as it is trained; `saltus compile` makes one of it"
    }

    /// Stretches of the text with masked places: from one to all of them, each number equally often.
    fn questions(&self, part: Part, count: usize) -> Option<Questions> {
        let text =
            if part == Part::Test { &self.text.test } else { &self.text.train[self.validation.clone()] };
        let stretches = text.chunks_exact(self.window);
        let (all, mask) = (stretches.len().max(1), self.sizes.mask() as u32);
        let key = self.key.named("asked");
        let masked = |(number, stretch): (usize, &[u8])| {
            let mut stream = key.stream(number as u64);
            let mut order: Vec<usize> = (0..stretch.len()).collect();
            for at in (1..order.len()).rev() {
                order.swap(at, stream.below(at as u32 + 1) as usize);
            }
            let mut tokens: Vec<u32> = stretch.iter().map(|byte| u32::from(*byte)).collect();
            let masked = 1 + stream.below(stretch.len() as u32) as usize;
            order[..masked].iter().for_each(|at| tokens[*at] = mask);
            (Asked::Tokens(tokens), stretch.iter().map(|byte| u32::from(*byte)).collect())
        };
        // Spread over the whole text, since what lies side by side is alike.
        let step = (all / count.max(1)).max(1);
        let (asked, answers) = stretches.enumerate().step_by(step).take(count).map(masked).unzip();
        Some(Questions { asked, answers, blank: Some(mask) })
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let figure = |name: &str, value: f64| Figure { name: name.into(), value };
        if part == Part::Validation {
            let (bits, _) =
                self.bound(weights, &self.text.train[self.validation.clone()], TIMES_OF_VALIDATION);
            return vec![figure("validation_bits_per_char", bits)];
        }
        let (bits, error) = self.bound(weights, &self.text.test, TIMES);
        let mut figures = vec![figure("bits_per_char", bits), figure("bits_per_char_standard_error", error)];
        let counted = Counted::of(&self.text.train).bits(&self.text.test);
        let characters = characters(&self.text.test).max(1) as f64;
        figures.extend((1..).zip(counted).map(|(n, bits)| Figure {
            name: format!("bits_per_char_of_{n}_grams"),
            value: bits / characters,
        }));
        figures
    }

    fn study(&self, weights: &Weights) -> Vec<Figure> {
        let schedule = self.schedule(weights);
        let known = study::Known { sizes: &self.sizes, weights, schedule, device: &self.device };
        let learnt = &self.text.train[self.learnt.clone()];
        let key = self.key.named("study");
        let mut figures = known.infilling(learnt, &self.text.test, self.window, key);
        figures.extend(known.sampling(learnt, self.window, key));
        figures
    }
}
