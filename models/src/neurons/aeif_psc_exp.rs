//! Adaptive exponential integrate-and-fire neuron with exponentially decaying synaptic currents.
//!
//! # Equations
//! ```text
//! C_m dV/dt = −g_L (V − E_L) + g_L Δ_T exp((V − V_th)/Δ_T) + I_syn_ex + I_syn_in − w + I_e + I
//! τ_w dw/dt = a (V − E_L) − w
//! dI/dt     = −I/τ_syn, for I_syn_ex and I_syn_in
//! ```
//! An arrival adds its weight in pA to I_syn_ex or, if it is negative, with its sign to I_syn_in.
//!
//! # Threshold, reset and integration
//! As in [`aeif_cond_exp`](super::aeif_cond_exp), with the same errors.
//!
//! # Parameters
//! Those of [`aeif_cond_exp`](super::aeif_cond_exp) without the reversal potentials, with the same
//! defaults: C_m 281 pF, t_ref 0 ms, V_reset −60 mV, E_L −70.6 mV, g_L 30 nS, I_e 0 pA, a 4 nS,
//! b 80.5 pA, Delta_T 2 mV, tau_w 144 ms, V_th −50.4 mV, V_peak 0 mV, tau_syn_ex 0.2 ms,
//! tau_syn_in 2 ms, gsl_error_tol 1e-6.
//!
//! # References
//! Brette and Gerstner (2005), J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005.

use super::aeif::Aeif;
use super::aeif_parameters::{
    A, B, C_M, DELTA_T, E_L, G_L, I_E, T_REF, TAU_SYN_EX, TAU_SYN_IN, TAU_W, TOLERANCE, V_PEAK, V_RESET,
    V_TH, W, check,
};
use super::kinetics::{Exponential, exponential_charge};
use super::membrane::{V_M, synaptic};
use sim_core::neuron::{GridBuild, NeuronModel, Ports};
use sim_core::units::Dimension;

/// aeif_psc_exp.
pub static MODEL: NeuronModel = NeuronModel {
    name: "AeifPscExp",
    nest: "aeif_psc_exp",
    summary: "Adaptive exponential integrate-and-fire, exponentially decaying currents.",
    parameters: &[
        C_M, T_REF, V_RESET, E_L, G_L, I_E, A, B, DELTA_T, TAU_W, V_TH, V_PEAK, TAU_SYN_EX, TAU_SYN_IN,
        TOLERANCE,
    ],
    states: &[
        V_M,
        W,
        synaptic("I_syn_ex", Dimension::Current, "excitatory synaptic current"),
        synaptic("I_syn_in", Dimension::Current, "inhibitory synaptic current"),
    ],
    weight: Dimension::Current,
    ports: Ports::BySign,
    check,
    charge: Some(exponential_charge),
    grid: Some(GridBuild {
        f32: Aeif::<f32, Exponential<f32>, 1, false>::build,
        f64: Aeif::<f64, Exponential<f64>, 1, false>::build,
    }),
    exact: None,
    lazy: None,
    primitive: None,
};
