//! Deep supervision: networks that go over their answer to a puzzle step by step, and learn from every step.
//!
//! [`ends`] is what stands at both ends of such a network, [`carry`] what passes from a step to the next, [`slots`] the
//! puzzles that are being worked on, [`ease`] how hard they are at first, [`practice`] all of it in a training,
//! [`identity`] what is learnt of each puzzle by itself, [`measure`] how well weights do.
//!
//! Reference: Wang et al. (2025), "Hierarchical Reasoning Model", arXiv:2506.21734, and the code released with it.

pub mod carry;
pub mod ease;
pub mod ends;
pub mod identity;
pub mod measure;
pub mod practice;
pub mod slots;
