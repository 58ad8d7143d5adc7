//! What a convolution does with slices: patches written out, weights turned around, channels looked at alone.
//!
//! A frame is `[row][column][channel]`, weights are `[place in a patch · channel][channel out]`.

use crate::spiking::patches::Patches;
use crate::vision::convolution::Convolution;
use multiversion::multiversion;
use std::ops::Range;

/// The places of a line of `count` that a patch around `middle` covers, and which of its own places the first is.
fn covered(middle: usize, kernel: usize, count: usize) -> (Range<usize>, usize) {
    let half = kernel / 2;
    let from = middle.saturating_sub(half);
    (from..(middle + half + 1).min(count), from + half - middle)
}

/// `width` channels from channel `from` on of every patch of some frames, `[patch][place · channel]`; what lies outside
/// of a frame is 0.
pub(super) fn write_out(frames: &[f32], patches: &Patches, from: usize, width: usize) -> Vec<f32> {
    let (kernel, channels, columns) = (patches.kernel, patches.channels, patches.columns());
    let count = frames.len() / patches.sources() * patches.count();
    let mut written = Vec::with_capacity(count * kernel * kernel * width);
    for frame in frames.chunks_exact(patches.sources()) {
        for row in 0..patches.rows() {
            let (down, above) = covered(row * patches.stride, kernel, patches.height);
            for column in 0..columns {
                let (across, before) = covered(column * patches.stride, kernel, patches.width);
                let start = written.len();
                written.resize(start + above * kernel * width, 0.0);
                for y in down.clone() {
                    let line =
                        &frame[(y * patches.width + across.start) * channels..][..across.len() * channels];
                    written.resize(written.len() + before * width, 0.0);
                    if width == channels {
                        written.extend_from_slice(line);
                    } else {
                        line.chunks_exact(channels)
                            .for_each(|at| written.extend_from_slice(&at[from..from + width]));
                    }
                    written.resize(written.len() + (kernel - before - across.len()) * width, 0.0);
                }
                written.resize(start + kernel * kernel * width, 0.0);
            }
        }
    }
    written
}

/// The weights of the way back through a convolution of stride 1: places in reverse, channels in and out exchanged.
pub(super) fn turned(weights: &[f32], by: &Convolution) -> Vec<f32> {
    let (places, channels) = (by.patches.kernel * by.patches.kernel, by.patches.channels);
    let (width, out_width) = (channels / by.groups, by.out / by.groups);
    let mut turned = vec![0.0; weights.len()];
    for place in 0..places {
        for channel in 0..width {
            let row = &weights[(place * width + channel) * by.out..][..by.out];
            for (out, weight) in row.iter().enumerate() {
                let (group, out) = (out / out_width, out % out_width);
                let at = (places - 1 - place) * out_width + out;
                turned[at * channels + group * width + channel] = *weight;
            }
        }
    }
    turned
}

/// Puts what a group of channels became, `[row][channel of the group]`, where it belongs.
pub(super) fn grouped(sums: &[f32], out: usize, group: usize, groups: usize, y: &mut [f32]) {
    if groups == 1 {
        y.copy_from_slice(sums);
        return;
    }
    let width = out / groups;
    for (y, sums) in y.chunks_exact_mut(out).zip(sums.chunks_exact(width)) {
        y[group * width..][..width].copy_from_slice(sums);
    }
}

/// Calls `visit` with the patch, the place in it and the place in the frame of every overlap.
fn overlaps(patches: &Patches, mut visit: impl FnMut(usize, usize, usize)) {
    for row in 0..patches.height {
        let (down, first_down) = covered(row, patches.kernel, patches.height);
        for column in 0..patches.width {
            let (across, first_across) = covered(column, patches.kernel, patches.width);
            for (k, y) in down.clone().enumerate() {
                for (j, x) in across.clone().enumerate() {
                    let place = (first_down + k) * patches.kernel + first_across + j;
                    visit(row * patches.width + column, place, y * patches.width + x);
                }
            }
        }
    }
}

/// Each channel of some frames with weights `[place][channel]` of its own, at a stride of 1.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn depthwise(frames: &[f32], weights: &[f32], patches: &Patches, y: &mut [f32]) {
    let (size, n) = (patches.sources(), patches.channels);
    for (y, frame) in y.chunks_exact_mut(size).zip(frames.chunks_exact(size)) {
        overlaps(patches, |patch, place, at| {
            let (y, x, w) = (&mut y[patch * n..][..n], &frame[at * n..][..n], &weights[place * n..][..n]);
            for k in 0..n {
                y[k] += w[k] * x[k];
            }
        });
    }
}

/// The gradient of the weights of [`depthwise`] from some frames.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub(super) fn depthwise_weights(of_y: &[f32], frames: &[f32], patches: &Patches) -> Vec<f32> {
    let (size, n) = (patches.sources(), patches.channels);
    let mut sums = vec![0.0; patches.kernel * patches.kernel * n];
    for (of_y, frame) in of_y.chunks_exact(size).zip(frames.chunks_exact(size)) {
        overlaps(patches, |patch, place, at| {
            let (y, x, w) = (&of_y[patch * n..][..n], &frame[at * n..][..n], &mut sums[place * n..][..n]);
            for k in 0..n {
                w[k] += y[k] * x[k];
            }
        });
    }
    sums
}
