//! How samples become spikes, and what a network's spikes say.

use crate::tasks::images::Images;
use crate::tasks::words::Word;

/// Numbers [step][sample][source], mostly zeros.
pub struct Input {
    /// 1 where a source fires.
    pub values: Vec<f32>,
    /// Steps, samples, sources.
    pub shape: [usize; 3],
}

impl Input {
    fn silent(shape: [usize; 3]) -> Self {
        Self { values: vec![0.0; shape.iter().product()], shape }
    }

    fn fire(&mut self, step: usize, sample: usize, source: usize) {
        let [_, samples, sources] = self.shape;
        self.values[(step * samples + sample) * sources + source] = 1.0;
    }
}

/// Rate code: in `steps` steps a pixel of brightness p of 255 fires about p/255·steps times, evenly spread.
///
/// Each pixel drives an integrator that starts half full and loses the threshold when it fires. `moved` are the
/// columns and rows by which each picture is shifted; what comes in at the edges is dark.
pub fn rate(images: &Images, indices: &[usize], moved: &[(i32, i32)], steps: usize) -> Input {
    let (height, width) = (images.height as i32, images.width as i32);
    let mut input = Input::silent([steps, indices.len(), images.size()]);
    for (sample, (&index, &(dx, dy))) in indices.iter().zip(moved).enumerate() {
        for (at, &pixel) in images.picture(index).iter().enumerate().filter(|(_, pixel)| **pixel > 0) {
            let (plane, place) = (at as i32 / (height * width), at as i32 % (height * width));
            let (row, column) = (place / width + dy, place % width + dx);
            if !(0..height).contains(&row) || !(0..width).contains(&column) {
                continue;
            }
            let source = ((plane * height + row) * width + column) as usize;
            let mut charge = 127;
            for step in 0..steps {
                charge += u32::from(pixel);
                if charge >= 255 {
                    charge -= 255;
                    input.fire(step, sample, source);
                }
            }
        }
    }
    input
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
    let mut input = Input::silent([steps, indices.len(), channels]);
    for (sample, (&index, &(later, higher))) in indices.iter().zip(moved).enumerate() {
        for &(bin, channel) in &words[index].events {
            let (bin, channel) = (i32::from(bin) + later, i32::from(channel) + higher);
            let step = bin.div_euclid(bins as i32);
            if (0..steps as i32).contains(&step) && (0..channels as i32).contains(&channel) {
                input.fire(step as usize, sample, channel as usize);
            }
        }
    }
    input
}

/// The class that fired most in each sample, of counts [sample][class]; of equals the first.
pub fn most(counts: &[f32], classes: usize) -> Vec<usize> {
    let most =
        |row: &[f32]| (0..classes).fold(0, |best, class| if row[class] > row[best] { class } else { best });
    counts.chunks_exact(classes).map(most).collect()
}
