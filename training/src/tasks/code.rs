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
/// `moved` are the columns and rows by which each sample is shifted; sound, which has one row, by bins and channels.
pub fn events(
    words: &[Word],
    indices: &[usize],
    moved: &[(i32, i32)],
    steps: usize,
    bins: usize,
    [rows, columns, planes]: [usize; 3],
) -> Input {
    let mut all = vec![Vec::new(); steps * indices.len()];
    for (sample, (&index, &by)) in indices.iter().zip(moved).enumerate() {
        let (later, right, down) = if rows == 1 { (by.0, by.1, 0) } else { (0, by.0, by.1) };
        for &(bin, source) in &words[index].events {
            let (pixel, plane) = (source as usize / planes, source as usize % planes);
            let (row, column) = ((pixel / columns) as i32 + down, (pixel % columns) as i32 + right);
            let step = (i32::from(bin) + later).div_euclid(bins as i32);
            let inside = (0..rows as i32).contains(&row) && (0..columns as i32).contains(&column);
            if inside && (0..steps as i32).contains(&step) {
                let source = (row as usize * columns + column as usize) * planes + plane;
                all[step as usize * indices.len() + sample].push(source as u32);
            }
        }
    }
    for row in &mut all {
        row.sort_unstable();
        row.dedup();
    }
    let spikes = Events::listed(all.len(), |list| {
        for (row, sources) in all.iter().enumerate() {
            sources.iter().for_each(|&source| list.add(row, source));
        }
    });
    Input { spikes: Arc::new(spikes), shape: [steps, indices.len(), rows * columns * planes] }
}
