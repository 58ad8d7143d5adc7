//! The backends wing of Saltus.
