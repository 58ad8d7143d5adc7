//! The synapses of a SONATA edge file, with their weights and delays if it has them.
//!
//! With `copies`, the file is a template: copy c of its synapses goes from source + c·source_stride to
//! target + c·target_stride, so that weights which many places share, as in convolutions or in layers that are
//! applied to each place of a sequence, stand in the file once.

use super::wiring::batch::Batch;
use super::wiring::edges::Edges;
use sim_core::data::{DataError, Table};
use sim_core::parameter::{Argument, Default, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends, Site, Synapse, Wiring};
use sim_core::units::Dimension;
use std::sync::Arc;

/// The synapses of an edge file; a synapse's number is its row.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "EdgeFile",
    summary: "The synapses of a SONATA edge file, with its weights and delays if it has them.",
    parameters: &[
        Parameter::required("path", Kind::Text, Range::Any, "the file, relative to the network file"),
        Parameter::optional(
            "population",
            Kind::Text,
            Range::Any,
            "which edge population of the file, if it has several",
        ),
        whole("copies", 1.0, 1.0, "how often the synapses of the file are there"),
        whole(
            "source_stride",
            1.0,
            0.0,
            "by how many neurons the sources of each copy lie behind those of the one before",
        ),
        whole("target_stride", 1.0, 0.0, "the same of the targets"),
        Parameter::value("factor", Dimension::Number, 1.0, Range::Any, "of all weights of the file"),
    ],
    check: |_, _| vec![],
    expected: |_, _| None,
    shrink: None,
    wire,
};

const fn whole(name: &'static str, default: f64, least: f64, meaning: &'static str) -> Parameter {
    let (kind, default) = (Kind::Integer, Default::Number(default));
    Parameter { name, kind, default, range: Range::Between(least, MOST), meaning }
}

/// Neurons of a population at most.
const MOST: f64 = u32::MAX as f64;

fn wire(site: &Site<'_>) -> Result<Box<dyn Wiring>, DataError> {
    let path = match site.arguments.get("path") {
        Argument::Text(path) => path.as_str(),
        _ => "",
    };
    let population = site.arguments.text("population").unwrap_or("");
    let table = site.files.edges(path, population)?;
    let whole = |name: &str| site.arguments.integer(name) as u64;
    let copies = Copies {
        count: whole("copies"),
        source_stride: whole("source_stride"),
        target_stride: whole("target_stride"),
        factor: site.arguments.number("factor"),
    };
    read(&table, site.ends, &copies)
        .map(|wiring| Box::new(wiring) as Box<dyn Wiring>)
        .map_err(|message| DataError { path: path.into(), message })
}

/// How the synapses of a file are repeated.
struct Copies {
    count: u64,
    source_stride: u64,
    target_stride: u64,
    factor: f64,
}

impl Copies {
    /// How far the last copy lies behind the first.
    fn reach(&self, stride: u64) -> u64 {
        (self.count - 1).saturating_mul(stride)
    }

    /// A column of the file, copy by copy.
    fn repeat(&self, column: &[f64], factor: f64) -> Arc<[f64]> {
        (0..self.count).flat_map(|_| column.iter().map(move |value| value * factor)).collect()
    }
}

fn read(table: &Table, ends: &Ends, copies: &Copies) -> Result<EdgeFile, String> {
    let need = |name: &str| table.column(name).ok_or_else(|| format!("there is no column `{name}`"));
    let (sources, targets) = (need("source")?, need("target")?);
    if let Some((name, column)) = table.columns.iter().find(|(_, column)| column.len() != sources.len()) {
        return Err(format!("column `{name}` has {} rows, `source` {}", column.len(), sources.len()));
    }
    let count = (sources.len() as u64).saturating_mul(copies.count);
    if u32::try_from(count).is_err() {
        return Err(format!("{count} edges are more than one projection can have"));
    }
    check_nodes(sources, "source", &ends.source, ends.sources, copies.reach(copies.source_stride))?;
    check_nodes(targets, "target", &ends.target, ends.targets, copies.reach(copies.target_stride))?;
    let numbers = |name: &str, factor: f64, allowed: fn(f64) -> bool, words: &str| {
        let Some(values) = table.column(name) else { return Ok(None) };
        match values.iter().position(|&value| !allowed(value)) {
            Some(row) => Err(format!("row {row}: {name} {} is not {words}", values[row])),
            None => Ok(Some(copies.repeat(values, factor))),
        }
    };
    let pairs: Vec<(u32, u32)> = (0..copies.count)
        .flat_map(|copy| {
            let behind = ((copy * copies.source_stride) as u32, (copy * copies.target_stride) as u32);
            let pairs = sources.iter().zip(targets);
            pairs.map(move |(&source, &target)| (source as u32 + behind.0, target as u32 + behind.1))
        })
        .collect();
    Ok(EdgeFile {
        edges: Edges::new(ends.targets, pairs.into_iter()),
        weights: numbers("weight", copies.factor, f64::is_finite, "a finite number")?,
        delays: numbers("delay", 1.0, |delay| delay.is_finite() && delay > 0.0, "a time above 0 ms")?,
    })
}

/// Refuses node ids that are not neurons of the population, in the first copy or in the last, `reach` behind.
fn check_nodes(nodes: &[f64], end: &str, population: &str, size: u32, reach: u64) -> Result<(), String> {
    let known = |node: f64| node >= 0.0 && node < f64::from(size) && node.fract() == 0.0;
    let unknown =
        |last: f64| nodes.iter().position(|&node| !known(node + last)).map(|row| (row, nodes[row] + last));
    match unknown(0.0).or_else(|| unknown(reach as f64)) {
        Some((row, node)) => Err(format!(
            "row {row}: there is no {end} node {node}; \"{population}\" has {size} neurons, counted from 0",
        )),
        None => Ok(()),
    }
}

struct EdgeFile {
    edges: Edges,
    weights: Option<Arc<[f64]>>,
    delays: Option<Arc<[f64]>>,
}

impl Wiring for EdgeFile {
    fn count(&self) -> f64 {
        self.edges.count() as f64
    }

    fn onto(&self, targets: std::ops::Range<u32>, take: &mut dyn FnMut(&[Synapse])) {
        let mut batch = Batch::new(take);
        self.edges.onto(targets, &mut batch);
        batch.finish();
    }

    fn weights(&self) -> Option<Arc<[f64]>> {
        self.weights.clone()
    }

    fn delays(&self) -> Option<Arc<[f64]>> {
        self.delays.clone()
    }
}
