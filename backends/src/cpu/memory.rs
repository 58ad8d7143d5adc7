//! Whether a network fits into the memory that this process may still take.
//!
//! A refusal comes before anything is built: an allocation that fails later ends the program, and on
//! most systems it does not fail but gets the program killed.

use sim_core::connect::Connectivity;
use sim_core::network::{Network, Precision, Projection};
use sim_core::quantity::Quantity;
use std::fs;

/// Bytes of states, parameters and places of one neuron, at the least.
const NEURON: f64 = 64.0;

/// Says what a network needs at the least and what is free, if that is not enough.
pub fn shortage(network: &Network, connectivity: &Connectivity, shards: usize) -> Option<String> {
    compare(need(network, connectivity, shards), available()?)
}

/// The same for anything that takes so many bytes.
pub fn shortage_of(bytes: f64) -> Option<String> {
    compare(bytes, available()?)
}

fn compare(need: f64, free: u64) -> Option<String> {
    let giga = |bytes: f64| format!("{:.1} GB", bytes / 1e9);
    (need > free as f64)
        .then(|| format!("it takes at least {} of memory; {} are free", giga(need), giga(free as f64)))
}

/// Bytes of the finished machine; building takes a little more.
fn need(network: &Network, connectivity: &Connectivity, shards: usize) -> f64 {
    let neurons = f64::from(network.neurons());
    let plastic = network.projections.iter().filter(|projection| projection.plasticity.is_some()).count();
    // Every shard has an index of all sources, static and for each plastic projection.
    let index = 4.0 * neurons * shards as f64 * (1 + plastic) as f64;
    let of = |(number, projection)| connectivity.wiring(number).count() * synapse(network, projection);
    network.projections.iter().enumerate().map(of).sum::<f64>() + index + neurons * NEURON
}

/// Bytes of a synapse of a projection, at the least: constants are not kept for each.
fn synapse(network: &Network, projection: &Projection) -> f64 {
    let constant = |quantity: &Option<Quantity>| quantity.as_ref().is_some_and(|q| q.constant().is_some());
    let shared = constant(&projection.weight) && constant(&projection.delay);
    match network.precision {
        _ if shared && projection.plasticity.is_none() => 2.0,
        Precision::F32 => 6.0,
        Precision::F64 => 10.0,
    }
}

/// Bytes that this process may still take, as far as the system tells.
fn available() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| kib(&text, "MemAvailable:"));
    let own = read("/proc/self/limits")
        .zip(read("/proc/self/status"))
        .and_then(|(limits, status)| Some(address_space(&limits)?.saturating_sub(kib(&status, "VmSize:")?)));
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let used = ["/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"];
    let bytes = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let group =
        groups.iter().zip(used).filter_map(|(most, now)| Some(bytes(most)?.saturating_sub(bytes(now)?)));
    group.chain(machine).chain(own).min()
}

/// The number behind a word of a file of lines like `MemAvailable:   123 kB`, in bytes.
fn kib(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The soft limit of addresses in bytes; absent if there is none.
fn address_space(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_read() {
        assert_eq!(kib("MemTotal: 9 kB\nMemAvailable:   123 kB\n", "MemAvailable:"), Some(123 * 1024));
        let limits = |soft: &str| format!("Limit  Soft\nMax address space    {soft}   unlimited  bytes\n");
        assert_eq!(address_space(&limits("4096")), Some(4096));
        assert_eq!(address_space(&limits("unlimited")), None);
    }

    #[test]
    fn a_shortage_names_what_is_needed_and_what_is_free() {
        assert_eq!(compare(1e9, 1_000_000_000), None);
        let said = compare(60e9, 24_000_000_000).unwrap();
        assert_eq!(said, "it takes at least 60.0 GB of memory; 24.0 GB are free");
    }
}
