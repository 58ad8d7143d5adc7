//! TrueNorth: the fast chip against the one that reads like the description.

mod emulator;
mod random;
