//! Samples as spikes.

use crate::spiking::events::Events;
use crate::tasks::words::Word;
use std::sync::Arc;

/// Spikes of samples.
pub struct Input {
    /// The sources of each row `[step][sample]`.
    pub spikes: Arc<Events>,
    /// Steps, samples, sources.
    pub shape: [usize; 3],
}

/// Events as they are, in `steps` steps of `bins` bins each; what comes later is cut off.
///
/// `moved` are the bins and channels by which each word is shifted.
pub fn events(
    words: &[Word],
    indices: &[usize],
    moved: &[(i32, i32)],
    steps: usize,
    bins: usize,
    channels: usize,
) -> Input {
    let mut rows = vec![Vec::new(); steps * indices.len()];
    for (sample, (&index, &(later, higher))) in indices.iter().zip(moved).enumerate() {
        for &(bin, channel) in &words[index].events {
            let (bin, channel) = (i32::from(bin) + later, i32::from(channel) + higher);
            let step = bin.div_euclid(bins as i32);
            if (0..steps as i32).contains(&step) && (0..channels as i32).contains(&channel) {
                rows[step as usize * indices.len() + sample].push(channel as u32);
            }
        }
    }
    for row in &mut rows {
        row.sort_unstable();
        row.dedup();
    }
    let spikes = Events::listed(rows.len(), |list| {
        for (row, sources) in rows.iter().enumerate() {
            sources.iter().for_each(|&source| list.add(row, source));
        }
    });
    Input { spikes: Arc::new(spikes), shape: [steps, indices.len(), channels] }
}
