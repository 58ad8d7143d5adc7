//! Loihi: a network in the chip's integers.
//!
//! `semantics` says what the published models of the chip disagree about; `compartment`, `weights`, `noise`
//! and `learning` are a core's arithmetic, `real` is the same without rounding. A [`network`] of integers
//! knows nothing of cores. It lives in `shard`s, whose synaptic memory is `rows` and which stimuli `drive`.

pub mod arithmetic;
pub mod build;
pub mod compartment;
pub mod drive;
pub mod energy;
pub mod learning;
mod machine;
pub mod network;
pub mod noise;
pub mod placed;
pub mod quantise;
pub mod readings;
pub mod real;
pub mod rows;
pub mod running;
pub mod semantics;
pub mod shard;
mod stimuli;
pub mod weights;
