//! The contract of neuron models: word → checked → living.
//!
//! A [`NeuronModel`] is the word in the file with its tables. The validator turns it into a
//! [`Neuron`](crate::network::Neuron) with checked arguments. When a machine loads, the model
//! builds a [`Dynamics`] (or [`ExactDynamics`]) for each slice of a population.
//!
//! # One step
//! Time is cut into steps; step `n` covers `((n-1)·dt, n·dt]` and leaves the state at `n·dt`.
//! In a step, in this order (the convention of NEST's grid models, which makes traces comparable):
//! 1. V advances with the synaptic variables as they were, and with the input current of this step;
//! 2. synaptic variables decay;
//! 3. arrivals of this step are added (to the synaptic variable, or to V for delta synapses);
//! 4. threshold: the spike is stamped `n·dt`, V is reset in the same step.

use crate::parameter::{Arguments, Complaint, Parameter};
use crate::primitive::Primitive;
use crate::quantity::Quantity;
use crate::real::Real;
use crate::snapshot::{Loader, Saver, SnapshotError};
use crate::units::Dimension;

/// A neuron model's row in the list of models.
#[derive(Debug)]
pub struct NeuronModel {
    /// The word in a network file: `IafPscExp`.
    pub name: &'static str,
    /// NEST's name, `iaf_psc_exp`; empty for a model that NEST does not have.
    pub nest: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the file may set.
    pub parameters: &'static [Parameter],
    /// What changes, can be initialised and recorded; the order of [`Dynamics::state`].
    pub states: &'static [State],
    /// What a weight onto this neuron measures.
    pub weight: Dimension,
    /// How arrivals are kept apart.
    pub ports: Ports,
    /// Mistakes between parameters (a reset above threshold); ranges of single ones are in the table.
    pub check: fn(&Arguments) -> Vec<Complaint>,
    /// Charge in pA·ms that one arrival of this weight brings, if the model's input is a current:
    /// what a shrunken network compensates for. Absent: the model cannot be in a network whose
    /// in-degrees are scaled.
    pub charge: Option<fn(&Arguments, weight: f64) -> f64>,
    /// Builds living neurons on the grid, if the model can live there.
    pub grid: Option<GridBuild>,
    /// Builds living neurons in continuous time, if the model can live there.
    pub exact: Option<ExactBuild>,
    /// Builds neurons that live only when something arrives, if the model has a closed form for the
    /// time between.
    pub lazy: Option<LazyBuild>,
    /// Puts one neuron in the vocabulary of chips, if the model can be put that way.
    pub primitive: Option<ToPrimitive>,
}

/// Puts a neuron in the vocabulary of chips, given the arguments as said (for flags and words), a lookup
/// of its parameters and initial states by name, and the length of a step in ms; the error says what
/// stands in the way: "tau_syn_ex differs from tau_syn_in".
pub type ToPrimitive = fn(&Arguments, &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String>;

/// A state variable of a model.
#[derive(Debug)]
pub struct State {
    /// NEST's name of the recordable: `V_m`, `g_ex`.
    pub name: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// Its value at the start, when the file's `initial` does not give it.
    pub initial: Initial,
    /// One line for `saltus list` and the docs.
    pub meaning: &'static str,
}

/// Where a state variable starts.
#[derive(Clone, Copy, Debug)]
pub enum Initial {
    /// At this value.
    Value(f64),
    /// At the value of this parameter, such as `E_L`.
    Parameter(&'static str),
    /// Computed from the neuron's parameters and the states before it in the table.
    Formula(Formula),
}

/// Computes a number from a lookup of a neuron's parameters and states by name.
pub type Formula = fn(&dyn Fn(&str) -> f64) -> f64;

/// How a neuron keeps arrivals apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// One port takes everything.
    One,
    /// Port 0 takes weights ≥ 0, port 1 weights < 0, as NEST does; both arrive with their sign.
    BySign,
}

impl Ports {
    /// How many ports there are.
    pub fn count(self) -> usize {
        match self {
            Ports::One => 1,
            Ports::BySign => 2,
        }
    }

    /// The port that takes a weight.
    #[inline]
    pub fn of(self, weight: f64) -> usize {
        usize::from(self == Ports::BySign && weight < 0.0)
    }
}

/// Builders for the two precisions of the grid.
#[derive(Clone, Copy, Debug)]
pub struct GridBuild {
    /// In single precision.
    pub f32: fn(&Cells) -> Box<dyn Dynamics<f32>>,
    /// In double precision.
    pub f64: fn(&Cells) -> Box<dyn Dynamics<f64>>,
}

/// Builders of neurons on the grid that live only when something arrives.
#[derive(Clone, Copy, Debug)]
pub struct LazyBuild {
    /// Whether neurons of these parameters and initial values (number of the state, value) never spike
    /// unless something arrives, and so may be left alone.
    pub fits: fn(&Arguments, &[(usize, Quantity)]) -> bool,
    /// In single precision.
    pub f32: fn(&Cells) -> Box<dyn LazyDynamics<f32>>,
    /// In double precision.
    pub f64: fn(&Cells) -> Box<dyn LazyDynamics<f64>>,
}

/// Builder for continuous time, always in double precision.
pub type ExactBuild = fn(&Cells) -> Box<dyn ExactDynamics>;

/// What a slice of a population is built from: every parameter and initial state, drawn.
#[derive(Debug)]
pub struct Cells {
    /// How many neurons.
    pub len: usize,
    /// Length of a step in ms.
    pub dt: f64,
    /// The arguments as said, for flags and words.
    pub arguments: Arguments,
    /// Quantities by parameter name.
    pub parameters: Vec<(&'static str, Column)>,
    /// Initial values, one column per state of the model.
    pub initial: Vec<Column>,
}

/// A number for each neuron of a slice.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// The same for all.
    Same(f64),
    /// One for each.
    Each(Vec<f64>),
}

impl Column {
    /// The number of neuron `index`.
    pub fn at(&self, index: usize) -> f64 {
        match self {
            Column::Same(value) => *value,
            Column::Each(values) => values[index],
        }
    }
}

impl Cells {
    /// The column of a quantity parameter.
    ///
    /// # Panics
    /// If the model's table has no such quantity.
    pub fn column(&self, name: &str) -> &Column {
        let found = self.parameters.iter().find(|(parameter, _)| *parameter == name);
        &found.unwrap_or_else(|| panic!("no quantity is called {name}")).1
    }

    /// Initial values of state number `state`, as a vector in the run's precision.
    pub fn initial<R: Real>(&self, state: usize) -> Vec<R> {
        (0..self.len).map(|index| R::of(self.initial[state].at(index))).collect()
    }

    /// Neuron `index` in the vocabulary of chips.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn primitive(&self, model: &NeuronModel, index: usize) -> Result<Primitive, String> {
        let Some(to_primitive) = model.primitive else {
            return Err(format!("{} is not a neuron that chips compute", model.name));
        };
        let state = |name: &str| model.states.iter().position(|state| state.name == name);
        let of = |name: &str| match state(name) {
            Some(number) => self.initial[number].at(index),
            None => self.column(name).at(index),
        };
        to_primitive(&self.arguments, &of, self.dt)
    }

    /// One vector in the run's precision from a quantity parameter.
    pub fn vector<R: Real>(&self, name: &str) -> Vec<R> {
        let column = self.column(name);
        (0..self.len).map(|index| R::of(column.at(index))).collect()
    }

    /// Derived constants: computed once if every parameter in `names` is the same for all neurons,
    /// else once for each. `derive` is given a lookup of parameters by name.
    pub fn constants<T: Copy>(
        &self,
        names: &[&str],
        derive: impl Fn(&dyn Fn(&str) -> f64) -> T,
    ) -> Constants<T> {
        let of = |index: usize| derive(&|name: &str| self.column(name).at(index));
        let same = names.iter().all(|name| matches!(self.column(name), Column::Same(_)));
        if same && self.len > 0 {
            Constants::Shared(of(0))
        } else {
            Constants::Each((0..self.len).map(of).collect())
        }
    }
}

/// Derived constants of a slice of neurons: shared, so that a step loop keeps them in registers,
/// or one for each neuron.
#[derive(Clone, Debug)]
pub enum Constants<T> {
    /// The same for all neurons.
    Shared(T),
    /// One for each neuron.
    Each(Vec<T>),
}

/// What reaches a slice of neurons in one step.
#[derive(Debug)]
pub struct Input<'a, R> {
    /// Sums of the weights that arrive in this step, per port and neuron; an absent port is empty.
    /// Neurons take them and leave zeros, for the next step to add to.
    pub ports: [&'a mut [R]; 2],
    /// Current during this step from stimuli, in pA, per neuron.
    pub current: &'a [R],
}

/// A living slice of a population on the grid: struct of arrays, one vector per state variable.
pub trait Dynamics<R: Real>: Send {
    /// Lives one step and appends the indices of the neurons that spiked, in ascending order.
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>);
    /// The values of state variable number `state` of the model's table.
    fn state(&self, state: usize) -> &[R];
    /// Writes all state, refractoriness included.
    fn save(&self, out: &mut Saver);
    /// Reads what [`Dynamics::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}

/// A living slice of a population on the grid whose neurons are left alone until something arrives.
///
/// What a neuron did in between is worked out when it is asked for, in one piece from the last arrival
/// on. So it agrees with [`Dynamics`] but for rounding, and looking at it changes nothing.
pub trait LazyDynamics<R: Real>: Send {
    /// Lives `step` for those neurons at which something arrives: (index, weight), in the order of
    /// arrival. Appends the indices of those that spiked, in any order.
    fn receive(&mut self, step: i64, arrivals: &[(u32, R)], spikes: &mut Vec<u32>);
    /// The value of state variable number `state` of one neuron at the end of `step`, which is not
    /// before the last arrivals.
    fn state(&self, state: usize, neuron: usize, step: i64) -> R;
    /// Writes all state, refractoriness included.
    fn save(&self, out: &mut Saver);
    /// Reads what [`LazyDynamics::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}

/// An arrival in continuous time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Index of the neuron in its slice.
    pub neuron: u32,
    /// Time since the start of the step, in (0, dt] ms.
    pub offset: f64,
    /// Weight, with its sign.
    pub weight: f64,
}

/// A living slice of a population in continuous time: it spikes between the steps.
pub trait ExactDynamics: Send {
    /// Lives one step. `arrivals` are sorted by (neuron, offset); `current` is constant during the
    /// step, in pA. Appends (neuron, offset) of each spike, neurons ascending, offsets in (0, dt].
    fn step(&mut self, arrivals: &[Arrival], current: &[f64], spikes: &mut Vec<(u32, f64)>);
    /// The values of state variable number `state` at the end of the last step.
    fn state(&self, state: usize) -> &[f64];
    /// Writes all state, refractoriness included.
    fn save(&self, out: &mut Saver);
    /// Reads what [`ExactDynamics::save`] wrote.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}
