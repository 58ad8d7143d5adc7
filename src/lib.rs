//! The roof of Saltus: it knows all wings, and puts them on one road.
//!
//! ```text
//!  net.ron ──open──▶ Network ──connect──▶ Connectivity ──load──▶ Machine ──run──▶ recording, raster, summary
//! ```

pub mod bad_input;
pub mod bench;
pub mod checkpoint;
pub mod command;
pub mod compiled;
pub mod load;
pub mod nir;
pub mod open;
pub mod output;
pub mod progress;
pub mod proof;
pub mod report;
pub mod room;
pub mod summary;
pub mod system;
pub mod terminal;
#[cfg(feature = "train")]
pub mod trained;
pub mod vocabulary;
