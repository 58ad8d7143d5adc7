//! Summaries: a masked diffusion model that fills in what a text says in a sentence, given the text.
//!
//! An encoder reads the text with a `[CLS]` before it ([`net`]); a decoder guesses the masked pieces of the summary from the
//! visible ones and from what the encoder says, with attention over the text ([`cross_attention`]) or by running a state-space
//! model over it first ([`cross_mamba`]). Objective and samplers are those of [`crate::mdlm`]. What `[CLS]` attends to is
//! masked later than what it does not, and so comes first in a summary ([`importance`]). [`lesson`] trains it, [`writer`] writes
//! summaries, and [`study`] holds them against references.
//!
//! Reference: Do Huu Dat et al. (2024), arXiv:2407.10998 (Findings of NAACL 2025). Its code was not released, and we had its
//! abstract and others' descriptions of it; what they leave open is decided here, and said where it is.

pub mod cross_attention;
pub mod cross_mamba;
pub mod example;
pub mod importance;
pub mod lesson;
pub mod net;
pub mod study;
pub mod writer;
