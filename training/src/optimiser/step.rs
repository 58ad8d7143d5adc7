//! A step of an optimiser as one pass over the numbers of a tensor.

use crate::optimiser::Rule;
use crate::spiking::flex::whole;
use burn::backend::flex::FlexTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use multiversion::multiversion;
use rayon::prelude::*;

/// Keeps quotients finite where nothing has ever moved.
const EPSILON: f32 = 1e-8;

/// Numbers that are moved together on one thread.
const STRETCH: usize = 1 << 15;

/// What is the same for all numbers of a tensor.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// How they move.
    pub rule: Rule,
    /// By how much, the first moment's correction included.
    pub rate: f32,
    /// What is kept of m and of v.
    pub betas: [f32; 2],
    /// What is new in m and in v.
    pub fresh: [f32; 2],
    /// What v is divided by.
    pub correction: f32,
    /// What the gradient is multiplied by first.
    pub shorten: f32,
    /// What of the weight is added to the gradient.
    pub pull: f32,
    /// What is kept of the weight.
    pub kept: f32,
}

/// The numbers of a weight, its moments m and v, and its gradient.
type Numbers<'a> = (&'a mut [f32], &'a mut [f32], &'a mut [f32], &'a [f32]);

/// The operations of an optimiser.
#[backend_extension(Flex)]
pub trait StepOps: Backend {
    /// A weight, m and v after a step.
    fn step(
        weight: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        step: Step,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// An average of which `keep` is kept, and the rest is `weight`.
    fn averaged(average: FloatTensor<Self>, weight: FloatTensor<Self>, keep: f32) -> FloatTensor<Self>;
}

impl StepOps for Flex {
    fn step(
        weight: FlexTensor,
        m: FlexTensor,
        v: FlexTensor,
        gradient: FlexTensor,
        step: Step,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut weight, mut m, mut v, gradient) = (whole(weight), whole(m), whole(v), whole(gradient));
        let numbers: [&mut [f32]; 3] = [weight.storage_mut(), m.storage_mut(), v.storage_mut()];
        let [weights, ms, vs] = numbers.map(|numbers| numbers.par_chunks_mut(STRETCH));
        let gradients = crate::spiking::flex::values(&gradient).par_chunks(STRETCH);
        weights.zip(ms).zip(vs).zip(gradients).for_each(|(((w, m), v), g)| {
            let numbers = (w, m, v, g);
            match step.rule {
                Rule::Adam | Rule::AdamW => adam(step, numbers),
                Rule::AdamAtan2 => adam_atan2(step, numbers),
                Rule::RmsProp => rms_prop(step, numbers),
            }
        });
        (weight, m, v)
    }

    fn averaged(average: FlexTensor, weight: FlexTensor, keep: f32) -> FlexTensor {
        let (mut average, weight) = (whole(average), whole(weight));
        let numbers: &mut [f32] = average.storage_mut();
        let pairs =
            numbers.par_chunks_mut(STRETCH).zip(crate::spiking::flex::values(&weight).par_chunks(STRETCH));
        pairs.for_each(|(average, weight)| blend(average, weight, keep, 1.0 - keep));
        average
    }
}

/// A weight, m and v after a step.
pub fn stepped(
    weight: Tensor<1>,
    (m, v): (Tensor<1>, Tensor<1>),
    gradient: Tensor<1>,
    by: Step,
) -> [Tensor<1>; 3] {
    let [weight, m, v, gradient] = [weight, m, v, gradient].map(Tensor::into_dispatch);
    let (weight, m, v) = Dispatch::step(weight, m, v, gradient, by);
    [weight, m, v].map(Tensor::from_dispatch)
}

/// An average of which `keep` is kept, and the rest is `weight`.
pub fn averaged(average: Tensor<1>, weight: Tensor<1>, keep: f32) -> Tensor<1> {
    Tensor::from_dispatch(Dispatch::averaged(average.into_dispatch(), weight.into_dispatch(), keep))
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn adam(step: Step, (w, m, v, g): Numbers<'_>) {
    let ([b1, b2], [f1, f2]) = (step.betas, step.fresh);
    let each = w.iter_mut().zip(m.iter_mut()).zip(v.iter_mut().zip(g));
    for ((w, m), (v, g)) in each {
        let g = g * step.shorten + *w * step.pull;
        *m = *m * b1 + g * f1;
        *v = *v * b2 + g * g * f2;
        *w = *w * step.kept - *m / ((*v / step.correction).sqrt() + EPSILON) * step.rate;
    }
}

fn adam_atan2(step: Step, (w, m, v, g): Numbers<'_>) {
    let ([b1, b2], [f1, f2]) = (step.betas, step.fresh);
    let each = w.iter_mut().zip(m.iter_mut()).zip(v.iter_mut().zip(g));
    for ((w, m), (v, g)) in each {
        let g = g * step.shorten;
        *m = *m * b1 + g * f1;
        *v = *v * b2 + g * g * f2;
        *w = *w * step.kept - libm::atan2f(*m, (*v / step.correction).sqrt()) * step.rate;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn rms_prop(step: Step, (w, _, v, g): Numbers<'_>) {
    let (b2, f2) = (step.betas[1], step.fresh[1]);
    for (w, (v, g)) in w.iter_mut().zip(v.iter_mut().zip(g)) {
        let g = g * step.shorten + *w * step.pull;
        *v = *v * b2 + g * g * f2;
        *w -= g / (v.sqrt() + EPSILON) * step.rate;
    }
}

#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn blend(average: &mut [f32], weight: &[f32], keep: f32, fresh: f32) {
    average.iter_mut().zip(weight).for_each(|(average, weight)| *average = *average * keep + weight * fresh);
}
