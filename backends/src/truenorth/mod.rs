//! TrueNorth: cores of 256 axons and 256 neurons, joined by a crossbar of bits, ticking together.
//!
//! A [`core`] is what a core is loaded with; [`neuron`] says what a neuron does in a tick, and
//! [`reference`](mod@reference) what a chip does, as the description reads. The [`emulator`] gives the same
//! spikes and potentials on many threads: rows of the crossbar are added bit by bit ([`planes`]), 256 neurons
//! live side by side ([`lanes`], with their parameters in [`columns`]), and cores with nothing to do are passed
//! over ([`group`]).
//!
//! A network gets onto the chip in passes, each without memory of the others: [`quantise`](mod@quantise) makes
//! integers of it, [`counting`] helps neurons that hear too many, [`place`](mod@place) puts them onto cores
//! ([`pack`], [`crossbar`], [`orders`], [`fan`], [`reach`]), and a [`machine`] runs them, as placed or as one [`unlimited`]
//! core; [`real`] is the placed network in floats.

pub mod arrived;
pub mod bits;
pub mod columns;
pub mod core;
pub mod counting;
pub mod crossbar;
pub mod draws;
pub mod drive;
pub mod emulator;
pub mod fan;
pub mod group;
pub mod lanes;
pub mod limits;
pub mod living;
pub mod machine;
pub mod mail;
pub mod mapped;
pub mod network;
pub mod neuron;
pub mod orders;
pub mod pack;
pub mod place;
pub mod planes;
pub mod programs;
pub mod quantise;
pub mod reach;
pub mod real;
pub mod reference;
pub mod report;
pub mod scale;
pub mod types;
pub mod unlimited;
pub mod workload;

use crate::chip::{Chip, Mapped};
use mapped::{PARAMETERS, map};
use sim_core::backend::{Backend, Load, Refusal};

/// TrueNorth in its integers.
pub static BACKEND: Backend = Backend {
    name: "TrueNorth",
    summary: "Emulated TrueNorth chips: crossbars of bits and integer neurons, tick by tick.",
    parameters: PARAMETERS,
    load: |load| Ok(map(&load, false)?.placed()),
};

/// TrueNorth in floats.
pub static REAL_BACKEND: Backend = Backend {
    name: "TrueNorthReal",
    summary: "A network as placed on TrueNorth, but in floats, to tell rounding from mapping.",
    parameters: PARAMETERS,
    load: |load| Ok(map(&load, true)?.placed()),
};

/// How networks are mapped onto TrueNorth.
pub static CHIP: Chip = Chip { backend: &BACKEND, map: |load| boxed(load, false) };

/// The same in floats.
pub static REAL_CHIP: Chip = Chip { backend: &REAL_BACKEND, map: |load| boxed(load, true) };

fn boxed(load: &Load<'_>, real: bool) -> Result<Box<dyn Mapped>, Refusal> {
    Ok(Box::new(map(load, real)?))
}
