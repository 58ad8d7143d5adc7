//! The compiler: a network of layers that computes with numbers becomes one of spiking neurons.
//!
//! ```text
//! trained tensors ──read──▶ layers ──quantise──▶ integers ──code──▶ spikes ──write──▶ network file
//!                           (f32)               (whole numbers)    (populations, projections, windows)
//! ```
//!
//! Each of the three forms has an interpreter or is run by a machine, and each is compared with the one before:
//! [`layers`] with the network that was trained, [`integers`] with `layers` by how well the task is done, and
//! [`spikes`] with `integers` number by number: all of them are the same, whichever code is chosen.
//!
//! What is written is an ordinary network file of neurons that hold a number each (`CodedSum`, `CodedProduct`,
//! `CodedQuotient`). It says nothing of how it was made.

pub mod integers;
pub mod layers;
pub mod reads;
pub mod spikes;
