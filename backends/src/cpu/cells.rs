//! Draws the parameters and initial values of a slice of neurons.

use super::cut::Slice;
use sim_core::network::{Network, Population};
use sim_core::neuron::{Cells, Column, Initial};
use sim_core::parameter::{Argument, Kind};
use sim_core::quantity::Quantity;
use sim_core::rng::Key;

/// What the living neurons of a slice are built from. Each number depends on (seed, population,
/// parameter, index in the population) alone.
pub fn cells_of(network: &Network, slice: &Slice) -> Cells {
    let population = &network.populations[slice.population];
    let parameters = parameter_columns(network, population, slice);
    let mut cells = Cells {
        len: slice.len(),
        dt: network.dt,
        arguments: population.neuron.arguments.clone(),
        parameters,
        initial: Vec::new(),
    };
    let key = network.key("initial").named(&population.name);
    for (number, state) in population.neuron.model.states.iter().enumerate() {
        let said = population.neuron.initial.iter().find(|(of, _)| *of == number);
        let column = match said {
            Some((_, quantity)) => draw(quantity, key.named(state.name), slice),
            None => initial_column(&cells, population, state.initial),
        };
        cells.initial.push(column);
    }
    cells
}

fn parameter_columns(
    network: &Network,
    population: &Population,
    slice: &Slice,
) -> Vec<(&'static str, Column)> {
    let key = network.key("parameter").named(&population.name);
    let arguments = &population.neuron.arguments;
    let numeric = |kind| matches!(kind, Kind::Quantity(_) | Kind::Value(_));
    arguments
        .table()
        .iter()
        .filter(|parameter| numeric(parameter.kind) && *arguments.get(parameter.name) != Argument::Absent)
        .map(|parameter| {
            (parameter.name, draw(&arguments.quantity(parameter.name), key.named(parameter.name), slice))
        })
        .collect()
}

fn initial_column(cells: &Cells, population: &Population, initial: Initial) -> Column {
    match initial {
        Initial::Value(value) => Column::Same(value),
        Initial::Parameter(name) => cells.column(name).clone(),
        Initial::Formula(formula) => {
            let states = population.neuron.model.states;
            let known = |name: &str, index: usize| {
                let state = states.iter().position(|state| state.name == name);
                match state.and_then(|number| cells.initial.get(number)) {
                    Some(column) => column.at(index),
                    None => cells.column(name).at(index),
                }
            };
            Column::Each((0..cells.len).map(|index| formula(&|name| known(name, index))).collect())
        }
    }
}

fn draw(quantity: &Quantity, key: Key, slice: &Slice) -> Column {
    match quantity.constant() {
        Some(value) => Column::Same(value),
        None => {
            let sampler = quantity.sampler();
            Column::Each(slice.range.clone().map(|index| sampler.draw(key, u64::from(index))).collect())
        }
    }
}
