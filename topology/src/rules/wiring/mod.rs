//! What the recipes are made of: batches, pairs that may be joined, draws that fall on any range.

pub mod batch;
pub mod counts;
pub mod distinct;
pub mod edges;
pub mod halving;
pub mod near;
pub mod pairs;
pub mod space;
