//! Values rounded to few bits while a network learns (quantisation-aware training), as they will be when it is compiled to
//! spikes: multiples of a grain, cut off at the largest number of so many bits, a sign among them.
//!
//! A staircase has no slope. On the way back it is taken for the line through its middles, cut off at both ends
//! (straight-through estimator; Bengio et al. 2013, arXiv:1308.3432), which is the rectangular surrogate gradient of the
//! neuron that says such a number in spikes.
//!
//! The grain is the power of two with which the values at hand come out closest in the mean of squares: what the
//! compiler's calibration chooses.

use crate::weights::numbers;
use burn::tensor::{Tensor, TensorData};
use multiversion::multiversion;
use sim_core::parameter::{Arguments, Kind, Parameter, Range};

/// The parameter that asks for it.
pub const BITS: Parameter = Parameter::optional(
    "bits",
    Kind::Integer,
    Range::Between(2.0, 16.0),
    "what norms, gates and their products make is rounded to so many bits, one of them the sign, and the network learns to live with it",
);

/// The bits that settings ask for.
pub fn bits(arguments: &Arguments) -> Option<u32> {
    arguments.try_number(BITS.name).map(|bits| bits as u32)
}

/// Values that a grain is chosen by, at most.
const LOOKED_AT: usize = 4096;

/// Whole numbers are added to this to stand in the lowest bits of a single.
const SHIFT: f32 = 12_582_912.0;

/// By how many powers of two a grain may cut off the largest values.
const FINER: i32 = 3;

/// `values` said with so many bits, of which one is the sign; of the same sizes.
pub fn quantised<const D: usize>(values: Tensor<D>, bits: u32) -> Tensor<D> {
    let (shape, device) = (values.dims(), values.device());
    let learns = device.is_autodiff();
    let mut said = numbers(if learns { values.clone().inner() } else { values.clone() });
    let most = ((1_u32 << (bits - 1)) - 1) as f32;
    let grain = grain(&said, most);
    round(&mut said, grain, most);
    let said = TensorData::new(said, shape);
    if !learns {
        return Tensor::from_data(said, &device);
    }
    let within = values.clamp(-most * grain, most * grain);
    let plain = within.clone().inner();
    let moved = Tensor::from_data(said, &plain.device()) - plain;
    within + Tensor::from_inner(moved)
}

/// The multiple of a grain that is closest to a value, up to `most` of them either way; of two as close the even one.
#[inline(always)]
fn nearest(value: f32, grain: f32, most: f32) -> f32 {
    ((value / grain).clamp(-most, most) + SHIFT - SHIFT) * grain
}

#[multiversion(targets("x86_64+avx2"))]
fn round(values: &mut [f32], grain: f32, most: f32) {
    values.iter_mut().for_each(|value| *value = nearest(*value, grain, most));
}

/// The grain for these values, chosen by some of them.
fn grain(values: &[f32], most: f32) -> f32 {
    let values: Vec<f32> = values.iter().copied().step_by(values.len().div_ceil(LOOKED_AT).max(1)).collect();
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    if !(largest >= f32::MIN_POSITIVE && largest.is_finite()) {
        return 1.0;
    }
    let widest = libm::ceilf(libm::log2f(largest / most)) as i32;
    let error = |grain: f32| -> f64 {
        values.iter().map(|value| f64::from(value - nearest(*value, grain, most)).powi(2)).sum()
    };
    let candidates =
        (widest - FINER..=widest).map(|exponent| libm::exp2f(exponent as f32).max(f32::MIN_POSITIVE));
    let errors = candidates.map(|grain| (error(grain), grain));
    errors.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(1.0, |(_, grain)| grain)
}

#[cfg(test)]
mod tests {
    use super::{grain, quantised};
    use crate::weights::numbers;
    use burn::tensor::{Device, Tensor};

    #[test]
    fn the_grain_cuts_off_few_large_values_where_many_small_ones_gain() {
        let mut values = vec![0.3, -0.3, 0.7, 1.0, -0.6, 0.4, 0.9, 0.2];
        assert_eq!(grain(&values, 7.0), 0.125);
        values.push(1.9);
        assert_eq!(grain(&values, 7.0), 0.25, "1.75 is close enough");
        values.push(4.0);
        assert_eq!(grain(&values, 7.0), 0.5, "3.5 is close enough");
        assert_eq!(grain(&[0.0, 0.0], 7.0), 1.0);
        assert_eq!((grain(&[1e-45], 7.0), grain(&[2e-38], 7.0)), (1.0, f32::MIN_POSITIVE));
        assert_eq!(grain(&[f32::NAN, f32::INFINITY], 7.0), 1.0);
    }

    #[test]
    fn gradients_pass_straight_through_the_stairs_and_stop_where_they_end() {
        // Three bits: grains of 0.5 up to 1.5.
        let values = [0.3, -0.3, 0.74, 1.5, -0.9, 0.51, 1.0, 1.76];
        let x = Tensor::<1>::from_data(values, &Device::flex().autodiff()).require_grad();
        let said = quantised(x.clone(), 3);
        let stairs = [0.5, -0.5, 0.5, 1.5, -1.0, 0.5, 1.0, 1.5];
        assert_eq!(numbers(said.clone()), stairs);
        let gradients = said.square().sum().backward();
        let of_x = numbers(x.grad(&gradients).expect("a gradient"));
        let slopes: Vec<f32> = stairs.iter().map(|step| 2.0 * step).collect();
        assert_eq!(of_x, [&slopes[..7], &[0.0]].concat());
        assert_eq!(numbers(quantised(Tensor::<1>::from_data(values, &Device::flex()), 3)), stairs);
    }
}
