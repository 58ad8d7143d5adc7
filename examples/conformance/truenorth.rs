//! Vectors for TrueNorth: nets of cores, and single neurons in every mode.
//!
//! Each case is run by the chip as the description reads, `plain`, and by the bit-parallel one, on one, two
//! and three threads. Ticks count from 0 in the files and from 1 here.

mod nets;
mod neurons;

use super::case::Case;
use backends::truenorth::core::Core;
use backends::truenorth::draws::Draws;
use backends::truenorth::emulator::{Emulator, Input, Probed, Setting};
use backends::truenorth::limits::{NEURONS, Widths};
use backends::truenorth::neuron::{ResetMode, Semantics};
use backends::truenorth::reference::Reference;
use serde_json::Value;
use sim_core::rng::Key;

/// Threads on which the bit-parallel chip runs.
const THREADS: [usize; 3] = [1, 2, 3];

/// Runs the cases of a file.
///
/// # Errors
/// When the file is not as its kind should be.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    match file["kind"].as_str().unwrap_or_default() {
        "truenorth_net" => nets::cases(file),
        "truenorth_neuron" => {
            let list = file["cases"].as_array().ok_or("cases is not a list")?;
            let all: Vec<Vec<Case>> = list.iter().map(neurons::cases).collect::<Result<_, _>>()?;
            Ok(all.into_iter().flatten().collect())
        }
        kind => Err(format!("no kind is called {kind}")),
    }
}

/// What a run did: potentials of all neurons after each tick, and who fired, as (tick, core, neuron).
#[derive(Default)]
struct Story {
    potentials: Vec<Vec<Vec<i32>>>,
    spikes: Vec<[i64; 3]>,
}

/// Runs cores as the description reads.
fn plain(cores: &[Core], inputs: &[Input], ticks: i64) -> Story {
    let mut chip = Reference::new(cores.to_vec(), Semantics::default(), Key::new(0));
    let mut story = Story::default();
    for tick in 1..=ticks {
        for input in inputs.iter().filter(|input| input.tick == tick) {
            chip.activate(tick, input.core as usize, input.axon.into());
        }
        chip.live(|core, neuron| story.spikes.push([tick - 1, core as i64, neuron as i64]));
        let potentials = chip.lived.iter().map(|core| core.iter().map(|lived| lived.potential).collect());
        story.potentials.push(potentials.collect());
    }
    story
}

/// Runs cores bit-parallel.
fn fast(
    cores: &[Core],
    inputs: &[Input],
    ticks: i64,
    draws: Option<Vec<u32>>,
    threads: usize,
) -> Result<Story, String> {
    let setting = Setting { semantics: Semantics::default(), widths: Widths::default(), key: Key::new(0) };
    let mut chip = Emulator::new(cores, setting, threads, None).map_err(|found| found.join("; "))?;
    if let Some(draws) = draws {
        chip.draws(0, |own| *own = Draws::recorded(draws.clone()));
    }
    let all = |(core, loaded): (usize, &Core)| (0..loaded.neurons.len()).map(move |j| (core, j)).collect();
    let probes: Vec<Probed> =
        cores.iter().enumerate().map(all).map(|neurons| Probed { every: 1, neurons }).collect();
    chip.probe(&probes);
    let mut story = Story::default();
    let mut spikes = Vec::new();
    while chip.now() < ticks {
        let (from, until) = (chip.now(), ticks.min(chip.now() + chip.epoch()));
        let due: Vec<Input> = inputs.iter().copied().filter(|i| i.tick > from && i.tick <= until).collect();
        chip.advance(until, &due, &mut spikes);
        let blank = || cores.iter().map(|core| vec![0; core.neurons.len()]).collect();
        story.potentials.resize_with(until as usize, blank);
        for (tick, core, neuron, potential) in chip.samples() {
            story.potentials[tick as usize - 1][core][neuron] = potential;
        }
    }
    let place = |name: u32| [i64::from(name) / NEURONS as i64, i64::from(name) % NEURONS as i64];
    story.spikes = spikes
        .iter()
        .map(|spike| {
            let [core, neuron] = place(spike.neuron);
            [spike.step - 1, core, neuron]
        })
        .collect();
    Ok(story)
}

fn mode(gamma: i64) -> Result<ResetMode, String> {
    match gamma {
        0 => Ok(ResetMode::Absolute),
        1 => Ok(ResetMode::Linear),
        2 => Ok(ResetMode::None),
        _ => Err(format!("gamma is {gamma}, not 0, 1 or 2")),
    }
}

fn first_spike<const N: usize>(what: &str, expected: &[[i64; N]], found: &[[i64; N]]) -> Option<String> {
    let place = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i))?;
    let told = |list: &[[i64; N]]| list.get(place).map_or("none".into(), |spike| format!("{spike:?}"));
    Some(format!("{what} number {place} is {}, expected {}", told(found), told(expected)))
}
