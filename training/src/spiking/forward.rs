//! The time loop of a spiking layer, on plain slices.
//!
//! ```text
//! I ← a·I + x                  (kept synaptic current; not in `Lif`)
//! V ← b·V + (I + d)            but not below 0 in `Linear`
//! spike where V ≥ θ + κ·A      then V ← 0, or V ← V − (θ + κ·A)
//! A ← ρ·A + spike              (threshold adaptation; κ = 0 without)
//! ```
//!
//! Every operation is rounded on its own and in this order, as in the machines' `CubaLif`, so that an
//! exported layer repeats this pass spike for spike. [`crate::spiking::back`] is the way back.

use crate::spiking::surrogate::Surrogate;
use multiversion::multiversion;

/// What a spiking layer is, apart from its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// What a spike takes from V.
    pub reset: Reset,
    /// What is kept from step to step.
    pub form: Form,
    /// Whether spikes raise the threshold (κ, ρ).
    pub adaptation: bool,
    /// The derivative of a spike.
    pub surrogate: Surrogate,
}

/// What is kept from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// V.
    Lif,
    /// V, and I (a).
    CubaLif,
    /// V, which never falls below 0.
    Linear,
}

/// What a spike takes from V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// All of it.
    Zero,
    /// The threshold.
    Subtract,
}

/// Rows of the table of constants, one column per neuron.
pub const CONSTANTS: usize = 6;

/// Constants of a stretch of neurons.
#[derive(Clone, Copy)]
pub struct Constants<'a> {
    /// b, what is kept of V from step to step.
    pub keep_v: &'a [f32],
    /// a, what is kept of I.
    pub keep_i: &'a [f32],
    /// θ
    pub threshold: &'a [f32],
    /// κ
    pub adaptation: &'a [f32],
    /// ρ, what is kept of A.
    pub keep_a: &'a [f32],
    /// d, what comes in at each step; negative for a leak.
    pub drive: &'a [f32],
}

impl<'a> Constants<'a> {
    /// The columns `range` of a table of `neurons` columns.
    pub fn of(table: &'a [f32], neurons: usize, range: std::ops::Range<usize>) -> Self {
        let row = |r: usize| &table[r * neurons..][range.clone()];
        Self {
            keep_v: row(0),
            keep_i: row(1),
            threshold: row(2),
            adaptation: row(3),
            keep_a: row(4),
            drive: row(5),
        }
    }
}

/// State of a stretch of neurons between two steps.
pub struct Membranes {
    v: Vec<f32>,
    i: Vec<f32>,
    a: Vec<f32>,
}

impl Membranes {
    /// At rest.
    pub fn at_rest(neurons: usize) -> Self {
        Self { v: vec![0.0; neurons], i: vec![0.0; neurons], a: vec![0.0; neurons] }
    }

    /// One step: `potential` is the input x before and V before the reset after; spikes are 0 or 1.
    pub fn step(&mut self, kind: Kind, by: Constants<'_>, potential: &mut [f32], spikes: &mut [f32]) {
        step(kind, by, potential, spikes, &mut self.v, &mut self.i, &mut self.a);
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn step(
    kind: Kind,
    by: Constants<'_>,
    potential: &mut [f32],
    spikes: &mut [f32],
    v: &mut [f32],
    i: &mut [f32],
    a: &mut [f32],
) {
    let n = potential.len();
    let (potential, spikes) = (&mut potential[..n], &mut spikes[..n]);
    let (v, i, a) = (&mut v[..n], &mut i[..n], &mut a[..n]);
    let (keep_v, threshold) = (&by.keep_v[..n], &by.threshold[..n]);
    if kind.form == Form::CubaLif {
        for ((i, keep), x) in i.iter_mut().zip(&by.keep_i[..n]).zip(&mut *potential) {
            *i = *keep * *i + *x;
            *x = *i;
        }
    }
    let (drive, floor) = (&by.drive[..n], if kind.form == Form::Linear { 0.0 } else { f32::NEG_INFINITY });
    for k in 0..n {
        potential[k] = (keep_v[k] * v[k] + (potential[k] + drive[k])).max(floor);
    }
    if kind.adaptation {
        let (adaptation, keep_a) = (&by.adaptation[..n], &by.keep_a[..n]);
        for k in 0..n {
            let bar = threshold[k] + adaptation[k] * a[k];
            let spike = f32::from(u8::from(potential[k] >= bar));
            spikes[k] = spike;
            v[k] = after(kind.reset, potential[k], spike, bar);
            a[k] = keep_a[k] * a[k] + spike;
        }
    } else {
        for k in 0..n {
            let spike = f32::from(u8::from(potential[k] >= threshold[k]));
            spikes[k] = spike;
            v[k] = after(kind.reset, potential[k], spike, threshold[k]);
        }
    }
}

/// V after the reset.
#[inline(always)]
pub(super) fn after(reset: Reset, potential: f32, spike: f32, bar: f32) -> f32 {
    match reset {
        Reset::Zero => potential * (1.0 - spike),
        Reset::Subtract => potential - bar * spike,
    }
}
