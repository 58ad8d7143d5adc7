//! Spiking layers: their time loop as one fused operation, forwards and backwards.

pub mod back;
pub mod events;
pub(crate) mod flex;
pub mod forward;
pub mod grid;
pub mod operation;
pub mod patches;
pub mod sending;
pub mod surrogate;
