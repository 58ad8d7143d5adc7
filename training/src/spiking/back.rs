//! Backpropagation through time in a spiking layer, on plain slices.
//!
//! Walks the steps of [`crate::spiking::forward`] from the last to the first. The derivative of a spike is a
//! [`Surrogate`](crate::spiking::surrogate::Surrogate) of u = V − θ − κ·A; the reset is held constant
//! ("detached", Zenke and Vogels 2021, doi:10.1162/neco_a_01367), the adaptation is not.
//!
//! ```text
//! gA after the step → spike:  gS ← gS + gA
//! gU ← gS·σ'(u)
//! gV ← gU + gV·(1 − spike)         or gU + gV where a spike takes off the threshold; 0 on the floor of `Linear`
//! gI ← gV + a·gI'                  which is ∂L/∂x
//! gA ← ρ·gA − κ·gU                 gV ← b·gV for the step before
//! ```

use crate::spiking::forward::{CONSTANTS, Constants, Form, Kind, Reset, after};
use multiversion::multiversion;

/// What the forward pass left of a stretch of neurons, `[step][neuron]`.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// V before the reset.
    pub potential: &'a [&'a [f32]],
    /// 0 or 1.
    pub spikes: &'a [&'a [f32]],
}

/// Gradients of the constants, summed over steps; rows as in [`Constants`].
pub type ConstantGradients = [Vec<f32>; CONSTANTS];

/// The way back through one stretch of neurons.
pub struct Back<'a> {
    kind: Kind,
    by: Constants<'a>,
    /// A before each step; empty without adaptation.
    traces: Vec<Vec<f32>>,
    now: Gradients,
    /// Summed if somebody wants them.
    constants: Option<ConstantGradients>,
}

/// ∂L/∂… of the step just walked; V is that before the reset, A that before the step.
struct Gradients {
    u: Vec<f32>,
    v: Vec<f32>,
    i: Vec<f32>,
    a: Vec<f32>,
}

impl<'a> Back<'a> {
    /// Stands behind the last step.
    pub fn start(kind: Kind, by: Constants<'a>, spikes: &[&[f32]], constants: bool) -> Self {
        let zeros = || vec![0.0; by.keep_v.len()];
        Self {
            kind,
            by,
            traces: if kind.adaptation { traces(by, spikes) } else { Vec::new() },
            now: Gradients { u: zeros(), v: zeros(), i: zeros(), a: zeros() },
            constants: constants.then(|| std::array::from_fn(|_| zeros())),
        }
    }

    /// Walks over step `t`: `gradient` is ∂L/∂spike before and ∂L/∂x after.
    pub fn step(&mut self, course: Course<'_>, t: usize, gradient: &mut [f32]) {
        if let (Some(sums), true) = (&mut self.constants, self.kind.adaptation) {
            add_products(&mut sums[4], &self.now.a, &self.traces[t]);
        }
        let trace = self.traces.get(t).map(Vec::as_slice);
        let (potential, spikes) = (course.potential[t], course.spikes[t]);
        step(self.kind, self.by, potential, spikes, trace, gradient, &mut self.now);
        if self.constants.is_some() {
            self.add_constants(course, t);
        }
    }

    /// Adds step `t` to the gradients of the constants.
    fn add_constants(&mut self, course: Course<'_>, t: usize) {
        let v = |t: usize| self.reset_potential(course, t);
        let before = t.checked_sub(1).map(v);
        let current = (self.kind.form == Form::CubaLif)
            .then(|| t.checked_sub(1).map(|t| self.current(course, t)))
            .flatten();
        let Some([keep_v, keep_i, threshold, adaptation, _, drive]) = &mut self.constants else { return };
        if let Some(before) = before {
            add_products(keep_v, &self.now.v, &before);
        }
        if let Some(current) = current {
            add_products(keep_i, &self.now.i, &current);
        }
        drive.iter_mut().zip(&self.now.v).for_each(|(sum, v)| *sum += v);
        threshold.iter_mut().zip(&self.now.u).for_each(|(sum, u)| *sum -= u);
        if let Some(trace) = self.traces.get(t) {
            adaptation.iter_mut().zip(&self.now.u).zip(trace).for_each(|((sum, u), a)| *sum -= u * a);
        }
    }

    /// V after step `t`.
    fn reset_potential(&self, course: Course<'_>, t: usize) -> Vec<f32> {
        let trace = self.traces.get(t);
        let bar = |k: usize| self.by.threshold[k] + trace.map_or(0.0, |a| self.by.adaptation[k] * a[k]);
        let (potential, spikes) = (course.potential[t], course.spikes[t]);
        (0..potential.len()).map(|k| after(self.kind.reset, potential[k], spikes[k], bar(k))).collect()
    }

    /// I of step `t`: what V has beyond what it kept.
    fn current(&self, course: Course<'_>, t: usize) -> Vec<f32> {
        let kept = t.checked_sub(1).map(|t| self.reset_potential(course, t));
        let kept = |k: usize| kept.as_ref().map_or(0.0, |v| self.by.keep_v[k] * v[k]);
        course.potential[t]
            .iter()
            .enumerate()
            .map(|(k, potential)| potential - kept(k) - self.by.drive[k])
            .collect()
    }

    /// The gradients of the constants, if they were asked for.
    pub fn constants(self) -> Option<ConstantGradients> {
        self.constants
    }
}

/// A before each step.
fn traces(by: Constants<'_>, spikes: &[&[f32]]) -> Vec<Vec<f32>> {
    let mut a = vec![0.0; by.keep_a.len()];
    let next = |spikes: &&[f32]| {
        let before = a.clone();
        for ((a, keep), spike) in a.iter_mut().zip(by.keep_a).zip(*spikes) {
            *a = keep * *a + spike;
        }
        before
    };
    spikes.iter().map(next).collect()
}

fn add_products(sums: &mut [f32], x: &[f32], y: &[f32]) {
    sums.iter_mut().zip(x).zip(y).for_each(|((sum, x), y)| *sum += x * y);
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn step(
    kind: Kind,
    by: Constants<'_>,
    potential: &[f32],
    spikes: &[f32],
    trace: Option<&[f32]>,
    gradient: &mut [f32],
    now: &mut Gradients,
) {
    let n = potential.len();
    let (spikes, gradient, threshold) = (&spikes[..n], &mut gradient[..n], &by.threshold[..n]);
    let (u, v, keep_v) = (&mut now.u[..n], &mut now.v[..n], &by.keep_v[..n]);
    match trace {
        None => {
            for k in 0..n {
                u[k] = potential[k] - threshold[k];
            }
            kind.surrogate.derive(u);
            u.iter_mut().zip(&*gradient).for_each(|(u, of_spike)| *u *= of_spike);
        }
        Some(trace) => {
            let (a, adaptation, keep_a) = (&mut now.a[..n], &by.adaptation[..n], &by.keep_a[..n]);
            for k in 0..n {
                u[k] = potential[k] - (threshold[k] + adaptation[k] * trace[k]);
            }
            kind.surrogate.derive(u);
            for k in 0..n {
                u[k] *= gradient[k] + a[k];
                a[k] = keep_a[k] * a[k] - adaptation[k] * u[k];
            }
        }
    }
    // `v` holds the gradient of V before the reset of the later step until here.
    match kind.reset {
        Reset::Zero => {
            for k in 0..n {
                v[k] = u[k] + keep_v[k] * v[k] * (1.0 - spikes[k]);
            }
        }
        Reset::Subtract => {
            for k in 0..n {
                v[k] = u[k] + keep_v[k] * v[k];
            }
        }
    }
    if kind.form == Form::Linear {
        v.iter_mut().zip(potential).for_each(|(v, potential)| *v *= f32::from(u8::from(*potential > 0.0)));
    }
    if kind.form == Form::CubaLif {
        let i = &mut now.i[..n];
        for ((i, keep), v) in i.iter_mut().zip(&by.keep_i[..n]).zip(&*v) {
            *i = *v + keep * *i;
        }
        gradient.copy_from_slice(i);
    } else {
        gradient.copy_from_slice(v);
    }
}
