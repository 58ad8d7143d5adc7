//! The recordings wing of Saltus.

pub mod fidelity;
pub mod hdf5;
pub mod plot;
pub mod statistics;
