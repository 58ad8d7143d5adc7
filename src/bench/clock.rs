//! What the system tells of this process: processor time and memory, where it tells.

/// Seconds of processor time that all threads of this process have used.
#[cfg(unix)]
pub fn cpu_s() -> Option<f64> {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

/// Seconds of processor time that all threads of this process have used.
#[cfg(not(unix))]
pub fn cpu_s() -> Option<f64> {
    None
}

/// Bytes of memory this process holds now (`VmRSS`) or held at most (`VmHWM`).
pub fn memory_bytes(which: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// How many threads want a core, averaged over the last minute.
pub fn load_average() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// The name of the processor.
pub fn processor() -> Option<String> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = cpus.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
