//! What there is to say of a compiled network: its populations, what they cost, and how far they are from the layers.

use compiler::integers::{Integers, Makes, Unit};
use compiler::layers::run::{Asked, Place};
use compiler::layers::{Function, Program};
use compiler::spikes::graph::{Graph, Source};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a population computes with, from the plainest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sums and thresholds.
    Neuron,
    /// Spikes that add a number which the neuron holds.
    Product,
    /// A staircase of thresholds with a table.
    Staircase,
    /// Arithmetic that is not spiking, done beside the neurons.
    Host,
}

impl Kind {
    fn of(unit: &Unit) -> Self {
        match &unit.makes {
            Makes::Function(Function::Identity | Function::Relu) => Kind::Neuron,
            Makes::Function(Function::Root) => Kind::Host,
            Makes::Function(_) => Kind::Staircase,
            Makes::Product(_) | Makes::Quotient(_) => Kind::Product,
        }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Neuron => "neuron",
            Kind::Product => "product",
            Kind::Staircase => "staircase",
            Kind::Host => "host",
        }
    }
}

/// A unit of a compiled network.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it computes with.
    pub kind: Kind,
    /// Neurons, of both signs.
    pub neurons: usize,
    /// Binary digits that it sends.
    pub bits: u32,
    /// Spikes for a question.
    pub spikes: f64,
    /// Spikes for a question times the synapses that they reach.
    pub operations: f64,
    /// Root of the mean square of what differs from the layers in the first wave, over that of the layers.
    pub error: Option<f64>,
}

/// Counts of some questions, unit by unit, from whole numbers.
pub fn rows(program: &Program, network: &Integers, graph: &Graph, questions: &[Asked]) -> Vec<Row> {
    let mut spikes: BTreeMap<(usize, usize), [f64; 2]> = BTreeMap::new();
    let mut errors: BTreeMap<(usize, usize), [f64; 2]> = BTreeMap::new();
    for asked in questions {
        let mut layers: BTreeMap<Place, Vec<f32>> = BTreeMap::new();
        program.run(asked, |place, values| {
            layers.entry(place).or_insert_with(|| values.to_vec());
        });
        let mut seen = std::collections::BTreeSet::new();
        network.run(asked, |moment, sent| {
            let net = network.waves.get(moment.wave).map_or(network.nets.len(), |wave| wave.net);
            let unit = &units(network, net)[moment.unit];
            let of = |sign: i64| {
                let fired = |n: &i64| graph.timing.code.fired((n * sign).max(0).unsigned_abs());
                sent.iter().map(fired).sum::<u64>() as f64
            };
            let counted = spikes.entry((net, moment.unit)).or_default();
            (counted[0], counted[1]) = (counted[0] + of(1), counted[1] + of(-1));
            if seen.insert((net, moment.unit)) {
                let place = if net == network.nets.len() {
                    Place::Head(unit.node)
                } else {
                    Place::Node(net, unit.node)
                };
                let error = errors.entry((net, moment.unit)).or_default();
                for (real, whole) in layers.get(&place).into_iter().flatten().zip(sent) {
                    let off = f64::from(*real) - *whole as f64 * unit.sends.grain;
                    *error = [error[0] + off * off, error[1] + f64::from(*real) * f64::from(*real)];
                }
            }
        });
    }
    let count = questions.len().max(1) as f64;
    let mut rows = Vec::new();
    for net in 0..=network.nets.len() {
        for (number, unit) in units(network, net).iter().enumerate() {
            let source = Source::Unit(net, number);
            let fan_out = fan_out(graph, source);
            let fired = spikes.get(&(net, number)).copied().unwrap_or_default();
            let error = errors.get(&(net, number)).filter(|_| same_value(unit));
            rows.push(Row {
                name: unit.name.clone(),
                kind: Kind::of(unit),
                neurons: graph.populations.iter().filter(|p| p.source == source).map(|p| p.size).sum(),
                bits: unit.sends.bits,
                spikes: (fired[0] + fired[1]) / count,
                operations: fired.iter().zip(&fan_out).map(|(fired, out)| fired * out).sum::<f64>() / count,
                error: error.filter(|error| error[1] > 0.0).map(|error| (error[0] / error[1]).sqrt()),
            });
        }
    }
    rows
}

fn units(network: &Integers, net: usize) -> &[Unit] {
    network.nets.get(net).unwrap_or(&network.head.1)
}

/// Whether a unit sends the value of its node, not something on the way to it.
fn same_value(unit: &Unit) -> bool {
    !matches!(unit.makes, Makes::Function(Function::Square | Function::Root))
}

/// Synapses that a spike reaches, in the mean over the neurons of each population of a source.
fn fan_out(graph: &Graph, source: Source) -> Vec<f64> {
    let populations = (0..graph.populations.len()).filter(|&at| graph.populations[at].source == source);
    populations
        .map(|at| {
            let out = graph.projections.iter().filter(|projection| projection.from == at);
            let synapses: usize = out.map(|projection| graph.templates[projection.template].1.count()).sum();
            synapses as f64 / graph.populations[at].size.max(1) as f64
        })
        .collect()
}

/// The first reasons of a refusal, and how many others there are.
fn in_short(why: &str) -> String {
    let lines: Vec<&str> = why.trim_end().lines().collect();
    let (first, others) = lines.split_at(lines.len().min(2));
    let first = first.iter().map(|line| line.trim()).collect::<Vec<_>>().join(": ");
    if others.is_empty() { first } else { format!("{first}, and {} others", others.len()) }
}

/// What a compiled network is made of.
pub struct Report<'a> {
    /// Its times and populations.
    pub graph: &'a Graph,
    /// Unit by unit.
    pub rows: Vec<Row>,
    /// Name of each machine, and why it cannot take the network, if so.
    pub machines: Vec<(&'static str, Option<String>)>,
    /// Waves of a question.
    pub waves: usize,
}

impl Report<'_> {
    /// As a table.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:<24} {:<10} {:>8} {:>5} {:>12} {:>14} {:>8}\n",
            "population", "kind", "neurons", "bits", "spikes", "operations", "error"
        );
        for row in &self.rows {
            let error = row.error.map_or(String::new(), |error| format!("{:.2} %", 100.0 * error));
            let _ = writeln!(
                text,
                "{:<24} {:<10} {:>8} {:>5} {:>12.1} {:>14.0} {error:>8}",
                row.name,
                row.kind.word(),
                row.neurons,
                row.bits,
                row.spikes,
                row.operations
            );
        }
        let timing = &self.graph.timing;
        let _ = writeln!(
            text,
            "\n{} neurons, {} synapses; a question takes {} waves and {} steps of 1 ms, code {}",
            self.graph.neurons(),
            self.graph.synapses(),
            self.waves,
            timing.trial,
            timing.code.word()
        );
        let host: usize = self.rows.iter().filter(|row| row.kind == Kind::Host).map(|row| row.neurons).sum();
        if host > 0 {
            let _ =
                writeln!(text, "{host} of them are not spiking: roots, computed beside the neurons (host)");
        }
        for (name, refusal) in &self.machines {
            let _ = match refusal {
                Some(why) => writeln!(text, "{name:<14} cannot take it: {}", in_short(why)),
                None => writeln!(text, "{name:<14} can take it"),
            };
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "name": row.name, "kind": row.kind.word(), "neurons": row.neurons, "bits": row.bits,
                "spikes": row.spikes, "operations": row.operations, "error": row.error,
            })
        };
        let timing = &self.graph.timing;
        json!({
            "code": timing.code.word(), "neurons": self.graph.neurons(), "synapses": self.graph.synapses(),
            "waves": self.waves, "steps": timing.trial, "round_steps": timing.round,
            "populations": self.rows.iter().map(row).collect::<Vec<_>>(),
            "machines": self.machines.iter().map(|(name, why)| ((*name).to_owned(), json!(why))).collect::<serde_json::Map<_, _>>(),
        })
    }
}
