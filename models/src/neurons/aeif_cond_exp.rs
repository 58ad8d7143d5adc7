//! Adaptive exponential integrate-and-fire neuron with exponentially decaying conductances.
//!
//! # Equations
//! ```text
//! C_m dV/dt = −g_L (V − E_L) + g_L Δ_T exp((V − V_th)/Δ_T) − g_ex (V − E_ex) − g_in (V − E_in) − w + I_e + I
//! τ_w dw/dt = a (V − E_L) − w
//! dg/dt     = −g/τ_syn, for g_ex and g_in
//! ```
//! On the right-hand side V is not above V_peak. An arrival adds its weight in nS to g_ex, or
//! without its sign, if it is negative, to g_in.
//!
//! # Threshold and reset
//! When V reaches V_peak, the neuron spikes, V is put to V_reset and b is added to w, at the moment
//! inside the step; the spike is stamped with the end of the step. For t_ref, rounded up to the
//! grid, V then stays at V_reset while w and the conductances go on. With t_ref = 0 V goes on at once,
//! and a strongly driven neuron can spike several times in a step; each counts.
//! V_th is no threshold: V can pass it and return. Only with Δ_T = 0, where there is no spike
//! current, does the neuron spike at V_th; the reset is then at the end of the sub-step, as in NEST.
//!
//! # Integration
//! V and w by Dormand and Prince's pair of orders 5 and 4 with sub-steps (see
//! `runge_kutta.rs`), g in closed form, w in closed form during refractoriness. The error per
//! sub-step is held below gsl_error_tol (V in mV plus w in pA). V_peak is met to dt/2²⁶.
//! With the default, all spikes of the eight patterns of Naud et al. (2008) come in the true step
//! of 0.1 ms, in both precisions. With 1e-9, V is that of NEST within 1e-6 mV.
//!
//! Parameters without meaning do no harm: after 4000 attempts a step is ended by exponential Euler,
//! the exponent is cut at 60, and a V or w above 1e18 or not a number is put to V_reset or 0.
//!
//! # Parameters
//! | name | default | meaning |
//! |---|---|---|
//! | C_m | 281 pF | membrane capacitance |
//! | t_ref | 0 ms | refractory time |
//! | V_reset | −60 mV | potential after a spike |
//! | E_L | −70.6 mV | resting potential |
//! | g_L | 30 nS | leak conductance |
//! | I_e | 0 pA | constant input current |
//! | a | 4 nS | subthreshold adaptation |
//! | b | 80.5 pA | adaptation added by a spike |
//! | Delta_T | 2 mV | slope factor Δ_T |
//! | tau_w | 144 ms | adaptation time constant |
//! | V_th | −50.4 mV | where a spike initiates |
//! | V_peak | 0 mV | where a spike is detected |
//! | E_ex, E_in | 0, −85 mV | reversal potentials |
//! | tau_syn_ex, tau_syn_in | 0.2, 2 ms | time constants of the conductances |
//! | gsl_error_tol | 1e-6 | tolerated error per sub-step |
//!
//! # References
//! Brette and Gerstner (2005), J. Neurophysiol. 94:3637, doi:10.1152/jn.00686.2005.
//! Naud, Marcille, Clopath and Gerstner (2008), Biol. Cybern. 99:335, doi:10.1007/s00422-008-0264-7.

use super::aeif::Aeif;
use super::aeif_parameters::{
    A, B, C_M, DELTA_T, E_EX, E_IN, E_L, G_L, I_E, T_REF, TAU_SYN_EX, TAU_SYN_IN, TAU_W, TOLERANCE, V_PEAK,
    V_RESET, V_TH, W, check,
};
use super::kinetics::Exponential;
use super::membrane::{V_M, synaptic};
use sim_core::neuron::{GridBuild, NeuronModel, Ports};
use sim_core::units::Dimension;

/// aeif_cond_exp.
pub static MODEL: NeuronModel = NeuronModel {
    name: "AeifCondExp",
    nest: "aeif_cond_exp",
    summary: "Adaptive exponential integrate-and-fire, exponentially decaying conductances.",
    parameters: &[
        C_M, T_REF, V_RESET, E_L, G_L, I_E, A, B, DELTA_T, TAU_W, V_TH, V_PEAK, E_EX, E_IN, TAU_SYN_EX,
        TAU_SYN_IN, TOLERANCE,
    ],
    states: &[
        V_M,
        W,
        synaptic("g_ex", Dimension::Conductance, "excitatory conductance"),
        synaptic("g_in", Dimension::Conductance, "inhibitory conductance"),
    ],
    weight: Dimension::Conductance,
    ports: Ports::BySign,
    check,
    charge: None,
    grid: Some(GridBuild {
        f32: Aeif::<f32, Exponential<f32>, 1, true>::build,
        f64: Aeif::<f64, Exponential<f64>, 1, true>::build,
    }),
    exact: None,
    lazy: None,
    primitive: None,
};
