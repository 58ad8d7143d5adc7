//! Recordings made up from keyed random numbers, for tests of pictures.

use recordings::plot::data::{Degrees, Population, PowerLaw, Recording, Trace, Weights};
use sim_core::math::{cos, exp, pow};
use sim_core::rng::Key;

/// A population of `size` neurons whose rates are spread log-normally around `rate` Hz; together
/// they are modulated by `depth` at `frequency` Hz.
pub fn population(
    name: &str,
    size: usize,
    rate: f64,
    (frequency, depth): (f64, f64),
    duration: f64,
) -> Population {
    let key = Key::new(11).named(name);
    let (mut times, mut neurons) = (Vec::new(), Vec::new());
    for neuron in 0..size {
        let mut stream = key.stream(neuron as u64);
        let own = rate * exp(0.6 * stream.normal() - 0.18);
        let fastest = own * (1.0 + depth) / 1000.0;
        let mut time = 0.0;
        loop {
            time += stream.exponential() / fastest;
            if time >= duration {
                break;
            }
            let now = 1.0 + depth * cos(std::f64::consts::TAU * frequency * time / 1000.0);
            if stream.uniform() * (1.0 + depth) < now {
                times.push((time * 10.0).round() / 10.0);
                neurons.push(neuron as u32);
            }
        }
    }
    Population { name: name.into(), size, times, neurons, ..Population::default() }
}

pub fn brunel(duration: f64) -> Recording {
    let mut e = population("E", 8000, 6.0, (5.0, 0.3), duration);
    e.colour = Some("#1f77b4".into());
    let mut i = population("I", 2000, 9.0, (5.0, 0.3), duration);
    i.colour = Some("#d62728".into());
    Recording { populations: vec![e, i], duration, warm_up: 100.0, ..Recording::default() }
}

pub fn synchronous(duration: f64) -> Recording {
    let populations = vec![
        population("excitatory", 800, 20.0, (25.0, 1.0), duration),
        population("inhibitory", 200, 30.0, (25.0, 1.0), duration),
    ];
    Recording { populations, duration, ..Recording::default() }
}

pub fn microcircuit(duration: f64) -> Recording {
    let layers = [
        ("layer 2/3 pyramidal cells, intratelencephalic", 2068, 0.9),
        ("layer 2/3 interneurons", 583, 3.0),
        ("layer 4 spiny stellate & star pyramidal <4E>", 2191, 4.4),
        ("layer 4 interneurons", 548, 5.8),
        ("layer 5 pyramidal cells", 485, 7.5),
        ("layer 5 interneurons", 107, 8.6),
        ("layer 6 pyramidal cells", 1439, 1.1),
        ("layer 6 interneurons", 295, 7.8),
    ];
    let populations =
        layers.map(|(name, size, rate)| population(name, size, rate, (8.0, 0.3), duration)).into();
    Recording { populations, duration, ..Recording::default() }
}

pub fn one_spike() -> Recording {
    let one = Population {
        name: "E".into(),
        size: 3,
        times: vec![42.0],
        neurons: vec![1],
        ..Population::default()
    };
    Recording { populations: vec![one], duration: 100.0, ..Recording::default() }
}

pub fn silent() -> Recording {
    let silent = |name: &str| Population { name: name.into(), size: 100, ..Population::default() };
    Recording { populations: vec![silent("E"), silent("I")], duration: 1000.0, ..Recording::default() }
}

/// Traces of leaky neurons with noisy input, weights that have moved, and scale-free degrees.
pub fn with_everything() -> Recording {
    let mut recording = brunel(500.0);
    for (population, neuron) in [("E", 3), ("E", 17), ("I", 4)] {
        let (voltage, current) = neuron_traces(population, neuron, 500.0);
        recording.traces.extend([voltage, current]);
    }
    recording.weights = vec![weights("E → E", 20.0), weights("E → I", 60.0)];
    recording.degrees = vec![degrees("in-degree", 2.3), degrees("out-degree", 3.1)];
    recording
}

fn neuron_traces(population: &str, neuron: u32, duration: f64) -> (Trace, Trace) {
    let mut stream = Key::new(5).named(population).stream(u64::from(neuron));
    let trace = |variable: &str, unit: &str| Trace {
        population: population.into(),
        neuron,
        variable: variable.into(),
        unit: unit.into(),
        ..Trace::default()
    };
    let (mut voltage, mut current) = (trace("V_m", "mV"), trace("I_syn_ex", "pA"));
    let (mut v, mut i, mut refractory) = (-65.0, 0.0, 0);
    for step in 1..=(duration * 10.0) as usize {
        let time = step as f64 / 10.0;
        i += -i / 50.0 + if stream.uniform() < 0.12 { 60.0 * stream.uniform() } else { 0.0 };
        v += if refractory > 0 { 0.0 } else { (-65.0 - v) / 100.0 + i / 1100.0 };
        refractory -= i32::from(refractory > 0);
        if v > -50.0 {
            voltage.spikes.push(time);
            (v, refractory) = (-65.0, 20);
        }
        for (trace, value) in [(&mut voltage, v), (&mut current, i)] {
            trace.times.push(time);
            trace.values.push(value);
        }
    }
    (voltage, current)
}

fn weights(projection: &str, mean: f64) -> Weights {
    let mut stream = Key::new(6).named(projection).stream(0);
    let first: Vec<f64> = (0..20_000).map(|_| (mean * (1.0 + 0.1 * stream.normal())).max(0.0)).collect();
    let last = first
        .iter()
        .map(
            |weight| {
                if stream.uniform() < 0.4 { 0.3 * weight } else { weight * (1.2 + 0.2 * stream.uniform()) }
            },
        )
        .collect();
    Weights {
        projection: projection.into(),
        unit: "pA".into(),
        first: (0.0, first),
        last: (1e5, last),
        colour: None,
    }
}

fn degrees(name: &str, exponent: f64) -> Degrees {
    let mut stream = Key::new(8).named(name).stream(0);
    let draw = |stream: &mut sim_core::rng::Stream| {
        if stream.uniform() < 0.05 {
            0
        } else {
            (4.5 * pow(stream.uniform(), -1.0 / (exponent - 1.0)) + 0.5) as u32
        }
    };
    let degrees: Vec<u32> = (0..20_000).map(|_| draw(&mut stream)).collect();
    Degrees::of(name, &degrees, Some(PowerLaw { exponent, error: 0.02, from: 5 }))
}
