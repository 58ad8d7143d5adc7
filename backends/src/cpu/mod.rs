//! The CPU machine: a multithreaded event scheduler.
//!
//! What this machine cannot hold is refused (`misfits`). Neurons are cut into shards (`cut`); a shard
//! holds all synapses onto its neurons as rows of runs of equal delay (`rows`), built in parallel from
//! the recipes (`build`, `placing`). Spikes are in flight until their last run has landed (`flights`) and
//! been added to what arrives (`delivery`, `inbox`); a `shard` lives step by step, a `team` of
//! threads epoch by epoch, and the `machine` passes spikes between shards.

mod build;
pub(crate) mod cells;
pub(crate) mod cut;
mod delivery;
pub(crate) mod draw;
mod drive;
mod few;
mod flights;
mod inbox;
mod lazy;
mod machine;
pub mod memory;
pub(crate) mod misfits;
mod placing;
mod plastic;
mod rows;
mod shard;
mod sorting;
mod stages;

use machine::CpuMachine;
use sim_core::backend::{Backend, Load, Machine, Refusal};
use sim_core::network::Precision;
use sim_core::neuron::{Cells, Dynamics, GridBuild, LazyBuild, LazyDynamics};
use sim_core::real::Real;
use sim_core::synapse::{PlasticSite, Plasticity, SynapseModel};

/// The CPU, any number of threads.
pub static BACKEND: Backend = Backend {
    name: "Cpu",
    summary: "A multithreaded event scheduler in single or double precision.",
    parameters: &[],
    load,
};

fn load(load: Load<'_>) -> Result<Box<dyn Machine>, Refusal> {
    match load.network.precision {
        Precision::F32 => machine::<f32>(&load),
        Precision::F64 => machine::<f64>(&load),
    }
}

fn machine<R: Precise>(load: &Load<'_>) -> Result<Box<dyn Machine>, Refusal> {
    let shards = build::build::<R>(load)?;
    Ok(Box::new(CpuMachine::new(load, shards)))
}

/// A precision, and which of a model's builders it takes.
pub(crate) trait Precise: Real {
    /// Builds neurons in this precision.
    fn dynamics(build: &GridBuild, cells: &Cells) -> Box<dyn Dynamics<Self>>;
    /// Builds neurons that are left alone in this precision.
    fn lazy_dynamics(build: &LazyBuild, cells: &Cells) -> Box<dyn LazyDynamics<Self>>;
    /// Builds plastic synapses in this precision.
    fn plasticity(model: &SynapseModel, site: &PlasticSite) -> Box<dyn Plasticity<Self>>;
}

impl Precise for f32 {
    fn dynamics(build: &GridBuild, cells: &Cells) -> Box<dyn Dynamics<f32>> {
        (build.f32)(cells)
    }
    fn lazy_dynamics(build: &LazyBuild, cells: &Cells) -> Box<dyn LazyDynamics<f32>> {
        (build.f32)(cells)
    }
    fn plasticity(model: &SynapseModel, site: &PlasticSite) -> Box<dyn Plasticity<f32>> {
        (model.f32)(site)
    }
}

impl Precise for f64 {
    fn dynamics(build: &GridBuild, cells: &Cells) -> Box<dyn Dynamics<f64>> {
        (build.f64)(cells)
    }
    fn lazy_dynamics(build: &LazyBuild, cells: &Cells) -> Box<dyn LazyDynamics<f64>> {
        (build.f64)(cells)
    }
    fn plasticity(model: &SynapseModel, site: &PlasticSite) -> Box<dyn Plasticity<f64>> {
        (model.f64)(site)
    }
}
