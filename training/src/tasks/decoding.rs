//! Which class the spikes of the last layer name.

/// How spikes name a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoder {
    /// How many classes there are.
    pub classes: usize,
    /// Neurons of each class, one after the other.
    pub each: usize,
    /// Whether a spike counts by the steps that are left (latency), else every spike as one (rate).
    pub early: bool,
    /// Steps of a sample.
    pub window: usize,
}

impl Decoder {
    /// Neurons of the last layer.
    pub fn neurons(&self) -> usize {
        self.classes * self.each
    }

    /// The class of a neuron.
    pub fn class(&self, neuron: usize) -> usize {
        neuron / self.each
    }

    /// What a spike counts: a whole number, so that sums are exact.
    pub fn worth(&self, step: usize) -> f32 {
        if self.early { (self.window - step) as f32 } else { 1.0 }
    }

    /// The class for which most counts in each sample, of sums `[sample][class]`.
    pub fn answers(&self, sums: &[f32]) -> Vec<usize> {
        most(sums, self.classes)
    }
}

/// The place of the largest number of each row of `width`; of equals the first.
pub fn most(rows: &[f32], width: usize) -> Vec<usize> {
    let most = |row: &[f32]| (0..width).fold(0, |best, at| if row[at] > row[best] { at } else { best });
    rows.chunks_exact(width).map(most).collect()
}
