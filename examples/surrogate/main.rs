//! Times a linear layer with leaky integrate-and-fire neurons and its surrogate gradient.
//!
//! ```text
//! RAYON_NUM_THREADS=2 cargo run --release --features train --example surrogate -- --neurons 512 --density 0.05
//! ```
//!
//! This is the layer of the benchmark of Open Neuromorphic (Lenz et al. 2023,
//! <https://open-neuromorphic.org/blog/spiking-neural-network-framework-benchmarking/>): a batch of 16, 500 steps,
//! n inputs onto n neurons, the sum of all spikes as loss, forward and backward pass apart. Prints one line of
//! JSON. With `--write` input, weights, spikes and gradient go to files as well, so that
//! `benches/peers/surrogate.py` can have other libraries do the same and compare.

mod layer;

use clap::{Parser, ValueEnum};
use layer::{Job, Layer};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use training::spiking::surrogate::Surrogate;
use training::weights::numbers;

#[derive(Parser)]
struct Arguments {
    /// Inputs, and as many neurons.
    #[arg(long, default_value_t = 512)]
    neurons: usize,
    /// Share of the inputs that spike in a step; 0 for a normal number at each input in each step.
    #[arg(long, default_value_t = 0.05)]
    density: f64,
    #[arg(long, default_value_t = 500)]
    steps: usize,
    #[arg(long, default_value_t = 16)]
    samples: usize,
    /// What stands for the derivative of a spike.
    #[arg(long, value_enum, default_value_t = Derivative::Arctan)]
    surrogate: Derivative,
    /// Passes that are measured.
    #[arg(long, default_value_t = 3)]
    repeats: usize,
    /// Passes before.
    #[arg(long, default_value_t = 1)]
    warm_up: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A folder for input, weights, spikes and gradient.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Derivative {
    /// 1/(1 + (πu)²), with a slope of 2 (snnTorch, SpikingJelly).
    Arctan,
    /// 1/(1 + |u|)² (Norse).
    FastSigmoid,
}

impl Derivative {
    fn surrogate(self) -> Surrogate {
        match self {
            Self::Arctan => Surrogate::Arctan { slope: 2.0 },
            Self::FastSigmoid => Surrogate::FastSigmoid { slope: 1.0 },
        }
    }
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the layer, runs it and says how long it took.
fn measure(asked: &Arguments) -> Result<serde_json::Value, String> {
    if asked.neurons == 0 || asked.steps == 0 || asked.samples == 0 || asked.repeats == 0 {
        return Err("neurons, steps, samples and repeats are at least 1".into());
    }
    if !(0.0..=1.0).contains(&asked.density) {
        return Err("a density is a share, from 0 to 1".into());
    }
    let job = Job {
        neurons: asked.neurons,
        density: asked.density,
        steps: asked.steps,
        samples: asked.samples,
        seed: asked.seed,
    };
    let (input, weights) = (job.input(), job.weights());
    if let Some(folder) = &asked.write {
        write(folder, "input.f32", &input)?;
        write(folder, "weights.f32", &weights)?;
    }
    let layer = Layer::new(&job, input, weights, asked.surrogate.surrogate());
    let (mut forward_s, mut backward_s, mut cpu_s, mut last) = (Vec::new(), Vec::new(), Vec::new(), None);
    for pass in 0..asked.warm_up + asked.repeats {
        drop(last.take());
        let (start, cpu) = (Instant::now(), processor_s());
        let spikes = layer.forward();
        let forward = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let gradient = layer.backward(&spikes);
        let backward = start.elapsed().as_secs_f64();
        if pass >= asked.warm_up {
            forward_s.push(forward);
            backward_s.push(backward);
            cpu_s.push(processor_s() - cpu);
        }
        last = Some((spikes, gradient));
    }
    let peak_mb = peak_mb();
    let (spikes, gradient) = last.ok_or("nothing was run")?;
    let spikes = numbers(spikes);
    let fired = spikes.iter().filter(|&&spike| spike != 0.0).count();
    if let Some(folder) = &asked.write {
        write(folder, "spikes.f32", &spikes)?;
        write(folder, "gradient.f32", &numbers(gradient))?;
    }
    Ok(json!({
        "neurons": asked.neurons, "density": asked.density, "steps": asked.steps, "samples": asked.samples,
        "version": env!("CARGO_PKG_VERSION"), "forward_s": forward_s,
        "backward_s": backward_s, "cpu_s": cpu_s, "peak_mb": peak_mb, "fired": fired as f64 / spikes.len() as f64,
    }))
}

/// Processor time of this process, all threads, s.
fn processor_s() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Numbers as they lie in memory, least byte first.
fn write(folder: &Path, name: &str, values: &[f32]) -> Result<(), String> {
    let path = folder.join(name);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(&path, bytes).map_err(|why| format!("{}: {why}", path.display()))
}

/// The most memory this process held, where the system tells (Linux).
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
