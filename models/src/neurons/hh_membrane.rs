//! What the Hodgkin–Huxley models share: a membrane with sodium, potassium and leak currents, its
//! integration, and spikes at the maxima of V. The models differ in their rates and synapses.

use super::blocks::take;
use super::kinetics::{Kinetics, of};
use super::membrane::refractory_steps;
use super::runge_kutta::{Compensated, Equations, LEVELS, Landing, advance, smallest_error, steps};
use sim_core::neuron::{Cells, Constants, Dynamics, Input};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::marker::PhantomData;

/// Error tolerated in a sub-step, in mV; an error of a gate counts 100 mV.
const TOLERANCE: f64 = 1e-5;
/// V is held inside ± this, in mV: rates stay finite whatever a current does.
const WIDEST: f64 = 1e4;

/// Rates of opening and closing of the gates m, n and h, per ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates<R> {
    pub(super) alpha: [R; 3],
    pub(super) beta: [R; 3],
}

/// What makes one Hodgkin–Huxley model another.
pub(super) trait Channels<R: Real>: Send + 'static {
    /// Whether synapses are conductances, with E_ex and E_in, or currents.
    const CONDUCTANCE: bool;
    /// Parameter from which rates and the threshold are measured, if they do not have a fixed origin.
    const ORIGIN: Option<&'static str>;
    /// A maximum of V counts as a spike above this, in mV from the origin.
    const THRESHOLD: f64;
    /// Rates at `v` mV from the origin, finite for |v| up to 1e4 mV.
    fn rates(v: R) -> Rates<R>;
}

/// x/(1 − e^(−x)), which is 1 at 0, from x and e^(−x).
#[inline]
pub(super) fn linoid<R: Real>(x: R, e: R) -> R {
    if x.abs() < R::of(0.1) {
        let s = x * x;
        let even = R::of(1.0 / 12.0) + s * (R::of(-1.0 / 720.0) + s * R::of(1.0 / 30240.0));
        R::ONE + R::of(0.5) * x + s * even
    } else {
        x / (R::ONE - e)
    }
}

/// A slice of neurons: V, and the gates m, n, h.
pub(super) struct HodgkinHuxley<R, C, K, const S: usize> {
    /// Membrane potential in mV, and the gates m, n and h.
    y: [Vec<R>; 4],
    /// What they lost in rounding.
    low: [Vec<R>; 4],
    /// Synaptic variables by port.
    synapses: [[Vec<R>; S]; 2],
    /// Steps left in which a maximum does not count.
    refractory: Vec<u32>,
    /// Level of the next sub-step.
    guess: Vec<u8>,
    membrane: Constants<Membrane<R>>,
    kinetics: [Constants<K>; 2],
    steps: [R; LEVELS],
    channels: PhantomData<C>,
}

#[derive(Clone, Copy, Debug)]
struct Membrane<R> {
    per_c_m: R,
    g_na: R,
    g_k: R,
    g_l: R,
    e_na: R,
    e_k: R,
    e_l: R,
    e_ex: R,
    e_in: R,
    i_e: R,
    origin: R,
    threshold: R,
    t_ref: u32,
}

const MEMBRANE: &[&str] = &["C_m", "g_Na", "g_K", "g_L", "E_Na", "E_K", "E_L", "I_e", "t_ref"];

impl<R: Real, C: Channels<R>, K: Kinetics<R, S>, const S: usize> HodgkinHuxley<R, C, K, S> {
    /// Builds a slice; the states are V_m, Act_m, Act_n, Inact_h, and those of the two ports.
    pub(super) fn build(cells: &Cells) -> Box<dyn Dynamics<R>> {
        let mut names = MEMBRANE.to_vec();
        names.extend(C::ORIGIN);
        if C::CONDUCTANCE {
            names.extend(["E_ex", "E_in"]);
        }
        let membrane = cells.constants(&names, |of| {
            let origin = C::ORIGIN.map_or(0.0, of);
            let reversal = |name: &str| R::of(if C::CONDUCTANCE { of(name) } else { 0.0 });
            Membrane {
                per_c_m: R::of(1.0 / of("C_m")),
                g_na: R::of(of("g_Na")),
                g_k: R::of(of("g_K")),
                g_l: R::of(of("g_L")),
                e_na: R::of(of("E_Na")),
                e_k: R::of(of("E_K")),
                e_l: R::of(of("E_L")),
                e_ex: reversal("E_ex"),
                e_in: reversal("E_in"),
                i_e: R::of(of("I_e")),
                origin: R::of(origin),
                threshold: R::of(origin + C::THRESHOLD),
                t_ref: refractory_steps(of("t_ref"), cells.dt),
            }
        });
        let kinetics =
            ["tau_syn_ex", "tau_syn_in"].map(|tau| cells.constants(&[tau], |of| K::new(of(tau), cells.dt)));
        let port = |port: usize| std::array::from_fn(|variable| cells.initial(4 + port * S + variable));
        Box::new(Self {
            y: std::array::from_fn(|variable| cells.initial(variable)),
            low: std::array::from_fn(|_| vec![R::ZERO; cells.len]),
            synapses: [port(0), port(1)],
            refractory: vec![0; cells.len],
            guess: vec![0; cells.len],
            membrane,
            kinetics,
            steps: steps(cells.dt),
            channels: PhantomData,
        })
    }

    fn step_one(&mut self, index: usize, input: &mut Input<'_, R>) -> bool {
        let m = *of(&self.membrane, index);
        let kinetics = [of(&self.kinetics[0], index), of(&self.kinetics[1], index)];
        let ports = [0, 1].map(|port| std::array::from_fn(|s| self.synapses[port][s][index]));
        let mut y = Compensated {
            high: std::array::from_fn(|i| self.y[i][index]),
            low: std::array::from_fn(|i| self.low[i][index]),
        };
        let before = y.high[0];
        let mut cell = Cell::<R, C, K, S> {
            m,
            kinetics,
            ports,
            current: m.i_e + input.current[index],
            per_tolerance: R::of(1.0 / TOLERANCE.max(smallest_error::<R>())),
            channels: PhantomData,
        };
        advance(&mut cell, &mut y, &mut self.guess[index], &self.steps);
        for i in 0..4 {
            self.y[i][index] = y.high[i];
            self.low[i][index] = y.low[i];
        }
        for port in [0, 1] {
            let mut end = kinetics[port].after(&ports[port], 0);
            if let Some(arrived) = input.ports[port].get_mut(index) {
                let weight = take(arrived);
                end = kinetics[port].arrive(&end, if C::CONDUCTANCE { weight.abs() } else { weight });
            }
            for (variable, value) in self.synapses[port].iter_mut().zip(end) {
                variable[index] = value;
            }
        }
        if self.refractory[index] > 0 {
            self.refractory[index] -= 1;
            return false;
        }
        let spiked = y.high[0] >= m.threshold && before > y.high[0];
        if spiked {
            self.refractory[index] = m.t_ref;
        }
        spiked
    }
}

impl<R: Real, C: Channels<R>, K: Kinetics<R, S>, const S: usize> Dynamics<R> for HodgkinHuxley<R, C, K, S> {
    fn step(&mut self, mut input: Input<'_, R>, spikes: &mut Vec<u32>) {
        for index in 0..self.guess.len() {
            if self.step_one(index, &mut input) {
                spikes.push(index as u32);
            }
        }
    }

    fn state(&self, state: usize) -> &[R] {
        match state {
            0..4 => &self.y[state],
            _ => &self.synapses[(state - 4) / S][(state - 4) % S],
        }
    }

    fn save(&self, out: &mut Saver) {
        self.y.iter().chain(&self.low).for_each(|variable| out.list(variable));
        self.synapses.iter().flatten().for_each(|variable| out.list(variable));
        out.list(&self.refractory);
        out.list(&self.guess);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        let synapses = self.synapses.iter_mut().flatten();
        for variable in self.y.iter_mut().chain(&mut self.low).chain(synapses) {
            from.list_into(variable)?;
        }
        from.list_into(&mut self.refractory)?;
        from.list_into(&mut self.guess)
    }
}

/// One neuron in a step; the variables are V, m, n and h.
struct Cell<'a, R, C, K, const S: usize> {
    m: Membrane<R>,
    kinetics: [&'a K; 2],
    ports: [[R; S]; 2],
    current: R,
    per_tolerance: R,
    channels: PhantomData<C>,
}

impl<R: Real, C: Channels<R>, K: Kinetics<R, S>, const S: usize> Cell<'_, R, C, K, S> {
    /// Conductances of sodium, potassium, leak and synapses in nS, and the current in pA they drive.
    #[inline]
    fn ionic(&self, drive: [R; 2], y: &[R; 4]) -> (R, R) {
        let m = &self.m;
        let [v, act_m, act_n, inact_h] = *y;
        let squared = act_n * act_n;
        let g_na = m.g_na * (act_m * act_m * act_m * inact_h);
        let g_k = m.g_k * (squared * squared);
        let g = g_na + g_k + m.g_l;
        let i = g_na * (m.e_na - v) + g_k * (m.e_k - v) + m.g_l * (m.e_l - v) + self.current;
        if C::CONDUCTANCE {
            (g + drive[0] + drive[1], i + drive[0] * (m.e_ex - v) + drive[1] * (m.e_in - v))
        } else {
            (g, i + drive[0] + drive[1])
        }
    }
}

impl<R: Real, C: Channels<R>, K: Kinetics<R, S>, const S: usize> Equations<R, 4> for Cell<'_, R, C, K, S> {
    type Drive = [R; 2];

    #[inline]
    fn drive(&self, level: usize, node: usize) -> [R; 2] {
        [self.kinetics[0].at(&self.ports[0], level, node), self.kinetics[1].at(&self.ports[1], level, node)]
    }

    #[inline]
    fn decay(&mut self, level: usize) {
        self.ports =
            [self.kinetics[0].after(&self.ports[0], level), self.kinetics[1].after(&self.ports[1], level)];
    }

    #[inline]
    fn slope(&self, drive: [R; 2], y: &[R; 4]) -> [R; 4] {
        let Rates { alpha, beta } = C::rates(y[0] - self.m.origin);
        let gate = |i: usize| alpha[i] * (R::ONE - y[i + 1]) - beta[i] * y[i + 1];
        [self.ionic(drive, y).1 * self.m.per_c_m, gate(0), gate(1), gate(2)]
    }

    fn relax(&self, drive: [R; 2], y: &[R; 4], h: R) -> [R; 4] {
        let Rates { alpha, beta } = C::rates(y[0] - self.m.origin);
        let gate = |i: usize| {
            let (sum, open) = (alpha[i] + beta[i], alpha[i] / (alpha[i] + beta[i]));
            open + (y[i + 1] - open) * (-(h * sum)).exp()
        };
        let (g, current) = self.ionic(drive, y);
        let change = current / g;
        [y[0] + change * (R::ONE - (-(h * g * self.m.per_c_m)).exp()), gate(0), gate(1), gate(2)]
    }

    #[inline]
    fn excess(&self, error: &[R; 4]) -> R {
        let gates = error[1].abs() + error[2].abs() + error[3].abs();
        (error[0].abs() + R::of(100.0) * gates) * self.per_tolerance
    }

    fn land(&mut self, y: &mut [R; 4], _: bool) -> Landing {
        let limit = R::of(WIDEST);
        if y[0].abs() <= limit {
            return Landing::Smooth;
        }
        // A V that is not a number becomes the upper bound.
        y[0] = y[0].min(limit).max(-limit);
        Landing::Jumped
    }
}
