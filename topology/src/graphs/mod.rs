//! Graphs: generators of whole graphs, and what can be said about one.
//!
//! A graph that cannot be drawn target by target is generated whole, as [`rows::Rows`]: sources by
//! target, four bytes a synapse, which are a rule's wiring. For analysis [`digraph::Digraph`] adds the
//! other direction and petgraph's traversal traits.
//!
//! | | |
//! |---|---|
//! | generators | [`barabasi_albert`], [`directed_scale_free`], [`configuration`], [`rewiring`] |
//! | a network's graph | [`edges::edges_of`] |
//! | analysis | [`analysis::analyse`]: [`power_law`] with [`alternatives`] and [`zeta`], [`structure`], [`communities`] |

pub mod alternatives;
pub mod analysis;
pub mod barabasi_albert;
pub mod communities;
pub mod configuration;
pub mod degree_law;
pub mod digraph;
pub mod directed_scale_free;
pub mod edges;
pub mod power_law;
pub mod rewiring;
pub mod rows;
pub mod structure;
pub mod zeta;
