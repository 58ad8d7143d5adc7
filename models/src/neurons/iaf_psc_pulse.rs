//! Integrate-and-fire neuron, or leaky integrator, whose arrivals are currents that last one step.
//!
//! ```text
//! tau_syn dI/dt = −I + w_in S(t)           S = (weights that arrive) + I_e + I(t), constant during a step
//! tau_m dV/dt   = E_L − V + R_m I          without tau_m: dV/dt = R_m I / ms;  without tau_syn: I = w_in S
//! ```
//!
//! When V has reached V_th at the end of a step the neuron spikes. V is then set to V_reset, or, with
//! `reset: Linear`, V_th − V_reset is taken off. There is no refractory time. With `spikes: false` it is a
//! leaky integrator, whose V is read.
//!
//! These are the neurons of layered networks that are trained in discrete time, whose libraries differ in
//! three things, so that each is a word here:
//!
//! - `integration: Exact` solves the equations for an S that is constant during the step, whatever its
//!   length. Without tau_syn this includes the reset: V reaches V_th somewhere in the step, is set to V_reset
//!   there, and moves on until its end (if it would spike again, it stays at V_reset). With tau_syn, or with
//!   jumps, V is reset at the end. `Euler` takes one forward step, first of I and then of V with the new I: I keeps 1 − dt/tau_syn
//!   and V keeps 1 − dt/tau_m.
//! - `arrivals: Current` is the equations above. With `Jump` the whole of S reaches what it reaches first:
//!   I moves by w_in S, or without tau_syn V by R_m w_in S, at the end of the step (`Euler`: I moves before V
//!   follows), so that dt does not scale it.
//! - `reset`, as above.
//!
//! A `tau_m` of 0 keeps nothing: V is E_L + R_m I of this step, which makes a threshold without memory.
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `R_m` | mV/pA | 1 | membrane resistance; without tau_m, mV per pA and ms |
//! | `tau_m` | ms | none | membrane time constant; left out, nothing leaks |
//! | `tau_syn` | ms | 0 | time constant of the current; 0 if it lasts one step |
//! | `w_in` | | 1 | multiplies the input |
//! | `E_L` | mV | 0 | leak reversal potential |
//! | `V_th` | mV | 1 | threshold |
//! | `V_reset` | mV | 0 | V after a spike |
//! | `I_e` | pA | 0 | constant input |
//! | `spikes` | | true | false for a leaky integrator without a threshold |
//! | `reset` | | Absolute | `Absolute` sets V to V_reset, `Linear` takes off V_th − V_reset |
//! | `integration` | | Exact | `Exact` or `Euler` |
//! | `arrivals` | | Current | `Current` or `Jump` |
//!
//! References: Pedersen et al. (2024) Nat. Commun. 15:8122, doi:10.1038/s41467-024-52259-9; Rotter and
//! Diesmann (1999) Biol. Cybern. 81:381, doi:10.1007/s004220050570.

use crate::neurons::blocks::{BLOCK, Lookup, SharedBy, Table, blocks, seek, take};
use crate::neurons::integrate_and_fire::{E_L, I_E, TAU_M, V_RESET, V_TH, below, reset_at_rest};
use crate::neurons::propagators::{decay, from_exponential};
use multiversion::multiversion;
use sim_core::aligned::Aligned;
use sim_core::math::expm1;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::{Arguments, Complaint, Default, Parameter, Range};
use sim_core::primitive::{CurrentLif, Integrator, Primitive};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafPscPulse",
    nest: "",
    summary: "Integrate-and-fire neuron or leaky integrator whose arrivals are currents of one step.",
    parameters: &[
        Parameter::quantity(
            "R_m",
            Dimension::Number,
            1.0,
            Range::Any,
            "membrane resistance in mV/pA; without tau_m, mV per pA and ms",
        ),
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
        Parameter::quantity("w_in", Dimension::Number, 1.0, Range::Any, "multiplies the input"),
        Parameter { default: Default::Number(0.0), ..E_L },
        Parameter { default: Default::Number(1.0), ..V_TH },
        Parameter { default: Default::Number(0.0), ..V_RESET },
        I_E,
        Parameter::flag("spikes", true, "false for a leaky integrator without a threshold"),
        Parameter::choice(
            "reset",
            &["Absolute", "Linear"],
            "Absolute",
            "whether V is set to V_reset or V_th − V_reset is taken off",
        ),
        Parameter::choice(
            "integration",
            &["Exact", "Euler"],
            "Exact",
            "whether a step solves the equations or is a forward step",
        ),
        Parameter::choice(
            "arrivals",
            &["Current", "Jump"],
            "Current",
            "whether an arrival is a current during the step or moves the state by its whole weight",
        ),
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
            meaning: "synaptic current, if tau_syn is not 0",
        },
    ],
    weight: Dimension::Current,
    ports: Ports::One,
    check,
    charge: None,
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: Some(primitive),
};

fn check(arguments: &Arguments) -> Vec<Complaint> {
    below(arguments, "V_reset", "V_th").filter(|_| arguments.flag("spikes")).into_iter().collect()
}

/// One step as a linear map: `I ← i_i·I + s_i·S`, `V − E_L ← v_v·(V − E_L) + i_v·I + s_v·S` with the old I.
#[derive(Clone, Copy, Debug)]
struct Step {
    i_i: f64,
    s_i: f64,
    v_v: f64,
    i_v: f64,
    s_v: f64,
}

impl Step {
    fn of(arguments: &Arguments, of: &dyn Fn(&str) -> f64, h: f64) -> Step {
        let (tau_m, tau_syn) = (of("tau_m"), of("tau_syn"));
        let (r, w_in) = (of("R_m"), of("w_in"));
        let euler = arguments.word("integration") == "Euler";
        let jump = arguments.word("arrivals") == "Jump";
        // What is left of V after the step, and what a constant current of 1 pA then has brought.
        let (v_v, constant) = match tau_m {
            0.0 => (0.0, r),
            f64::MAX => (1.0, r * h),
            tau if euler => (1.0 - h / tau, r * (h / tau)),
            tau => (decay(h, tau), r * -expm1(-h / tau)),
        };
        if tau_syn == 0.0 {
            let s_v = if jump { r * w_in } else { constant * w_in };
            return Step { i_i: 0.0, s_i: 0.0, v_v, i_v: 0.0, s_v };
        }
        if euler {
            let (keep, gain) = (1.0 - h / tau_syn, if jump { w_in } else { w_in * (h / tau_syn) });
            return Step { i_i: keep, s_i: gain, v_v, i_v: constant * keep, s_v: constant * gain };
        }
        let keep = decay(h, tau_syn);
        // What a current of 1 pA at the start of the step, which decays, has brought at its end.
        let decaying = match tau_m {
            0.0 => r * keep,
            f64::MAX => r * tau_syn * -expm1(-h / tau_syn),
            tau => r * from_exponential(h, tau, tau_syn, tau),
        };
        match jump {
            true => Step { i_i: keep, s_i: w_in, v_v, i_v: decaying, s_v: 0.0 },
            // S lifts the current that I tends to; the distance from there decays.
            false => Step {
                i_i: keep,
                s_i: w_in * -expm1(-h / tau_syn),
                v_v,
                i_v: decaying,
                s_v: w_in * (constant - decaying),
            },
        }
    }
}

fn linear(arguments: &Arguments) -> bool {
    arguments.word("reset") == "Linear"
}

/// V that a constant S of 1 pA tends to, above E_L, if the reset falls inside the step; else not a number.
/// Without a leak V tends to nothing, and so far off moves straight.
fn asymptote(arguments: &Arguments, of: &dyn Fn(&str) -> f64) -> f64 {
    let inside = arguments.word("integration") == "Exact" && arguments.word("arrivals") == "Current";
    match inside && !linear(arguments) && of("tau_syn") == 0.0 {
        true if of("tau_m") == f64::MAX => of("R_m") * of("w_in") * FAR,
        true => of("R_m") * of("w_in"),
        false => f64::NAN,
    }
}

/// Farther than which a line and an exponential are the same in double precision.
const FAR: f64 = 1e20;

/// A current that lasts one step makes a leaky integrator of jumps, or an integrator; one that decays, the
/// chips' own neuron if V moves with the current after its arrivals (Euler) or before (Exact jumps).
fn primitive(arguments: &Arguments, of: &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String> {
    if !arguments.flag("spikes") {
        return Err("never spikes; chips compute neurons that do".into());
    }
    if !asymptote(arguments, of).is_nan() && of("tau_m") != 0.0 {
        return Err("is reset inside a step; chips reset at its end, as with integration: Euler".into());
    }
    let step = Step::of(arguments, of, dt);
    let (rest, drive) = (of("E_L"), step.s_v * of("I_e"));
    if of("tau_syn") == 0.0 && step.v_v == 1.0 && step.s_v == 1.0 {
        let zero = if linear(arguments) { of("V_reset") } else { 0.0 };
        return Ok(Primitive::Integrator(Integrator {
            leak: drive,
            threshold: of("V_th") - zero,
            reset: (!linear(arguments)).then(|| of("V_reset")),
            floor: None,
            start: of("V_m") - zero,
        }));
    }
    if linear(arguments) {
        return Err("has a linear reset; chips reset a leaky neuron to rest".into());
    }
    reset_at_rest(of)?;
    let chips = |keep_u, gain, drive, lag, start| {
        Ok(Primitive::CurrentLif(CurrentLif {
            keep_u,
            keep_v: step.v_v,
            gain,
            drive,
            threshold: of("V_th") - rest,
            refractory: 0,
            floor: None,
            lag,
            start: (of("V_m") - rest, start),
        }))
    };
    if of("tau_syn") == 0.0 {
        return chips(0.0, step.s_v, drive, 0, 0.0);
    }
    if of("I_e") != 0.0 {
        return Err("has a constant input that its tau_syn filters; chips add it behind the filter".into());
    }
    // u is I in units of what one arrival adds to it.
    match (arguments.word("integration"), arguments.word("arrivals")) {
        ("Euler", _) => chips(step.i_i, step.s_v, 0.0, 0, of("I_syn") / step.s_i),
        (_, "Jump") => {
            let gain = step.i_v * step.s_i;
            chips(step.i_i, gain, 0.0, 1, of("I_syn") / (step.s_i * step.i_i))
        }
        _ => Err("has arrivals that are currents, solved exactly behind a tau_syn; chips compute integration: Euler"
            .into()),
    }
}

const NAMES: &[&str] = &["R_m", "tau_m", "tau_syn", "w_in", "E_L", "V_th", "V_reset", "I_e"];
const CONSTANTS: usize = 10;

struct IafPscPulse<R> {
    /// mV
    v: Aligned<R>,
    /// pA
    i: Aligned<R>,
    linear: bool,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let constants = Table::derive(cells, NAMES, |of| {
        let Step { i_i, s_i, v_v, i_v, s_v } = Step::of(&cells.arguments, of, cells.dt);
        let v_th = if cells.arguments.flag("spikes") { of("V_th") } else { f64::INFINITY };
        let end = asymptote(&cells.arguments, of);
        [of("E_L"), v_th, of("V_reset"), of("I_e"), i_i, s_i, v_v, i_v, s_v, end]
    });
    Box::new(IafPscPulse {
        v: Aligned::new(&cells.initial(0)),
        i: Aligned::new(&cells.initial(1)),
        linear: linear(&cells.arguments),
        constants,
    })
}

impl<R: Real> Dynamics<R> for IafPscPulse<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        let mut fired = [R::ZERO; BLOCK];
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let (v, i, fired) = (&mut self.v[at()], &mut self.i[at()], &mut fired[..block.len()]);
            let (arrived, current) = (&mut port[at()], &input.current[at()]);
            let any = match &self.constants {
                Table::Shared(values) => {
                    advance(v, i, fired, arrived, current, self.linear, SharedBy(*values))
                }
                Table::Each(columns) => {
                    advance(v, i, fired, arrived, current, self.linear, Table::block(columns, &block))
                }
            };
            if any {
                seek(fired, |fired| fired > R::ZERO, |place| spikes.push((block.start + place) as u32));
            }
        }
    }

    fn state(&self, state: usize) -> &[R] {
        [&self.v, &self.i][state]
    }

    fn save(&self, out: &mut Saver) {
        for values in [&self.v, &self.i] {
            out.list(values);
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        [&mut self.v, &mut self.i].into_iter().try_for_each(|values| from.list_into(values))
    }
}

/// One step of one block; `fired` becomes 1 for those who fire; whether any did.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    i_syn: &mut [R],
    fired: &mut [R],
    arrived: &mut [R],
    current: &[R],
    linear: bool,
    constants: K,
) -> bool {
    let n = v.len();
    let (i_syn, fired) = (&mut i_syn[..n], &mut fired[..n]);
    let (arrived, current) = (&mut arrived[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [e_l, v_th, v_reset, i_e, i_i, s_i, v_v, i_v, s_v, end] = constants.at(i);
        let s = take(&mut arrived[i]) + (current[i] + i_e);
        let reached = e_l + ((v[i] - e_l) * v_v + (i_syn[i] * i_v + s * s_v));
        i_syn[i] = i_syn[i] * i_i + s * s_i;
        let fires = reached >= v_th;
        // The part of the way to where V tends that was left after V_th is gone from V_reset.
        let tends = e_l + s * end;
        let moved = v_reset + (reached - v_th) * ((tends - v_reset) / (tends - v_th));
        let inside = v[i] < v_th && moved < v_th;
        let at_end = if linear { reached - (v_th - v_reset) } else { v_reset };
        let reset = if inside { moved } else { at_end };
        v[i] = if fires { reset } else { reached };
        fired[i] = if fires { R::ONE } else { R::ZERO };
        any |= fires;
    }
    any
}
