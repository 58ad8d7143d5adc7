//! The recordings wing of Saltus.

pub mod statistics;
