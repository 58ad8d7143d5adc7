//! Which numbers a machine lives in: the chip's integers, or floats for a mapping without rounding.

use sim_core::snapshot::{Loader, Plain, Saver, SnapshotError};

/// Compartments of one arithmetic.
pub trait Cells: Send + 'static {
    /// What a synapse adds for one spike.
    type Weight: Copy + Default + Send + Sync;
    /// What sums up at a compartment in a step.
    type Sum: Plain + Default + PartialEq + Send;

    /// Adds `payload` times a weight; 1 is a spike.
    fn add(sum: &mut Self::Sum, weight: Self::Weight, payload: i32);
    /// Adds an amount that need not be whole, to the nearest number that the arithmetic has.
    fn add_amount(sum: &mut Self::Sum, weight: Self::Weight, amount: f64);
    /// Compartments from number `first` on, as many as `sums`, live step `step`: they take `sums` and leave
    /// zeros; appends those that spike, ascending.
    fn step(&mut self, step: i64, first: usize, sums: &mut [Self::Sum], spikes: &mut Vec<u32>);
    /// Current (0) or voltage (1) of a compartment.
    fn state(&self, register: usize, compartment: usize) -> f64;
    /// Writes the state.
    fn save(&self, out: &mut Saver);
    /// Reads it back.
    ///
    /// # Errors
    /// If it is that of other compartments.
    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError>;
}
