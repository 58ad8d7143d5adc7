//! Compiled networks: from the folder of a training to a network file, and what machines make of it.

pub mod answers;
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
use compiler::spikes::graph::Graph;
use compiler::spikes::text::{EDGES, SPIKES};
use recordings::hdf5::plain::{Edges, Plain};
use std::fs;
use std::path::Path;

/// The digits of numbers if values have `bits` of them, sign included. Squares and roots get more where digits are cheap,
/// in phase; in the other codes the window doubles with each.
pub fn digits(code: Code, bits: u32, weights: u32) -> Bits {
    match code {
        Code::Phase => Bits { values: bits, weights, squares: bits + 4, head: 24, grains: Grains::Closest },
        Code::Rate | Code::Ttfs => {
            Bits { values: bits, weights, squares: bits + 2, head: 10, grains: Grains::Closest }
        }
    }
}

/// The digits of numbers in continuous time: how long windows are, 63 ms, and weights as fine as those that were trained.
pub const CONTINUOUS: Bits = Bits { values: 6, weights: 30, squares: 6, head: 6, grains: Grains::Roomy };

/// Writes a network that asks questions, and what it reads, to a folder.
pub fn write(
    graph: &Graph,
    network: &Integers,
    questions: &[Asked],
    title: &str,
    folder: &Path,
) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut synapses = Plain::create(&folder.join(EDGES))?;
    synapses.sonata()?;
    for (at, (name, template)) in graph.templates.iter().enumerate() {
        let used = graph.projections.iter().find(|projection| projection.template == at);
        let Some(used) = used else { continue };
        let (mut sources, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for &(source, target, weight) in &template.synapses {
            sources.push(source);
            targets.push(target);
            weights.push(weight as f64);
        }
        synapses.edges(
            name,
            &Edges {
                source: &graph.populations[used.from].name,
                target: &graph.populations[used.to].name,
                sources: &sources,
                targets: &targets,
                weights: &weights,
                delays: None,
            },
        )?;
    }
    synapses.close()?;
    let mut input = Plain::create(&folder.join(SPIKES))?;
    input.sonata()?;
    input.spikes("question", &graph.ask(network, questions))?;
    input.close()?;
    Ok(write_whole(&folder.join("network.ron"), graph.text(title, questions.len()).as_bytes())?)
}
