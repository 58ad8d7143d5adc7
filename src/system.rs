//! What the system tells of itself and of this process, where it does.

use recordings::hdf5::provenance::rfc3339;
use serde_json::{Value, json};
use std::fs::read_to_string;
use std::time::SystemTime;

/// Bytes of memory this process holds now (`VmRSS`) or held at most (`VmHWM`).
pub fn memory_bytes(which: &str) -> Option<u64> {
    let status = read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Where, when and with what it is measured.
pub fn here() -> Value {
    json!({
        "processor": processor(),
        "cores": std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        "load_average": load_average(),
        "version": env!("CARGO_PKG_VERSION"),
        "date": rfc3339(SystemTime::now()),
    })
}

/// How many threads wanted a core, averaged over the last minute.
fn load_average() -> Option<f64> {
    read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

fn processor() -> Option<String> {
    let processors = read_to_string("/proc/cpuinfo").ok()?;
    let line = processors.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
