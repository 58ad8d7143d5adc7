//! What was measured, as JSON for programs and as a row for people.

use crate::bench::clock::Spent;
use crate::bench::measure::{Measured, Order, Recorded, Windows};
use crate::summary::{engineering, grouped};
use serde_json::{Map, Value, json};
use sim_core::network::Network;

/// Everything that was measured of a workload. Speeds and rates are those of the windows with
/// recording, if there was any.
pub fn json(order: &Order, measured: &Measured) -> Value {
    let windows = measured.recorded.as_ref().map_or(&measured.bare, |recorded| &recorded.windows);
    let counters = &measured.counters;
    let dt = measured.network.dt;
    let window_s = measured.steps as f64 * dt * 1e-3;
    let events = windows.events as f64 / windows.spent.len() as f64;
    let each = |spent: Option<Spread>, factor: f64| {
        spent.filter(|_| events > 0.0).map(|spent| spent.median * factor / events)
    };
    let bytes = |_| counters.synapse_bytes as f64 / counters.synapses as f64;
    json!({
        "workload": order.workload.name,
        "neurons": measured.network.neurons(),
        "synapses": counters.synapses,
        "threads": order.threads,
        "seed": measured.network.seed,
        "warm_up_ms": measured.network.warm_up as f64 * dt,
        "window_ms": window_s * 1e3,
        "repeats": order.repeats,
        "build_s": { "wall": measured.build.wall_s, "cpu": measured.build.cpu_s },
        "simulate_s": windows.times(1.0),
        "real_time_factor": windows.times(1.0 / window_s),
        "real_time_factor_without_recording": measured.bare.times(1.0 / window_s),
        "recording": measured.recorded.as_ref().map(|recorded| recording(recorded, &measured.bare)),
        "synaptic_events_per_window": events,
        "synaptic_events_per_s": windows.of(|spent| Some(spent.wall_s)).map(|wall| events / wall.median),
        "ns_per_event": each(windows.of(|spent| spent.cpu_s), 1e9),
        "cycles_per_event": each(windows.of(|spent| spent.cycles), 1.0),
        "bytes_per_synapse": Some(counters.synapses).filter(|&synapses| synapses > 0).map(bytes),
        "built_bytes": measured.built_bytes,
        "peak_bytes": measured.peak_bytes,
        "rates_hz": rates(windows, &measured.network, window_s),
        "stages_s": windows.stages.iter().map(|(name, s)| ((*name).to_owned(), json!(s))).collect::<Map<_, _>>(),
    })
}

/// The share of time in which the machine waited for the recorder, and of processor time that the
/// recorder's thread costs more.
fn recording(recorded: &Recorded, bare: &Windows) -> Value {
    let wall_s: f64 = recorded.windows.spent.iter().map(|spent| spent.wall_s).sum();
    let cpu_s = |windows: &Windows| windows.of(|spent| spent.cpu_s);
    let extra =
        cpu_s(&recorded.windows).zip(cpu_s(bare)).map(|(with, without)| with.median / without.median - 1.0);
    json!({ "waited_share": recorded.waited_s / wall_s, "extra_cpu_share": extra, "ending_s": recorded.ending_s })
}

fn rates(windows: &Windows, network: &Network, window_s: f64) -> Map<String, Value> {
    let seconds = windows.spent.len() as f64 * window_s;
    let rate = |number: usize| {
        let population = &network.populations[number];
        let rate = windows.spikes[number] as f64 / (f64::from(population.size) * seconds);
        (population.name.clone(), json!(rate))
    };
    network.listed().into_iter().map(rate).collect()
}

/// The middle and the ends of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let (&min, &max) = values.first().zip(values.last())?;
        let median = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Some(Spread { median, min, max })
    }

    fn json(self, factor: f64) -> Value {
        json!({ "median": self.median * factor, "min": self.min * factor, "max": self.max * factor })
    }
}

impl Windows {
    /// What the windows took of something, if that was measured.
    fn of(&self, what: fn(&Spent) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.spent.iter().map(what).collect::<Option<_>>()?)
    }

    fn times(&self, factor: f64) -> Value {
        let wall = self.of(|spent| Some(spent.wall_s)).map(|spread| spread.json(factor));
        json!({ "wall": wall, "cpu": self.of(|spent| spent.cpu_s).map(|spread| spread.json(factor)) })
    }
}

/// A column of the table: its head, its width, and what it shows of [`json()`].
type Column = (&'static str, usize, fn(&Value) -> Option<String>);

const COLUMNS: [Column; 12] = [
    ("workload", 18, |m| m["workload"].as_str().map(str::to_owned)),
    ("threads", 7, |m| m["threads"].as_u64().map(|threads| threads.to_string())),
    ("build s", 8, |m| fixed(&m["build_s"]["wall"], 2)),
    ("RTF", 8, |m| fixed(&m["real_time_factor"]["wall"]["median"], 3)),
    ("min..max", 15, |m| {
        let wall = &m["real_time_factor"]["wall"];
        Some(format!("{}..{}", fixed(&wall["min"], 3)?, fixed(&wall["max"], 3)?))
    }),
    ("RTF cpu", 8, |m| fixed(&m["real_time_factor"]["cpu"]["median"], 3)),
    ("events/s", 8, |m| m["synaptic_events_per_s"].as_f64().map(engineering)),
    ("ns/event", 8, |m| fixed(&m["ns_per_event"], 2)),
    ("cycles", 7, |m| fixed(&m["cycles_per_event"], 1)),
    ("B/synapse", 9, |m| fixed(&m["bytes_per_synapse"], 1)),
    ("peak MB", 8, |m| m["peak_bytes"].as_u64().map(|bytes| grouped(bytes / 1_000_000))),
    ("recording", 9, |m| {
        m["recording"]["waited_share"].as_f64().map(|share| format!("{:.1} %", 100.0 * share))
    }),
];

fn fixed(number: &Value, digits: usize) -> Option<String> {
    number.as_f64().map(|number| format!("{number:.digits$}"))
}

/// The heads of the columns.
pub fn heads() -> String {
    COLUMNS.map(|(head, width, _)| format!("{head:>width$}")).join(" ")
}

/// A row of what [`json()`] has made; what was not measured is a dash.
pub fn row(measured: &Value) -> String {
    COLUMNS.map(|(_, width, text)| format!("{:>width$}", text(measured).unwrap_or("-".into()))).join(" ")
}

/// Rates and shares of the stages of what [`json()`] has made, in a line.
pub fn details(measured: &Value) -> String {
    let entries = |name: &str| -> Vec<(String, f64)> {
        let entries = measured[name].as_object().into_iter().flatten();
        entries.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))).collect()
    };
    let stages = entries("stages_s");
    let all: f64 = stages.iter().map(|stage| stage.1).sum();
    let rates: Vec<String> =
        entries("rates_hz").iter().map(|(name, rate)| format!("{name} {rate:.3} Hz")).collect();
    let shares: Vec<String> =
        stages.iter().map(|(name, seconds)| format!("{name} {:.0} %", 100.0 * seconds / all)).collect();
    format!("    {}; {}", rates.join(", "), shares.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_the_ends() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(spread(&[3.0, 1.0, 8.0]), Some(Spread { median: 3.0, min: 1.0, max: 8.0 }));
        assert_eq!(spread(&[4.0, 1.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        let row = row(&json!({ "workload": "cuba", "ns_per_event": null }));
        assert_eq!(row.split_whitespace().collect::<Vec<_>>(), [&["cuba"][..], &["-"; 11]].concat());
    }
}
