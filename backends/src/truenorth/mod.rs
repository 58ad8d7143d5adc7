//! TrueNorth: cores of 256 axons and 256 neurons, joined by a crossbar of bits, ticking together.
//!
//! A [`core`] is what a core is loaded with; [`neuron`] says what a neuron does in a tick, and
//! [`reference`](mod@reference) what a chip does, as the description reads. The [`emulator`] gives the same
//! spikes and potentials on many threads: rows of the crossbar are added bit by bit ([`planes`]), 256 neurons
//! live side by side ([`lanes`], with their parameters in [`columns`]), and cores with nothing to do are passed
//! over ([`group`]).

pub mod bits;
pub mod columns;
pub mod core;
pub mod draws;
pub mod emulator;
pub mod group;
pub mod lanes;
pub mod limits;
pub mod living;
pub mod mail;
pub mod neuron;
pub mod planes;
pub mod reference;
pub mod workload;
