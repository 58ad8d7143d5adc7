//! All neuron models.

mod aeif;
pub mod aeif_cond_alpha;
pub mod aeif_cond_exp;
mod aeif_parameters;
pub mod aeif_psc_exp;
pub mod blocks;
pub mod coded;
pub mod coded_product;
pub mod coded_quotient;
pub mod coded_sum;
pub mod conductance;
mod crowd;
pub mod cuba_lif;
pub mod hh_cond_exp_traub;
mod hh_membrane;
pub mod hh_psc_alpha;
mod hh_rate_table;
pub mod iaf_cond_alpha;
pub mod iaf_cond_exp;
pub mod iaf_linear;
mod iaf_ps_parameters;
pub mod iaf_psc_alpha;
pub mod iaf_psc_alpha_ps;
pub mod iaf_psc_delta;
pub mod iaf_psc_delta_lazy;
pub mod iaf_psc_delta_ps;
pub mod iaf_psc_exp;
pub mod iaf_psc_exp_ps;
pub mod iaf_psc_pulse;
pub mod integrate_and_fire;
pub mod izhikevich;
mod kinetics;
mod linear_ps;
mod membrane;
pub mod parrot;
pub mod propagators;
mod runge_kutta;

use sim_core::neuron::NeuronModel;

/// Every neuron model, in the order in which `saltus list` shows them.
pub static ALL: &[&NeuronModel] = &[
    &iaf_psc_delta::MODEL,
    &iaf_psc_exp::MODEL,
    &iaf_psc_alpha::MODEL,
    &iaf_cond_exp::MODEL,
    &iaf_cond_alpha::MODEL,
    &aeif_cond_exp::MODEL,
    &aeif_cond_alpha::MODEL,
    &aeif_psc_exp::MODEL,
    &izhikevich::MODEL,
    &hh_psc_alpha::MODEL,
    &hh_cond_exp_traub::MODEL,
    &parrot::MODEL,
    &cuba_lif::MODEL,
    &iaf_linear::MODEL,
    &iaf_psc_pulse::MODEL,
    &coded_sum::MODEL,
    &coded_product::MODEL,
    &coded_quotient::MODEL,
    &iaf_psc_delta_ps::MODEL,
    &iaf_psc_exp_ps::MODEL,
    &iaf_psc_alpha_ps::MODEL,
];
