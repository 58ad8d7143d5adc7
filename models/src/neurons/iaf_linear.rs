//! Integrate-and-fire neuron without a leak conductance, whose leak is a constant current.
//!
//! ```text
//! C_m dV/dt = I_e + I(t)      an arrival of weight w adds w mV to V
//! ```
//!
//! When V reaches V_th at the end of a step the neuron spikes. V is then set to V_reset, or, with
//! `reset: Linear`, V_th − V_reset is taken off, so that what went beyond the threshold is kept. V never
//! falls below V_min. There is no refractory time.
//!
//! Each step adds the arrivals and (I_e + I) dt/C_m. Whole numbers of mV stay whole, and are exact in
//! single precision up to 2²⁴. This is TrueNorth's deterministic neuron (Cassidy et al. 2013): with
//! C_m = 1 pF and dt = 1 ms, I_e is its leak λ. A negative I_e with V_min at rest makes the linear
//! integrate-and-fire neuron of Fusi and Mattia (1999).
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `C_m` | pF | 1 | membrane capacitance |
//! | `I_e` | pA | 0 | constant current; negative for a leak |
//! | `V_th` | mV | 15 | threshold |
//! | `V_reset` | mV | 0 | V after a spike |
//! | `V_min` | mV | none | lowest V |
//! | `reset` | | Absolute | `Absolute` sets V to V_reset, `Linear` takes off V_th − V_reset |
//!
//! References: Cassidy et al. (2013) IJCNN, doi:10.1109/IJCNN.2013.6707077; Fusi and Mattia (1999)
//! Neural Comput. 11:633, doi:10.1162/089976699300016601.

use crate::neurons::blocks::{BLOCK, Lookup, SharedBy, Table, blocks, seek, take};
use crate::neurons::integrate_and_fire::{C_M, I_E, V_MIN, V_RESET, V_TH, floor_and_reset_below_threshold};
use multiversion::multiversion;
use sim_core::aligned::Aligned;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::{Arguments, Default, Parameter};
use sim_core::primitive::{Integrator, Primitive};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "IafLinear",
    nest: "",
    summary: "Integrate-and-fire neuron whose leak is a constant current.",
    parameters: &[
        Parameter { default: Default::Number(1.0), ..C_M },
        Parameter { meaning: "constant current; negative for a leak", ..I_E },
        Parameter { default: Default::Number(15.0), ..V_TH },
        Parameter { default: Default::Number(0.0), ..V_RESET },
        V_MIN,
        Parameter::choice(
            "reset",
            &["Absolute", "Linear"],
            "Absolute",
            "whether V is set to V_reset or V_th − V_reset is taken off",
        ),
    ],
    states: &[State {
        name: "V_m",
        dimension: Dimension::Voltage,
        initial: Initial::Value(0.0),
        meaning: "membrane potential",
    }],
    weight: Dimension::Voltage,
    ports: Ports::One,
    check: floor_and_reset_below_threshold,
    charge: Some(charge),
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: Some(primitive),
};

/// A jump of w mV charges the capacitance with w C_m.
fn charge(arguments: &Arguments, weight: f64) -> f64 {
    weight * arguments.number("C_m")
}

/// V counts from V_reset if the reset is linear, so that what is taken off is the threshold.
fn primitive(arguments: &Arguments, of: &dyn Fn(&str) -> f64, dt: f64) -> Result<Primitive, String> {
    let rest = if linear(arguments) { of("V_reset") } else { 0.0 };
    Ok(Primitive::Integrator(Integrator {
        leak: of("I_e") * (dt / of("C_m")),
        threshold: of("V_th") - rest,
        reset: (!linear(arguments)).then(|| of("V_reset")),
        floor: Some(of("V_min") - rest).filter(|_| of("V_min") > f64::MIN),
        start: of("V_m") - rest,
    }))
}

fn linear(arguments: &Arguments) -> bool {
    arguments.word("reset") == "Linear"
}

const NAMES: &[&str] = &["C_m", "I_e", "V_th", "V_reset", "V_min"];
const CONSTANTS: usize = 5;

struct IafLinear<R> {
    /// mV
    v: Aligned<R>,
    linear: bool,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let constants = Table::derive(cells, NAMES, |of| {
        [of("I_e"), cells.dt / of("C_m"), of("V_th"), of("V_reset"), of("V_min")]
    });
    Box::new(IafLinear { v: Aligned::new(&cells.initial(0)), linear: linear(&cells.arguments), constants })
}

impl<R: Real> Dynamics<R> for IafLinear<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        let mut fired = [R::ZERO; BLOCK];
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let (v, fired) = (&mut self.v[at()], &mut fired[..block.len()]);
            let (arrived, current) = (&mut port[at()], &input.current[at()]);
            let any = match &self.constants {
                Table::Shared(values) => advance(v, fired, arrived, current, self.linear, SharedBy(*values)),
                Table::Each(columns) => {
                    advance(v, fired, arrived, current, self.linear, Table::block(columns, &block))
                }
            };
            if any {
                seek(fired, |fired| fired > R::ZERO, |place| spikes.push((block.start + place) as u32));
            }
        }
    }

    fn state(&self, _: usize) -> &[R] {
        &self.v
    }

    fn save(&self, out: &mut Saver) {
        out.list(&self.v);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.v)
    }
}

/// One step of one block; `fired` becomes 1 for those who fire; whether any did.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    v: &mut [R],
    fired: &mut [R],
    arrived: &mut [R],
    current: &[R],
    linear: bool,
    constants: K,
) -> bool {
    let n = v.len();
    let (fired, arrived, current) = (&mut fired[..n], &mut arrived[..n], &current[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [i_e, from_i, v_th, v_reset, v_min] = constants.at(i);
        let reached = (v[i] + take(&mut arrived[i]) + (current[i] + i_e) * from_i).max(v_min);
        let fires = reached >= v_th;
        let reset = if linear { reached - (v_th - v_reset) } else { v_reset };
        v[i] = if fires { reset } else { reached };
        fired[i] = if fires { R::ONE } else { R::ZERO };
        any |= fires;
    }
    any
}
