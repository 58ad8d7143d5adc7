//! The models wing: what neurons, synapses and stimuli do.
//!
//! Each model is one file with one `MODEL` table, and one row in the `ALL` of its folder.

pub mod neurons;
pub mod stimuli;
pub mod synapses;
