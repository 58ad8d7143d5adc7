//! The trained numbers of a network: named tensors, drawn from a seed, learnt, saved.

use burn::tensor::{Device, Gradients, Shape, Tensor, TensorData};
use sim_core::rng::Key;
use std::collections::BTreeMap;
use std::fmt;

/// A tensor that a network needs.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name, such as `hidden.weight`.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Its values before training.
    pub start: Start,
    /// Whether weight decay pulls at it.
    pub decays: bool,
    /// How it comes by other values in training.
    pub learns: Learns,
}

/// How a tensor comes by other values in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learns {
    /// It follows its gradients by the optimiser's rule.
    ByRule,
    /// Rows that a step looks at follow the signs of their gradients; the others stay as they are ([`crate::rows`]).
    ByRow,
    /// The lesson notes it, as running averages are.
    Noted,
}

impl Declaration {
    /// A tensor that decays.
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, start: Start) -> Self {
        Self { name: name.into(), shape: shape.into(), start, decays: true, learns: Learns::ByRule }
    }

    /// Kept out of weight decay, as gains, biases and time constants are.
    pub fn undecayed(self) -> Self {
        Self { decays: false, ..self }
    }

    /// A running average: saved and resumed as what is learnt, but noted by the lesson
    /// ([`Lesson::noted`](crate::lesson::Lesson::noted)).
    pub fn running(name: impl Into<String>, shape: impl Into<Vec<usize>>, start: Start) -> Self {
        Self { decays: false, learns: Learns::Noted, ..Self::new(name, shape, start) }
    }

    /// A table of which a step looks at few rows.
    pub fn table(name: impl Into<String>, [rows, width]: [usize; 2], start: Start) -> Self {
        Self { learns: Learns::ByRow, ..Self::new(name, [rows, width], start) }
    }
}

/// Values before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Start {
    /// One value for all.
    Constant(f32),
    /// Uniform in (−bound, bound).
    Uniform(f32),
    /// Normal with this standard deviation.
    Normal(f32),
    /// Normal cut at ±2 σ, with σ chosen so that what is left has this standard deviation.
    TruncatedNormal(f32),
}

/// Standard deviation of a standard normal cut at ±2.
const CUT_AT_TWO: f64 = 0.879_596_566_170_685_4;

impl Start {
    fn draw(self, count: usize, key: Key) -> Vec<f32> {
        let mut stream = key.stream(0);
        let mut draw = || match self {
            Self::Constant(value) => value,
            Self::Uniform(bound) => (f64::from(bound) * (2.0 * stream.uniform() - 1.0)) as f32,
            Self::Normal(deviation) => (f64::from(deviation) * stream.normal()) as f32,
            Self::TruncatedNormal(deviation) => {
                let cut = std::iter::repeat_with(|| stream.normal()).find(|x| x.abs() <= 2.0).unwrap_or(0.0);
                (f64::from(deviation) / CUT_AT_TWO * cut) as f32
            }
        };
        (0..count).map(|_| draw()).collect()
    }
}

/// A tensor outside of the tensor library: what files hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name, parts joined by dots.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// Saved tensors that do not fit a network.
#[derive(Debug, PartialEq, Eq)]
pub enum Misfit {
    /// A tensor is not there.
    Missing(String),
    /// A tensor has other sizes.
    Shape {
        /// Which.
        name: String,
        /// What the network needs.
        needed: Vec<usize>,
        /// What was saved.
        found: Vec<usize>,
    },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "there is no tensor `{name}`"),
            Self::Shape { name, needed, found } => {
                write!(f, "`{name}` is {found:?}, and the network needs {needed:?}")
            }
        }
    }
}

impl std::error::Error for Misfit {}

/// The trained numbers of a network on a device.
#[derive(Clone)]
pub struct Weights {
    declarations: Vec<Declaration>,
    places: BTreeMap<String, usize>,
    values: Vec<Tensor<1>>,
}

impl Weights {
    /// Draws them; each tensor from the seed and its name.
    pub fn draw(declarations: Vec<Declaration>, seed: u64, device: &Device) -> Self {
        let key = Key::new(seed).named("weights");
        let draw = |declaration: &Declaration| {
            declaration.start.draw(declaration.shape.iter().product(), key.named(&declaration.name))
        };
        let values = declarations.iter().map(draw).collect();
        Self::of(declarations, values, device)
    }

    /// Takes saved ones.
    pub fn load(declarations: Vec<Declaration>, saved: &[Named], device: &Device) -> Result<Self, Misfit> {
        let find = |wanted: &Declaration| {
            let name = || wanted.name.clone();
            let found =
                saved.iter().find(|tensor| tensor.name == wanted.name).ok_or(Misfit::Missing(name()))?;
            let needed = || wanted.shape.clone();
            (found.shape == wanted.shape).then(|| found.values.clone()).ok_or(Misfit::Shape {
                name: name(),
                needed: needed(),
                found: found.shape.clone(),
            })
        };
        let values = declarations.iter().map(find).collect::<Result<_, _>>()?;
        Ok(Self::of(declarations, values, device))
    }

    fn of(declarations: Vec<Declaration>, values: Vec<Vec<f32>>, device: &Device) -> Self {
        let place = |(k, declaration): (usize, &Declaration)| (declaration.name.clone(), k);
        let value = |(values, declaration): (Vec<f32>, &Declaration)| {
            let count = values.len();
            let tensor = Tensor::from_data(TensorData::new(values, [count]), device);
            let follows = device.is_autodiff() && declaration.learns == Learns::ByRule;
            if follows { tensor.require_grad() } else { tensor }
        };
        Self {
            places: declarations.iter().enumerate().map(place).collect(),
            values: values.into_iter().zip(&declarations).map(value).collect(),
            declarations,
        }
    }

    /// A tensor by its name.
    ///
    /// # Panics
    ///
    /// If the network did not declare it with `D` sizes: a mistake in the network, not in a file.
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        let place = *self.places.get(name).unwrap_or_else(|| panic!("`{name}` was not declared"));
        self.values[place].clone().reshape(Shape::from(self.declarations[place].shape.clone()))
    }

    /// How many numbers are learnt.
    pub fn count(&self) -> usize {
        let learnt = self.declarations.iter().filter(|declaration| declaration.learns != Learns::Noted);
        learnt.map(|declaration| declaration.shape.iter().product::<usize>()).sum()
    }

    /// Replaces a running average.
    ///
    /// # Panics
    ///
    /// If the network did not declare it: a mistake in the network, not in a file.
    pub(crate) fn note(&mut self, noted: Named) {
        let value = &mut self.values[self.places[&noted.name]];
        let count = noted.values.len();
        *value = Tensor::from_data(TensorData::new(noted.values, [count]), &value.device());
    }

    /// Replaces a tensor that was declared, without gradient, by what `change` makes of it; in place, if it can.
    pub(crate) fn change(&mut self, name: &str, change: impl FnOnce(Tensor<1>) -> Tensor<1>) {
        let value = &mut self.values[self.places[name]];
        let nothing = Tensor::empty([1], &value.device());
        let old = std::mem::replace(value, nothing);
        *value = Tensor::from_inner(change(old.inner()));
    }

    /// Their values, to save.
    pub fn save(&self) -> Vec<Named> {
        let save = |(declaration, value): (&Declaration, &Tensor<1>)| Named {
            name: declaration.name.clone(),
            shape: declaration.shape.clone(),
            values: numbers(value.clone()),
        };
        self.declarations.iter().zip(&self.values).map(save).collect()
    }

    /// Without gradients, for evaluation.
    pub fn fixed(&self) -> Self {
        let fixed = |value: &Tensor<1>| value.clone().inner();
        Self { values: self.values.iter().map(fixed).collect(), ..self.clone() }
    }

    /// Replaces each tensor by what `rule` makes of it (place, declaration, value without gradient) and of
    /// its gradient; tensors without one stay.
    pub(crate) fn update(
        &mut self,
        gradients: &mut Gradients,
        mut rule: impl FnMut(usize, &Declaration, Tensor<1>, Tensor<1>) -> Tensor<1>,
    ) {
        for (place, (declaration, value)) in self.declarations.iter().zip(&mut self.values).enumerate() {
            if let Some(gradient) = value.grad_remove(gradients) {
                let new = rule(place, declaration, value.clone().inner(), gradient);
                *value = Tensor::from_inner(new).require_grad();
            }
        }
    }

    /// The gradient of each tensor that has one, by name.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<(String, Vec<f32>)> {
        let one = |(declaration, value): (&Declaration, &Tensor<1>)| {
            Some((declaration.name.clone(), numbers(value.grad(gradients)?)))
        };
        self.declarations.iter().zip(&self.values).filter_map(one).collect()
    }

    /// The length of the gradient over all tensors.
    pub(crate) fn gradient_length(&self, gradients: &Gradients) -> f64 {
        let squares = |value: &Tensor<1>| {
            let gradient = value.grad(gradients)?;
            Some(f64::from((gradient.clone() * gradient).sum().into_scalar::<f32>()))
        };
        self.values.iter().filter_map(squares).sum::<f64>().sqrt()
    }

    /// The values without gradients, in order of declaration.
    pub(crate) fn values(&self) -> impl Iterator<Item = Tensor<1>> + '_ {
        self.values.iter().map(|value| value.clone().inner())
    }

    /// These declarations with other values.
    pub(crate) fn with_values(&self, values: Vec<Tensor<1>>) -> Self {
        Self { values, ..self.clone() }
    }

    /// Where they live; it keeps gradients if they are to be followed.
    ///
    /// # Panics
    ///
    /// If nothing was declared.
    pub fn device(&self) -> Device {
        self.values[0].device()
    }

    /// What was declared.
    pub fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }
}

/// A tensor's values, row by row.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_into_vec().expect("the data was just made f32")
}
