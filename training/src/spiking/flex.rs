//! The fused operations on the CPU.

use crate::spiking::back::{Back, ConstantGradients, Course};
use crate::spiking::forward::{CONSTANTS, Constants, Kind, Membranes};
use crate::spiking::operation::{Fired, Gradients, Kernels};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::{TensorMetadata, tensor::FloatTensor};
use burn::tensor::TensorData;
use multiversion::multiversion;
use rayon::prelude::*;
use std::ops::Range;

/// Neurons of a sample that are walked through time together, so that their state stays in the first cache.
const STRETCH: usize = 512;

/// Less work than this (neurons × steps) is not worth a second thread.
const ALONE: usize = 1 << 16;

/// Sizes of a layer's input `[step][sample][neuron]`.
#[derive(Clone, Copy)]
struct Sizes {
    steps: usize,
    samples: usize,
    neurons: usize,
}

impl Sizes {
    fn of(x: &FlexTensor) -> Self {
        let [steps, samples, neurons] = x.shape().dims();
        Self { steps, samples, neurons }
    }

    fn step(self) -> usize {
        self.samples * self.neurons
    }

    fn all(self) -> usize {
        self.steps * self.step()
    }

    /// The stretches of one step: place among the values of a step.
    fn stretches(self) -> Vec<Range<usize>> {
        let of_sample = |sample: usize| {
            let start = sample * self.neurons;
            (0..self.neurons)
                .step_by(STRETCH)
                .map(move |k| start + k..start + (k + STRETCH).min(self.neurons))
        };
        (0..self.samples).flat_map(of_sample).collect()
    }

    /// One stretch for each sample.
    fn whole_samples(self) -> Vec<Range<usize>> {
        (0..self.samples).map(|sample| sample * self.neurons..(sample + 1) * self.neurons).collect()
    }

    /// Cuts `values` into stretches, each with its rows by step.
    fn cut<'a>(self, values: &'a [f32], stretches: &[Range<usize>]) -> Vec<Vec<&'a [f32]>> {
        let rows = |range: &Range<usize>| {
            values.chunks_exact(self.step()).map(|step| &step[range.clone()]).collect()
        };
        stretches.iter().map(rows).collect()
    }

    /// As `cut`, to write to.
    fn cut_mut<'a>(self, values: &'a mut [f32], stretches: &[Range<usize>]) -> Vec<Vec<&'a mut [f32]>> {
        let mut cut: Vec<Vec<&mut [f32]>> =
            stretches.iter().map(|_| Vec::with_capacity(self.steps)).collect();
        for mut step in values.chunks_exact_mut(self.step()) {
            for (rows, range) in cut.iter_mut().zip(stretches) {
                let (row, rest) = step.split_at_mut(range.len());
                rows.push(row);
                step = rest;
            }
        }
        cut
    }

    fn columns(self, stretch: &Range<usize>) -> Range<usize> {
        let start = stretch.start % self.neurons;
        start..start + stretch.len()
    }

    /// Does `work` for each of `items`, on more threads where there is enough to do.
    fn each<T: Send, R: Send>(self, items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        if self.all() < ALONE {
            items.into_iter().map(work).collect()
        } else {
            items.into_par_iter().map(work).collect()
        }
    }
}

/// A tensor's values in one piece.
pub(crate) fn whole(tensor: FloatTensor<Flex>) -> FlexTensor {
    tensor.to_contiguous()
}

pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice::<f32>().expect("training tensors are f32 and whole")
}

pub(crate) fn tensor(values: Vec<f32>, shape: impl Into<Vec<usize>>) -> FloatTensor<Flex> {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

impl Kernels for Flex {
    fn forward(x: FloatTensor<Self>, constants: FloatTensor<Self>, kind: Kind) -> Fired<Self> {
        let (x, table) = (whole(x), whole(constants));
        let sizes = Sizes::of(&x);
        let stretches = sizes.stretches();
        let (mut potential, mut spikes) = (vec![0.0; sizes.all()], vec![0.0; sizes.all()]);
        let rows = sizes
            .cut(values(&x), &stretches)
            .into_iter()
            .zip(sizes.cut_mut(&mut potential, &stretches))
            .zip(sizes.cut_mut(&mut spikes, &stretches))
            .zip(&stretches)
            .collect();
        sizes.each(rows, |(((x, potential), spikes), stretch)| {
            let by = Constants::of(values(&table), sizes.neurons, sizes.columns(stretch));
            let mut membranes = Membranes::at_rest(stretch.len());
            for ((x, potential), spikes) in x.into_iter().zip(potential).zip(spikes) {
                membranes.step(kind, by, x, potential, spikes);
            }
        });
        let shape = [sizes.steps, sizes.samples, sizes.neurons];
        Fired { spikes: tensor(spikes, shape), potential: tensor(potential, shape) }
    }

    fn forward_recurrent(
        x: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
    ) -> Fired<Self> {
        let (x, table, recurrent) = (whole(x), whole(constants), whole(recurrent));
        let sizes = Sizes::of(&x);
        let (by, weights) =
            (Constants::of(values(&table), sizes.neurons, 0..sizes.neurons), values(&recurrent));
        let samples = sizes.whole_samples();
        let (mut potential, mut spikes) = (vec![0.0; sizes.all()], vec![0.0; sizes.all()]);
        let rows = sizes
            .cut(values(&x), &samples)
            .into_iter()
            .zip(sizes.cut_mut(&mut potential, &samples))
            .zip(sizes.cut_mut(&mut spikes, &samples))
            .collect();
        sizes.each(rows, |((x, potential), spikes)| {
            let mut membranes = Membranes::at_rest(sizes.neurons);
            let (mut input, mut fired) = (vec![0.0; sizes.neurons], Vec::new());
            for ((x, potential), spikes) in x.into_iter().zip(potential).zip(spikes) {
                input.copy_from_slice(x);
                add_rows(weights, &fired, &mut input);
                membranes.step(kind, by, &input, potential, spikes);
                fired.clear();
                fired.extend((0..sizes.neurons).filter(|&k| spikes[k] != 0.0));
            }
        });
        let shape = [sizes.steps, sizes.samples, sizes.neurons];
        Fired { spikes: tensor(spikes, shape), potential: tensor(potential, shape) }
    }

    fn back_recurrent(
        fired: Fired<Self>,
        of_spikes: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        recurrent: FloatTensor<Self>,
        kind: Kind,
        of_constants: bool,
    ) -> Gradients<Self> {
        let (of_spikes, table) = (whole(of_spikes), whole(constants));
        let sizes = Sizes::of(&of_spikes);
        let (potential, spikes) = (whole(fired.potential), whole(fired.spikes));
        let samples = sizes.whole_samples();
        let (potential, spikes) =
            (sizes.cut(values(&potential), &samples), sizes.cut(values(&spikes), &samples));
        let by = Constants::of(values(&table), sizes.neurons, 0..sizes.neurons);
        let mut backs: Vec<Back<'_>> =
            spikes.iter().map(|spikes| Back::start(kind, by, spikes, of_constants)).collect();
        let back_weights = Self::float_transpose(recurrent);
        let mut of_input = vec![0.0; sizes.all()];
        for t in (0..sizes.steps).rev() {
            let mut of_spikes = values(&of_spikes)[t * sizes.step()..][..sizes.step()].to_vec();
            if t + 1 < sizes.steps {
                let later = of_input[(t + 1) * sizes.step()..][..sizes.step()].to_vec();
                let through =
                    Self::float_matmul(tensor(later, [sizes.samples, sizes.neurons]), back_weights.clone());
                of_spikes.iter_mut().zip(values(&whole(through))).for_each(|(sum, x)| *sum += x);
            }
            let of_input = &mut of_input[t * sizes.step()..][..sizes.step()];
            let rows: Vec<_> = backs
                .iter_mut()
                .zip(potential.iter().zip(&spikes))
                .zip(of_spikes.chunks_exact(sizes.neurons))
                .zip(of_input.chunks_exact_mut(sizes.neurons))
                .collect();
            sizes.each(rows, |(((back, (potential, spikes)), of_spikes), of_input)| {
                back.step(Course { potential, spikes }, t, of_spikes, of_input);
            });
        }
        let sums = backs.into_iter().map(Back::constants).collect();
        Gradients {
            input: tensor(of_input, [sizes.steps, sizes.samples, sizes.neurons]),
            constants: of_constants.then(|| total(sizes, &samples, sums)),
        }
    }

    fn back(
        fired: Fired<Self>,
        of_spikes: FloatTensor<Self>,
        constants: FloatTensor<Self>,
        kind: Kind,
        of_constants: bool,
    ) -> Gradients<Self> {
        let (of_spikes, table) = (whole(of_spikes), whole(constants));
        let sizes = Sizes::of(&of_spikes);
        let stretches = sizes.stretches();
        let mut of_input = vec![0.0; sizes.all()];
        let rows = sizes
            .cut(values(&fired.potential), &stretches)
            .into_iter()
            .zip(sizes.cut(values(&fired.spikes), &stretches))
            .zip(sizes.cut(values(&of_spikes), &stretches))
            .zip(sizes.cut_mut(&mut of_input, &stretches))
            .zip(&stretches)
            .collect();
        let sums = sizes.each(rows, |((((potential, spikes), of_spikes), of_input), stretch)| {
            let by = Constants::of(values(&table), sizes.neurons, sizes.columns(stretch));
            let mut back = Back::start(kind, by, &spikes, of_constants);
            for (t, of_input) in of_input.into_iter().enumerate().rev() {
                back.step(Course { potential: &potential, spikes: &spikes }, t, of_spikes[t], of_input);
            }
            back.constants()
        });
        Gradients {
            input: tensor(of_input, [sizes.steps, sizes.samples, sizes.neurons]),
            constants: of_constants.then(|| total(sizes, &stretches, sums)),
        }
    }
}

/// Adds some rows of a matrix.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn add_rows(matrix: &[f32], rows: &[usize], sums: &mut [f32]) {
    let width = sums.len();
    for &row in rows {
        sums.iter_mut().zip(&matrix[row * width..][..width]).for_each(|(sum, x)| *sum += x);
    }
}

/// The gradients of all stretches, summed in their order.
fn total(
    sizes: Sizes,
    stretches: &[Range<usize>],
    sums: Vec<Option<ConstantGradients>>,
) -> FloatTensor<Flex> {
    let mut total = vec![0.0; CONSTANTS * sizes.neurons];
    for (sums, stretch) in sums.iter().flatten().zip(stretches) {
        let columns = sizes.columns(stretch);
        for (row, sums) in sums.iter().enumerate() {
            let to = &mut total[row * sizes.neurons..][columns.clone()];
            to.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    }
    tensor(total, [CONSTANTS, sizes.neurons])
}
