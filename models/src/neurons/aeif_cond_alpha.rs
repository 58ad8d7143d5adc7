//! Adaptive exponential integrate-and-fire neuron with alpha-shaped conductances.
//!
//! # Equations
//! ```text
//! C_m dV/dt = −g_L (V − E_L) + g_L Δ_T exp((V − V_th)/Δ_T) − g_ex (V − E_ex) − g_in (V − E_in) − w + I_e + I
//! τ_w dw/dt = a (V − E_L) − w
//! dg/dt     = z − g/τ_syn,   dz/dt = −z/τ_syn, for g_ex and g_in
//! ```
//! An arrival of weight J in nS adds e·J/τ_syn to z, so that g rises to J after τ_syn. z is called
//! dg_ex and dg_in.
//!
//! # Threshold, reset and integration
//! As in [`aeif_cond_exp`](super::aeif_cond_exp), with the same errors.
//!
//! # Parameters
//! Those of [`aeif_cond_exp`](super::aeif_cond_exp), with the same defaults: C_m 281 pF, t_ref 0 ms,
//! V_reset −60 mV, E_L −70.6 mV, g_L 30 nS, I_e 0 pA, a 4 nS, b 80.5 pA, Delta_T 2 mV, tau_w 144 ms,
//! V_th −50.4 mV, V_peak 0 mV, E_ex 0 mV, E_in −85 mV, tau_syn_ex 0.2 ms, tau_syn_in 2 ms,
//! gsl_error_tol 1e-6.
//!
//! # References
//! Brette and Gerstner (2005), J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005.

use super::aeif::Aeif;
use super::aeif_parameters::{
    A, B, C_M, DELTA_T, E_EX, E_IN, E_L, G_L, I_E, T_REF, TAU_SYN_EX, TAU_SYN_IN, TAU_W, TOLERANCE, V_PEAK,
    V_RESET, V_TH, W, check,
};
use super::kinetics::Alpha;
use super::membrane::{V_M, synaptic};
use sim_core::neuron::{GridBuild, NeuronModel, Ports, State};
use sim_core::units::Dimension;

/// aeif_cond_alpha.
pub static MODEL: NeuronModel = NeuronModel {
    name: "AeifCondAlpha",
    nest: "aeif_cond_alpha",
    summary: "Adaptive exponential integrate-and-fire, alpha-shaped conductances.",
    parameters: &[
        C_M, T_REF, V_RESET, E_L, G_L, I_E, A, B, DELTA_T, TAU_W, V_TH, V_PEAK, E_EX, E_IN, TAU_SYN_EX,
        TAU_SYN_IN, TOLERANCE,
    ],
    states: STATES,
    weight: Dimension::Conductance,
    ports: Ports::BySign,
    check,
    charge: None,
    grid: Some(GridBuild {
        f32: Aeif::<f32, Alpha<f32>, 2, true>::build,
        f64: Aeif::<f64, Alpha<f64>, 2, true>::build,
    }),
    exact: None,
    lazy: None,
    primitive: None,
};

const STATES: &[State] = &[
    V_M,
    W,
    synaptic("g_ex", Dimension::Conductance, "excitatory conductance"),
    // In nS/ms, for which there is no unit.
    synaptic("dg_ex", Dimension::Number, "rise of the excitatory conductance in nS/ms"),
    synaptic("g_in", Dimension::Conductance, "inhibitory conductance"),
    synaptic("dg_in", Dimension::Number, "rise of the inhibitory conductance in nS/ms"),
];
