//! Loihi: a network in the chip's integers, on cores with the chip's limits.
//!
//! `semantics` says what the published models of the chip disagree about; `compartment`, `weights`, `noise`
//! and `learning` are a core's arithmetic, `real` is the same without rounding. `quantise` makes a
//! `network` of integers, which knows nothing of cores. `place` finds a core for every neuron within the
//! `limits`, held by `capacity`, given which `axons` share their synapses; `placed` is what the cores then hold. Either lives in `shard`s, whose
//! synaptic memory is `rows`, in part `plastic`, and which stimuli `drive`; `running` lets them live and the `machine` is what
//! others see. `mapped` ties it together, `report` tells of it.

mod advance;
pub mod arithmetic;
pub mod axons;
pub mod build;
pub mod capacity;
pub mod compartment;
pub mod drive;
pub mod learning;
pub mod limits;
mod machine;
pub mod mapped;
pub mod network;
pub mod noise;
mod on_core;
pub mod place;
pub mod placed;
pub mod plastic;
pub mod quantise;
pub mod readings;
pub mod real;
mod report;
pub mod rows;
pub mod running;
pub mod semantics;
pub mod shard;
mod stimuli;
pub mod tiles;
pub mod weights;
mod wiring;
pub mod workload;

use crate::chip::{Chip, Mapped};
use sim_core::backend::{Backend, Load, Refusal};

/// Loihi in its integers.
pub static BACKEND: Backend = Backend {
    name: "Loihi",
    summary: "Intel's Loihi, in exact integers on cores with its limits.",
    parameters: mapped::PARAMETERS,
    load: |load| Ok(on_cores(&load, false)?.placed()),
};

/// The same mapping in floats, so that a fault of mapping and a fault of rounding can be told apart.
pub static REAL_BACKEND: Backend = Backend {
    name: "LoihiReal",
    summary: "Networks mapped onto Loihi's cores, but in floats.",
    parameters: mapped::PARAMETERS,
    load: |load| Ok(on_cores(&load, true)?.placed()),
};

/// How networks are mapped onto it.
pub static CHIP: Chip = Chip { backend: &BACKEND, map: |load| on_cores(load, false) };

/// The same in floats.
pub static REAL_CHIP: Chip = Chip { backend: &REAL_BACKEND, map: |load| on_cores(load, true) };

fn on_cores(load: &Load<'_>, real: bool) -> Result<Box<dyn Mapped>, Refusal> {
    Ok(Box::new(mapped::map(load, mapped::limits(load.arguments), real)?))
}
