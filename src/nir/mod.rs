//! NIR graphs ↔ networks of Saltus.
//!
//! ```text
//!  Graph ──flat──▶ Flat ──lower──▶ Lowered ──text──▶ network file + edges          saltus import nir
//!  Network ──spoken──▶ neurons ──export──▶ Graph                                    saltus export nir
//! ```
//!
//! A NIR graph is of layers, a network of populations of neurons. Nodes with a state become populations
//! ([`neurons`]); the nodes without one that lie between two populations are multiplied out to one table of
//! edges ([`linear`], [`convolution`]), their biases to constant input. So no step of time is spent on them,
//! and sums of the weights of a convolution behind a pool are what the graph says. [`lower`] puts all
//! together, [`delays`] finds when what is sent arrives. What NIR leaves open is a [`dialect`]. On the way
//! back, [`spoken`] says neurons in NIR's kinds, and [`kept`] is what the import left beside the weights, so
//! that a convolution becomes one again if the network still has its edges.

pub mod convolution;
pub mod delays;
pub mod dialect;
pub mod export;
pub mod flat;
pub mod kept;
pub mod linear;
pub mod lower;
pub mod neurons;
pub mod spoken;
pub mod text;
