//! TRM, the Tiny Recursive Model: one network of two blocks, applied again and again to an answer and a latent
//! state until the answer is right.
//!
//! [`net`] is the network f, [`recursion`] what one step of supervision computes and its loss, [`lesson`] how all of it
//! is learnt. Layers are in [`crate::layers`], and what trainings by steps of supervision share is in
//! [`crate::supervision`].
//!
//! Reference: Jolicoeur-Martineau (2025), "Less is More: Recursive Reasoning with Tiny Networks", arXiv:2510.04871,
//! and the code released with it.

pub mod lesson;
pub mod net;
pub mod recursion;
