//! Leaky integrate-and-fire neuron with exponentially decaying synaptic currents.
//!
//! ```text
//! C_m dV/dt  = −(C_m/tau_m) (V − E_L) + I_ex + I_in + I_e + I(t)
//! dI_ex/dt   = −I_ex / tau_syn_ex      an arrival of weight w ≥ 0 adds w
//! dI_in/dt   = −I_in / tau_syn_in      an arrival of weight w < 0 adds w
//! ```
//!
//! When V reaches V_th at the end of a step the neuron spikes, V is set to V_reset and stays there
//! for round(t_ref/dt) steps, while the synaptic currents go on.
//!
//! The equations are linear and each step is solved exactly (Rotter and Diesmann 1999), equal or
//! nearly equal tau_m and tau_syn included, so the trace does not depend on dt. Measured against
//! NEST's `iaf_psc_exp`: 2e-13 mV over half a second, all spikes the same; in single precision 3e-4 mV.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `C_m` | pF | 250 | membrane capacitance |
//! | `tau_m` | ms | 10 | membrane time constant |
//! | `tau_syn_ex` | ms | 2 | time constant of excitatory currents |
//! | `tau_syn_in` | ms | 2 | time constant of inhibitory currents |
//! | `t_ref` | ms | 2 | refractory time |
//! | `E_L` | mV | −70 | leak reversal potential |
//! | `V_reset` | mV | −70 | V after a spike |
//! | `V_th` | mV | −55 | threshold |
//! | `I_e` | pA | 0 | constant input current |
//!
//! References: Rotter and Diesmann (1999) Biol. Cybern. 81:381, doi:10.1007/s004220050570;
//! Tsodyks, Uziel and Markram (2000) J. Neurosci. 20:RC50, doi:10.1523/JNEUROSCI.20-01-j0003.2000.

use crate::neurons::blocks::{Lookup, SharedBy, Table, blocks, collect, full_count, take};
use crate::neurons::integrate_and_fire::{
    C_M, E_L, I_E, T_REF, TAU_M, TAU_SYN_EX, TAU_SYN_IN, V_RESET, V_TH, refractory_steps, reset_at_rest,
    reset_below_threshold,
};
use crate::neurons::propagators::{decay, from_constant, from_exponential};
use multiversion::multiversion;
use sim_core::aligned::Aligned;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::Arguments;
use sim_core::primitive::{CurrentLif, Primitive};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscExp",
    nest: "iaf_psc_exp",
    summary: "Leaky integrate-and-fire neuron with exponentially decaying synaptic currents.",
    parameters: &[C_M, TAU_M, TAU_SYN_EX, TAU_SYN_IN, T_REF, E_L, V_RESET, V_TH, I_E],
    states: &[
        State {
            name: "V_m",
            dimension: Dimension::Voltage,
            initial: Initial::Parameter("E_L"),
            meaning: "membrane potential",
        },
        State {
            name: "I_syn_ex",
            dimension: Dimension::Current,
            initial: Initial::Value(0.0),
            meaning: "excitatory synaptic current",
        },
        State {
            name: "I_syn_in",
            dimension: Dimension::Current,
            initial: Initial::Value(0.0),
            meaning: "inhibitory synaptic current, negative",
        },
    ],
    weight: Dimension::Current,
    ports: Ports::BySign,
    check: reset_below_threshold,
    charge: Some(charge),
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: Some(primitive),
};

/// w ∫₀^∞ e^(−t/τ) dt.
fn charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * arguments.number(if weight < 0.0 { "tau_syn_in" } else { "tau_syn_ex" })
}

/// V moves with the current as it was before the arrivals of a step, so these come a step later in the
/// form of chips.
fn primitive(_: &Arguments, of: &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String> {
    if of("tau_syn_ex") != of("tau_syn_in") {
        return Err("tau_syn_ex differs from tau_syn_in; chips have one current for both".into());
    }
    reset_at_rest(of)?;
    let (c_m, tau_m, tau_syn) = (of("C_m"), of("tau_m"), of("tau_syn_ex"));
    Ok(Primitive::CurrentLif(CurrentLif {
        keep_u: decay(dt, tau_syn),
        keep_v: decay(dt, tau_m),
        gain: from_exponential(dt, tau_m, tau_syn, c_m),
        drive: of("I_e") * from_constant(dt, tau_m, c_m),
        threshold: of("V_th") - of("E_L"),
        refractory: refractory_steps(of("t_ref"), dt),
        floor: None,
        lag: 1,
        start: (of("V_m") - of("E_L"), (of("I_syn_ex") + of("I_syn_in")) / decay(dt, tau_syn)),
    }))
}

const NAMES: &[&str] =
    &["C_m", "tau_m", "tau_syn_ex", "tau_syn_in", "t_ref", "E_L", "V_reset", "V_th", "I_e"];
/// Number of derived constants, and the place of the full refractory count among them.
const CONSTANTS: usize = 11;
const FULL: usize = 3;

struct IafPscExp<R> {
    /// mV
    v: Aligned<R>,
    /// pA
    i_ex: Aligned<R>,
    /// pA, negative
    i_in: Aligned<R>,
    /// Refractory steps, see [`crate::neurons::blocks`].
    left: Aligned<R>,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let h = cells.dt;
    let constants = Table::derive(cells, NAMES, |of| {
        let (c_m, tau_m) = (of("C_m"), of("tau_m"));
        let (tau_ex, tau_in) = (of("tau_syn_ex"), of("tau_syn_in"));
        [
            of("E_L"),
            of("V_th"),
            of("V_reset"),
            full_count(of("t_ref"), h),
            of("I_e"),
            decay(h, tau_m),
            from_constant(h, tau_m, c_m),
            from_exponential(h, tau_m, tau_ex, c_m),
            from_exponential(h, tau_m, tau_in, c_m),
            decay(h, tau_ex),
            decay(h, tau_in),
        ]
    });
    Box::new(IafPscExp {
        v: Aligned::new(&cells.initial(0)),
        i_ex: Aligned::new(&cells.initial(1)),
        i_in: Aligned::new(&cells.initial(2)),
        left: Aligned::zeros(cells.len),
        constants,
    })
}

impl<R: Real> Dynamics<R> for IafPscExp<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port_ex, port_in] = input.ports;
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let (v, left) = (&mut self.v[at()], &mut self.left[at()]);
            let (i_ex, i_in) = (&mut self.i_ex[at()], &mut self.i_in[at()]);
            let (ex, inh) = (&mut port_ex[at()], &mut port_in[at()]);
            let current = &input.current[at()];
            let fired = match &self.constants {
                Table::Shared(values) => advance(v, i_ex, i_in, left, ex, inh, current, SharedBy(*values)),
                Table::Each(columns) => {
                    advance(v, i_ex, i_in, left, ex, inh, current, Table::block(columns, &block))
                }
            };
            if fired {
                collect(&self.left, &self.constants, FULL, block, spikes);
            }
        }
    }

    fn state(&self, state: usize) -> &[R] {
        [&self.v, &self.i_ex, &self.i_in][state]
    }

    fn save(&self, out: &mut Saver) {
        for values in [&self.v, &self.i_ex, &self.i_in, &self.left] {
            out.list(values);
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.v, &mut self.i_ex, &mut self.i_in, &mut self.left]
            .into_iter()
            .try_for_each(|values| from.list_into(values))
    }
}

/// One step of one block; whether any neuron fired.
#[expect(clippy::too_many_arguments, reason = "as arguments, slices are known not to overlap")]
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    i_ex: &mut [R],
    i_in: &mut [R],
    left: &mut [R],
    arrived_ex: &mut [R],
    arrived_in: &mut [R],
    current: &[R],
    constants: K,
) -> bool {
    let n = v.len();
    let (i_ex, i_in, left) = (&mut i_ex[..n], &mut i_in[..n], &mut left[..n]);
    let (arrived_ex, arrived_in, current) = (&mut arrived_ex[..n], &mut arrived_in[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [e_l, v_th, v_reset, full, i_e, leak, from_i, from_ex, from_in, decay_ex, decay_in] =
            constants.at(i);
        let still = (left[i] - R::ONE).max(R::ZERO);
        let moved =
            e_l + ((v[i] - e_l) * leak + i_ex[i] * from_ex + i_in[i] * from_in + (current[i] + i_e) * from_i);
        let reached = if still > R::ZERO { v[i] } else { moved };
        i_ex[i] = i_ex[i] * decay_ex + take(&mut arrived_ex[i]);
        i_in[i] = i_in[i] * decay_in + take(&mut arrived_in[i]);
        let fires = reached >= v_th;
        v[i] = if fires { v_reset } else { reached };
        left[i] = if fires { full } else { still };
        any |= fires;
    }
    any
}
