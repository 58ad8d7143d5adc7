//! TrueNorth: the fast chip against the one that reads like the description.

mod emulator;
mod legal;
mod mapping;
mod random;
