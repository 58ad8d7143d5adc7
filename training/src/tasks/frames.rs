//! Pictures as real numbers, for networks whose first layer sees them as they are.

use crate::tasks::images::Images;
use sim_core::rng::Stream;

/// How a picture is changed before it is learnt from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Columns by which it is moved.
    pub right: i32,
    /// Rows by which it is moved.
    pub down: i32,
    /// Whether left and right are exchanged.
    pub mirrored: bool,
}

/// Changes of `count` pictures: moved by up to `most` pixels either way, and half of them mirrored if `mirror`.
pub fn changes(count: usize, most: u32, mirror: bool, stream: &mut Stream) -> Vec<Change> {
    let mut draw = || Change {
        right: stream.below(2 * most + 1) as i32 - most as i32,
        down: stream.below(2 * most + 1) as i32 - most as i32,
        mirrored: stream.below(2) == 1 && mirror,
    };
    (0..count).map(|_| draw()).collect()
}

/// Brightnesses from −1 to 1 of some pictures, changed, and averaged over squares of `shrink` × `shrink` pixels:
/// `[picture][row][column][plane]`. What comes in at the edges is black; rows and columns that fill no square are cut off.
pub fn frames(images: &Images, indices: &[usize], changes: &[Change], shrink: usize) -> Vec<f32> {
    let (rows, columns) = (images.height / shrink, images.width / shrink);
    let mut all = Vec::with_capacity(indices.len() * rows * columns * images.channels);
    for (&index, &change) in indices.iter().zip(changes) {
        let picture = images.picture(index);
        for row in 0..rows {
            for column in 0..columns {
                for plane in picture.chunks_exact(images.height * images.width) {
                    let sum = square(images, plane, row * shrink, column * shrink, shrink, change);
                    all.push(sum as f32 / (127.5 * (shrink * shrink) as f32) - 1.0);
                }
            }
        }
    }
    all
}

/// The sum over a square of a changed plane.
fn square(images: &Images, plane: &[u8], row: usize, column: usize, side: usize, change: Change) -> u32 {
    let (height, width) = (images.height as i32, images.width as i32);
    let mut sum = 0;
    for y in row as i32..(row + side) as i32 {
        for x in column as i32..(column + side) as i32 {
            let x = if change.mirrored { width - 1 - x } else { x };
            let (y, x) = (y - change.down, x - change.right);
            if (0..height).contains(&y) && (0..width).contains(&x) {
                sum += u32::from(plane[(y * width + x) as usize]);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_mirrored_and_moved_and_shrunk() {
        let pixels = vec![0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0];
        let images = Images { channels: 1, height: 3, width: 4, pixels, labels: vec![0] };
        let shown = |change, shrink| frames(&images, &[0], &[change], shrink);
        let lit = |change: Change| -> Vec<usize> {
            (0..12).filter(|&place| shown(change, 1)[place] == 1.0).collect()
        };
        assert_eq!(lit(Change::default()), [1, 5, 6]);
        assert_eq!(lit(Change { right: 1, ..Change::default() }), [2, 6, 7]);
        assert_eq!(lit(Change { down: -1, ..Change::default() }), [1, 2]);
        assert_eq!(lit(Change { mirrored: true, ..Change::default() }), [2, 5, 6]);
        assert_eq!(shown(Change::default(), 2), [0.0, -0.5]);
    }
}
