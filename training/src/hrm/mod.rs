//! HRM, the Hierarchical Reasoning Model: two networks at two rates, a slow one that holds the answer and a fast one that
//! works it out.
//!
//! [`net`] is the two networks, [`recursion`] what one step of supervision computes and its losses, [`dimension`] how
//! many dimensions their states use, [`lesson`] how all of it is learnt. Layers are in [`crate::layers`], and what
//! trainings by steps of supervision share is in [`crate::supervision`].
//!
//! Reference: Wang et al. (2025), "Hierarchical Reasoning Model", arXiv:2506.21734, and the code released with it.

pub mod dimension;
pub mod lesson;
pub mod net;
pub mod recursion;
