//! Two-variable neuron of Izhikevich, from tonic spiking to bursting with four numbers.
//!
//! ```text
//! dV/dt = k_2 V² + k_1 V + k_0 − U + I_e + I(t)      an arrival of weight w adds w mV to V
//! dU/dt = a (b (V − V_u) − leak_u U)
//! ```
//!
//! with t in ms, V in mV, and currents in pA counting as mV/ms. When V reaches V_th at the end of
//! a step the neuron spikes, V is set to c and U grows by d. There is no refractory time. With
//! Izhikevich's own coefficients, the defaults, this is the model of 2003; the others serve his
//! gallery of 2004, where classes G and L have k_1 = 4.1, k_0 = 108, and R has V_u = −65,
//! leak_u = 0.
//!
//! # Integration
//! The model is defined by its steps as much as by its equations; three forms are in use:
//!
//! | form | `consistent_integration` | `half_steps` | one step |
//! |---|---|---|---|
//! | forward Euler, NEST's default | true | | V and U from the old V and U |
//! | 2003 paper | false | true | V in two half steps, then U from the new V |
//! | 2004 gallery | false | false | V in one step, then U from the new V |
//!
//! In the 2003 form an arrival is a current during its step, as in the paper and in NEST: it adds
//! w dt/ms mV to V, which is w at the paper's dt = 1 ms.
//!
//! In double precision all three give the same bits as NEST's `izhikevich` and as the script of the
//! 2004 gallery. In single precision the spikes stay at their steps in the same runs; rounding
//! shows in the upstroke, where V² magnifies it (0.03 mV with Euler, some mV with half steps).
//!
//! | parameter | unit | default | meaning |
//! |---|---|---|---|
//! | `a` | 1/ms | 0.02 | rate of U |
//! | `b` | 1/ms | 0.2 | how V drives U |
//! | `c` | mV | −65 | V after a spike |
//! | `d` | mV/ms | 8 | growth of U at a spike |
//! | `V_th` | mV | 30 | threshold |
//! | `V_min` | mV | none | lowest V |
//! | `I_e` | pA | 0 | constant input, 1 pA is 1 mV/ms |
//! | `consistent_integration` | | true | see above |
//! | `half_steps` | | true | see above |
//! | `k_2` | 1/(mV ms) | 0.04 | quadratic coefficient |
//! | `k_1` | 1/ms | 5 | linear coefficient |
//! | `k_0` | mV/ms | 140 | constant |
//! | `V_u` | mV | 0 | voltage that U is driven by the distance from |
//! | `leak_u` | | 1 | how U draws itself to 0 |
//!
//! References: Izhikevich (2003) IEEE Trans. Neural Netw. 14:1569, doi:10.1109/TNN.2003.820440;
//! Izhikevich (2004) IEEE Trans. Neural Netw. 15:1063, doi:10.1109/TNN.2004.832719.

use crate::neurons::blocks::{BLOCK, Lookup, SharedBy, Table, blocks, take};
use crate::neurons::integrate_and_fire::{I_E, V_MIN, below};
use multiversion::multiversion;
use sim_core::neuron::{Cells, Dynamics, GridBuild, Initial, Input, NeuronModel, Ports, State};
use sim_core::parameter::{Arguments, Complaint, Parameter, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::units::Dimension;

const fn number(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::quantity(name, Dimension::Number, default, Range::Any, meaning)
}

const fn voltage(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::quantity(name, Dimension::Voltage, default, Range::Any, meaning)
}

/// The row of this model.
pub static MODEL: NeuronModel = NeuronModel {
    name: "Izhikevich",
    nest: "izhikevich",
    summary: "Two-variable neuron of Izhikevich, from tonic spiking to bursting with four numbers.",
    parameters: &[
        number("a", 0.02, "rate of U_m, in 1/ms"),
        number("b", 0.2, "how V_m drives U_m, in 1/ms"),
        voltage("c", -65.0, "V_m after a spike"),
        number("d", 8.0, "growth of U_m at a spike, in mV/ms"),
        voltage("V_th", 30.0, "spike threshold"),
        V_MIN,
        I_E,
        Parameter::flag("consistent_integration", true, "advance U_m with the old V_m, else with the new"),
        Parameter::flag("half_steps", true, "two half steps of V_m where integration is not consistent"),
        number("k_2", 0.04, "quadratic coefficient of V_m, in 1/(mV ms)"),
        number("k_1", 5.0, "linear coefficient of V_m, in 1/ms"),
        number("k_0", 140.0, "constant drive of V_m, in mV/ms"),
        voltage("V_u", 0.0, "voltage from which V_m drives U_m"),
        number("leak_u", 1.0, "how U_m draws itself to 0"),
    ],
    states: &[
        State {
            name: "V_m",
            dimension: Dimension::Voltage,
            initial: Initial::Value(-65.0),
            meaning: "membrane potential",
        },
        State {
            name: "U_m",
            dimension: Dimension::Number,
            initial: Initial::Formula(|of| of("b") * of("V_m")),
            meaning: "recovery variable, in mV/ms",
        },
    ],
    weight: Dimension::Voltage,
    ports: Ports::One,
    check,
    charge: None,
    grid: Some(GridBuild { f32: build::<f32>, f64: build::<f64> }),
    exact: None,
    lazy: None,
    primitive: None,
};

fn check(arguments: &Arguments) -> Vec<Complaint> {
    let mut complaints: Vec<Complaint> =
        [below(arguments, "c", "V_th"), below(arguments, "V_min", "V_th")].into_iter().flatten().collect();
    if arguments.is_given("half_steps") && arguments.flag("consistent_integration") {
        complaints.push(
            Complaint::about("half_steps", "half_steps has no meaning with consistent_integration: true")
                .help("add consistent_integration: false, or leave half_steps out"),
        );
    }
    complaints
}

const NAMES: &[&str] = &["a", "b", "c", "d", "V_th", "V_min", "I_e", "k_2", "k_1", "k_0", "V_u", "leak_u"];
/// Number of derived constants.
const CONSTANTS: usize = 13;

/// The three forms of a step.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Euler,
    Paper2003,
    Gallery2004,
}

struct Izhikevich<R> {
    /// mV
    v: Vec<R>,
    /// mV/ms
    u: Vec<R>,
    /// ms
    dt: R,
    form: Form,
    constants: Table<R, CONSTANTS>,
}

fn build<R: Real>(cells: &Cells) -> Box<dyn Dynamics<R>> {
    let form = match (cells.arguments.flag("consistent_integration"), cells.arguments.flag("half_steps")) {
        (true, _) => Form::Euler,
        (false, true) => Form::Paper2003,
        (false, false) => Form::Gallery2004,
    };
    let constants = Table::derive(cells, NAMES, |of| {
        [
            of("V_th"),
            of("V_min"),
            of("c"),
            of("d"),
            // Rounded together, as the scripts do: they multiply by dt first.
            cells.dt * of("a"),
            of("b"),
            of("V_u"),
            of("leak_u"),
            of("I_e"),
            of("k_2"),
            of("k_1"),
            of("k_0"),
            0.5 * cells.dt,
        ]
    });
    Box::new(Izhikevich { v: cells.initial(0), u: cells.initial(1), dt: R::of(cells.dt), form, constants })
}

impl<R: Real> Dynamics<R> for Izhikevich<R> {
    fn step(&mut self, input: Input<'_, R>, spikes: &mut Vec<u32>) {
        let [port, _] = input.ports;
        let mut fired = [R::ZERO; BLOCK];
        for block in blocks(self.v.len()) {
            let at = || block.clone();
            let fired = &mut fired[..block.len()];
            let (v, u) = (&mut self.v[at()], &mut self.u[at()]);
            let (arrived, current) = (&mut port[at()], &input.current[at()]);
            let any = match &self.constants {
                Table::Shared(values) => {
                    advance(self.form, self.dt, v, u, arrived, current, SharedBy(*values), fired)
                }
                Table::Each(columns) => {
                    let constants = Table::block(columns, &block);
                    advance(self.form, self.dt, v, u, arrived, current, constants, fired)
                }
            };
            if any {
                let indices = block.zip(fired).filter(|(_, fired)| **fired != R::ZERO);
                spikes.extend(indices.map(|(index, _)| index as u32));
            }
        }
    }

    fn state(&self, state: usize) -> &[R] {
        [&self.v, &self.u][state]
    }

    fn save(&self, out: &mut Saver) {
        out.list(&self.v);
        out.list(&self.u);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.v)?;
        from.list_into(&mut self.u)
    }
}

/// One step of one block; marks in `fired` which neurons fired and says whether any did.
#[expect(clippy::too_many_arguments, reason = "as arguments, slices are known not to overlap")]
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn advance<R: Real, K: Lookup<R, CONSTANTS>>(
    form: Form,
    dt: R,
    v: &mut [R],
    u: &mut [R],
    arrived: &mut [R],
    current: &[R],
    constants: K,
    fired: &mut [R],
) -> bool {
    let n = v.len();
    let (u, arrived, current, fired) = (&mut u[..n], &mut arrived[..n], &current[..n], &mut fired[..n]);
    let constants = constants.cut(n);
    let mut any = false;
    for i in 0..n {
        let [v_th, v_min, c, d, rate, b, v_u, leak_u, i_e, k_2, k_1, k_0, half] = constants.at(i);
        let (v_old, u_old, input, jump) = (v[i], u[i], current[i], take(&mut arrived[i]));
        // The order of these operations is part of the model: the bits of NEST and of the scripts.
        let slope = |v: R| k_2 * v * v + k_1 * v + k_0 - u_old + input + i_e;
        let v_new = match form {
            Form::Euler | Form::Gallery2004 => v_old + (dt * slope(v_old) + jump),
            Form::Paper2003 => {
                let middle = v_old + half * (slope(v_old) + jump);
                middle + half * (slope(middle) + jump)
            }
        };
        let driver = if form == Form::Euler { v_old } else { v_new };
        let u_new = u_old + rate * (b * (driver - v_u) - leak_u * u_old);
        let v_new = v_new.max(v_min);
        let fires = v_new >= v_th;
        v[i] = if fires { c } else { v_new };
        u[i] = if fires { u_new + d } else { u_new };
        fired[i] = if fires { R::ONE } else { R::ZERO };
        any |= fires;
    }
    any
}
