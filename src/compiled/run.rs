//! A compiled network run on a machine, and compared with whole numbers, number by number.

use crate::load::{backend, build, threads};
use crate::open::open;
use crate::progress::Progress;
use anyhow::{Result, anyhow};
use compiler::integers::Integers;
use compiler::integers::run::Moment;
use compiler::layers::run::Asked;
use compiler::spikes::chip::Chip;
use compiler::spikes::decode::Heard;
use compiler::spikes::graph::{Graph, Part, Source};
use recordings::hdf5::folder::Folder;
use sim_core::backend::{Backend, Epoch};
use sim_core::observer::Observer;
use std::path::Path;

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

/// A run of a network that was written to a folder.
pub struct Running {
    /// For each spike: place of the population among the names, neuron, and time in ms.
    pub spikes: Vec<(usize, u32, f64)>,
    /// Spikes times the synapses that they reach.
    pub operations: u64,
    /// Seconds on the wall.
    pub seconds: f64,
}

/// Runs a network that was written to a folder, and keeps the spikes of populations of these names; the error inside is
/// the machine's refusal.
///
/// # Errors
/// If the folder cannot be read.
pub fn running(
    names: &[&str],
    folder: &Path,
    machine: &Backend,
    (said, quiet): (Option<usize>, bool),
) -> Result<std::result::Result<Running, String>> {
    let network = open(&folder.join("network.ron"), &[])?.network;
    let threads = threads(said);
    let mut built = match build(&network, machine, &Folder::new(folder), (threads, threads), quiet) {
        Ok(built) => built,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let begin = std::time::Instant::now();
    let mut progress = Progress::new(0, network.duration, network.dt, quiet);
    let known: Vec<Option<usize>> = names.iter().map(|name| network.population(name)).collect();
    let (mut spikes, mut epoch) = (Vec::new(), Epoch::default());
    while built.now() < network.duration {
        let until = (built.now() + built.epoch()).min(network.duration);
        built.advance(until, &mut epoch);
        for spike in &epoch.spikes {
            let (population, neuron) = network.locate(spike.neuron);
            let at = known.iter().position(|known| *known == Some(population));
            spikes.extend(at.map(|at| (at, neuron, spike.time(network.dt))));
        }
        // Drawing a bar cannot fail.
        let _ = progress.see(&epoch, &*built);
    }
    let operations = built.counters().synaptic_events;
    Ok(Ok(Running { spikes, operations, seconds: begin.elapsed().as_secs_f64() }))
}

/// Runs a network that was written to a folder; the error inside is the machine's refusal.
///
/// # Errors
/// If the folder cannot be read.
pub fn run(
    graph: &Graph,
    network: &Integers,
    questions: &[Asked],
    folder: &Path,
    machine: &Backend,
    options: (Option<usize>, bool),
) -> Result<std::result::Result<Ran, String>> {
    let Running { spikes, operations, seconds } = match running(&names(graph), folder, machine, options)? {
        Ok(running) => running,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut heard = Heard::new(graph, questions.len());
    let spikes: Vec<_> =
        spikes.into_iter().filter(|spike| graph.populations[spike.0].source != Source::Question).collect();
    for &(population, neuron, time) in &spikes {
        // A spike in step n stands at its end, and steps are counted from 0 here.
        heard.spike(population, neuron, time.round() as usize - 1);
    }
    let mut ran = Ran::new(spikes.len(), operations, seconds);
    for (trial, asked) in questions.iter().enumerate() {
        let mut answers = Vec::new();
        let rounds = network.run(asked, |moment, expected| {
            ran.compare(network, &heard, (trial, moment), expected, &mut answers)
        });
        answers.truncate(rounds.len());
        ran.answers.push(answers);
    }
    Ok(Ok(ran))
}

/// Names of all populations.
pub fn names(graph: &Graph) -> Vec<&str> {
    graph.populations.iter().map(|population| &population.name[..]).collect()
}

/// Runs rectified layers that were written to a folder as chips have them.
///
/// # Errors
/// If the folder cannot be read.
pub fn run_plain(
    chip: &Chip,
    network: &Integers,
    questions: &[Asked],
    folder: &Path,
    machine: &Backend,
    options: (Option<usize>, bool),
) -> Result<std::result::Result<Ran, String>> {
    let names: Vec<&str> = chip.layers.iter().map(|layer| &layer.name[..]).collect();
    let Running { spikes, operations, seconds } = match running(&names, folder, machine, options)? {
        Ok(running) => running,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut ran = Ran::new(spikes.len(), operations, seconds);
    let steps = spikes.into_iter().map(|(layer, neuron, time)| (layer, neuron, time.round() as usize - 1));
    let sent = chip.sent(steps, questions.len());
    for (asked, sent) in questions.iter().zip(sent) {
        network.run(asked, |moment, expected| {
            let at =
                chip.layers.iter().position(|layer| layer.moment == moment).expect("every unit is a layer");
            ran.note(&chip.layers[at].name, &sent[at], expected);
        });
        ran.answers.push(vec![sent.into_iter().next_back().unwrap_or_default()]);
    }
    Ok(Ok(ran))
}

/// What the head of a network in continuous time sends, by question: numbers in the unit of the layers.
///
/// # Errors
/// If the folder cannot be read, or the machine refuses.
pub fn times(
    graph: &Graph,
    network: &Integers,
    questions: usize,
    folder: &Path,
    options: (Option<usize>, bool),
) -> Result<Vec<Vec<f64>>> {
    let cpu = backend("cpu").expect("there is a cpu");
    let Running { spikes, .. } =
        running(&names(graph), folder, cpu, options)?.map_err(|refusal| anyhow!(refusal))?;
    let head = network.head.1.len() - 1;
    let mut sent = vec![vec![0.0; network.head.1[head].shape.len()]; questions];
    for (population, neuron, time) in spikes {
        let about = &graph.populations[population];
        if about.source != Source::Unit(network.nets.len(), head) {
            continue;
        }
        let trial = time as usize / graph.timing.trial;
        let end = (trial * graph.timing.trial + about.send[0] + graph.timing.code.steps(about.bits)) as f64;
        let number = (end - time) * about.grain;
        if let Some(sent) = sent.get_mut(trial) {
            sent[neuron as usize] += if about.part == Part::Positive { number } else { -number };
        }
    }
    Ok(sent)
}

impl Ran {
    fn new(spikes: usize, operations: u64, seconds: f64) -> Self {
        Self {
            answers: Vec::new(),
            numbers: 0,
            differ: 0,
            first: None,
            spikes: spikes as u64,
            operations,
            seconds,
        }
    }

    /// Compares what a population sent with whole numbers.
    fn note(&mut self, name: &str, sent: &[i64], expected: &[i64]) {
        self.numbers += expected.len() as u64;
        let mut differ = (0..expected.len()).filter(|&at| sent.get(at) != Some(&expected[at]));
        let Some(at) = differ.next() else { return };
        self.differ += 1 + differ.count() as u64;
        let (sent, expected) = (sent.get(at).copied().unwrap_or_default(), expected[at]);
        let first = || format!("neuron {at} of {name} sent {sent} in place of {expected}");
        self.first.get_or_insert_with(first);
    }

    fn compare(
        &mut self,
        network: &Integers,
        heard: &Heard<'_>,
        (trial, moment): (usize, Moment),
        expected: &[i64],
        answers: &mut Vec<Vec<i64>>,
    ) {
        let sent = heard.sent(network, trial, moment);
        let net = network.waves.get(moment.wave).map_or(network.nets.len(), |wave| wave.net);
        let unit = &network.nets.get(net).unwrap_or(&network.head.1)[moment.unit];
        let when = format!("{} (question {trial}, round {}, wave {})", unit.name, moment.round, moment.wave);
        self.note(&when, &sent, expected);
        if net == network.nets.len() && moment.unit + 1 == network.head.1.len() {
            answers.push(sent);
        }
    }
}
