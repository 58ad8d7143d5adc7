//! What was measured, as JSON for programs and as a row for people.

use crate::bench::clock::{load_average, processor};
use crate::bench::measure::{Measured, Order, Windows};
use crate::summary::{engineering, grouped};
use recordings::hdf5::provenance::rfc3339;
use serde_json::{Map, Value, json};
use std::time::SystemTime;

/// Everything that was measured of a workload.
pub fn json(order: &Order, measured: &Measured) -> Value {
    let windows = measured.recorded.as_ref().unwrap_or(&measured.bare);
    let counters = &measured.counters;
    let (wall_s, cpu_s) = (total(windows.walls()), windows.cpus().map(total));
    let events = windows.events as f64;
    let lived_s = order.window_ms * 1e-3;
    json!({
        "workload": order.workload.name,
        "neurons": measured.network.neurons(),
        "synapses": counters.synapses,
        "threads": order.threads,
        "seed": measured.network.seed,
        "window_ms": order.window_ms,
        "warm_up_ms": measured.network.warm_up as f64 * measured.network.dt,
        "repeats": order.repeats,
        "recording": measured.recorded.is_some(),
        "build_s": { "wall": measured.build.wall_s, "cpu": measured.build.cpu_s },
        "simulate_s": { "wall": spread(&windows.walls(), 1.0), "cpu": windows.cpus().map(|cpu| spread(&cpu, 1.0)) },
        "real_time_factor": factors(windows, lived_s),
        "real_time_factor_without_recording": factors(&measured.bare, lived_s),
        "recording_share": measured.recorded.as_ref().map(|recorded| recorded.recording_s / wall_s),
        "synaptic_events": windows.events,
        "synaptic_events_per_s": events / wall_s,
        "ns_per_event": cpu_s.filter(|_| events > 0.0).map(|seconds| seconds * 1e9 / events),
        "bytes_per_synapse": (counters.synapses > 0).then(|| counters.synapse_bytes as f64 / counters.synapses as f64),
        "built_bytes": measured.built_bytes,
        "peak_bytes": measured.peak_bytes,
        "rates_hz": rates(measured, order),
        "stages_s": windows.stages.iter().map(|(name, s)| ((*name).to_owned(), json!(s))).collect::<Map<_, _>>(),
    })
}

/// Where and when it is measured.
pub fn here() -> Value {
    json!({
        "processor": processor(),
        "cores": std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        "load_average": load_average(),
        "version": env!("CARGO_PKG_VERSION"),
        "date": rfc3339(SystemTime::now()),
    })
}

impl Windows {
    fn walls(&self) -> Vec<f64> {
        self.spent.iter().map(|spent| spent.wall_s).collect()
    }

    fn cpus(&self) -> Option<Vec<f64>> {
        self.spent.iter().map(|spent| spent.cpu_s).collect()
    }
}

fn factors(windows: &Windows, lived_s: f64) -> Value {
    let factor = |seconds: Vec<f64>| spread(&seconds, 1.0 / lived_s);
    json!({ "wall": factor(windows.walls()), "cpu": windows.cpus().map(factor) })
}

fn total(seconds: Vec<f64>) -> f64 {
    seconds.iter().sum()
}

fn spread(values: &[f64], factor: f64) -> Value {
    let mut sorted: Vec<f64> = values.iter().map(|value| value * factor).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2]) / 2.0;
    json!({ "median": middle, "min": sorted[0], "max": sorted[sorted.len() - 1] })
}

fn rates(measured: &Measured, order: &Order) -> Map<String, Value> {
    let windows =
        measured.bare.spent.len() + measured.recorded.as_ref().map_or(0, |recorded| recorded.spent.len());
    let seconds = windows as f64 * order.window_ms * 1e-3;
    let rate = |number: usize| {
        let population = &measured.network.populations[number];
        let spikes = measured.counters.spikes_after_warm_up[number] as f64;
        (population.name.clone(), json!(spikes / (f64::from(population.size) * seconds)))
    };
    measured.network.listed().into_iter().map(rate).collect()
}

/// The heads of the columns of [`row`].
pub const HEADS: [&str; 12] = [
    "workload",
    "threads",
    "build s",
    "sim s",
    "RTF",
    "min..max",
    "RTF cpu",
    "events/s",
    "ns/event",
    "B/synapse",
    "peak MB",
    "recording",
];

/// One row of what [`json`] has made; what was not measured is a dash.
pub fn row(measured: &Value) -> String {
    let number = |path: &str, digits: usize| {
        measured.pointer(path).and_then(Value::as_f64).map_or("-".into(), |value| format!("{value:.digits$}"))
    };
    let percent =
        measured["recording_share"].as_f64().map_or("-".into(), |share| format!("{:.1} %", share * 100.0));
    let columns = [
        measured["workload"].as_str().unwrap_or("-").to_owned(),
        number("/threads", 0),
        number("/build_s/wall", 2),
        number("/simulate_s/wall/median", 3),
        number("/real_time_factor/wall/median", 3),
        format!("{}..{}", number("/real_time_factor/wall/min", 3), number("/real_time_factor/wall/max", 3)),
        number("/real_time_factor/cpu/median", 3),
        measured["synaptic_events_per_s"].as_f64().map_or("-".into(), engineering),
        number("/ns_per_event", 2),
        number("/bytes_per_synapse", 1),
        measured["peak_bytes"].as_u64().map_or("-".into(), |bytes| grouped(bytes / 1_000_000)),
        percent,
    ];
    aligned(&columns)
}

/// Columns under each other.
pub fn aligned<S: AsRef<str>>(columns: &[S; 12]) -> String {
    let widths = [18, 7, 8, 8, 8, 14, 8, 9, 9, 9, 8, 9];
    let column = |(text, width): (&S, usize)| format!("{:>width$}", text.as_ref());
    columns.iter().zip(widths).map(column).collect::<Vec<_>>().join(" ")
}

/// Rates and stages of what [`json`] has made, in a line.
pub fn details(measured: &Value) -> String {
    let entries = |name: &str| measured[name].as_object().into_iter().flatten();
    let rates = entries("rates_hz").map(|(name, rate)| format!("{name} {:.3}", rate.as_f64().unwrap_or(0.0)));
    let all: f64 = entries("stages_s").filter_map(|(_, seconds)| seconds.as_f64()).sum();
    let share = |seconds: &Value| 100.0 * seconds.as_f64().unwrap_or(0.0) / all.max(f64::MIN_POSITIVE);
    let stages = entries("stages_s").map(|(name, seconds)| format!("{name} {:.0} %", share(seconds)));
    let list = |words: Vec<String>| words.join(", ");
    format!("    {} Hz; {}", list(rates.collect()), list(stages.collect()))
}
