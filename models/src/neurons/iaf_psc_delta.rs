//! Leaky integrate-and-fire neuron whose voltage jumps with every arrival.
//!
//! ```text
//! C_m dV/dt = −(C_m/tau_m) (V − E_L) + I_e + I(t)      an arrival of weight w adds w mV to V
//! ```
//!
//! When V reaches V_th at the end of a step the neuron spikes, V is set to V_reset and stays there
//! for round(t_ref/dt) steps. Arrivals in that time are lost; with `refractory_input` they decay
//! with tau_m until the refractory time is over, and are then added to V.
//!
//! The equation is linear and each step is solved exactly (Rotter and Diesmann 1999); where little
//! arrives, only the steps in which something does, see [`crate::neurons::iaf_psc_delta_lazy`]. Measured
//! against NEST's `iaf_psc_delta`: 2e-13 mV over half a second, all spikes the same; in single
//! precision 3e-4 mV.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `C_m` | pF | 250 | membrane capacitance |
//! | `tau_m` | ms | 10 | membrane time constant |
//! | `t_ref` | ms | 2 | refractory time |
//! | `E_L` | mV | −70 | leak reversal potential |
//! | `V_reset` | mV | −70 | V after a spike |
//! | `V_th` | mV | −55 | threshold |
//! | `V_min` | mV | none | lowest V |
//! | `I_e` | pA | 0 | constant input current |
//! | `refractory_input` | | false | keep arrivals that come in the refractory time |
//!
//! References: Rotter and Diesmann (1999) Biol. Cybern. 81:381, doi:10.1007/s004220050570;
//! Brunel (2000) J. Comput. Neurosci. 8:183, doi:10.1023/A:1008925309027.

use crate::neurons::blocks::{Lookup, SharedBy, Table, blocks, collect, full_count, take};
use crate::neurons::iaf_psc_delta_lazy;
use crate::neurons::integrate_and_fire::{
    C_M, E_L, I_E, T_REF, TAU_M, V_MIN, V_RESET, V_TH, floor_and_reset_below_threshold, refractory_steps,
    reset_at_rest,
};
use crate::neurons::propagators::{decay, from_constant};
use multiversion::multiversion;
use sim_core::aligned::Aligned;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::{Arguments, Parameter};
use sim_core::primitive::{CurrentLif, Primitive};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscDelta",
    nest: "iaf_psc_delta",
    summary: "Leaky integrate-and-fire neuron whose voltage jumps with every arrival.",
    parameters: &[
        C_M,
        TAU_M,
        T_REF,
        E_L,
        V_RESET,
        V_TH,
        V_MIN,
        I_E,
        Parameter::flag("refractory_input", false, "keep arrivals that come in the refractory time"),
    ],
    states: &[State {
        name: "V_m",
        dimension: Dimension::Voltage,
        initial: Initial::Parameter("E_L"),
        meaning: "membrane potential",
    }],
    weight: Dimension::Voltage,
    ports: Ports::One,
    check: floor_and_reset_below_threshold,
    charge: Some(charge),
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: Some(iaf_psc_delta_lazy::BUILD),
    primitive: Some(primitive),
};

/// A jump of w mV charges the capacitance with w C_m.
fn charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * arguments.number("C_m")
}

fn primitive(arguments: &Arguments, of: &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String> {
    if arguments.flag("refractory_input") {
        return Err("refractory_input keeps arrivals, which chips do not".into());
    }
    reset_at_rest(of)?;
    Ok(Primitive::CurrentLif(CurrentLif {
        keep_u: 0.0,
        keep_v: decay(dt, of("tau_m")),
        gain: 1.0,
        drive: of("I_e") * from_constant(dt, of("tau_m"), of("C_m")),
        threshold: of("V_th") - of("E_L"),
        refractory: refractory_steps(of("t_ref"), dt),
        floor: Some(of("V_min") - of("E_L")).filter(|_| of("V_min") > f64::MIN),
        lag: 0,
        start: (of("V_m") - of("E_L"), 0.0),
    }))
}

const NAMES: &[&str] = &["C_m", "tau_m", "t_ref", "E_L", "V_reset", "V_th", "V_min", "I_e"];
/// Number of derived constants, and the place of the full refractory count among them.
const CONSTANTS: usize = 8;
const FULL: usize = 4;

struct IafPscDelta<R> {
    /// mV
    v: Aligned<R>,
    /// Refractory steps, see [`crate::neurons::blocks`].
    left: Aligned<R>,
    /// Arrivals kept in the refractory time, in mV, decayed; empty without `refractory_input`.
    kept: Aligned<R>,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let h = cells.dt;
    let constants = Table::derive(cells, NAMES, |of| {
        let (c_m, tau_m) = (of("C_m"), of("tau_m"));
        [
            of("E_L"),
            of("V_th"),
            of("V_reset"),
            of("V_min"),
            full_count(of("t_ref"), h),
            of("I_e"),
            decay(h, tau_m),
            from_constant(h, tau_m, c_m),
        ]
    });
    let kept = if cells.arguments.flag("refractory_input") { cells.len } else { 0 };
    Box::new(IafPscDelta {
        v: Aligned::new(&cells.initial(0)),
        left: Aligned::zeros(cells.len),
        kept: Aligned::zeros(kept),
        constants,
    })
}

impl<R: Real> Dynamics<R> for IafPscDelta<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let (v, left) = (&mut self.v[at()], &mut self.left[at()]);
            let kept = if self.kept.is_empty() { None } else { Some(&mut self.kept[at()]) };
            let (arrived, current) = (&mut port[at()], &input.current[at()]);
            let fired = match (&self.constants, kept) {
                (Table::Shared(values), None) => advance(v, left, arrived, current, SharedBy(*values)),
                (Table::Shared(values), Some(kept)) => {
                    advance_keeping(v, left, kept, arrived, current, SharedBy(*values))
                }
                (Table::Each(columns), None) => {
                    advance(v, left, arrived, current, Table::block(columns, &block))
                }
                (Table::Each(columns), Some(kept)) => {
                    advance_keeping(v, left, kept, arrived, current, Table::block(columns, &block))
                }
            };
            if fired {
                collect(&self.left, &self.constants, FULL, block, spikes);
            }
        }
    }

    fn state(&self, _: usize) -> &[R] {
        &self.v
    }

    fn save(&self, out: &mut Saver) {
        for values in [&self.v, &self.left, &self.kept] {
            out.list(values);
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.v, &mut self.left, &mut self.kept]
            .into_iter()
            .try_for_each(|values| from.list_into(values))
    }
}

/// One step of one block, arrivals in the refractory time lost; whether any neuron fired.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    left: &mut [R],
    arrived: &mut [R],
    current: &[R],
    constants: K,
) -> bool {
    let n = v.len();
    let (left, arrived, current) = (&mut left[..n], &mut arrived[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [e_l, v_th, v_reset, v_min, full, i_e, leak, from_i] = constants.at(i);
        let still = (left[i] - R::ONE).max(R::ZERO);
        let moved = e_l + ((v[i] - e_l) * leak + (current[i] + i_e) * from_i) + take(&mut arrived[i]);
        let reached = if still > R::ZERO { v[i] } else { moved.max(v_min) };
        let fires = reached >= v_th;
        v[i] = if fires { v_reset } else { reached };
        left[i] = if fires { full } else { still };
        any |= fires;
    }
    any
}

/// One step of one block, arrivals in the refractory time kept; whether any neuron fired.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance_keeping<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    left: &mut [R],
    kept: &mut [R],
    arrived: &mut [R],
    current: &[R],
    constants: K,
) -> bool {
    let n = v.len();
    let (left, kept) = (&mut left[..n], &mut kept[..n]);
    let (arrived, current) = (&mut arrived[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [e_l, v_th, v_reset, v_min, full, i_e, leak, from_i] = constants.at(i);
        let still = (left[i] - R::ONE).max(R::ZERO);
        let waiting = kept[i] * leak + take(&mut arrived[i]);
        let moved = e_l + ((v[i] - e_l) * leak + (current[i] + i_e) * from_i) + waiting;
        let refractory = still > R::ZERO;
        let reached = if refractory { v[i] } else { moved.max(v_min) };
        kept[i] = if refractory { waiting } else { R::ZERO };
        let fires = reached >= v_th;
        v[i] = if fires { v_reset } else { reached };
        left[i] = if fires { full } else { still };
        any |= fires;
    }
    any
}
