//! The topology wing of Saltus.
