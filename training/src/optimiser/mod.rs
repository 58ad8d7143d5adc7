//! How weights follow their gradients.
//!
//! | rule | step, with m and v the decayed means of g and g² (bias-corrected as in each paper) | source |
//! |---|---|---|
//! | `Adam` | w ← w − lr·m̂/(√v̂ + ε), decay in the gradient | Kingma and Ba 2015 |
//! | `AdamW` | the same, decay on the weight | Loshchilov and Hutter 2019 |
//! | `AdamAtan2` | w ← w − lr/(1−β₁ᵗ)·atan2(m, √v/√(1−β₂ᵗ)), decay on the weight; no ε | Everett et al. 2024 |
//! | `RmsProp` | w ← w − lr·g/(√v + ε), decay in the gradient | Hinton 2012 |
//!
//! Tables of which a step looks at few rows move by the sign of the gradient whatever the rule ([`SignSgd`]).

pub mod signs;
mod step;

use crate::optimiser::signs::{SignSgd, follow_signs};
use crate::optimiser::step::{Step, averaged, stepped};
use crate::rows::Rows;
use crate::weights::{Declaration, Learns, Misfit, Named, Weights, numbers};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// The rule by which a weight moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Kingma and Ba 2015.
    Adam,
    /// Loshchilov and Hutter 2019.
    AdamW,
    /// Everett et al. 2024, as TRM and HRM use it.
    AdamAtan2,
    /// Hinton 2012.
    RmsProp,
}

/// An optimiser's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How weights move.
    pub rule: Rule,
    /// Learning rate at its highest.
    pub rate: f64,
    /// What is kept of m and of v at each step.
    pub betas: (f64, f64),
    /// Weight decay.
    pub decay: f64,
    /// Longest gradient, over all weights; longer ones are shortened to it.
    pub clip: Option<f64>,
    /// Steps in which the rate rises from 0.
    pub warm_up: u64,
    /// Where the rate ends, as a share of its highest; it falls along a half cosine.
    pub end: f64,
    /// What the averaged weights keep of themselves at each step; none are kept if absent.
    pub average: Option<f64>,
    /// Whether they keep less at first, no more than (1 + k) / (10 + k) at step k, so that they soon forget the start.
    pub ramp: bool,
    /// How rows of tables move.
    pub rows: SignSgd,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rule: Rule::AdamW,
            rate: 1e-3,
            betas: (0.9, 0.999),
            decay: 0.0,
            clip: None,
            warm_up: 0,
            end: 1.0,
            average: None,
            ramp: false,
            rows: SignSgd::default(),
        }
    }
}

impl Settings {
    /// What averages keep of themselves in step `step` (from 1).
    fn kept(&self, step: u64) -> Option<f64> {
        let most = if self.ramp { (1.0 + step as f64) / (10.0 + step as f64) } else { 1.0 };
        self.average.map(|keep| keep.min(most))
    }

    /// The learning rate of step `step` (from 0) of `steps`.
    pub fn rate_at(&self, step: u64, steps: u64) -> f64 {
        let warm = if step < self.warm_up { (step + 1) as f64 / self.warm_up as f64 } else { 1.0 };
        let progress =
            step.saturating_sub(self.warm_up) as f64 / steps.saturating_sub(self.warm_up).max(1) as f64;
        let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress.min(1.0)));
        self.rate * warm * (self.end + (1.0 - self.end) * cosine)
    }
}

/// An optimiser and what it remembers of each weight.
pub struct Optimiser {
    settings: Settings,
    /// Steps done.
    step: u64,
    /// Of each tensor that follows its gradients by the rule.
    memories: Vec<Option<Memory>>,
}

/// What is remembered of a tensor.
struct Memory {
    m: Tensor<1>,
    v: Tensor<1>,
    average: Option<Tensor<1>>,
}

impl Optimiser {
    /// Knows nothing yet of these weights.
    pub fn new(settings: Settings, weights: &Weights) -> Self {
        let memory = |(declaration, value): (&Declaration, Tensor<1>)| {
            (declaration.learns == Learns::ByRule).then(|| Memory {
                m: value.zeros_like(),
                v: value.zeros_like(),
                average: settings.average.map(|_| value),
            })
        };
        let memories = weights.declarations().iter().zip(weights.values()).map(memory).collect();
        Self { settings, step: 0, memories }
    }

    /// Moves the weights once, with the learning rate `rate`, and those rows of tables that a step has looked at.
    pub fn step(&mut self, weights: &mut Weights, mut gradients: Gradients, rows: &[Rows], rate: f64) {
        self.step += 1;
        for rows in rows {
            let by =
                SignSgd { rate: self.settings.rows.rate * rate / self.settings.rate, ..self.settings.rows };
            follow_signs(weights, rows, &gradients, by);
        }
        let shorten = self.settings.clip.map_or(1.0, |longest| shorten(weights, &gradients, longest));
        let (settings, step, memories) = (self.settings, self.step, &mut self.memories);
        weights.update(&mut gradients, |place, declaration, value, gradient| {
            let Some(memory) = &mut memories[place] else { return value };
            let decay = if declaration.decays { settings.decay } else { 0.0 };
            let by = settings.of_step(step, rate, decay, shorten);
            let moments = (taken(&mut memory.m), taken(&mut memory.v));
            let [value, m, v] = stepped(value, moments, gradient, by);
            (memory.m, memory.v) = (m, v);
            value
        });
        let Some(keep) = settings.kept(step) else { return };
        for (memory, value) in self.memories.iter_mut().zip(weights.values()) {
            if let Some(average) = memory.as_mut().and_then(|memory| memory.average.as_mut()) {
                *average = averaged(taken(average), value, keep as f32);
            }
        }
    }

    /// The weights to evaluate: averaged if averages are kept, without gradients. What does not follow them by the rule is as
    /// it is.
    pub fn best(&self, weights: &Weights) -> Weights {
        let best = self.memories.iter().zip(weights.values());
        let best = best.map(|(memory, value)| {
            let average = memory.as_ref().and_then(|memory| memory.average.clone());
            average.unwrap_or(value)
        });
        weights.with_values(best.collect())
    }

    /// What it remembers, to go on later.
    pub fn save(&self, weights: &Weights) -> Vec<Named> {
        let of = |(declaration, memory): (&Declaration, &Option<Memory>)| -> Vec<Named> {
            let named = |(what, value): (&str, Tensor<1>)| Named {
                name: format!("{what}.{}", declaration.name),
                shape: declaration.shape.clone(),
                values: numbers(value),
            };
            let all = memory.iter().flat_map(|Memory { m, v, average }| {
                let moments = [("m", m.clone()), ("v", v.clone())];
                moments.into_iter().chain(average.clone().map(|average| ("average", average)))
            });
            all.map(named).collect()
        };
        weights.declarations().iter().zip(&self.memories).flat_map(of).collect()
    }

    /// Remembers what was saved after `step` steps.
    pub fn load(
        settings: Settings,
        weights: &Weights,
        saved: &[Named],
        step: u64,
        device: &Device,
    ) -> Result<Self, Misfit> {
        let find = |what: &str, declaration: &Declaration| -> Result<Tensor<1>, Misfit> {
            let name = format!("{what}.{}", declaration.name);
            let found = saved.iter().find(|tensor| tensor.name == name).ok_or(Misfit::Missing(name))?;
            let values = found.values.clone();
            let count = values.len();
            Ok(Tensor::from_data(TensorData::new(values, [count]), device))
        };
        let memory = |declaration: &Declaration| -> Result<Option<Memory>, Misfit> {
            if declaration.learns != Learns::ByRule {
                return Ok(None);
            }
            let average = settings.average.map(|_| find("average", declaration)).transpose()?;
            Ok(Some(Memory { m: find("m", declaration)?, v: find("v", declaration)?, average }))
        };
        let memories = weights.declarations().iter().map(memory).collect::<Result<_, _>>()?;
        Ok(Self { settings, step, memories })
    }
}

impl Settings {
    /// Step `step` of a tensor, with the learning rate `rate`, weight decay `decay`, and gradients times `shorten`.
    fn of_step(&self, step: u64, rate: f64, decay: f64, shorten: f64) -> Step {
        let (b1, b2) = self.betas;
        let corrected = |beta: f64| 1.0 - libm::pow(beta, step as f64);
        let pulls = matches!(self.rule, Rule::Adam | Rule::RmsProp);
        Step {
            rule: self.rule,
            rate: if self.rule == Rule::RmsProp { rate } else { rate / corrected(b1) } as f32,
            betas: [b1 as f32, b2 as f32],
            fresh: [(1.0 - b1) as f32, (1.0 - b2) as f32],
            correction: corrected(b2) as f32,
            shorten: shorten as f32,
            pull: if pulls { decay } else { 0.0 } as f32,
            kept: if pulls { 1.0 } else { 1.0 - rate * decay } as f32,
        }
    }
}

/// The tensor itself, so that it can be written to in place; nothing stays behind.
fn taken(tensor: &mut Tensor<1>) -> Tensor<1> {
    let nothing = Tensor::empty([1], &tensor.device());
    std::mem::replace(tensor, nothing)
}

/// What makes the gradient no longer than `longest`.
fn shorten(weights: &Weights, gradients: &Gradients, longest: f64) -> f64 {
    let length = weights.gradient_length(gradients);
    if length > longest { longest / length } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{Declaration, Start};

    const RATE: f64 = 0.1;
    const DECAY: f64 = 0.05;
    const CLIP: f64 = 1.5;
    const STIFFNESS: [f64; 3] = [1.0, 0.1, -0.4];
    const START: [f64; 3] = [0.5, -1.0, 2.0];
    const STEPS: i32 = 4;

    /// Weights and their average after some steps downhill from Σ stiffness/2 · w², by the rules as the papers have them.
    fn by_the_papers(rule: Rule) -> (Vec<f64>, Vec<f64>) {
        let (b1, b2) = (0.9, 0.99_f64);
        let (mut w, mut m, mut v) = (START.to_vec(), [0.0; 3], [0.0; 3]);
        let mut average = w.clone();
        for step in 1..=STEPS {
            let slope: Vec<f64> = w.iter().zip(STIFFNESS).map(|(w, stiffness)| stiffness * w).collect();
            let length = slope.iter().map(|g| g * g).sum::<f64>().sqrt();
            for k in 0..3 {
                let pulled = if matches!(rule, Rule::Adam | Rule::RmsProp) { DECAY * w[k] } else { 0.0 };
                let g = slope[k] * (CLIP / length).min(1.0) + pulled;
                m[k] = b1 * m[k] + (1.0 - b1) * g;
                v[k] = b2 * v[k] + (1.0 - b2) * g * g;
                let (m, v_hat) = (m[k] / (1.0 - b1.powi(step)), v[k] / (1.0 - b2.powi(step)));
                w[k] = match rule {
                    Rule::Adam => w[k] - RATE * m / v_hat.sqrt(),
                    Rule::AdamW => w[k] * (1.0 - RATE * DECAY) - RATE * m / v_hat.sqrt(),
                    // m is corrected outside of the arctangent.
                    Rule::AdamAtan2 => {
                        let corrected = 1.0 - b1.powi(step);
                        w[k] * (1.0 - RATE * DECAY) - RATE / corrected * (m * corrected).atan2(v_hat.sqrt())
                    }
                    Rule::RmsProp => w[k] - RATE * g / v[k].sqrt(),
                };
                let keep = (f64::from(1 + step) / f64::from(10 + step)).min(0.3);
                average[k] = keep * average[k] + (1.0 - keep) * w[k];
            }
        }
        (w, average)
    }

    #[test]
    fn weights_and_averages_move_as_the_papers_say() {
        let device = Device::flex().autodiff();
        let declared = || vec![Declaration::new("w", [3], Start::Constant(0.0))];
        for rule in [Rule::Adam, Rule::AdamW, Rule::AdamAtan2, Rule::RmsProp] {
            let settings = Settings {
                rule,
                betas: (0.9, 0.99),
                decay: DECAY,
                clip: Some(CLIP),
                average: Some(0.3),
                ramp: true,
                ..Settings::default()
            };
            let start = START.iter().map(|x| *x as f32).collect();
            let saved = [Named { name: "w".into(), shape: vec![3], values: start }];
            let mut weights = Weights::load(declared(), &saved, &device).expect("it fits");
            let mut optimiser = Optimiser::new(settings, &weights);
            for _ in 0..STEPS {
                let w = weights.get::<1>("w");
                let stiffness = Tensor::<1>::from_data(STIFFNESS.map(|x| x as f32), &device);
                let loss = (w.clone() * w * stiffness * 0.5).sum();
                optimiser.step(&mut weights, loss.backward(), &[], RATE);
            }
            let (expected, average) = by_the_papers(rule);
            let ours = [numbers(weights.get::<1>("w")), numbers(optimiser.best(&weights).get::<1>("w"))];
            for (ours, theirs) in ours.iter().zip([expected, average]) {
                let differs = ours.iter().zip(&theirs).map(|(a, b)| (f64::from(*a) - b).abs());
                assert!(differs.fold(0.0, f64::max) < 1e-5, "{rule:?}: {ours:?} and {theirs:?}");
            }
        }
    }
}
