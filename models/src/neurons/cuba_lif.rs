//! Current-based leaky integrate-and-fire neuron with separate decays, as neuromorphic chips compute it.
//!
//! ```text
//! I ← I·e^(−dt/tau_syn) + (weights that arrive)
//! V ← E_L + (V − E_L)·e^(−dt/tau_m) + (I + I_e + I(t))·dt/C_m
//! ```
//!
//! When V reaches V_th at the end of a step the neuron spikes, V is set to E_L and stays there for
//! round(t_ref/dt) steps, while I goes on. V never falls below V_min.
//!
//! This is Loihi's compartment (Davies et al. 2018) in real numbers: an arrival moves V in the step it
//! arrives in, and the current of a step acts on V in one piece. So dt is part of the model; for
//! dt → 0 it is `IafPscExp` with one time constant for all currents. A `tau_syn` or `tau_m` of 0 keeps
//! nothing from step to step, and none at all (a `tau_m` left out) keeps everything.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `C_m` | pF | 1 | membrane capacitance |
//! | `tau_m` | ms | none | membrane time constant; left out, nothing leaks |
//! | `tau_syn` | ms | 0 | time constant of the current; 0 if it lasts one step |
//! | `t_ref` | ms | 0 | refractory time |
//! | `E_L` | mV | 0 | rest, and V after a spike |
//! | `V_th` | mV | 15 | threshold |
//! | `V_min` | mV | none | lowest V |
//! | `I_e` | pA | 0 | constant input current |
//!
//! References: Davies et al. (2018) IEEE Micro 38:82, doi:10.1109/MM.2018.112130359; Michaelis et al.
//! (2022) Front. Neuroinform. 16:1015624, doi:10.3389/fninf.2022.1015624.

use crate::neurons::blocks::{Lookup, SharedBy, Table, blocks, collect, full_count, take};
use crate::neurons::integrate_and_fire::{C_M, E_L, I_E, T_REF, TAU_M, V_MIN, V_TH, below, refractory_steps};
use crate::neurons::propagators::decay;
use multiversion::multiversion;
use sim_core::aligned::Aligned;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::{Arguments, Complaint, Default, Parameter, Range};
use sim_core::primitive::{CurrentLif, Primitive};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "CubaLif",
    nest: "",
    summary: "Current-based leaky integrate-and-fire neuron with separate decays, as chips compute it.",
    parameters: &[
        Parameter { default: Default::Number(1.0), ..C_M },
        Parameter {
            default: Default::Number(f64::MAX),
            range: Range::NotNegative,
            meaning: "membrane time constant; by default nothing leaks",
            ..TAU_M
        },
        Parameter::quantity(
            "tau_syn",
            Dimension::Time,
            0.0,
            Range::NotNegative,
            "time constant of the current; 0 if it lasts one step",
        ),
        Parameter { default: Default::Number(0.0), ..T_REF },
        Parameter { default: Default::Number(0.0), meaning: "rest, and V_m after a spike", ..E_L },
        Parameter { default: Default::Number(15.0), ..V_TH },
        V_MIN,
        I_E,
    ],
    states: &[
        State {
            name: "V_m",
            dimension: Dimension::Voltage,
            initial: Initial::Parameter("E_L"),
            meaning: "membrane potential",
        },
        State {
            name: "I_syn",
            dimension: Dimension::Current,
            initial: Initial::Value(0.0),
            meaning: "synaptic current",
        },
    ],
    weight: Dimension::Current,
    ports: Ports::One,
    check,
    charge: Some(charge),
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: Some(primitive),
};

fn check(arguments: &Arguments) -> Vec<Complaint> {
    [below(arguments, "E_L", "V_th"), below(arguments, "V_min", "V_th")].into_iter().flatten().collect()
}

/// w ∫₀^∞ e^(−t/τ) dt: what long steps make of it depends on them, and is left out.
fn charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * arguments.number("tau_syn")
}

/// What is left after a step; nothing if the time constant is 0, everything if it is endless.
fn keep(dt: f64, tau: f64) -> f64 {
    match tau {
        0.0 => 0.0,
        f64::MAX => 1.0,
        tau => decay(dt, tau),
    }
}

fn primitive(_: &Arguments, of: &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String> {
    let (gain, rest) = (dt / of("C_m"), of("E_L"));
    Ok(Primitive::CurrentLif(CurrentLif {
        keep_u: keep(dt, of("tau_syn")),
        keep_v: keep(dt, of("tau_m")),
        gain,
        drive: of("I_e") * gain,
        threshold: of("V_th") - rest,
        refractory: refractory_steps(of("t_ref"), dt),
        floor: Some(of("V_min") - rest).filter(|_| of("V_min") > f64::MIN),
        lag: 0,
        start: (of("V_m") - rest, of("I_syn")),
    }))
}

const NAMES: &[&str] = &["C_m", "tau_m", "tau_syn", "t_ref", "E_L", "V_th", "V_min", "I_e"];
/// Number of derived constants, and the place of the full refractory count among them.
const CONSTANTS: usize = 8;
const FULL: usize = 3;

struct CubaLif<R> {
    /// mV
    v: Aligned<R>,
    /// pA
    i: Aligned<R>,
    /// Refractory steps, see [`crate::neurons::blocks`].
    left: Aligned<R>,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let h = cells.dt;
    let constants = Table::derive(cells, NAMES, |of| {
        [
            of("E_L"),
            of("V_th"),
            of("V_min"),
            full_count(of("t_ref"), h),
            of("I_e"),
            keep(h, of("tau_m")),
            keep(h, of("tau_syn")),
            h / of("C_m"),
        ]
    });
    Box::new(CubaLif {
        v: Aligned::new(&cells.initial(0)),
        i: Aligned::new(&cells.initial(1)),
        left: Aligned::zeros(cells.len),
        constants,
    })
}

impl<R: Real> Dynamics<R> for CubaLif<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let (v, i, left) = (&mut self.v[at()], &mut self.i[at()], &mut self.left[at()]);
            let (arrived, current) = (&mut port[at()], &input.current[at()]);
            let fired = match &self.constants {
                Table::Shared(values) => advance(v, i, left, arrived, current, SharedBy(*values)),
                Table::Each(columns) => advance(v, i, left, arrived, current, Table::block(columns, &block)),
            };
            if fired {
                collect(&self.left, &self.constants, FULL, block, spikes);
            }
        }
    }

    fn state(&self, state: usize) -> &[R] {
        [&self.v, &self.i][state]
    }

    fn save(&self, out: &mut Saver) {
        for values in [&self.v, &self.i, &self.left] {
            out.list(values);
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.v, &mut self.i, &mut self.left].into_iter().try_for_each(|values| from.list_into(values))
    }
}

/// One step of one block; whether any neuron fired.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    i_syn: &mut [R],
    left: &mut [R],
    arrived: &mut [R],
    current: &[R],
    constants: K,
) -> bool {
    let n = v.len();
    let (i_syn, left) = (&mut i_syn[..n], &mut left[..n]);
    let (arrived, current) = (&mut arrived[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [e_l, v_th, v_min, full, i_e, keep_v, keep_i, from_i] = constants.at(i);
        let still = (left[i] - R::ONE).max(R::ZERO);
        let now = i_syn[i] * keep_i + take(&mut arrived[i]);
        let moved = e_l + ((v[i] - e_l) * keep_v + (now + (current[i] + i_e)) * from_i);
        let reached = if still > R::ZERO { v[i] } else { moved.max(v_min) };
        let fires = reached >= v_th;
        i_syn[i] = now;
        v[i] = if fires { e_l } else { reached };
        left[i] = if fires { full } else { still };
        any |= fires;
    }
    any
}
