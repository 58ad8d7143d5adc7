//! What the adaptive exponential models share: the membrane, its spikes and its integration; they
//! differ in the time course of their synapses, and in what these are.

use super::blocks::take;
use super::kinetics::{Kinetics, of};
use super::membrane::refractory_steps;
use super::runge_kutta::{Compensated, Equations, LEVELS, Landing, advance, smallest_error, steps};
use sim_core::neuron::{Cells, Constants, Dynamics, Input};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// The exponent of the spike current is cut here: V gets from there to any V_peak within 1e-20 ms.
const STEEPEST: f64 = 60.0;

/// A slice of neurons with synapses of kinetics `K`, which has `S` variables a port; they are
/// conductances, or currents if not `CONDUCTANCE`.
pub(super) struct Aeif<R, K, const S: usize, const CONDUCTANCE: bool> {
    /// Membrane potential in mV.
    v: Vec<R>,
    /// Adaptation current in pA.
    w: Vec<R>,
    /// What V and w lost in rounding.
    low: [Vec<R>; 2],
    /// Synaptic variables by port.
    synapses: [[Vec<R>; S]; 2],
    /// Steps of refractoriness left.
    refractory: Vec<u32>,
    /// Level of the next sub-step.
    guess: Vec<u8>,
    membrane: Constants<Membrane<R>>,
    kinetics: [Constants<K>; 2],
    steps: [R; LEVELS],
}

#[derive(Clone, Copy, Debug)]
struct Membrane<R> {
    per_c_m: R,
    g_l: R,
    e_l: R,
    e_ex: R,
    e_in: R,
    i_e: R,
    a: R,
    b: R,
    per_tau_w: R,
    /// g_L·Delta_T, the spike current at V_th; 0 without a spike current.
    spike_current: R,
    per_delta_t: R,
    v_th: R,
    /// V in the equations is not above this.
    v_peak: R,
    /// Where V is reset: V_peak, or V_th without a spike current.
    v_spike: R,
    v_reset: R,
    per_tolerance: R,
    t_ref: u32,
}

const MEMBRANE: &[&str] =
    &["C_m", "g_L", "E_L", "I_e", "a", "b", "tau_w", "Delta_T", "V_th", "V_peak", "V_reset", "t_ref"];

impl<R: Real> Membrane<R> {
    fn new(of: &dyn Fn(&str) -> f64, tolerance: f64, reversals: [f64; 2], dt: f64) -> Self {
        let delta_t = of("Delta_T");
        let exponential = delta_t > 0.0;
        Membrane {
            per_c_m: R::of(1.0 / of("C_m")),
            g_l: R::of(of("g_L")),
            e_l: R::of(of("E_L")),
            e_ex: R::of(reversals[0]),
            e_in: R::of(reversals[1]),
            i_e: R::of(of("I_e")),
            a: R::of(of("a")),
            b: R::of(of("b")),
            per_tau_w: R::of(1.0 / of("tau_w")),
            spike_current: R::of(of("g_L") * delta_t),
            per_delta_t: R::of(if exponential { 1.0 / delta_t } else { 0.0 }),
            v_th: R::of(of("V_th")),
            v_peak: R::of(of("V_peak")),
            v_spike: R::of(if exponential { of("V_peak") } else { of("V_th") }),
            v_reset: R::of(of("V_reset")),
            per_tolerance: R::of(1.0 / tolerance),
            t_ref: refractory_steps(of("t_ref"), dt),
        }
    }

    #[inline]
    fn spike(&self, v: R) -> R {
        if self.spike_current > R::ZERO {
            self.spike_current * ((v - self.v_th) * self.per_delta_t).min(R::of(STEEPEST)).exp()
        } else {
            R::ZERO
        }
    }
}

impl<R: Real, K: Kinetics<R, S>, const S: usize, const CONDUCTANCE: bool> Aeif<R, K, S, CONDUCTANCE> {
    /// Builds a slice; the states are V_m, w, and those of the two ports.
    pub(super) fn build(cells: &Cells) -> Box<dyn Dynamics<R>> {
        let mut names = MEMBRANE.to_vec();
        if CONDUCTANCE {
            names.extend(["E_ex", "E_in"]);
        }
        let tolerance = cells.arguments.number("gsl_error_tol").max(smallest_error::<R>());
        let membrane = cells.constants(&names, |of| {
            let reversals = if CONDUCTANCE { [of("E_ex"), of("E_in")] } else { [0.0; 2] };
            Membrane::new(of, tolerance, reversals, cells.dt)
        });
        let kinetics =
            ["tau_syn_ex", "tau_syn_in"].map(|tau| cells.constants(&[tau], |of| K::new(of(tau), cells.dt)));
        let port = |port: usize| std::array::from_fn(|variable| cells.initial(2 + port * S + variable));
        Box::new(Self {
            v: cells.initial(0),
            w: cells.initial(1),
            low: [vec![R::ZERO; cells.len], vec![R::ZERO; cells.len]],
            synapses: [port(0), port(1)],
            refractory: vec![0; cells.len],
            guess: vec![0; cells.len],
            membrane,
            kinetics,
            steps: steps(cells.dt),
        })
    }

    fn step_one(&mut self, index: usize, input: &mut Input<'_, R>, spikes: &mut Vec<u32>) {
        let m = *of(&self.membrane, index);
        let kinetics = [of(&self.kinetics[0], index), of(&self.kinetics[1], index)];
        let ports = [0, 1].map(|port| std::array::from_fn(|s| self.synapses[port][s][index]));
        let mut y = Compensated {
            high: [self.v[index], self.w[index]],
            low: [self.low[0][index], self.low[1][index]],
        };
        let mut count = 0;
        let left = if self.refractory[index] > 0 {
            self.refractory[index] -= 1;
            y.high[0] = m.v_reset;
            R::ONE
        } else {
            let current = m.i_e + input.current[index];
            let mut cell = Cell::<R, K, S, CONDUCTANCE> { m, kinetics, ports, current, spikes: 0 };
            let left = advance(&mut cell, &mut y, &mut self.guess[index], &self.steps);
            count = cell.spikes;
            if count > 0 {
                self.refractory[index] = m.t_ref;
            }
            left
        };
        // V is clamped, so w has a closed form.
        let target = m.a * (m.v_reset - m.e_l);
        if left > R::ZERO {
            let w = target + (y.high[1] - target) * (-(left * self.steps[0] * m.per_tau_w)).exp();
            y = Compensated { high: [y.high[0], w], low: [R::ZERO; 2] };
        }
        [self.v[index], self.w[index]] = y.high;
        [self.low[0][index], self.low[1][index]] = y.low;
        for port in [0, 1] {
            let mut end = kinetics[port].after(&ports[port], 0);
            if let Some(arrived) = input.ports[port].get_mut(index) {
                let weight = take(arrived);
                end = kinetics[port].arrive(&end, if CONDUCTANCE { weight.abs() } else { weight });
            }
            for (variable, value) in self.synapses[port].iter_mut().zip(end) {
                variable[index] = value;
            }
        }
        spikes.extend(std::iter::repeat_n(index as u32, count));
    }
}

impl<R: Real, K: Kinetics<R, S>, const S: usize, const CONDUCTANCE: bool> Dynamics<R>
    for Aeif<R, K, S, CONDUCTANCE>
{
    fn step(&mut self, mut input: Input<'_, R>, spikes: &mut Vec<u32>) {
        for index in 0..self.v.len() {
            self.step_one(index, &mut input, spikes);
        }
    }

    fn state(&self, state: usize) -> &[R] {
        match state {
            0 => &self.v,
            1 => &self.w,
            _ => &self.synapses[(state - 2) / S][(state - 2) % S],
        }
    }

    fn save(&self, out: &mut Saver) {
        out.list(&self.v);
        out.list(&self.w);
        self.low.iter().chain(self.synapses.iter().flatten()).for_each(|variable| out.list(variable));
        out.list(&self.refractory);
        out.list(&self.guess);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.v)?;
        from.list_into(&mut self.w)?;
        for variable in self.low.iter_mut().chain(self.synapses.iter_mut().flatten()) {
            from.list_into(variable)?;
        }
        from.list_into(&mut self.refractory)?;
        from.list_into(&mut self.guess)
    }
}

/// One neuron in a step; the variables are V and w.
struct Cell<'a, R, K, const S: usize, const CONDUCTANCE: bool> {
    m: Membrane<R>,
    kinetics: [&'a K; 2],
    ports: [[R; S]; 2],
    current: R,
    spikes: usize,
}

impl<R: Real, K: Kinetics<R, S>, const S: usize, const CONDUCTANCE: bool> Equations<R, 2>
    for Cell<'_, R, K, S, CONDUCTANCE>
{
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
    fn slope(&self, drive: [R; 2], y: &[R; 2]) -> [R; 2] {
        let m = &self.m;
        let v = y[0].min(m.v_peak);
        let synaptic =
            if CONDUCTANCE { drive[0] * (m.e_ex - v) + drive[1] * (m.e_in - v) } else { drive[0] + drive[1] };
        let leak = m.g_l * (m.e_l - v);
        let current = leak + m.spike(v) + synaptic - y[1] + self.current;
        [current * m.per_c_m, (m.a * (v - m.e_l) - y[1]) * m.per_tau_w]
    }

    fn relax(&self, drive: [R; 2], y: &[R; 2], h: R) -> [R; 2] {
        let m = &self.m;
        let v = y[0].min(m.v_peak);
        let conductances = if CONDUCTANCE { drive } else { [R::ZERO; 2] };
        let g = m.g_l + conductances[0] + conductances[1];
        // The slope is linear in V with −g/C, and 0 at `target`.
        let target = v + self.slope(drive, y)[0] / (m.per_c_m * g);
        let adaptation = m.a * (v - m.e_l);
        [
            target + (v - target) * (-(h * m.per_c_m * g)).exp(),
            adaptation + (y[1] - adaptation) * (-(h * m.per_tau_w)).exp(),
        ]
    }

    #[inline]
    fn excess(&self, error: &[R; 2]) -> R {
        (error[0].abs() + error[1].abs()) * self.m.per_tolerance
    }

    fn land(&mut self, y: &mut [R; 2], finest: bool) -> Landing {
        let m = &self.m;
        if y[0] < m.v_spike && finite(y[0]) && finite(y[1]) {
            return Landing::Smooth;
        }
        if m.spike_current > R::ZERO && !finest {
            return Landing::Overshot;
        }
        let spiked = y[0] >= m.v_spike;
        let w = if spiked { y[1] + m.b } else { y[1] };
        *y = [m.v_reset, if finite(w) { w } else { R::ZERO }];
        if !spiked {
            return Landing::Jumped;
        }
        self.spikes += 1;
        if m.t_ref > 0 { Landing::Halted } else { Landing::Jumped }
    }
}

/// Far outside anything that means something, but with room to square it.
#[inline]
fn finite<R: Real>(value: R) -> bool {
    value.abs() < R::of(1e18)
}
