//! Synapses that are there again and again: those of one place or channel, and how far each copy lies behind.

use crate::integers::{Term, Weights};
use crate::layers::{Axis, Shape};

/// Synapses and their copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Source, target and weight; none of weight 0.
    pub synapses: Vec<(u32, u32, i64)>,
    /// How often.
    pub copies: usize,
    /// By how many neurons the sources of each copy lie behind those of the one before.
    pub source_stride: usize,
    /// The same of the targets.
    pub target_stride: usize,
}

impl Template {
    /// Synapses without copies.
    pub fn once(synapses: Vec<(u32, u32, i64)>) -> Self {
        Self { synapses, copies: 1, source_stride: 1, target_stride: 1 }
    }

    /// Each source onto its own target.
    pub fn each(weight: i64, size: usize) -> Self {
        Self { synapses: vec![(0, 0, weight)], copies: size, source_stride: 1, target_stride: 1 }
    }

    /// Those of a term onto a unit of sizes `onto`.
    pub fn of(term: &Term, onto: Shape) -> Self {
        let from = term.shape;
        // Along channels the numbers of a place lie side by side; along places they lie a row apart.
        let along = |axis: Axis, shape: Shape| match axis {
            Axis::Channels => (1, shape.channels, shape.channels, shape.places),
            Axis::Places => (shape.channels, shape.places, 1, shape.channels),
        };
        let (axis, weight): (Axis, &dyn Fn(usize, usize, [usize; 2]) -> i64) = match &term.weights {
            Weights::Each(weight) => return Self::each(*weight, onto.len()),
            Weights::Sparse(synapses) => return Self::once(synapses.to_vec()),
            Weights::Layer(weights, axis) => (*axis, &|from, to, [_, targets]| weights[from * targets + to]),
            Weights::Total(axis) => {
                (*axis, &|from, to, [sources, targets]| i64::from(from / (sources / targets) == to))
            }
            Weights::Spread(axis) => (*axis, &|_, _, _| 1),
            Weights::Bias(bias, axis) => (*axis, &|_, to, _| bias[to]),
        };
        let (step, sources, source_stride, _) = along(axis, from);
        let (target_step, targets, target_stride, copies) = along(axis, onto);
        let pairs = (0..sources).flat_map(|source| (0..targets).map(move |target| (source, target)));
        let place = |at: usize, step: usize| (at * step) as u32;
        let synapses = pairs
            .map(|(source, target)| {
                (place(source, step), place(target, target_step), weight(source, target, [sources, targets]))
            })
            .filter(|synapse| synapse.2 != 0)
            .collect();
        let alone = matches!(term.weights, Weights::Bias(..));
        Self { synapses, copies, source_stride: if alone { 0 } else { source_stride }, target_stride }
    }

    /// How many synapses there are in all.
    pub fn count(&self) -> usize {
        self.synapses.len() * self.copies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integers::From;
    use std::sync::Arc;

    fn all(template: &Template) -> Vec<(usize, usize, i64)> {
        let copy = |copy: usize| {
            template.synapses.iter().map(move |&(source, target, weight)| {
                let (from, to) = (copy * template.source_stride, copy * template.target_stride);
                (source as usize + from, target as usize + to, weight)
            })
        };
        let mut all: Vec<_> = (0..template.copies).flat_map(copy).collect();
        all.sort_unstable();
        all
    }

    fn term(shape: Shape, weights: Weights) -> Term {
        Term { from: From::Registers, shape, weights }
    }

    #[test]
    fn a_layer_along_channels_is_there_once_for_each_place() {
        let weights = Weights::Layer(Arc::new([1, 2, 3, 0]), Axis::Channels);
        let shape = Shape { places: 2, channels: 2 };
        let synapses = all(&Template::of(&term(shape, weights), shape));
        assert_eq!(synapses, [(0, 0, 1), (0, 1, 2), (1, 0, 3), (2, 2, 1), (2, 3, 2), (3, 2, 3)]);
    }

    #[test]
    fn a_layer_along_places_is_there_once_for_each_channel() {
        let weights = Weights::Layer(Arc::new([1, 2]), Axis::Places);
        let (from, onto) = (Shape { places: 1, channels: 3 }, Shape { places: 2, channels: 3 });
        let synapses = all(&Template::of(&term(from, weights), onto));
        assert_eq!(synapses, [(0, 0, 1), (0, 3, 2), (1, 1, 1), (1, 4, 2), (2, 2, 1), (2, 5, 2)]);
    }

    #[test]
    fn totals_and_what_is_spread_join_the_numbers_along_an_axis() {
        let (wide, narrow) = (Shape { places: 2, channels: 2 }, Shape { places: 1, channels: 2 });
        let total = all(&Template::of(&term(wide, Weights::Total(Axis::Places)), narrow));
        assert_eq!(total, [(0, 0, 1), (1, 1, 1), (2, 0, 1), (3, 1, 1)]);
        let spread = all(&Template::of(&term(narrow, Weights::Spread(Axis::Places)), wide));
        assert_eq!(spread, [(0, 0, 1), (0, 2, 1), (1, 1, 1), (1, 3, 1)]);
    }

    #[test]
    fn totals_join_as_many_channels_as_lie_side_by_side_for_each() {
        let (wide, narrow) = (Shape { places: 2, channels: 4 }, Shape { places: 2, channels: 2 });
        let total = all(&Template::of(&term(wide, Weights::Total(Axis::Channels)), narrow));
        assert_eq!(
            total.iter().map(|s| (s.0, s.1)).collect::<Vec<_>>(),
            [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3)]
        );
    }

    #[test]
    fn a_bias_comes_from_one_neuron() {
        let one = Shape { places: 1, channels: 1 };
        let bias = Weights::Bias(Arc::new([5, 7]), Axis::Channels);
        let synapses = all(&Template::of(&term(one, bias), Shape { places: 2, channels: 2 }));
        assert_eq!(synapses, [(0, 0, 5), (0, 1, 7), (0, 2, 5), (0, 3, 7)]);
    }
}
