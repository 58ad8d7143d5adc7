//! The recordings wing of Saltus.

pub mod plot;
pub mod statistics;
