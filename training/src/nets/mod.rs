//! Networks: what they need to hold, and what they compute.

pub mod delays;
pub mod export;
pub mod feed;
mod hush;
pub mod mlp;
pub mod pruning;
pub mod settings;
pub mod snn;
