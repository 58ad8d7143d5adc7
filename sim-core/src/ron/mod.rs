//! RON text as a tree of values that know where they stand.
//!
//! The `ron` crate keeps no places, stops at the first mistake and has no tree that a setting could
//! change; this reader does all three, for the same language.

pub mod lex;
pub mod parse;
pub mod value;
