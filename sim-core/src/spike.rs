//! A spike: who, and when.

/// One spike of one neuron. On the grid `lead` is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// The step at whose end (grid) or within which (exact) it fell.
    pub step: i64,
    /// How long before the end of the step it fell, in [0, dt) ms.
    pub lead: f64,
    /// Number of the neuron in the network, see [`crate::network::Population::first`].
    pub neuron: u32,
}

impl Spike {
    /// Its time in ms.
    pub fn time(&self, dt: f64) -> f64 {
        self.step as f64 * dt - self.lead
    }
}
