//! The verbs of the command line, one file each.

pub mod bench;
pub mod check;
pub mod compare;
#[cfg(feature = "train")]
pub mod compile;
#[cfg(feature = "train")]
pub mod eval;
pub mod export;
#[cfg(feature = "train")]
pub mod generate;
pub mod graph;
pub mod import;
pub mod list;
pub mod map;
pub mod plot;
pub mod recover;
pub mod run;
#[cfg(feature = "train")]
pub mod solve;
#[cfg(feature = "train")]
pub mod summarise;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "train")]
pub mod unmask;
