//! Compartments in floats: the same equations without rounding, widths and limits.
//!
//! ```text
//! u ← keep_u · u + sum of weights;   v ← max(keep_v · v + gain · u + drive, floor);   spike when v ≥ threshold
//! ```

use super::arithmetic::Cells;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// One compartment's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealCompartment {
    /// Part of u that is left after a step.
    pub keep_u: f64,
    /// Part of v that is left after a step.
    pub keep_v: f64,
    /// What one unit of u adds to v in a step.
    pub gain: f64,
    /// v has to reach it.
    pub threshold: f64,
    /// Added to v in every step.
    pub drive: f64,
    /// Lowest v.
    pub floor: f64,
    /// Steps from a spike to the first step in which v may move, at least 1.
    pub refractory: u32,
}

/// Compartments in floats.
#[derive(Debug)]
pub struct RealCompartments {
    u: Vec<f64>,
    v: Vec<f64>,
    left: Vec<u32>,
    constants: Vec<RealCompartment>,
}

impl RealCompartments {
    /// Compartments with these u and v.
    pub fn new(constants: Vec<RealCompartment>, start: impl Iterator<Item = (f64, f64)>) -> Self {
        let (u, v): (Vec<f64>, Vec<f64>) = start.unzip();
        RealCompartments { left: vec![0; u.len()], u, v, constants }
    }
}

impl Cells for RealCompartments {
    type Weight = f64;
    type Sum = f64;

    #[inline]
    fn add(sum: &mut f64, weight: f64, payload: i32) {
        *sum += weight * f64::from(payload);
    }

    fn add_amount(sum: &mut f64, weight: f64, amount: f64) {
        *sum += weight * amount;
    }

    fn step(&mut self, _: i64, first: usize, sums: &mut [f64], spikes: &mut Vec<u32>) {
        let here = first..first + sums.len();
        let states = self.u[here.clone()].iter_mut().zip(&mut self.v[here.clone()]);
        let rest = self.left[here.clone()].iter_mut().zip(&self.constants[here]);
        for (place, (((u, v), (left, of)), sum)) in states.zip(rest).zip(sums).enumerate() {
            *u = *u * of.keep_u + std::mem::take(sum);
            let moved = (*v * of.keep_v + (*u * of.gain + of.drive)).max(of.floor);
            let reached = if *left > 0 { 0.0 } else { moved };
            let fires = reached >= of.threshold;
            *v = if fires { 0.0 } else { reached };
            *left = if fires { of.refractory.saturating_sub(1) } else { left.saturating_sub(1) };
            if fires {
                spikes.push((first + place) as u32);
            }
        }
    }

    fn state(&self, register: usize, compartment: usize) -> f64 {
        if register == 0 { self.u[compartment] } else { self.v[compartment] }
    }

    fn save(&self, out: &mut Saver) {
        out.list(&self.u);
        out.list(&self.v);
        out.list(&self.left);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.u)?;
        from.list_into(&mut self.v)?;
        from.list_into(&mut self.left)
    }
}
