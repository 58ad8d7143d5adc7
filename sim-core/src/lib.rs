//! The ground of Saltus: nouns, contracts and the run loop.
//!
//! ```text
//!  net.ron ──parse──▶ Description ──validate──▶ Network ──connect──▶ Connectivity ──load──▶ Machine ──run──▶ Observers
//! ```
//!
//! Nothing here knows a neuron model, a rule or a machine by name: a [`vocabulary::Vocabulary`] is
//! handed in by the roof. Nothing here reads or writes files.

pub mod aligned;
pub mod backend;
pub mod connect;
pub mod data;
pub mod description;
pub mod hints;
pub mod math;
pub mod network;
pub mod neuron;
pub mod observer;
pub mod parameter;
pub mod parse;
pub mod philox;
pub mod primitive;
pub mod quantity;
pub mod read;
pub mod real;
pub mod rng;
pub mod ron;
pub mod rule;
pub mod run;
pub mod settings;
pub mod snapshot;
pub mod source;
pub mod spike;
pub mod stimulus;
pub mod synapse;
pub mod trains;
pub mod units;
pub mod validate;
pub mod vocabulary;
pub mod write;
