//! Living neurons for tests, built from a model's row as a machine would.
//!
//! Every test binary compiles this module for itself and uses its own part of it.
#![allow(dead_code)]

pub mod reference;

use sim_core::neuron::{Cells, Column, Dynamics, Initial, Input, NeuronModel};
use sim_core::parameter::{Argument, Arguments, Kind};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver};

/// The precisions a grid model is built in.
pub trait Precision: Real {
    /// Builds neurons of a grid model.
    fn build(model: &NeuronModel, cells: &Cells) -> Box<dyn Dynamics<Self>>;
}

impl Precision for f32 {
    fn build(model: &NeuronModel, cells: &Cells) -> Box<dyn Dynamics<f32>> {
        (model.grid.expect("the model lives on the grid").f32)(cells)
    }
}

impl Precision for f64 {
    fn build(model: &NeuronModel, cells: &Cells) -> Box<dyn Dynamics<f64>> {
        (model.grid.expect("the model lives on the grid").f64)(cells)
    }
}

/// A model's defaults.
pub fn defaults(model: &NeuronModel) -> Arguments {
    let defaults = Arguments::defaults(model.parameters);
    // Neurons with windows hear nothing in none.
    let has_windows = model.parameters.iter().any(|parameter| parameter.name == "hear");
    if has_windows { defaults.with("hear", Argument::Values([0.0].into())) } else { defaults }
}

/// `len` equal neurons with these arguments, whose states start at what `initial` says of a state,
/// or else as the model's table does.
pub fn cells_with(
    model: &NeuronModel,
    arguments: &Arguments,
    (len, dt): (usize, f64),
    initial: impl Fn(&str) -> Option<f64>,
) -> Cells {
    let is_number = |kind: Kind| matches!(kind, Kind::Quantity(_) | Kind::Value(_));
    let parameters: Vec<(&'static str, f64)> = model
        .parameters
        .iter()
        .filter(|parameter| is_number(parameter.kind) && *arguments.get(parameter.name) != Argument::Absent)
        .map(|parameter| (parameter.name, arguments.number(parameter.name)))
        .collect();
    let mut known = parameters.clone();
    for state in model.states {
        let of = |name: &str| known.iter().find(|(known, _)| *known == name).expect("a known name").1;
        let value = initial(state.name).unwrap_or_else(|| match state.initial {
            Initial::Value(value) => value,
            Initial::Parameter(name) => of(name),
            Initial::Formula(formula) => formula(&of),
        });
        known.push((state.name, value));
    }
    Cells {
        len,
        dt,
        arguments: arguments.clone(),
        initial: known[parameters.len()..].iter().map(|(_, value)| Column::Same(*value)).collect(),
        parameters: parameters.into_iter().map(|(name, value)| (name, Column::Same(value))).collect(),
    }
}

/// `len` equal neurons that start as the model's table says.
pub fn cells(model: &NeuronModel, arguments: &Arguments, len: usize, dt: f64) -> Cells {
    cells_with(model, arguments, (len, dt), |_| None)
}

/// The same cells with every quantity given neuron by neuron.
pub fn spread(mut cells: Cells) -> Cells {
    let len = cells.len;
    let each = |column: &mut Column| *column = Column::Each((0..len).map(|i| column.at(i)).collect());
    cells.parameters.iter_mut().for_each(|(_, column)| each(column));
    cells.initial.iter_mut().for_each(each);
    cells
}

/// What reaches a slice in one step: sums of positive and negative weights, and a current.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Sum of the weights ≥ 0 per neuron.
    pub positive: Vec<f64>,
    /// Sum of the weights < 0 per neuron.
    pub negative: Vec<f64>,
    /// pA per neuron.
    pub current: Vec<f64>,
}

impl Step {
    /// The same for `len` neurons.
    pub fn same(len: usize, positive: f64, negative: f64, current: f64) -> Self {
        Step { positive: vec![positive; len], negative: vec![negative; len], current: vec![current; len] }
    }
}

/// Lives one step; the neurons that spiked.
pub fn live<R: Real>(model: &NeuronModel, neurons: &mut dyn Dynamics<R>, step: &Step) -> Vec<u32> {
    let round = |values: &[f64]| values.iter().map(|&value| R::of(value)).collect::<Vec<R>>();
    let (mut positive, mut negative, current) =
        (round(&step.positive), round(&step.negative), round(&step.current));
    let mut both: Vec<R> = step.positive.iter().zip(&step.negative).map(|(p, n)| R::of(p + n)).collect();
    let ports: [&mut [R]; 2] =
        if model.ports.count() == 1 { [&mut both, &mut []] } else { [&mut positive, &mut negative] };
    let mut spikes = Vec::new();
    neurons.step(Input { ports, current: &current }, &mut spikes);
    spikes
}

/// Everything that lives, as bytes.
pub fn saved<R: Real>(neurons: &dyn Dynamics<R>) -> Vec<u8> {
    let mut saver = Saver::default();
    neurons.save(&mut saver);
    saver.into_bytes()
}

/// Brings back what [`saved`] gave.
pub fn restore<R: Real>(neurons: &mut dyn Dynamics<R>, bytes: &[u8]) {
    let mut loader = Loader::new(bytes);
    neurons.restore(&mut loader).expect("the snapshot fits");
    loader.finish().expect("nothing is left over");
}
