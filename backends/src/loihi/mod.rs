//! Loihi: a network in the chip's integers.
//!
//! `semantics` says what the published models of the chip disagree about; `compartment`, `weights`, `noise`
//! and `learning` are a core's arithmetic.

pub mod compartment;
pub mod learning;
pub mod noise;
pub mod semantics;
pub mod weights;
