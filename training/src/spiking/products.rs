//! Products with spikes on a device: what the operations of [`crate::spiking::sending`] are made of.

use crate::spiking::events::Events;
use crate::spiking::flex::{tensor, values, whole};
use crate::spiking::grid::rounded;
use crate::spiking::patches::Patches;
use crate::spiking::sums::{times, transposed_times};
use burn::backend::Flex;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
use std::fmt::Debug;
use std::sync::Arc;

/// Products with spikes on one device.
pub trait SendingKernels: Backend {
    /// The places of spikes, on the device.
    type Events: Clone + Debug + Send + 'static;

    /// Spikes that come from outside.
    fn listed(spikes: Arc<Events>) -> Self::Events;

    /// Finds the places of a matrix `[row][column]` that are not zero; nothing if there are so many that the
    /// matrix is better multiplied as a whole.
    fn events(matrix: &FloatTensor<Self>) -> Option<Self::Events>;

    /// The places under the patches of a convolution, one row a patch, of a matrix `[sample][source]`.
    fn patches(matrix: &FloatTensor<Self>, patches: Patches) -> Self::Events;

    /// The same of spikes that come from outside.
    fn listed_patches(spikes: &Events, patches: Patches) -> Self::Events;

    /// Spikes times a table.
    fn times(events: &Self::Events, table: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The transposed spikes, which are in `columns` columns, times a table.
    fn transposed_times(events: &Self::Events, columns: usize, table: FloatTensor<Self>)
    -> FloatTensor<Self>;

    /// From the gradient of what patches sent, `[patch][channel]`, to that of spikes `[sample][source]`.
    fn through_patches(
        of_sent: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        patches: Patches,
    ) -> FloatTensor<Self>;

    /// Weights on the grid of [`crate::spiking::grid`].
    fn rounded(weights: FloatTensor<Self>, bits: u32) -> FloatTensor<Self>;
}

/// A matrix with more than one entry in so many that is not zero is multiplied as a whole.
const SPARSER: usize = 4;

/// Samples whose patches are written out together.
const AT_ONCE: usize = 4;

impl SendingKernels for Flex {
    type Events = Arc<Events>;

    fn listed(spikes: Arc<Events>) -> Self::Events {
        spikes
    }

    fn events(matrix: &FloatTensor<Self>) -> Option<Self::Events> {
        let [_, columns] = matrix.shape().dims();
        Events::of(values(&whole(matrix.clone())), columns, SPARSER).map(Arc::new)
    }

    fn patches(matrix: &FloatTensor<Self>, patches: Patches) -> Self::Events {
        let [_, columns] = matrix.shape().dims();
        let all = Events::of(values(&whole(matrix.clone())), columns, 0);
        Arc::new(patches.under(&all.expect("there is no limit")))
    }

    fn listed_patches(spikes: &Events, patches: Patches) -> Self::Events {
        Arc::new(patches.under(spikes))
    }

    fn times(events: &Self::Events, table: FloatTensor<Self>) -> FloatTensor<Self> {
        let [_, width] = table.shape().dims::<2>();
        let product = times(events, values(&whole(table)), width);
        let rows = product.len() / width;
        tensor(product, [rows, width])
    }

    fn transposed_times(
        events: &Self::Events,
        columns: usize,
        table: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [_, width] = table.shape().dims::<2>();
        tensor(transposed_times(events, columns, values(&whole(table)), width), [columns, width])
    }

    fn through_patches(
        of_sent: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        patches: Patches,
    ) -> FloatTensor<Self> {
        let (of_sent, weights) = (whole(of_sent), Self::float_transpose(weights));
        let [rows, channels] = of_sent.shape().dims();
        let samples = rows / patches.count();
        let mut sums = Vec::with_capacity(samples * patches.sources());
        // A few samples at a time, since all patches written out are many times as much as what they come from.
        for some in values(&of_sent).chunks(AT_ONCE * patches.count() * channels) {
            let some = tensor(some.to_vec(), [some.len() / channels, channels]);
            let of_patches = whole(Self::float_matmul(some, weights.clone()));
            sums.extend(patches.gather(values(&of_patches)));
        }
        tensor(sums, [samples, patches.sources()])
    }

    fn rounded(weights: FloatTensor<Self>, bits: u32) -> FloatTensor<Self> {
        let shape: Vec<usize> = weights.shape().iter().copied().collect();
        tensor(rounded(values(&whole(weights)), bits), shape)
    }
}

/// Spikes times weights, as events if they are few.
pub(super) fn product<B: SendingKernels>(
    events: &Option<B::Events>,
    spikes: FloatTensor<B>,
    weights: FloatTensor<B>,
) -> FloatTensor<B> {
    match events {
        Some(events) => B::times(events, weights),
        None => B::float_matmul(spikes, weights),
    }
}

/// The transposed spikes times a table, as events if they are few.
pub(super) fn transposed_product<B: SendingKernels>(
    events: &Option<B::Events>,
    spikes: FloatTensor<B>,
    table: FloatTensor<B>,
) -> FloatTensor<B> {
    let [_, sources] = spikes.shape().dims();
    match events {
        Some(events) => B::transposed_times(events, sources, table),
        None => B::float_matmul(B::float_transpose(spikes), table),
    }
}
