//! NIR: what an imported graph is, that it runs like the graph says, and that it becomes itself again.

mod common;
mod golden;
mod meaning;
mod refusals;
mod round_trip;
