//! The topology wing: who reaches whom.
//!
//! Each connection rule is one file with one `RULE` table, and one row in [`rules::ALL`].

pub mod graphs;
pub mod rules;
