//! The CPU machine.
