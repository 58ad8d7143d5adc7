//! What a run was and did: a few lines for people, `summary.json` for programs.

use crate::system::memory_bytes;
use serde_json::{Map, Value, json};
use sim_core::backend::Counters;
use sim_core::network::Network;
use std::fmt::Write as _;

/// Everything the summary tells.
pub struct Summary<'a> {
    /// The network as run.
    pub network: &'a Network,
    /// Last step lived.
    pub until: i64,
    /// First step lived: 0, or that of the checkpoint.
    pub from: i64,
    /// What the machine counted.
    pub counters: Counters,
    /// Spikes through synapses before `from`.
    pub events_before: u64,
    /// Seconds to build.
    pub build_s: f64,
    /// Seconds to simulate.
    pub simulate_s: f64,
    /// Threads asked for.
    pub threads: usize,
    /// Name of the machine.
    pub backend: &'a str,
    /// Whether the run reached its end.
    pub complete: bool,
}

impl Summary<'_> {
    /// Mean spikes per neuron and second of a population, after the warm-up.
    pub fn rate_hz(&self, population: usize) -> f64 {
        let seconds = (self.until - self.network.warm_up).max(0) as f64 * self.network.dt * 1e-3;
        let neuron_seconds = f64::from(self.network.populations[population].size) * seconds;
        let spikes = self.counters.spikes_after_warm_up[population] as f64;
        if neuron_seconds > 0.0 { spikes / neuron_seconds } else { 0.0 }
    }

    fn lived_s(&self) -> f64 {
        (self.until - self.from) as f64 * self.network.dt * 1e-3
    }

    fn real_time_factor(&self) -> f64 {
        if self.lived_s() > 0.0 { self.simulate_s / self.lived_s() } else { 0.0 }
    }

    fn events_per_s(&self) -> f64 {
        let events = (self.counters.synaptic_events - self.events_before) as f64;
        if self.simulate_s > 0.0 { events / self.simulate_s } else { 0.0 }
    }

    /// The summary for programs.
    pub fn json(&self) -> Value {
        let rates: Map<String, Value> = self
            .network
            .listed()
            .into_iter()
            .map(|number| (self.network.populations[number].name.clone(), json!(self.rate_hz(number))))
            .collect();
        let stages: Map<String, Value> = self
            .counters
            .stages
            .iter()
            .map(|(name, seconds)| ((*name).to_string(), json!(seconds)))
            .collect();
        json!({
            "title": self.network.title,
            "version": env!("CARGO_PKG_VERSION"),
            "backend": self.backend,
            "complete": self.complete,
            "neurons": self.network.neurons(),
            "synapses": self.counters.synapses,
            "synapse_bytes": self.counters.synapse_bytes,
            "dt_ms": self.network.dt,
            "duration_ms": self.until as f64 * self.network.dt,
            "simulated_ms": self.lived_s() * 1e3,
            "warm_up_ms": self.network.warm_up as f64 * self.network.dt,
            "build_s": self.build_s,
            "simulate_s": self.simulate_s,
            "real_time_factor": self.real_time_factor(),
            "spikes": self.counters.spikes,
            "synaptic_events": self.counters.synaptic_events,
            "synaptic_events_per_s": self.events_per_s(),
            "peak_rss_bytes": memory_bytes("VmHWM").unwrap_or(0),
            "threads": self.threads,
            "seed": self.network.seed,
            "rates_hz": rates,
            "stages_s": stages,
        })
    }

    /// The summary for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let network = self.network;
        let _ = writeln!(out, "{}", network.title);
        let _ = writeln!(
            out,
            "  {} neurons, {} synapses; built in {:.2} s, {} a synapse",
            grouped(u64::from(network.neurons())),
            grouped(self.counters.synapses),
            self.build_s,
            per_synapse(&self.counters),
        );
        let _ = writeln!(
            out,
            "  {:.0} ms simulated in {:.2} s on {} threads: real-time factor {:.3}, {} synaptic events/s",
            self.lived_s() * 1e3,
            self.simulate_s,
            self.threads,
            self.real_time_factor(),
            engineering(self.events_per_s()),
        );
        let width =
            network.populations.iter().map(|population| population.name.chars().count()).max().unwrap_or(0);
        for number in network.listed() {
            let population = &network.populations[number];
            let _ = writeln!(
                out,
                "  {:width$}  {:>9} neurons  {:8.3} Hz",
                population.name,
                grouped(u64::from(population.size)),
                self.rate_hz(number)
            );
        }
        let total: f64 = self.counters.stages.iter().map(|stage| stage.1).sum();
        if total > 0.0 {
            let share = |(name, seconds): &(&str, f64)| format!("{name} {:.0} %", 100.0 * seconds / total);
            let _ = writeln!(
                out,
                "  time: {}",
                self.counters.stages.iter().map(share).collect::<Vec<_>>().join(", ")
            );
        }
        out
    }
}

fn per_synapse(counters: &Counters) -> String {
    match counters.synapses {
        0 => "0 bytes".into(),
        synapses => format!("{:.1} bytes", counters.synapse_bytes as f64 / synapses as f64),
    }
}

/// 15625000 → "15 625 000".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// 4.2e8 → "420 M".
pub fn engineering(number: f64) -> String {
    let scales = [(1e9, " G"), (1e6, " M"), (1e3, " k")];
    let scale = scales.iter().find(|scale| number.abs() >= scale.0);
    scale.map_or(format!("{number:.0}"), |(scale, letter)| {
        let digits = if number / scale >= 100.0 { 0 } else { 1 };
        format!("{:.digits$}{letter}", number / scale)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(15_625_000), "15 625 000");
        assert_eq!(engineering(4.2e8), "420 M");
    }
}
