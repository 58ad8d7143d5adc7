//! Random networks of integers on Loihi's cores.

mod mapping;
mod random;
mod running;
