//! The recordings wing of Saltus.

<<<<<<< HEAD
pub mod hdf5;
=======
pub mod statistics;
>>>>>>> plots
