//! ARC-AGI: tasks of which each has a rule of its own, shown by a few pairs of grids (Chollet 2019, arXiv:1911.01547).
//!
//! The pairs that show a rule are learnt, those of tasks to be tested on among them, and which task it is that a network
//! has before it is said by its identity alone: there is no other way for it to know the rule. Each task also comes in
//! variants ([`change`]), with an identity each, and while learning grids stand anywhere on their canvas ([`grid`]). Asked
//! a test input in all variants, a network has two attempts at it ([`vote`]). So it is done in the releases of HRM and TRM.
//!
//! | pairs | of tasks in `training` | of tasks in `evaluation` |
//! |---|---|---|
//! | train | learnt | learnt |
//! | test | learnt; of the last `validation` tasks validation | tested on |

pub mod change;
pub mod file;
pub mod grid;
pub mod vote;

use crate::lesson::{Job, Problem, whole};
use crate::tasks::arc::change::{Change, changes};
use crate::tasks::arc::file::{Pair, Sets, Task};
use crate::tasks::arc::grid::Canvas;
use crate::tasks::arc::vote::{Ballot, Ballots};
use crate::tasks::puzzle::Puzzle;
use sim_core::parameter::{Kind, Parameter, Range};
use sim_core::rng::{Key, Stream};

/// The side of the canvas.
pub const SIDE: Parameter = whole(
    "side",
    30.0,
    1.0,
    30.0,
    "arc: rows and columns of the canvas; tasks with larger grids are left out",
);
/// How many tasks there are.
pub const MOST: Parameter = Parameter::optional(
    "tasks",
    Kind::Integer,
    Range::Between(1.0, 1e6),
    "arc: so many tasks of each file at most, the first by name",
);
/// How many variants there are of each task.
pub const VARIANTS: Parameter =
    whole("variants", 8.0, 0.0, 10_000.0, "arc: others made of each task, if puzzles are turned into others");

/// Tasks as puzzles.
pub struct Tasks {
    /// What is learnt.
    pub learnt: Learnt,
    /// Test pairs of training tasks that are not learnt.
    pub validation: Vec<Puzzle>,
    /// What the test inputs of evaluation tasks ask, variant by variant.
    pub tested: Vec<Puzzle>,
    /// Those test inputs, to count the votes.
    pub ballots: Ballots,
}

/// Pairs that are learnt.
pub struct Learnt {
    /// What grids are seen on.
    pub canvas: Canvas,
    /// Identities in all: one a variant of a task.
    pub identities: usize,
    families: Vec<Family>,
    /// The family of each pair, and its place there.
    pairs: Vec<(usize, usize)>,
    /// Whether grids are moved on their canvas.
    moves: bool,
}

/// A task and its variants.
struct Family {
    changes: Vec<Change>,
    /// The identity of the first; those of the others follow.
    identity: usize,
    /// What is learnt of it.
    pairs: Vec<Pair>,
}

impl Tasks {
    /// The tasks of two files as the settings [`SIDE`], [`MOST`], [`VARIANTS`], `validation`, `augment` and `seed` ask for
    /// them.
    ///
    /// # Errors
    /// If none is left to learn from or to be tested on.
    pub fn of(sets: Sets, job: &Job<'_>) -> Result<Self, Problem> {
        let whole = |name: &str| job.arguments.integer(name) as usize;
        let (canvas, moves) = (Canvas { side: whole(SIDE.name) }, job.arguments.flag("augment"));
        let [learnt, validating, evaluation] = chosen(sets, job)?;
        let others = if moves { whole(VARIANTS.name) } else { 0 };
        let key = Key::new(job.seed()).named("variants");
        let variants =
            |task: &Task, set: &str| changes(&task.name, [&task.train, &task.test], others, key.named(set));
        let mut all = Self {
            learnt: Learnt { canvas, identities: 0, families: Vec::new(), pairs: Vec::new(), moves },
            validation: Vec::new(),
            tested: Vec::new(),
            ballots: Ballots { canvas, inputs: Vec::new() },
        };
        for task in learnt {
            let changes = variants(&task, "training");
            all.learnt.add(changes, task.train.into_iter().chain(task.test).collect());
        }
        for task in validating {
            let identity = all.learnt.add(variants(&task, "training"), task.train);
            let asked = task.test.iter().map(|pair| puzzle(canvas, pair, Change::NONE, identity));
            all.validation.extend(asked);
        }
        for task in evaluation {
            let changes = variants(&task, "evaluation");
            let identity = all.learnt.add(changes.clone(), task.train);
            for pair in task.test {
                let asked = (identity..).zip(&changes);
                all.tested.extend(asked.map(|(identity, change)| puzzle(canvas, &pair, *change, identity)));
                all.ballots.inputs.push(Ballot { pair, changes: changes.clone() });
            }
        }
        Ok(all)
    }
}

/// The tasks that fit and are wanted: of training all but the last, those that validate, and those of evaluation.
fn chosen(sets: Sets, job: &Job<'_>) -> Result<[Vec<Task>; 3], Problem> {
    let whole = |name: &str| job.arguments.integer(name) as usize;
    let (side, kept) = (whole(SIDE.name), whole("validation"));
    let most = job.arguments.try_number(MOST.name).map_or(usize::MAX, |most| most as usize);
    let fitting = |tasks: Vec<Task>| -> Vec<Task> {
        tasks.into_iter().filter(|task| task.side() <= side).take(most).collect()
    };
    let (mut training, evaluation) = (fitting(sets.training), fitting(sets.evaluation));
    let (count, learnt) = (training.len(), training.len().saturating_sub(kept));
    if learnt == 0 {
        return Err(Problem(format!("validation takes {kept} tasks of training, and there are {count}")));
    }
    if evaluation.is_empty() {
        return Err(Problem(format!("no task of evaluation has only grids of up to {side} × {side}")));
    }
    let validating = training.split_off(learnt);
    Ok([training, validating, evaluation])
}

/// A pair seen through a change, in the first corner of a canvas.
fn puzzle(canvas: Canvas, pair: &Pair, change: Change, identity: usize) -> Puzzle {
    let Pair { input, output } = change.of_pair(pair);
    let [given, solution] = [input, output].map(|grid| canvas.write(&grid, [0, 0]));
    Puzzle { given, solution, identity }
}

impl Learnt {
    /// Takes in a task; the identity of its first variant.
    fn add(&mut self, changes: Vec<Change>, pairs: Vec<Pair>) -> usize {
        let (family, identity) = (self.families.len(), self.identities);
        self.identities += changes.len();
        self.pairs.extend((0..pairs.len()).map(|pair| (family, pair)));
        self.families.push(Family { changes, identity, pairs });
        identity
    }

    /// A pair in a variant by chance. Of the pairs of a task one, again by chance, stands in the first corner, as all do in
    /// tests; the others anywhere, input and output moved alike.
    pub fn draw(&self, stream: &mut Stream) -> Puzzle {
        let mut below = |count: usize| stream.below(count as u32) as usize;
        let (family, pair) = self.pairs[below(self.pairs.len())];
        let Family { changes, identity, pairs } = &self.families[family];
        let variant = below(changes.len());
        let Pair { input, output } = changes[variant].of_pair(&pairs[pair]);
        let stays = below(pairs.len()) == 0 || !self.moves;
        let mut place = |a: usize, b: usize| if stays { 0 } else { below(self.canvas.side - a.max(b) + 1) };
        let at = [place(input.rows, output.rows), place(input.columns, output.columns)];
        let [given, solution] = [input, output].map(|grid| self.canvas.write(&grid, at));
        Puzzle { given, solution, identity: identity + variant }
    }

    /// The first pairs, up to `most`, as they are in their files.
    pub fn first(&self, most: usize) -> Vec<Puzzle> {
        let as_it_is = |(family, pair): &(usize, usize)| {
            let family = &self.families[*family];
            puzzle(self.canvas, &family.pairs[*pair], Change::NONE, family.identity)
        };
        self.pairs.iter().take(most).map(as_it_is).collect()
    }
}
