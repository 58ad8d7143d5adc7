//! The recordings wing of Saltus.

pub mod hdf5;
