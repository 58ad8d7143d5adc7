//! The models wing of Saltus.
