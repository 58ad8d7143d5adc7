//! All connection rules.

pub mod barabasi_albert;
pub mod directed_scale_free;
pub mod power_law_degrees;

use sim_core::rule::ConnectionRule;

/// Every rule, in the order in which `saltus list` shows them.
pub static ALL: &[&ConnectionRule] =
    &[&barabasi_albert::RULE, &directed_scale_free::RULE, &power_law_degrees::RULE];
