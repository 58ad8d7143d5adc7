//! What machines that are chips share: who hears whom, which neuron on which core, which core where, and
//! what that moves and costs.

pub mod energy;
pub(crate) mod files;
pub mod hypergraph;
pub mod mesh;
pub mod partition;
pub mod proof;
pub mod report;
pub mod timing;
pub mod traffic;

use sim_core::backend::{Backend, Load, Machine, Refusal};
use sim_core::spike::Spike;

/// A network mapped onto a chip.
pub trait Mapped: Send {
    /// Everything that is known of the mapping; traffic, energy and time too if the spikes of a run are given.
    fn report(&self, spikes: Option<&[Spike]>) -> report::Report;
    /// A machine as placed.
    fn placed(&self) -> Box<dyn Machine>;
    /// The same numbers as one unlimited core, built without anything that the placer made.
    fn unmapped(&self) -> Box<dyn Machine>;
}

/// A chip's row.
pub struct Chip {
    /// Its row among all machines.
    pub backend: &'static Backend,
    /// Maps a network onto it, or says why that is impossible.
    pub map: fn(&Load<'_>) -> Result<Box<dyn Mapped>, Refusal>,
}
