//! Training: networks that learn by gradient, spiking ones through surrogate gradients.
//!
//! A network is a list of named tensors ([`weights`]) and a function of them; the tensor library
//! differentiates it. What only spiking networks need, the time loop of a layer and products with few
//! spikes, are fused operations of ours ([`spiking`]). [`optimiser`] moves the weights.

pub mod bdh;
pub mod hrm;
pub mod layers;
pub mod learning;
pub mod lesson;
pub mod mdlm;
pub mod nets;
pub mod optimiser;
pub mod rows;
pub mod spiking;
pub mod summaries;
pub mod supervision;
pub mod tasks;
pub mod trm;
pub mod vision;
pub mod weights;

use lesson::Model;

/// All families of networks that can be trained.
pub static MODELS: &[&Model] = &[
    &bdh::lesson::MODEL,
    &hrm::lesson::MODEL,
    &mdlm::lesson::MODEL,
    &nets::mlp::MODEL,
    &nets::snn::MODEL,
    &summaries::lesson::MODEL,
    &trm::lesson::MODEL,
    &vision::lesson::MODEL,
];
