//! A convolution as products with spikes: what of a picture lies under each patch.
//!
//! Sources and targets are `[row][column][channel]`, so that a row of a patch is one piece.

use crate::spiking::events::Events;

/// The patches of a picture that a convolution looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// Rows of the picture.
    pub height: usize,
    /// Columns of the picture.
    pub width: usize,
    /// Channels of the picture.
    pub channels: usize,
    /// Rows and columns of a patch; odd.
    pub kernel: usize,
    /// From one patch to the next.
    pub stride: usize,
}

impl Patches {
    /// Numbers in a picture.
    pub fn sources(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Numbers in a patch.
    pub fn places(&self) -> usize {
        self.kernel * self.kernel * self.channels
    }

    /// Rows of patches, whose middles are at every `stride`th row.
    pub fn rows(&self) -> usize {
        self.height.div_ceil(self.stride)
    }

    /// Columns of patches.
    pub fn columns(&self) -> usize {
        self.width.div_ceil(self.stride)
    }

    /// How many patches a picture has.
    pub fn count(&self) -> usize {
        self.rows() * self.columns()
    }

    /// Calls `visit` with the patch and the place in it of every patch that has the source at (row, column).
    fn over(&self, row: usize, column: usize, mut visit: impl FnMut(usize, usize)) {
        let half = self.kernel / 2;
        let reach = |at: usize, count: usize| {
            // Patch k covers k·stride − half to k·stride + half.
            at.saturating_sub(half).div_ceil(self.stride)..((at + half) / self.stride + 1).min(count)
        };
        for patch_row in reach(row, self.rows()) {
            let down = row + half - patch_row * self.stride;
            for patch_column in reach(column, self.columns()) {
                let across = column + half - patch_column * self.stride;
                visit(patch_row * self.columns() + patch_column, down * self.kernel + across);
            }
        }
    }

    /// What `over` visits at each place of the picture.
    fn table(&self) -> Vec<Vec<(u32, u32)>> {
        let visited = |at: usize| {
            let mut all = Vec::new();
            self.over(at / self.width, at % self.width, |patch, place| {
                all.push((patch as u32, place as u32))
            });
            all
        };
        (0..self.height * self.width).map(visited).collect()
    }

    /// What lies under each patch, one row a patch, of spikes `[sample][source]`.
    pub fn under(&self, spikes: &Events) -> Events {
        let (samples, table, channels) = (spikes.rows().count(), self.table(), self.channels as u32);
        Events::listed(samples * self.count(), |list| {
            for (sample, sources) in spikes.rows().enumerate() {
                let first = sample * self.count();
                for &source in sources {
                    let (at, channel) = (source / channels, source % channels);
                    for (patch, place) in &table[at as usize] {
                        list.add(first + *patch as usize, place * channels + channel);
                    }
                }
            }
        })
    }

    /// Sums what is `[patch][place in the patch]` to `[sample][source]`.
    pub fn gather(&self, of_patches: &[f32]) -> Vec<f32> {
        let (size, table) = (self.count() * self.places(), self.table());
        let mut sums = vec![0.0; of_patches.len() / size * self.sources()];
        for (sums, of_patches) in sums.chunks_exact_mut(self.sources()).zip(of_patches.chunks_exact(size)) {
            for (sums, visited) in sums.chunks_exact_mut(self.channels).zip(&table) {
                for (patch, place) in visited {
                    let from = *patch as usize * self.places() + *place as usize * self.channels;
                    sums.iter_mut().zip(&of_patches[from..]).for_each(|(sum, x)| *sum += x);
                }
            }
        }
        sums
    }

    /// Every (source, target, index into weights `[place in a patch][channel]`) of a convolution to `out` channels.
    pub fn synapses(&self, out: usize) -> Vec<(u32, u32, usize)> {
        let mut all = Vec::new();
        for source in 0..self.sources() {
            let (place, channel) = (source / self.channels, source % self.channels);
            self.over(place / self.width, place % self.width, |patch, place| {
                let row = (place * self.channels + channel) * out;
                all.extend((0..out).map(|k| (source as u32, (patch * out + k) as u32, row + k)));
            });
        }
        all
    }
}
