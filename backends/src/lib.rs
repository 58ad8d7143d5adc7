//! The backends wing: where a network runs.

pub mod cpu;
