//! The backends wing: where a network runs.

pub mod cpu;

use sim_core::backend::Backend;

/// Every machine, in the order in which `saltus list` shows them.
pub static ALL: &[&Backend] = &[&cpu::BACKEND];
