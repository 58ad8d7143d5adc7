//! The backends wing: where a network runs.

mod barrier;
pub mod cpu;
mod team;
pub mod truenorth;

use sim_core::backend::Backend;

/// Every machine, in the order in which `saltus list` shows them.
pub static ALL: &[&Backend] = &[&cpu::BACKEND];
