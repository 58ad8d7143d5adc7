//! Populations and projections of an integer network.

use super::Code;
use super::template::Template;
use super::timing::Timing;
use crate::integers::{Integers, Makes, Term, Unit};
use crate::layers::Function;
use crate::reads::Problem;

/// Which sign a population sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Numbers above 0.
    Positive,
    /// Numbers below 0.
    Negative,
}

/// What neurons compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// They pass the question on.
    Question,
    /// A function of V.
    Function(Function),
    /// V times an operand.
    Product,
    /// V over an operand.
    Quotient,
}

/// A unit, or a register, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The question.
    Question,
    /// The neuron that sends 1.
    One,
    /// The neuron that ends all work on a question.
    Halt,
    /// A register.
    Register(usize),
    /// A unit of a net; the number of nets is the head.
    Unit(usize, usize),
}

/// A population, and its windows as steps of a round.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub source: Source,
    /// How many neurons.
    pub size: usize,
    /// What they compute.
    pub role: Role,
    /// Which sign they send.
    pub part: Part,
    /// Digits that are sent.
    pub bits: u32,
    /// What V = 1 stands for.
    pub unit: f64,
    /// What 1 that is sent stands for.
    pub grain: f64,
    /// Length of windows of hearing.
    pub window: usize,
    /// Starts of those before which V is forgotten.
    pub hear: Vec<usize>,
    /// Starts of those that add.
    pub hear_on: Vec<usize>,
    /// Starts and length of those of the operand.
    pub operand: (Vec<usize>, usize),
    /// Starts of windows of sending.
    pub send: Vec<usize>,
    /// Start of the window in which a spike silences it for the rest of a trial.
    pub stop: Option<usize>,
    /// Whether it begins anew in every trial: the question, or what is always the same, sets it then, or it may have been
    /// silenced in the one before.
    pub is_set: bool,
}

/// Synapses between two populations.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Number of the source population.
    pub from: usize,
    /// Number of the target population.
    pub to: usize,
    /// Number of the synapses.
    pub template: usize,
    /// 1, or −1 if the source sends what is below 0.
    pub factor: i64,
}

/// A network of spiking neurons.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Its times.
    pub timing: Timing,
    /// Its populations; the first is the question.
    pub populations: Vec<Population>,
    /// Its projections.
    pub projections: Vec<Projection>,
    /// Synapses by name.
    pub templates: Vec<(String, Template)>,
    /// Numbers of different tokens, if the question is made of them.
    pub tokens: Option<usize>,
    /// Whether time is continuous, so that no number is rounded.
    pub exact: bool,
}

impl Graph {
    /// That of a network, its numbers said in a code.
    pub fn new(network: &Integers, code: Code) -> Self {
        Self::build(network, code, false)
    }

    fn build(network: &Integers, code: Code, exact: bool) -> Self {
        let timing = Timing::new(network, code, exact);
        let mut graph = Self {
            timing,
            populations: Vec::new(),
            projections: Vec::new(),
            templates: Vec::new(),
            tokens: None,
            exact,
        };
        graph.question(network);
        graph.registers(network);
        for (at, net) in network.nets.iter().enumerate() {
            let waves = network.waves.iter().zip(&graph.timing.waves).filter(|(wave, _)| wave.net == at);
            let begins: Vec<usize> = waves.map(|(_, begin)| *begin).collect();
            let mut reads: Vec<usize> =
                network.waves.iter().filter(|w| w.net == at).flat_map(|w| w.reads.clone()).collect();
            reads.sort_unstable();
            reads.dedup();
            let levels = graph.timing.nets[at].clone();
            graph.net(at, net, &levels, &begins, &reads);
        }
        let (levels, begins) = (graph.timing.head.clone(), vec![graph.timing.waves[network.waves.len()]]);
        graph.net(network.nets.len(), &network.head.1, &levels, &begins, &[network.head.0]);
        graph.writes(network);
        if let Some(at) = network.halts {
            graph.halt(network, at);
        }
        graph
    }

    /// That of a network of rectified sums in continuous time: a spike t ms before the end of its window says the number
    /// t, whole or not, so that what is computed is what the layers compute, but for weights of many bits.
    ///
    /// # Errors
    /// The first population that computes something else.
    pub fn continuous(network: &Integers) -> Result<Self, Problem> {
        let units = network.nets.iter().chain([&network.head.1]).flatten();
        let other =
            |unit: &&Unit| !matches!(unit.makes, Makes::Function(Function::Identity | Function::Relu));
        match units.into_iter().find(other) {
            Some(unit) => Err(Problem(format!(
                "population {} does not add and rectify, and nothing else is exact in continuous time",
                unit.name
            ))),
            None => Ok(Self::build(network, Code::Ttfs, true)),
        }
    }

    /// The populations that send a source.
    pub(super) fn sending(&self, source: Source) -> Vec<usize> {
        (0..self.populations.len()).filter(|&at| self.populations[at].source == source).collect()
    }

    /// Wires all populations of a source onto all of a target.
    pub(super) fn wire(&mut self, name: String, template: Template, from: Source, to: Source) {
        if template.synapses.is_empty() {
            return;
        }
        self.templates.push((name, template));
        for from in self.sending(from) {
            let factor = if self.populations[from].part == Part::Positive { 1 } else { -1 };
            for to in self.sending(to) {
                self.projections.push(Projection { from, to, template: self.templates.len() - 1, factor });
            }
        }
    }

    /// One population for each sign that is sent.
    pub(super) fn populate(&mut self, population: Population, signed: bool) {
        let name = population.name.clone();
        if signed {
            let negative =
                Population { name: format!("{name}_neg"), part: Part::Negative, ..population.clone() };
            self.populations.push(Population { name: format!("{name}_pos"), ..population });
            self.populations.push(negative);
        } else {
            self.populations.push(population);
        }
    }

    /// Neurons in all.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|population| population.size).sum()
    }

    /// Synapses in all.
    pub fn synapses(&self) -> usize {
        self.projections.iter().map(|projection| self.templates[projection.template].1.count()).sum()
    }
}

impl Unit {
    /// The second operand.
    pub fn operand(&self) -> Option<&Term> {
        match &self.makes {
            Makes::Product(operand) | Makes::Quotient(operand) => Some(operand),
            Makes::Function(_) => None,
        }
    }
}
