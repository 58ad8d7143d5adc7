//! TRM learns puzzles: what can be set, how it is learnt and measured.

use crate::layers::block::Mixer;
use crate::layers::quantise;
use crate::layers::rope::Turning;
use crate::lesson::{
    DATA, Export, Figure, Job, Lesson, Model, Part, Plan, Problem, Questions, SEED, number, task, whole,
};
use crate::optimiser::{Rule, Settings};
use crate::rows::Rows;
use crate::supervision::carry::Carry;
use crate::supervision::ease::EASE;
use crate::supervision::identity::{self, Identities};
use crate::supervision::measure::measure;
use crate::supervision::practice::{Batch, Practice};
use crate::supervision::slots::MOST_STEPS;
use crate::tasks::arc;
use crate::tasks::grids::{FILES, Grids, TASKS, TASKS_ARE};
use crate::tasks::puzzle::Puzzles;
use crate::tasks::sudoku::Shape;
use crate::trm::net::Sizes;
use crate::trm::recursion::{losses, step};
use crate::weights::{Declaration, Misfit, Named, Weights};
use burn::tensor::{Device, Tensor};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Trm",
    summary: "The Tiny Recursive Model: one small network that goes over its answer to a puzzle again and again.",
    parameters: PARAMETERS,
    lesson,
};

static PARAMETERS: &[Parameter] = &[
    task(TASKS, "sudoku4", TASKS_ARE),
    DATA,
    FILES,
    arc::SIDE,
    arc::MOST,
    arc::VARIANTS,
    SEED,
    Parameter::choice(
        "mixer",
        &["Mlp", "Attention"],
        "Mlp",
        "how places see each other: by weights of their own, or by attention",
    ),
    whole("width", 48.0, 2.0, 4096.0, "channels of a place"),
    whole("heads", 4.0, 1.0, 64.0, "heads (Attention)"),
    whole("blocks", 2.0, 1.0, 64.0, "blocks of the network"),
    whole("expansion", 4.0, 1.0, 16.0, "how much wider feed-forward layers are inside"),
    whole("rounding", 64.0, 1.0, 1024.0, "inner widths are multiples of this"),
    quantise::BITS,
    whole("prefix", 1.0, 0.0, 1024.0, "places without a cell; the first place says when to halt"),
    identity::LEARNT,
    identity::RATE,
    identity::DECAY,
    whole(
        "high_cycles",
        2.0,
        1.0,
        64.0,
        "renewals of the answer in a step, of which the last is learnt from",
    ),
    whole("low_cycles", 3.0, 1.0, 64.0, "renewals of the latent state before one of the answer"),
    Parameter::choice(
        "gradient",
        &["Cycle", "Step"],
        "Cycle",
        "gradients reach through all renewals since the last of the answer, or through one of each state",
    ),
    whole("supervision", 8.0, 1.0, 1024.0, "steps that a puzzle is worked on at most, and in tests"),
    EASE,
    number(
        "explore",
        0.1,
        Allowed::Between(0.0, 1.0),
        "chance of having to go on though the network would halt",
    ),
    Parameter::flag("augment", true, "puzzles are turned into others of the same rules by chance"),
    whole("batch", 96.0, 1.0, 65536.0, "puzzles that are worked on together"),
    whole("steps", 1000.0, 1.0, MOST_STEPS, "steps of training, each one step of every puzzle"),
    number("rate", 2e-3, Allowed::Positive, "learning rate"),
    number("decay", 0.1, Allowed::NotNegative, "weight decay"),
    number("average", 0.99, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
    whole(
        "validation",
        200.0,
        1.0,
        1e9,
        "puzzles of the training data kept for validation (arc: test pairs of so many tasks)",
    ),
    whole("every", 250.0, 1.0, 1e9, "steps between validations"),
];

fn lesson(job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    of_grids(Grids::of(job)?, job)
}

/// The lesson of these Sudoku.
///
/// # Errors
/// If heads do not go into the width, or if no puzzle is left to learn from.
pub fn of_puzzles(shape: Shape, puzzles: Puzzles, job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    of_grids(Grids::sudoku(shape, puzzles, job)?, job)
}

fn of_grids(grids: Grids, job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let sizes = sizes(&grids, job.arguments)?;
    Ok(Box::new(Trm {
        practice: Practice::new(job, &grids, [sizes.places(), sizes.width])?,
        identities: Identities::of(job.arguments, &grids, [sizes.prefix, sizes.width])?,
        rows: None,
        sizes,
        grids,
        arguments: job.arguments.clone(),
        device: job.device.clone(),
    }))
}

/// The network that settings ask for.
fn sizes(grids: &Grids, arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let (width, heads) = (whole("width"), whole("heads"));
    let attends = arguments.word("mixer") == "Attention";
    if attends && !width.is_multiple_of(2 * heads) {
        return Err(Problem(format!("width is {width}, and {heads} heads need a multiple of {}", 2 * heads)));
    }
    Ok(Sizes {
        vocabulary: grids.vocabulary,
        cells: grids.cells,
        prefix: whole("prefix"),
        width,
        blocks: whole("blocks"),
        mixer: if attends { Mixer::Attention { heads, turned: Some(Turning::Line) } } else { Mixer::Mlp },
        expansion: whole("expansion"),
        rounding: whole("rounding"),
        bits: quantise::bits(arguments),
        high_cycles: whole("high_cycles"),
        low_cycles: whole("low_cycles"),
        one_step: arguments.word("gradient") == "Step",
    })
}

/// A network and the puzzles it learns.
struct Trm {
    sizes: Sizes,
    grids: Grids,
    practice: Practice,
    identities: Identities,
    /// What the last step looked at of what is learnt of each puzzle.
    rows: Option<Rows>,
    arguments: Arguments,
    device: Device,
}

impl Lesson for Trm {
    fn declarations(&self) -> Vec<Declaration> {
        self.sizes.declarations().into_iter().chain(self.identities.declaration()).collect()
    }

    fn plan(&self) -> Plan {
        let whole = |name: &str| self.arguments.integer(name) as u64;
        let steps = whole("steps");
        let optimiser = Settings {
            rule: Rule::AdamAtan2,
            rate: self.arguments.number("rate"),
            betas: (0.9, 0.95),
            decay: self.arguments.number("decay"),
            warm_up: (steps / 20).min(2000),
            average: Some(self.arguments.number("average")).filter(|keep| *keep > 0.0),
            rows: Identities::rule(&self.arguments),
            ..Settings::default()
        };
        Plan { optimiser, steps, every: whole("every"), patience: None, more_is_better: true }
    }

    fn loss(&mut self, weights: &Weights, number: u64) -> Tensor<1> {
        let Batch { sheet, carry, .. } = self.practice.next(number, &self.grids, weights);
        let (prefix, rows) = self.identities.prefix(weights, &sheet.identities);
        self.rows = rows;
        let done = step(&self.sizes, weights, sheet.given, prefix, carry);
        let (wrong, halting) = losses(&done, sheet.labels);
        self.practice.note(number, done);
        (wrong + halting * 0.5).mean()
    }

    fn rows(&mut self) -> Vec<Rows> {
        self.rows.take().into_iter().collect()
    }

    fn carried(&self) -> Vec<Named> {
        self.practice.save()
    }

    fn carry_on(&mut self, saved: &[Named]) -> Result<(), Misfit> {
        self.practice.load(saved)
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn why_no_export(&self) -> &'static str {
        "a Trm has no spikes yet: saltus compile makes a network file of it"
    }

    fn questions(&self, part: Part, count: usize) -> Option<Questions> {
        // A compiled network has nothing in its prefix.
        (!self.identities.are_learnt()).then(|| self.grids.questions(part, count))
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let most = self.arguments.integer("supervision") as usize;
        let start = |puzzles: usize| Carry::fresh(weights, puzzles, self.sizes.places());
        measure(&self.grids, part, most, &self.device, start, |sheet, carry| {
            let (prefix, _) = self.identities.prefix(weights, &sheet.identities);
            step(&self.sizes, weights, sheet.given.clone(), prefix, carry)
        })
    }
}
