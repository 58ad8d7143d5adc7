//! What machines that are chips share: who hears whom, which neuron on which core, which core where.

pub mod hypergraph;
pub mod mesh;
pub mod partition;
