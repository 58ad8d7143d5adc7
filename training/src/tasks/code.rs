//! How samples become spikes, and what a network's spikes say.

use crate::spiking::events::Events;
use crate::tasks::images::Images;
use crate::tasks::words::Word;
use std::sync::Arc;

/// Spikes of samples.
pub struct Input {
    /// The sources of each row `[step][sample]`.
    pub spikes: Arc<Events>,
    /// Steps, samples, sources.
    pub shape: [usize; 3],
}

/// Rate code: in `steps` steps a pixel of brightness p of 255 fires about p/255·steps times, evenly spread.
///
/// Each pixel drives an integrator that starts half full and loses the threshold when it fires. `moved` are the
/// columns and rows by which each picture is shifted; what comes in at the edges is dark. Sources are in the order
/// `[row][column][plane]`.
pub fn rate(images: &Images, indices: &[usize], moved: &[(i32, i32)], steps: usize) -> Input {
    let times: Vec<Vec<usize>> = (0..=255).map(|pixel| firing(pixel, steps)).collect();
    let lit: Vec<Vec<(u32, u8)>> =
        indices.iter().zip(moved).map(|(&index, &by)| lit(images, index, by)).collect();
    let spikes = Events::listed(steps * indices.len(), |list| {
        for (sample, lit) in lit.iter().enumerate() {
            for &(source, pixel) in lit {
                for step in &times[usize::from(pixel)] {
                    list.add(step * indices.len() + sample, source);
                }
            }
        }
    });
    Input { spikes: Arc::new(spikes), shape: [steps, indices.len(), images.size()] }
}

/// The steps in which a pixel fires.
fn firing(pixel: u32, steps: usize) -> Vec<usize> {
    let mut charge = 127;
    let mut fires = |_: &usize| {
        charge += pixel;
        let full = charge >= 255;
        charge -= if full { 255 } else { 0 };
        full
    };
    (0..steps).filter(|step| fires(step)).collect()
}

/// The source and the brightness of each pixel that is not dark.
fn lit(images: &Images, index: usize, (dx, dy): (i32, i32)) -> Vec<(u32, u8)> {
    let (height, width, planes) = (images.height as i32, images.width as i32, images.channels);
    let mut lit = Vec::with_capacity(images.size() / 4);
    for (plane, pixels) in images.picture(index).chunks_exact(images.height * images.width).enumerate() {
        for (row, pixels) in (dy..).zip(pixels.chunks_exact(images.width)) {
            if !(0..height).contains(&row) {
                continue;
            }
            for (column, &pixel) in (dx..).zip(pixels) {
                if pixel > 0 && (0..width).contains(&column) {
                    lit.push((((row * width + column) as usize * planes + plane) as u32, pixel));
                }
            }
        }
    }
    lit
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

/// The class that fired most in each sample, of counts `[sample][class]`; of equals the first.
pub fn most(counts: &[f32], classes: usize) -> Vec<usize> {
    let most =
        |row: &[f32]| (0..classes).fold(0, |best, class| if row[class] > row[best] { class } else { best });
    counts.chunks_exact(classes).map(most).collect()
}
