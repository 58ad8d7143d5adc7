//! Spiking networks that look at pictures: convolutions with ways around them, and self-attention.
//!
//! A picture is shown as it is in each of T steps; the first convolution sees real numbers and everything after
//! it comes from neurons. Unlike the layers of [`nets`](crate::nets), these networks normalise over batches, add up membrane
//! inputs and multiply spikes with each other, which no machine's neurons do: they are for training and evaluation alone.
//!
//! [`convolution`] and [`norm`] are operations with gradients, [`pass`] is what layers share, [`blocks`], [`dssa`] and [`sgl`]
//! are what networks are made of, [`net`] puts them together, [`lesson`] learns.

pub mod blocks;
pub mod convolution;
pub mod dssa;
pub mod lesson;
pub mod net;
pub mod norm;
pub mod pass;
mod patch;
pub mod sgl;
