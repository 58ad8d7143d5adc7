//! The recordings wing of Saltus.
