//! HDF5: what a run leaves behind, and what it is given. The only place that opens such files.
//!
//! A recording is one file in SONATA's layout, which h5py, libsonata and bmtk all open:
//!
//! | path | what |
//! |---|---|
//! | `/spikes/<population>/{timestamps, node_ids}` | spikes, by time; ms; ids are indices in the population |
//! | `/report/<population>/{data, mapping/…}` | a state variable, one row for each sample; runs in double precision add `data64` |
//! | `/rates/<population>/{values, time}` | spikes per neuron and second in bins, Hz |
//! | `/weights/<projection>/{weight, time, source_node_id, target_node_id}` | weights, one row for each sample |
//! | `/saltus/network` | the network text as it was run; who ran it, and how, in its attributes and the file's |
//! | `/saltus/flushed_until` | the step up to which everything is safely in the file |
//! | `/saltus/marks`, `/saltus/streams` | how much stood in the file at every flush |
//!
//! SONATA has room for one variable of a population in a file. The first variable recorded stands
//! in the file itself, each further one in a file beside it, `<name>.<variable>.h5`, which
//! [`Recording`](reading::Recording) reads along.
//!
//! While a run lasts the file is written by one and may be read by many (HDF5's SWMR mode, h5py's
//! `swmr=True`). A run that was killed leaves it in this state; [`recover`](recovery::recover)
//! makes it an ordinary file again. Nothing is compressed, since libsonata's wheels cannot read
//! compressed files.

pub mod error;
pub mod folder;
mod growing;
mod layout;
pub mod nir;
mod numbers;
pub mod plain;
pub mod plan;
pub mod provenance;
pub mod reading;
pub mod recorder;
pub mod recovery;
mod resumption;
pub mod tensors;
pub mod words;
mod writing;
