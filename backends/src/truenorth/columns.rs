//! A core's parameters as columns of lanes, of which equal ones are kept once.
//!
//! Neurons of a chip mostly come in many copies, so most columns are the same in all cores; then a core
//! reads them from the first-level cache, and a tick of the whole chip reads little but potentials.

use super::bits::Bits;
use super::lanes::{Lane, Lanes, Parameters};
use super::neuron::{Crossing, Neuron, ResetMode, Semantics};
use std::collections::HashMap;
use std::sync::Arc;

/// Columns of lanes that were made, each once.
#[derive(Default)]
pub struct Pool<L>(HashMap<Arc<Lanes<L>>, ()>);

impl<L: Lane> Pool<L> {
    fn keep(&mut self, lanes: Lanes<L>) -> Arc<Lanes<L>> {
        if let Some((known, ())) = self.0.get_key_value(&lanes) {
            return Arc::clone(known);
        }
        let lanes = Arc::new(lanes);
        self.0.insert(Arc::clone(&lanes), ());
        lanes
    }
}

/// The parameters of a core's neurons.
pub struct Columns<L> {
    weights: [Arc<Lanes<L>>; 4],
    leak: Arc<Lanes<L>>,
    reversal: Arc<Lanes<L>>,
    stops: L,
    top: Arc<Lanes<L>>,
    above: [Arc<Lanes<L>>; 2],
    bottom: Arc<Lanes<L>>,
    below: [Arc<Lanes<L>>; 2],
    /// Whether a leak may have the sign of the potential.
    pub reverses: bool,
}

impl<L: Lane> Columns<L> {
    /// The columns of some neurons; nothing if a number does not fit.
    pub fn of(neurons: &[Neuron], semantics: Semantics, pool: &mut Pool<L>) -> Option<Columns<L>> {
        let mut column = |rest: L, of: &dyn Fn(&Neuron) -> i32| {
            let numbers: Option<Vec<L>> = neurons.iter().map(|neuron| L::of(of(neuron))).collect();
            numbers.map(|numbers| pool.keep(Lanes::of(numbers, rest)))
        };
        let zero = L::ZERO;
        let mut weight = |g: usize| column(zero, &|neuron| i32::from(neuron.weights[g]));
        let weights = [weight(0)?, weight(1)?, weight(2)?, weight(3)?];
        let yes = |yes: bool| if yes { -1 } else { 0 };
        Some(Columns {
            weights,
            leak: column(zero, &|neuron| i32::from(neuron.leak))?,
            reversal: column(zero, &|neuron| yes(neuron.leak_reversal))?,
            stops: L::of(yes(semantics.crossing == Crossing::Stops))?,
            // Where there is no neuron, nothing is ever crossed.
            top: column(L::MOST, &|neuron| neuron.alpha)?,
            above: [column(zero, &|neuron| above(neuron).0)?, column(zero, &|neuron| above(neuron).1)?],
            bottom: column(L::LEAST, &|neuron| -neuron.beta)?,
            below: [column(zero, &|neuron| below(neuron).0)?, column(zero, &|neuron| below(neuron).1)?],
            reverses: neurons.iter().any(|neuron| neuron.leak_reversal),
        })
    }

    /// The same by reference, with the range in which potentials stay exact.
    #[inline(always)]
    pub fn parameters(&self, safe: L) -> Parameters<'_, L> {
        Parameters {
            weights: self.weights.each_ref().map(|column| &**column),
            leak: &self.leak,
            reversal: &self.reversal,
            stops: self.stops,
            top: &self.top,
            above: self.above.each_ref().map(|column| &**column),
            bottom: &self.bottom,
            below: self.below.each_ref().map(|column| &**column),
            safe,
        }
    }
}

/// Which bits of the potential a spike leaves, and what it adds.
fn above(neuron: &Neuron) -> (i32, i32) {
    match neuron.mode {
        ResetMode::Absolute => (0, neuron.reset),
        ResetMode::Linear => (-1, -neuron.alpha),
        ResetMode::None => (-1, 0),
    }
}

/// The same below the negative threshold.
fn below(neuron: &Neuron) -> (i32, i32) {
    match neuron.mode {
        _ if neuron.saturates => (0, -neuron.beta),
        ResetMode::Absolute => (0, -neuron.reset),
        ResetMode::Linear => (-1, neuron.beta),
        ResetMode::None => (-1, 0),
    }
}

/// The most that a tick can add to, or take from, the potential of one of these neurons before its
/// thresholds are looked at.
pub fn most_driven(neurons: &[Neuron], axon_types: &[u8], rows: &[Bits]) -> i32 {
    let mut drives = vec![(0, 0); neurons.len()];
    for (&kind, row) in axon_types.iter().zip(rows) {
        for place in row.ones() {
            let weight = i32::from(neurons[place].weights[usize::from(kind)]);
            drives[place].0 += weight.max(0);
            drives[place].1 += weight.min(0);
        }
    }
    let most =
        |(neuron, (up, down)): (&Neuron, (i32, i32))| i32::max(up, -down) + i32::from(neuron.leak).abs();
    neurons.iter().zip(drives).map(most).max().unwrap_or(0)
}
