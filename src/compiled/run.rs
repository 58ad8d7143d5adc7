//! A compiled network run on a machine, and compared with whole numbers, number by number.

use crate::load::{build, threads};
use crate::open::open;
use crate::progress::Progress;
use anyhow::Result;
use compiler::integers::Integers;
use compiler::integers::run::Moment;
use compiler::layers::run::Asked;
use compiler::spikes::decode::Heard;
use compiler::spikes::graph::{Graph, Source};
use recordings::hdf5::folder::Folder;
use sim_core::backend::{Backend, Epoch};
use sim_core::observer::Observer;
use std::path::Path;
use std::sync::Arc;

/// What a machine made of a compiled network.
pub struct Ran {
    /// Numbers that the head sent, by question and round.
    pub answers: Vec<Vec<Vec<i64>>>,
    /// Numbers that units sent, and of them those that differ from the whole numbers.
    pub numbers: u64,
    /// See [`Ran::numbers`].
    pub differ: u64,
    /// The first of them.
    pub first: Option<String>,
    /// Spikes of all populations but the question.
    pub spikes: u64,
    /// Spikes times the synapses that they reach.
    pub operations: u64,
    /// Seconds on the wall.
    pub seconds: f64,
}

/// Runs a network that was written to a folder; the error inside is the machine's refusal.
pub fn run(
    graph: &Graph,
    network: &Integers,
    questions: &[Asked],
    folder: &Path,
    machine: &Backend,
    (said, quiet): (Option<usize>, bool),
) -> Result<std::result::Result<Ran, String>> {
    let opened = open(&folder.join("network.ron"), &[])?;
    let opened = Arc::clone(&opened.network);
    let threads = threads(said);
    let mut built = match build(&opened, machine, &Folder::new(folder), (threads, threads), quiet) {
        Ok(built) => built,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let begin = std::time::Instant::now();
    let mut progress = Progress::new(0, opened.duration, opened.dt, quiet);
    let known: Vec<Option<usize>> =
        graph.populations.iter().map(|population| opened.population(&population.name)).collect();
    let (mut heard, mut spikes, mut epoch) = (Heard::new(graph, questions.len()), 0, Epoch::default());
    while built.now() < opened.duration {
        let until = (built.now() + built.epoch()).min(opened.duration);
        built.advance(until, &mut epoch);
        for spike in &epoch.spikes {
            let (population, neuron) = opened.locate(spike.neuron);
            let Some(at) = known.iter().position(|known| *known == Some(population)) else { continue };
            if at > 0 {
                spikes += 1;
                heard.spike(at, neuron, spike.step as usize - 1);
            }
        }
        // Drawing a bar cannot fail.
        let _ = progress.see(&epoch, &*built);
    }
    let mut ran = Ran {
        answers: Vec::new(),
        numbers: 0,
        differ: 0,
        first: None,
        spikes,
        operations: built.counters().synaptic_events,
        seconds: begin.elapsed().as_secs_f64(),
    };
    for (trial, asked) in questions.iter().enumerate() {
        let mut answers = Vec::new();
        network.run(asked, |moment, expected| {
            ran.compare(graph, network, &heard, (trial, moment), expected, &mut answers)
        });
        ran.answers.push(answers);
    }
    Ok(Ok(ran))
}

impl Ran {
    fn compare(
        &mut self,
        graph: &Graph,
        network: &Integers,
        heard: &Heard<'_>,
        (trial, moment): (usize, Moment),
        expected: &[i64],
        answers: &mut Vec<Vec<i64>>,
    ) {
        let sent = heard.sent(network, trial, moment);
        self.numbers += expected.len() as u64;
        let differ: Vec<usize> =
            (0..expected.len()).filter(|&at| sent.get(at) != Some(&expected[at])).collect();
        self.differ += differ.len() as u64;
        let net = network.waves.get(moment.wave).map_or(network.nets.len(), |wave| wave.net);
        if let (Some(&at), None) = (differ.first(), &self.first) {
            let name = graph.populations.iter().find(|p| p.source == Source::Unit(net, moment.unit));
            let name = name.map_or("", |population| &population.name);
            self.first = Some(format!(
                "question {trial}, round {}, wave {}: neuron {at} of {name} sent {:?}, not {}",
                moment.round,
                moment.wave,
                sent.get(at),
                expected[at]
            ));
        }
        if net == network.nets.len() && moment.unit + 1 == network.head.1.len() {
            answers.push(sent);
        }
    }
}
