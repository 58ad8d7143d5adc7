//! MDLM: a text whose masked places are filled in, all at once or a few at a time.
//!
//! [`net`] is the network, [`noise`] how texts are masked and what a guess at them is worth, [`sampler`] how a text
//! comes out of masks; [`lesson`] trains it, and [`study`] says what a trained one can do.

pub mod bound;
pub mod lesson;
pub mod net;
pub mod noise;
pub mod sampler;
pub mod study;
