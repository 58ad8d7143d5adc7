//! Neurons as floats of the chip's kind.

use crate::truenorth::network::Cell;
use sim_core::network::Network;
use sim_core::neuron::Cells;
use sim_core::primitive::{CurrentLif, Primitive};

/// A neuron in floats.
pub struct Real {
    /// Without its weights.
    pub cell: Cell<f64>,
    /// What one unit of weight adds to V.
    pub gain: f64,
    /// Steps by which arrivals come later.
    pub lag: i64,
}

/// A population's neurons, and whether a leak was approximated.
///
/// # Errors
/// What the chip has no circuit for.
pub fn neurons(
    network: &Network,
    population: usize,
    cells: &Cells,
    approximate: bool,
) -> Result<(Vec<Real>, bool), String> {
    let of = &network.populations[population];
    let mut changed = false;
    let mut reals = Vec::with_capacity(of.size as usize);
    for index in 0..of.size as usize {
        let said = |why: String| format!("population {}: {why}", of.name);
        match cells.primitive(of.neuron.model, index).map_err(said)? {
            Primitive::Integrator(neuron) => reals.push(Real {
                cell: Cell {
                    leak: neuron.leak,
                    reversal: false,
                    threshold: neuron.threshold,
                    reset: neuron.reset,
                    floor: neuron.floor.unwrap_or(f64::NEG_INFINITY),
                    start: neuron.start,
                },
                gain: 1.0,
                lag: 0,
            }),
            Primitive::CurrentLif(neuron) if has_no_memory_but_v(&neuron) => reals.push(exact(&neuron)),
            Primitive::CurrentLif(neuron) if approximate => {
                changed = true;
                reals.push(approximated(&neuron));
            }
            Primitive::CurrentLif(neuron) if neuron.keep_v == 1.0 && neuron.keep_u == 0.0 => {
                return Err(format!(
                    "population {}: {} rests for {} steps after a spike, and TrueNorth has no refractory time; t_ref: \
                     ms(0) fits as it is, and approximate_leak: true leaves the time out and reports the error",
                    of.name, of.neuron.model.name, neuron.refractory
                ));
            }
            Primitive::CurrentLif(neuron) => {
                return Err(format!(
                    "population {}: {} keeps a part of {:.4} of V and {:.4} of its current from step to step, and \
                     TrueNorth leaks by constants only; IafLinear fits as it is, and approximate_leak: true takes \
                     a constant leak and reports the error",
                    of.name, of.neuron.model.name, neuron.keep_v, neuron.keep_u
                ));
            }
        }
    }
    Ok((reals, changed))
}

/// Whether a neuron loses nothing of V from step to step, its current lasts one step, and it never rests.
fn has_no_memory_but_v(neuron: &CurrentLif) -> bool {
    neuron.keep_v == 1.0 && neuron.keep_u == 0.0 && neuron.refractory <= 0
}

/// Such a neuron is an integrator whose leak is its constant current.
fn exact(neuron: &CurrentLif) -> Real {
    Real {
        cell: Cell {
            leak: neuron.drive,
            reversal: false,
            threshold: neuron.threshold,
            reset: Some(0.0),
            floor: neuron.floor.unwrap_or(f64::NEG_INFINITY),
            start: neuron.start.0,
        },
        gain: neuron.gain,
        lag: neuron.lag,
    }
}

/// A neuron with a constant leak in place of a proportional one: the mean one between rest and threshold.
/// What a decaying current brings in all, it brings at once; there is no refractory time.
fn approximated(neuron: &CurrentLif) -> Real {
    let mean = (1.0 - neuron.keep_v) * neuron.threshold / 2.0;
    let driven = neuron.drive != 0.0;
    Real {
        cell: Cell {
            leak: if driven { neuron.drive - mean } else { -mean },
            reversal: !driven,
            threshold: neuron.threshold,
            reset: Some(0.0),
            floor: neuron.floor.unwrap_or(if driven { 0.0 } else { f64::NEG_INFINITY }),
            start: neuron.start.0,
        },
        gain: neuron.gain / (1.0 - neuron.keep_u).max(f64::MIN_POSITIVE),
        lag: neuron.lag,
    }
}
