//! All connection rules.

pub mod all_to_all;
pub mod barabasi_albert;
pub mod directed_scale_free;
pub mod disc;
pub mod edge_file;
pub mod exponential;
pub mod fixed_indegree;
pub mod fixed_outdegree;
pub mod fixed_total;
pub mod gaussian;
pub mod list;
pub mod one_to_one;
pub mod pairwise_bernoulli;
pub mod power_law_degrees;
pub mod small_world;
pub mod total_from_probability;
pub mod wiring;

use sim_core::rule::ConnectionRule;

/// Every rule, in the order in which `saltus list` shows them.
pub static ALL: &[&ConnectionRule] = &[
    &all_to_all::RULE,
    &one_to_one::RULE,
    &pairwise_bernoulli::RULE,
    &fixed_indegree::RULE,
    &fixed_outdegree::RULE,
    &fixed_total::RULE,
    &total_from_probability::RULE,
    &list::RULE,
    &edge_file::RULE,
    &gaussian::RULE,
    &exponential::RULE,
    &disc::RULE,
    &small_world::RULE,
    &barabasi_albert::RULE,
    &directed_scale_free::RULE,
    &power_law_degrees::RULE,
];
