//! A network in the chip's numbers, with no trace of where anything is placed.

use super::limits::{HIGHEST, LOWEST};
use super::neuron::{Neuron, ResetMode};
use sim_core::snapshot::Plain;
use std::fmt::Debug;

/// The numbers that neurons live in: the chip's integers, or floats to tell rounding from mapping.
pub trait Number: Copy + Debug + Default + PartialOrd + Plain + Send + 'static {
    /// Sum.
    fn plus(self, other: Self) -> Self;
    /// So many times.
    fn times(self, count: i32) -> Self;
    /// The other way round from zero.
    fn negative(self) -> Self;
    /// As a float, exactly.
    fn wide(self) -> f64;
    /// A potential within what the chip holds.
    fn kept(self) -> Self;
}

impl Number for i32 {
    fn plus(self, other: i32) -> i32 {
        self.wrapping_add(other)
    }
    fn times(self, count: i32) -> i32 {
        self.wrapping_mul(count)
    }
    fn negative(self) -> i32 {
        -self
    }
    fn wide(self) -> f64 {
        self.into()
    }
    fn kept(self) -> i32 {
        self.clamp(LOWEST, HIGHEST)
    }
}

impl Number for f64 {
    fn plus(self, other: f64) -> f64 {
        self + other
    }
    fn times(self, count: i32) -> f64 {
        self * f64::from(count)
    }
    fn negative(self) -> f64 {
        -self
    }
    fn wide(self) -> f64 {
        self
    }
    fn kept(self) -> f64 {
        self
    }
}

/// A neuron without its weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell<N> {
    /// Added every tick.
    pub leak: N,
    /// Whether the leak has the sign of the potential.
    pub reversal: bool,
    /// The threshold.
    pub threshold: N,
    /// The potential after a spike; absent if the threshold is taken off.
    pub reset: Option<N>,
    /// The lowest potential, at most 0.
    pub floor: N,
    /// The potential at the start.
    pub start: N,
}

/// A synapse between neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Synapse<N> {
    /// Number of the neuron that sends.
    pub source: u32,
    /// Number of the neuron that receives.
    pub target: u32,
    /// Ticks from a spike to its arrival.
    pub delay: u8,
    /// Weight.
    pub weight: N,
}

/// Spikes from outside onto one neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input<N> {
    /// Number of the neuron.
    pub target: u32,
    /// Weight.
    pub weight: N,
    /// How many spikes of one tick it passes on, each through an axon of its own; more are merged.
    pub most: u8,
}

/// Neurons, synapses and inputs.
#[derive(Clone, Debug, Default)]
pub struct Quantised<N> {
    /// The neurons.
    pub cells: Vec<Cell<N>>,
    /// By source, then delay, then target, which may be there several times; no weight is 0.
    pub synapses: Vec<Synapse<N>>,
    /// Inputs.
    pub inputs: Vec<Input<N>>,
}

impl Cell<i32> {
    /// The chip's neuron with these weights.
    pub fn neuron(&self, weights: [i16; 4]) -> Neuron {
        Neuron {
            weights,
            leak: self.leak as i16,
            leak_reversal: self.reversal,
            alpha: self.threshold,
            beta: -self.floor,
            reset: self.reset.unwrap_or(0),
            mode: if self.reset.is_some() { ResetMode::Absolute } else { ResetMode::Linear },
            saturates: true,
            ..Neuron::default()
        }
    }
}

impl<N: Number> Cell<N> {
    /// The potential after a tick in which `arrived` arrived, and whether the neuron fired.
    pub fn live(&self, v: N, arrived: N) -> (N, bool) {
        let v = v.plus(arrived).kept();
        let leak = match (self.reversal, v > N::default(), v < N::default()) {
            (false, ..) | (true, true, _) => self.leak,
            (true, _, true) => self.leak.negative(),
            (true, false, false) => N::default(),
        };
        let v = v.plus(leak).kept();
        if v >= self.threshold {
            (self.reset.unwrap_or_else(|| v.plus(self.threshold.negative())), true)
        } else if v < self.floor {
            (self.floor, false)
        } else {
            (v, false)
        }
    }
}
