//! HRM learns puzzles: what can be set, how it is learnt and measured.

use crate::hrm::dimension::Spread;
use crate::hrm::net::{Positions, Sizes};
use crate::hrm::recursion::{Thought, step};
use crate::layers::quantise;
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
use crate::tasks::grids::{FILES, Grids, Sheet, TASKS, TASKS_ARE};
use crate::weights::{Declaration, Misfit, Named, Weights};
use burn::tensor::{Device, Tensor};
use sim_core::parameter::{Arguments, Parameter, Range as Allowed};

/// The row of this family.
pub static MODEL: Model = Model {
    name: "Hrm",
    summary: "The Hierarchical Reasoning Model: a slow and a fast network that go over an answer to a puzzle together.",
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
    whole("width", 48.0, 2.0, 4096.0, "channels of a place"),
    whole("heads", 4.0, 1.0, 64.0, "heads"),
    Parameter::choice(
        "positions",
        &["Turned", "Grid", "Learned"],
        "Turned",
        "how places are told apart: queries and keys turned by them, or by row and column (RoPE), or something learnt of each",
    ),
    whole("high_blocks", 2.0, 1.0, 64.0, "blocks of the slow network"),
    whole("low_blocks", 2.0, 1.0, 64.0, "blocks of the fast network"),
    whole("expansion", 4.0, 1.0, 16.0, "how much wider feed-forward layers are inside"),
    whole("rounding", 64.0, 1.0, 1024.0, "inner widths are multiples of this"),
    quantise::BITS,
    whole("prefix", 1.0, 1.0, 1024.0, "places without a cell; the first says when to halt"),
    identity::LEARNT,
    identity::RATE,
    identity::DECAY,
    whole("high_cycles", 2.0, 1.0, 64.0, "calls of the slow network in a step"),
    whole("low_cycles", 2.0, 1.0, 64.0, "calls of the fast network before one of the slow one"),
    whole("supervision", 16.0, 1.0, 1024.0, "steps that a puzzle is worked on at most, and in tests"),
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
    number("average", 0.0, Allowed::Between(0.0, 1.0), "what averaged weights keep in a step; 0 for none"),
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

/// The lesson of these puzzles.
///
/// # Errors
/// If heads do not go into the width.
pub fn of_grids(grids: Grids, job: &Job<'_>) -> Result<Box<dyn Lesson>, Problem> {
    let sizes = sizes(&grids, job.arguments)?;
    Ok(Box::new(Hrm {
        practice: Practice::new(job, &grids, [sizes.places(), sizes.width])?,
        identities: Identities::of(job.arguments, &grids, [sizes.prefix, sizes.width])?,
        rows: None,
        sizes,
        grids,
        arguments: job.arguments.clone(),
        device: job.device.clone(),
        seed: job.seed(),
    }))
}

/// The networks that settings ask for.
fn sizes(grids: &Grids, arguments: &Arguments) -> Result<Sizes, Problem> {
    let whole = |name: &str| arguments.integer(name) as usize;
    let (width, heads) = (whole("width"), whole("heads"));
    if !width.is_multiple_of(2 * heads) {
        return Err(Problem(format!("width is {width}, and {heads} heads need a multiple of {}", 2 * heads)));
    }
    Ok(Sizes {
        vocabulary: grids.vocabulary,
        cells: grids.cells,
        prefix: whole("prefix"),
        width,
        heads,
        positions: match arguments.word("positions") {
            "Learned" => Positions::Learned,
            "Grid" => Positions::Grid,
            _ => Positions::Turned,
        },
        high_blocks: whole("high_blocks"),
        low_blocks: whole("low_blocks"),
        expansion: whole("expansion"),
        rounding: whole("rounding"),
        bits: quantise::bits(arguments),
        high_cycles: whole("high_cycles"),
        low_cycles: whole("low_cycles"),
    })
}

/// The networks and the puzzles they learn.
struct Hrm {
    sizes: Sizes,
    grids: Grids,
    practice: Practice,
    identities: Identities,
    /// What the last step looked at of what is learnt of each puzzle.
    rows: Option<Rows>,
    arguments: Arguments,
    device: Device,
    seed: u64,
}

/// Test puzzles whose states are looked at.
const STUDIED: usize = 100;

impl Hrm {
    /// One step of supervision that is not learnt from.
    fn step(&self, weights: &Weights, sheet: &Sheet, carry: Carry) -> Thought {
        let (prefix, _) = self.identities.prefix(weights, &sheet.identities);
        step(&self.sizes, weights, sheet.given.clone(), prefix, carry)
    }

    fn supervision(&self) -> usize {
        self.arguments.integer("supervision") as usize
    }

    fn fresh(&self, weights: &Weights, puzzles: usize) -> Carry {
        Carry::fresh(weights, puzzles, self.sizes.places())
    }

    /// How many dimensions z_H and z_L use after all steps of some test puzzles.
    fn participation(&self, weights: &Weights) -> [f64; 2] {
        let puzzles = self.grids.part(Part::Test);
        let puzzles = &puzzles[..puzzles.len().min(STUDIED)];
        let sheet = self.grids.sheet(puzzles, &self.device);
        let mut carry = self.fresh(weights, puzzles.len());
        let mut spreads = [0, 1].map(|_| Spread::new(self.sizes.width));
        for _ in 0..self.supervision() {
            carry = self.step(weights, &sheet, carry).step.carry;
            spreads[0].add(&carry.answer);
            spreads[1].add(&carry.latent);
        }
        spreads.map(|spread| spread.participation())
    }
}

impl Lesson for Hrm {
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
        let Batch { sheet, carry, last } = self.practice.next(number, &self.grids, weights);
        let (prefix, rows) = self.identities.prefix(weights, &sheet.identities);
        self.rows = rows;
        let (tokens, same) = (sheet.given.clone(), prefix.clone().inner());
        let done = step(&self.sizes, weights, sheet.given, prefix, carry);
        let after = step(&self.sizes, &weights.fixed(), tokens.inner(), same, done.step.carry.clone());
        let worth = Tensor::from_inner(after.worth(&last));
        let [wrong, halting, going_on] = done.losses(sheet.labels, worth);
        self.practice.note(number, done.step);
        (wrong + (halting + going_on) * 0.5).mean()
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
        "an Hrm is no network file as it is trained; `saltus compile` makes one of it"
    }

    fn questions(&self, part: Part, count: usize) -> Option<Questions> {
        // A compiled network has nothing in its prefix.
        (!self.identities.are_learnt()).then(|| self.grids.questions(part, count))
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let start = |puzzles: usize| self.fresh(weights, puzzles);
        measure(&self.grids, part, self.supervision(), &self.device, start, |sheet, carry| {
            self.step(weights, sheet, carry).step
        })
    }

    /// How many dimensions the states of both networks use, and how many they did before training.
    fn study(&self, weights: &Weights) -> Vec<Figure> {
        let untrained = Weights::draw(self.declarations(), self.seed, &self.device);
        let of = |weights: &Weights, when: &str| {
            let figures = ["high", "low"].into_iter().zip(self.participation(weights));
            figures
                .map(|(name, value)| Figure { name: format!("participation_{name}{when}"), value })
                .collect::<Vec<_>>()
        };
        let mut figures = of(weights, "");
        figures.extend(of(&untrained, "_untrained"));
        figures
    }
}
