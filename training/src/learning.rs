//! A lesson being learnt: step by step, saved and resumed to the bit.

use crate::lesson::{Figure, Lesson, Part, Plan};
use crate::optimiser::Optimiser;
use crate::weights::{Misfit, Named, Weights};
use burn::tensor::Device;

/// A lesson, its weights and how far it is.
pub struct Learning {
    lesson: Box<dyn Lesson>,
    plan: Plan,
    weights: Weights,
    optimiser: Optimiser,
    step: u64,
    device: Device,
    /// The best validation, when it was, and its weights.
    best: Option<Best>,
}

struct Best {
    figure: f64,
    step: u64,
    weights: Vec<Named>,
}

/// Prefixes of names in a saved state.
const WEIGHT: &str = "weight.";
const BEST: &str = "best.";
const CARRIED: &str = "carried.";

impl Learning {
    /// At the beginning. `device` keeps gradients.
    pub fn begin(lesson: Box<dyn Lesson>, seed: u64, device: &Device) -> Self {
        let plan = lesson.plan();
        let weights = Weights::draw(lesson.declarations(), seed, device);
        let optimiser = Optimiser::new(plan.optimiser, &weights);
        Self { lesson, plan, weights, optimiser, step: 0, device: device.clone(), best: None }
    }

    /// Where a saved state was.
    ///
    /// # Errors
    /// If the state is not of this lesson.
    pub fn resume(mut lesson: Box<dyn Lesson>, saved: &State, device: &Device) -> Result<Self, Misfit> {
        lesson.carry_on(&without(CARRIED, &saved.tensors))?;
        let plan = lesson.plan();
        let weights = Weights::load(lesson.declarations(), &without(WEIGHT, &saved.tensors), device)?;
        let optimiser =
            Optimiser::load(plan.optimiser, &weights, &saved.tensors, saved.step, &device.clone().inner())?;
        let best =
            saved.best.map(|(step, figure)| Best { figure, step, weights: without(BEST, &saved.tensors) });
        Ok(Self { lesson, plan, weights, optimiser, step: saved.step, device: device.clone(), best })
    }

    /// Learns from one batch; the loss before it.
    pub fn step(&mut self) -> f64 {
        let loss = self.lesson.loss(&self.weights, self.step);
        let value = f64::from(loss.clone().into_scalar::<f32>());
        let (rows, rate) = (self.lesson.rows(), self.rate());
        self.optimiser.step(&mut self.weights, loss.backward(), &rows, rate);
        for noted in self.lesson.noted() {
            self.weights.note(noted);
        }
        self.step += 1;
        value
    }

    /// The learning rate of the next step.
    pub fn rate(&self) -> f64 {
        self.plan.optimiser.rate_at(self.step, self.plan.steps)
    }

    /// Measures on the validation slice, and keeps the weights if they are the best so far.
    pub fn validate(&mut self) -> Vec<Figure> {
        let weights = self.optimiser.best(&self.weights);
        let figures = self.lesson.measure(&weights, Part::Validation);
        let figure = figures.first().map_or(f64::NAN, |figure| figure.value);
        let better =
            |best: &Best| if self.plan.more_is_better { figure > best.figure } else { figure < best.figure };
        if self.best.as_ref().is_none_or(better) {
            self.best = Some(Best { figure, step: self.step, weights: weights.save() });
        }
        figures
    }

    /// Whether there is nothing more to do: all steps are done, or validations have stopped getting better.
    pub fn is_over(&self) -> bool {
        let stale = |best: &Best| (self.step - best.step) / self.plan.every.max(1);
        let stuck =
            self.plan.patience.zip(self.best.as_ref()).is_some_and(|(most, best)| stale(best) >= most);
        self.step >= self.plan.steps || stuck
    }

    /// Steps done.
    pub fn steps_done(&self) -> u64 {
        self.step
    }

    /// How it is learnt.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many numbers are trained.
    pub fn parameters(&self) -> usize {
        self.weights.count()
    }

    /// The best weights so far: those of the best validation if there was one, else the newest.
    pub fn best(&self) -> Vec<Named> {
        self.best
            .as_ref()
            .map_or_else(|| self.optimiser.best(&self.weights).save(), |best| best.weights.clone())
    }

    /// How well the best weights do.
    pub fn measure_best(&self, part: Part) -> Vec<Figure> {
        let best = Weights::load(self.lesson.declarations(), &self.best(), &self.device.clone().inner());
        self.lesson.measure(&best.expect("the best weights are of this lesson"), part)
    }

    /// Everything that going on needs.
    pub fn state(&self) -> State {
        let named = |prefix: &str, tensors: Vec<Named>| -> Vec<Named> {
            tensors
                .into_iter()
                .map(|tensor| Named { name: format!("{prefix}{}", tensor.name), ..tensor })
                .collect()
        };
        let mut tensors = named(WEIGHT, self.weights.save());
        tensors.extend(self.optimiser.save(&self.weights));
        tensors.extend(named(CARRIED, self.lesson.carried()));
        let best = self.best.as_ref().map(|best| {
            tensors.extend(named(BEST, best.weights.clone()));
            (best.step, best.figure)
        });
        State { step: self.step, best, tensors }
    }
}

/// A state of learning, to save.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Steps done.
    pub step: u64,
    /// Step and figure of the best validation.
    pub best: Option<(u64, f64)>,
    /// Weights, means of gradients, averages, what the lesson carries, best weights.
    pub tensors: Vec<Named>,
}

/// The tensors whose name starts with `prefix`, without it.
fn without(prefix: &str, tensors: &[Named]) -> Vec<Named> {
    let cut = |tensor: &Named| {
        let name = tensor.name.strip_prefix(prefix)?.to_owned();
        Some(Named { name, ..tensor.clone() })
    };
    tensors.iter().filter_map(cut).collect()
}
