//! How weights follow their gradients.
//!
//! | rule | step, with m and v the decayed means of g and g² (bias-corrected as in each paper) | source |
//! |---|---|---|
//! | `Adam` | w ← w − lr·m̂/(√v̂ + ε), decay in the gradient | Kingma and Ba 2015 |
//! | `AdamW` | the same, decay on the weight | Loshchilov and Hutter 2019 |
//! | `AdamAtan2` | w ← w − lr/(1−β₁ᵗ)·atan2(m, √v/√(1−β₂ᵗ)), decay on the weight; no ε | Everett et al. 2024 |
//! | `RmsProp` | w ← w − lr·g/(√v + ε), decay in the gradient | Hinton 2012 |

use crate::weights::{Misfit, Named, Weights, numbers};
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
        }
    }
}

impl Settings {
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
    /// m and v of each tensor.
    means: Vec<(Tensor<1>, Tensor<1>)>,
    averages: Vec<Tensor<1>>,
}

/// Keeps quotients finite where nothing has ever moved.
const EPSILON: f64 = 1e-8;

impl Optimiser {
    /// Knows nothing yet of these weights.
    pub fn new(settings: Settings, weights: &Weights) -> Self {
        let zeros = |value: Tensor<1>| (value.zeros_like(), value.zeros_like());
        let averages = settings.average.map_or_else(Vec::new, |_| weights.values().collect());
        Self { settings, step: 0, means: weights.values().map(zeros).collect(), averages }
    }

    /// Moves the weights once, with the learning rate `rate`.
    pub fn step(&mut self, weights: &mut Weights, mut gradients: Gradients, rate: f64) {
        self.step += 1;
        let shorten = self.settings.clip.map_or(1.0, |longest| shorten(weights, &gradients, longest));
        let (settings, step, means) = (self.settings, self.step, &mut self.means);
        weights.update(&mut gradients, |place, declaration, value, gradient| {
            let decay = if declaration.decays { settings.decay } else { 0.0 };
            settings.moved(step, &mut means[place], value, gradient * shorten, rate, decay)
        });
        if let Some(keep) = settings.average {
            for (average, value) in self.averages.iter_mut().zip(weights.values()) {
                *average = average.clone() * keep + value * (1.0 - keep);
            }
        }
    }

    /// The weights to evaluate: averaged if averages are kept, without gradients.
    pub fn best(&self, weights: &Weights) -> Weights {
        match self.settings.average {
            Some(_) => weights.with_values(self.averages.clone()),
            None => weights.fixed(),
        }
    }

    /// What it remembers, to go on later.
    pub fn save(&self, weights: &Weights) -> Vec<Named> {
        let all = |what: &'static str, of: Vec<Tensor<1>>| {
            weights.declarations().iter().zip(of).map(move |(declaration, value)| Named {
                name: format!("{what}.{}", declaration.name),
                shape: declaration.shape.clone(),
                values: numbers(value),
            })
        };
        let (m, v) = self.means.iter().cloned().unzip();
        all("m", m).chain(all("v", v)).chain(all("average", self.averages.clone())).collect()
    }

    /// Remembers what was saved after `step` steps.
    pub fn load(
        settings: Settings,
        weights: &Weights,
        saved: &[Named],
        step: u64,
        device: &Device,
    ) -> Result<Self, Misfit> {
        let find = |what: &str| -> Result<Vec<Tensor<1>>, Misfit> {
            let find = |name: &str| {
                let name = format!("{what}.{name}");
                saved.iter().find(|tensor| tensor.name == name).ok_or(Misfit::Missing(name))
            };
            let tensor =
                |values: &[f32]| Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device);
            weights.declarations().iter().map(|d| Ok(tensor(&find(&d.name)?.values))).collect()
        };
        let means = find("m")?.into_iter().zip(find("v")?).collect();
        let averages = if settings.average.is_some() { find("average")? } else { Vec::new() };
        Ok(Self { settings, step, means, averages })
    }
}

impl Settings {
    /// A weight after a step.
    fn moved(
        &self,
        step: u64,
        (m, v): &mut (Tensor<1>, Tensor<1>),
        value: Tensor<1>,
        gradient: Tensor<1>,
        rate: f64,
        decay: f64,
    ) -> Tensor<1> {
        let (b1, b2) = self.betas;
        let gradient = match self.rule {
            Rule::Adam | Rule::RmsProp if decay > 0.0 => gradient + value.clone() * decay,
            _ => gradient,
        };
        *v = v.clone() * b2 + gradient.clone() * gradient.clone() * (1.0 - b2);
        let value = match self.rule {
            Rule::AdamW | Rule::AdamAtan2 if decay > 0.0 => value * (1.0 - rate * decay),
            _ => value,
        };
        if self.rule == Rule::RmsProp {
            return value - gradient / (v.clone().sqrt() + EPSILON) * rate;
        }
        *m = m.clone() * b1 + gradient * (1.0 - b1);
        let corrected = |beta: f64| 1.0 - libm::pow(beta, step as f64);
        let size = (v.clone() / corrected(b2)).sqrt();
        let rate = rate / corrected(b1);
        match self.rule {
            Rule::AdamAtan2 => value - m.clone().atan2(size) * rate,
            _ => value - m.clone() / (size + EPSILON) * rate,
        }
    }
}

/// What makes the gradient no longer than `longest`.
fn shorten(weights: &Weights, gradients: &Gradients, longest: f64) -> f64 {
    let length = weights.gradient_length(gradients);
    if length > longest { longest / length } else { 1.0 }
}
