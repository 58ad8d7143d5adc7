//! The synapses of a SONATA edge file, with their weights and delays if it has them.

use super::wiring::batch::Batch;
use super::wiring::edges::Edges;
use sim_core::data::{DataError, Table};
use sim_core::parameter::{Argument, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends, Site, Synapse, Wiring};
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
    ],
    check: |_, _| vec![],
    expected: |_, _| None,
    shrink: None,
    wire,
};

fn wire(site: &Site<'_>) -> Result<Box<dyn Wiring>, DataError> {
    let path = match site.arguments.get("path") {
        Argument::Text(path) => path.as_str(),
        _ => "",
    };
    let population = site.arguments.text("population").unwrap_or("");
    let table = site.files.edges(path, population)?;
    read(&table, site.ends)
        .map(|wiring| Box::new(wiring) as Box<dyn Wiring>)
        .map_err(|message| DataError { path: path.into(), message })
}

fn read(table: &Table, ends: &Ends) -> Result<EdgeFile, String> {
    let need = |name: &str| table.column(name).ok_or_else(|| format!("there is no column `{name}`"));
    let (sources, targets) = (need("source")?, need("target")?);
    if let Some((name, column)) = table.columns.iter().find(|(_, column)| column.len() != sources.len()) {
        return Err(format!("column `{name}` has {} rows, `source` {}", column.len(), sources.len()));
    }
    if u32::try_from(sources.len()).is_err() {
        return Err(format!("{} edges are more than one projection can have", sources.len()));
    }
    check_nodes(sources, "source", &ends.source, ends.sources)?;
    check_nodes(targets, "target", &ends.target, ends.targets)?;
    let numbers = |name: &str, allowed: fn(f64) -> bool, words: &str| {
        let Some(values) = table.column(name) else { return Ok(None) };
        match values.iter().position(|&value| !allowed(value)) {
            Some(row) => Err(format!("row {row}: {name} {} is not {words}", values[row])),
            None => Ok(Some(Arc::from(values))),
        }
    };
    let pairs = sources.iter().zip(targets).map(|(&source, &target)| (source as u32, target as u32));
    Ok(EdgeFile {
        edges: Edges::new(ends.targets, pairs),
        weights: numbers("weight", f64::is_finite, "a finite number")?,
        delays: numbers("delay", |delay| delay.is_finite() && delay > 0.0, "a time above 0 ms")?,
    })
}

/// Refuses node ids that are not neurons of the population.
fn check_nodes(nodes: &[f64], end: &str, population: &str, size: u32) -> Result<(), String> {
    let known = |node: f64| node >= 0.0 && node < f64::from(size) && node.fract() == 0.0;
    match nodes.iter().position(|&node| !known(node)) {
        Some(row) => Err(format!(
            "row {row}: there is no {end} node {}; \"{population}\" has {size} neurons, counted from 0",
            nodes[row]
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
