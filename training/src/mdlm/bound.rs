//! A bound as it is measured: in bits per character, with its error.

/// Sums over texts, each of which was measured at several times.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bound {
    nats: f64,
    variance: f64,
}

impl Bound {
    /// Adds what each place of some texts adds to the bound, `[text][time][place]`, in nats.
    pub fn add(&mut self, surprise: &[f32], times: usize, places: usize) {
        let sums: Vec<f64> = surprise.chunks_exact(places).map(total).collect();
        for sums in sums.chunks_exact(times) {
            let mean = sums.iter().sum::<f64>() / times as f64;
            self.nats += mean;
            let squares: f64 = sums.iter().map(|sum| (sum - mean) * (sum - mean)).sum();
            self.variance += squares / (times as f64 * (times as f64 - 1.0));
        }
    }

    /// Bits per character of texts of so many, and its standard error, as far as it comes from times and masks.
    pub fn per_character(&self, characters: f64) -> (f64, f64) {
        let per_character = 1.0 / (std::f64::consts::LN_2 * characters);
        (self.nats * per_character, self.variance.sqrt() * per_character)
    }
}

fn total(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(*value)).sum()
}
