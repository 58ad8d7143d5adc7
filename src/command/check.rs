//! `saltus check`: is the file right, and what would be built?

use crate::complain;
use crate::open::OpenArgs;
use crate::say;
use crate::summary::{engineering, grouped};
use anyhow::Result;
use clap::Args;
use recordings::hdf5::folder::Folder;
use serde_json::{Value, json};
use sim_core::connect::{Connectivity, connect};
use sim_core::network::{Network, Precision, Projection};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Spikes per neuron and second that the expected cost assumes where the file gives no rate.
const ASSUMED_HZ: f64 = 10.0;

/// Nanoseconds of one core per event of a static and of a plastic synapse and per neuron step: rough
/// figures from runs of the shipped networks, for an order of magnitude.
const NS_PER_EVENT: f64 = 2.0;
const NS_PER_PLASTIC_EVENT: f64 = 6.0;
const NS_PER_STEP: f64 = 1.0;

/// Bytes that a plastic synapse takes beside its weight: what its run of equal delay keeps.
const PLASTIC_BYTES: f64 = 8.0;

/// What can be asked of `saltus check`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  saltus check networks/microcircuit.ron\n  saltus check networks/microcircuit.ron --set scale=0.1 --json"
)]
pub struct CheckArgs {
    /// The network file
    file: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Checks a file and prints what it would become.
pub fn check(args: &CheckArgs) -> Result<ExitCode> {
    let opened = match args.open.open(&args.file) {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let files = Folder::new(args.file.parent().unwrap_or(Path::new("")));
    let connectivity = match connect(&opened.network, &files) {
        Ok(connectivity) => connectivity,
        Err(error) => {
            complain!("error: {error}");
            return Ok(ExitCode::from(2));
        }
    };
    let forecast = Forecast::of(&opened.network, &connectivity);
    if args.json {
        say!("{:#}", forecast.json(&opened.network, &connectivity));
    } else {
        forecast.print(&opened.network, &connectivity);
    }
    Ok(ExitCode::SUCCESS)
}

/// What a network will take.
struct Forecast {
    synapses: f64,
    memory_bytes: f64,
    shortest_delay_ms: Option<f64>,
    events_per_model_s: f64,
    core_s_per_model_s: f64,
}

impl Forecast {
    fn of(network: &Network, connectivity: &Connectivity) -> Self {
        let weight_bytes = match network.precision {
            Precision::F32 => 4.0,
            Precision::F64 => 8.0,
        };
        let synapses = connectivity.count();
        let shortest = |(number, projection): (usize, &Projection)| {
            let own = connectivity.wiring(number).delays();
            match (&projection.delay, own) {
                (Some(delay), _) => Some(delay.bounds().0),
                (None, Some(own)) => own.iter().copied().reduce(f64::min),
                (None, None) => None,
            }
        };
        let plastic: f64 = network
            .projections
            .iter()
            .enumerate()
            .filter(|(_, projection)| projection.plasticity.is_some())
            .map(|(number, _)| connectivity.wiring(number).count())
            .sum();
        let event_ns = (synapses - plastic) * NS_PER_EVENT + plastic * NS_PER_PLASTIC_EVENT;
        let steps_per_s = f64::from(network.neurons()) * 1e3 / network.dt;
        let shortest_delay_ms = network.projections.iter().enumerate().filter_map(shortest).reduce(f64::min);
        Forecast {
            synapses,
            memory_bytes: (synapses * (2.0 + weight_bytes) + plastic * PLASTIC_BYTES) * 1.1
                + f64::from(network.neurons()) * 200.0,
            shortest_delay_ms: shortest_delay_ms.map(|delay| delay.max(network.dt)),
            events_per_model_s: synapses * ASSUMED_HZ,
            core_s_per_model_s: (event_ns * ASSUMED_HZ + steps_per_s * NS_PER_STEP) * 1e-9,
        }
    }

    fn print(&self, network: &Network, connectivity: &Connectivity) {
        say!("{}: the file is right", network.title);
        for number in network.listed() {
            let population = &network.populations[number];
            say!(
                "  {}: {} {}",
                population.name,
                grouped(u64::from(population.size)),
                population.neuron.model.name
            );
        }
        for (number, projection) in network.projections.iter().enumerate() {
            let (source, target) =
                (&network.populations[projection.source], &network.populations[projection.target]);
            let plastic =
                projection.plasticity.as_ref().map_or(String::new(), |p| format!(", {}", p.model.name));
            let count = grouped(connectivity.wiring(number).count().round() as u64);
            say!(
                "  {} -> {}: {} synapses, {}{plastic}",
                source.name,
                target.name,
                count,
                projection.rule.name
            );
        }
        say!(
            "  {} neurons, {} synapses",
            grouped(u64::from(network.neurons())),
            grouped(self.synapses.round() as u64)
        );
        say!("  memory: about {}B", engineering(self.memory_bytes));
        match self.shortest_delay_ms {
            Some(delay) => say!("  shortest delay: {delay} ms"),
            None => say!("  shortest delay: none, there are no synapses"),
        }
        say!(
            "  expected cost at {ASSUMED_HZ} Hz: {} synaptic events and {:.2} s of one core per second of model time",
            engineering(self.events_per_model_s),
            self.core_s_per_model_s
        );
    }

    fn json(&self, network: &Network, connectivity: &Connectivity) -> Value {
        let projections: Vec<Value> = network
            .projections
            .iter()
            .enumerate()
            .map(|(number, projection)| {
                json!({
                    "name": projection.name,
                    "source": network.populations[projection.source].name,
                    "target": network.populations[projection.target].name,
                    "rule": projection.rule.name,
                    "synapses": connectivity.wiring(number).count(),
                    "plasticity": projection.plasticity.as_ref().map(|plastic| plastic.model.name),
                })
            })
            .collect();
        let population = |number: usize| {
            let population = &network.populations[number];
            json!({ "name": population.name, "size": population.size, "model": population.neuron.model.name })
        };
        json!({
            "title": network.title,
            "neurons": network.neurons(),
            "synapses": self.synapses.round() as u64,
            "memory_bytes": self.memory_bytes.round() as u64,
            "shortest_delay_ms": self.shortest_delay_ms,
            "assumed_rate_hz": ASSUMED_HZ,
            "synaptic_events_per_model_s": self.events_per_model_s,
            "core_s_per_model_s": self.core_s_per_model_s,
            "populations": network.listed().into_iter().map(population).collect::<Vec<_>>(),
            "projections": projections,
        })
    }
}
