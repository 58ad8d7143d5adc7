//! Compiled networks: from the folder of a training to a network file, and what machines make of it.

pub mod answers;
#[cfg(feature = "train")]
pub mod compiling;
#[cfg(feature = "train")]
pub mod program;
pub mod report;
pub mod run;
pub mod settling;

use crate::checkpoint::write_whole;
use anyhow::Result;
use compiler::integers::{Bits, Grains, Integers};
use compiler::layers::run::Asked;
use compiler::spikes::Code;
use compiler::spikes::chip::Chip;
use compiler::spikes::graph::Graph;
use compiler::spikes::template::Template;
use compiler::spikes::text::{EDGES, SPIKES};
use recordings::hdf5::plain::{Edges, Plain};
use std::fs;
use std::path::Path;

/// The digits of numbers if values have `bits` of them, sign included. Squares and roots get more where digits are cheap,
/// in phase; in the other codes the window doubles with each.
pub fn digits(code: Code, bits: u32, weights: u32) -> Bits {
    match code {
        Code::Phase => Bits { values: bits, weights, fine: bits + 4, head: 24, grains: Grains::Closest },
        Code::Rate | Code::Ttfs => {
            Bits { values: bits, weights, fine: bits + 2, head: 10, grains: Grains::Closest }
        }
    }
}

/// The digits of numbers of rectified layers on chips: nothing may be cut off, and all are of the same length.
pub fn plain_digits(bits: u32, weights: u32) -> Bits {
    Bits { values: bits, weights, fine: bits, head: bits, grains: Grains::Roomy }
}

/// The digits of numbers in continuous time: how long windows are, 63 ms, and weights as fine as those that were trained.
pub const CONTINUOUS: Bits = Bits { values: 6, weights: 30, fine: 6, head: 6, grains: Grains::Roomy };

/// Writes a network that asks questions, and what it reads, to a folder.
pub fn write(
    graph: &Graph,
    network: &Integers,
    questions: &[Asked],
    title: &str,
    folder: &Path,
) -> Result<()> {
    let edges = graph.templates.iter().enumerate().filter_map(|(at, (name, template))| {
        let used = graph.projections.iter().find(|projection| projection.template == at)?;
        let end = |population: usize| &graph.populations[population].name[..];
        Some((&name[..], end(used.from), end(used.to), template))
    });
    files(folder, edges, &graph.ask(network, questions), &graph.text(title, questions.len()))
}

/// Writes rectified layers as chips have them, and what they read, to a folder.
pub fn write_plain(
    chip: &Chip,
    network: &Integers,
    questions: &[Asked],
    title: &str,
    folder: &Path,
) -> Result<()> {
    let layer = |layer: usize| &chip.layers[layer].name[..];
    let edges = chip.projections.iter().filter(|projection| !projection.synapses.synapses.is_empty()).map(
        |projection| {
            let from = projection.from.map_or("question", layer);
            (&projection.name[..], from, layer(projection.to), &projection.synapses)
        },
    );
    files(folder, edges, &chip.ask(network, questions), &chip.text(title, questions.len()))
}

/// Writes synapses (their name, source, target), the spikes that go in, and the network file.
fn files<'a>(
    folder: &Path,
    edges: impl Iterator<Item = (&'a str, &'a str, &'a str, &'a Template)>,
    spikes: &[(f64, u32)],
    text: &str,
) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut synapses = Plain::create(&folder.join(EDGES))?;
    synapses.sonata()?;
    for (name, source, target, template) in edges {
        let (mut sources, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for &(source, target, weight) in &template.synapses {
            sources.push(source);
            targets.push(target);
            weights.push(weight as f64);
        }
        let (sources, targets, weights) = (&sources[..], &targets[..], &weights[..]);
        synapses.edges(name, &Edges { source, target, sources, targets, weights, delays: None })?;
    }
    synapses.close()?;
    let mut input = Plain::create(&folder.join(SPIKES))?;
    input.sonata()?;
    input.spikes("question", spikes)?;
    input.close()?;
    Ok(write_whole(&folder.join("network.ron"), text.as_bytes())?)
}
