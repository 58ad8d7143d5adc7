//! BDH, the Baby Dragon Hatchling: one layer of very many neurons, applied again and again, whose working
//! memory is a Hebbian synaptic state.
//!
//! [`mod@reference`] is the released form, in parallel over a text, and [`fused`] the same for training, a layer at a time;
//! [`native`] is the same network event by event; [`paper`] is another network, that of the paper.
//!
//! Reference: Kosowski et al. (2025), "The Dragon Hatchling", arXiv:2509.26507.

pub mod code;
pub mod edges;
pub mod fused;
pub mod generate;
pub mod graph;
pub mod kernel;
pub mod lesson;
pub mod native;
pub mod paper;
pub mod recall;
pub mod reference;
pub mod spikes;
