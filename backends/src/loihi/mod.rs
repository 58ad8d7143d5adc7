//! Loihi: a network in the chip's integers.
//!
//! `semantics` says what the published models of the chip disagree about; `compartment`, `weights`, `noise`
//! and `learning` are a core's arithmetic, `real` is the same without rounding. A [`network`] of integers
//! knows nothing of cores. It lives in `shard`s, whose synaptic memory is `rows` and which stimuli `drive`.

pub mod arithmetic;
pub mod compartment;
mod drive;
pub mod learning;
pub mod network;
pub mod noise;
pub mod real;
mod rows;
pub mod semantics;
mod shard;
pub mod weights;
