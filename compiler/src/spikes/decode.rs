//! Numbers read out of spikes.

use super::graph::{Graph, Part, Source};
use crate::integers::Integers;
use crate::integers::run::Moment;

/// Numbers that a run has sent so far, filled spike by spike.
pub struct Heard<'a> {
    graph: &'a Graph,
    /// By population: numbers `[trial][window][neuron]`, absolute.
    numbers: Vec<Vec<i64>>,
}

impl<'a> Heard<'a> {
    /// Nothing yet, of so many trials.
    pub fn new(graph: &'a Graph, trials: usize) -> Self {
        let rounds = graph.timing.trial / graph.timing.round;
        let numbers = |at: usize| {
            vec![0; trials * rounds * graph.populations[at].send.len() * graph.populations[at].size]
        };
        Self { graph, numbers: (0..graph.populations.len()).map(numbers).collect() }
    }

    /// A spike of a neuron of a population in step `step` of the run, the first being 0.
    pub fn spike(&mut self, population: usize, neuron: u32, step: usize) {
        let timing = &self.graph.timing;
        let about = &self.graph.populations[population];
        let (round, at) = (step / timing.round, step % timing.round);
        let length = timing.code.steps(about.bits);
        let window = about.send.iter().position(|start| (*start..start + length).contains(&at));
        let Some(window) = window else { return };
        let place = ((round * about.send.len()) + window) * about.size + neuron as usize;
        if let Some(number) = self.numbers[population].get_mut(place) {
            *number += timing.code.worth(at - about.send[window], length);
        }
    }

    /// What a unit sent, with its sign.
    pub fn sent(&self, network: &Integers, trial: usize, moment: Moment) -> Vec<i64> {
        let waves = &network.waves;
        let net = waves.get(moment.wave).map_or(network.nets.len(), |wave| wave.net);
        // Windows are in the order of the waves in which the net runs.
        let window = waves[..moment.wave.min(waves.len())].iter().filter(|wave| wave.net == net).count();
        let rounds = self.graph.timing.trial / self.graph.timing.round;
        let mut sum: Vec<i64> = Vec::new();
        for (at, about) in self.graph.populations.iter().enumerate() {
            if about.source != Source::Unit(net, moment.unit) {
                continue;
            }
            let sign = if about.part == Part::Positive { 1 } else { -1 };
            let first = ((trial * rounds + moment.round) * about.send.len() + window) * about.size;
            sum.resize(about.size, 0);
            let numbers = &self.numbers[at][first..first + about.size];
            sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += sign * number);
        }
        sum
    }
}
