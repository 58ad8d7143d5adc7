//! Measuring the engine: workloads with a name, lived in windows, each in a process of its own.

pub mod clock;
pub mod measure;
pub mod report;
pub mod workload;
