//! All connection rules.

use sim_core::rule::ConnectionRule;

/// Every rule, in the order in which `saltus list` shows them.
pub static ALL: &[&ConnectionRule] = &[];
