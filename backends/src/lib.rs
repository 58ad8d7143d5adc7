//! The backends wing: where a network runs.

mod barrier;
pub mod chip;
pub mod cpu;
pub mod loihi;
mod team;
pub mod truenorth;

use chip::Chip;
use sim_core::backend::Backend;

/// Every machine, in the order in which `saltus list` shows them.
pub static ALL: &[&Backend] =
    &[&cpu::BACKEND, &loihi::BACKEND, &truenorth::BACKEND, &loihi::REAL_BACKEND, &truenorth::REAL_BACKEND];

/// The machines among them that are chips, and how networks are mapped onto them.
pub static CHIPS: &[&Chip] = &[&loihi::CHIP, &truenorth::CHIP, &loihi::REAL_CHIP, &truenorth::REAL_CHIP];
